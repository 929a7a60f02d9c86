//! What providers of short messages have in common: numbers, templates with parameters, and care with what may
//! have been sent already. It knows no provider; `templates`, `plain`, `paramChars` and `international` are
//! members of the configuration that every sender's schema has.

use serde_json::{Value, from_slice};

use crate::{Failure, Host, Notification, OutgoingRequest, provider};

/// Largest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// The entries of what a provider pushes: a list, or one alone.
///
/// # Errors
/// When it is neither.
pub fn entries(pushed: &Value) -> Result<&[Value], String> {
    match pushed {
        Value::Array(entries) => Ok(entries),
        Value::Object(_) => Ok(core::slice::from_ref(pushed)),
        _ => Err("neither a list nor one entry".to_owned()),
    }
}

/// A telephone number, digits with the country's code: `8613800000000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mobile(String);

impl Mobile {
    /// Reads a number as people and platforms write it: with spaces, dashes and brackets, full-width digits,
    /// `+86`, `0086`, `86` or nothing before a mainland mobile, `+` or `00` before any other country's code.
    ///
    /// None for fixed lines, masked numbers (`138****0000`) and whatever else is no number.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut digits = String::new();
        let mut international = false;
        for char in text.trim().chars() {
            match char {
                '0'..='9' => digits.push(char),
                '０'..='９' => digits.push(char::from(b'0' + (u32::from(char) - u32::from('０')) as u8)),
                '+' | '＋' if digits.is_empty() && !international => international = true,
                ' ' | '-' | '(' | ')' | '（' | '）' | '\u{3000}' | '\u{a0}' => {}
                _ => return None,
            }
        }
        if let Some(rest) = digits.strip_prefix("00").filter(|_| !international) {
            (digits, international) = (rest.to_owned(), true);
        }
        if is_mainland(&digits) && !international {
            return Some(Self(format!("86{digits}")));
        }
        match digits.strip_prefix("86") {
            Some(rest) => is_mainland(rest).then_some(Self(digits)),
            // E.164: at most fifteen digits, and no country's code begins with a zero.
            None => {
                let fits = international && (7..=15).contains(&digits.len()) && !digits.starts_with('0');
                fits.then_some(Self(digits))
            }
        }
    }

    /// Is it one of mainland China?
    #[must_use]
    pub fn is_mainland(&self) -> bool {
        self.0.strip_prefix("86").is_some_and(is_mainland)
    }

    /// As it is dialled at home: eleven digits of the mainland, country's code and digits of others.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.strip_prefix("86").filter(|rest| is_mainland(rest)).unwrap_or(&self.0)
    }

    /// `+8613800000000`.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}", self.0)
    }
}

fn is_mainland(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])
}

/// The recipient's number.
///
/// # Errors
/// Permanent: another kind of recipient, no number, or one abroad where the channel sends none there.
pub fn recipient(provider: &str, config: &Value, notification: &Notification) -> Result<Mobile, Failure> {
    let recipient = &notification.recipient;
    if recipient.kind != "mobile" {
        return Err(Failure::permanent(
            format!("{provider}.recipient-kind"),
            format!("a recipient of kind `{}`; this channel knows `mobile`", recipient.kind),
        ));
    }
    let refused = |why: &str| Failure::permanent(format!("{provider}.recipient"), why);
    let mobile = Mobile::read(&recipient.address).ok_or_else(|| {
        refused("the recipient is no mobile number; fixed lines and masked numbers get none")
    })?;
    if !mobile.is_mainland() && config["international"] != true {
        return Err(refused(
            "a number abroad; set `international` if the signature and templates are for it",
        ));
    }
    Ok(mobile)
}

/// The provider's template for a message: `templates.<name>`, else `plain`, which takes the text itself.
///
/// # Errors
/// Misconfigured: nothing is set up for it. Providers send approved templates only.
pub fn template<'a>(
    provider: &str,
    config: &'a Value,
    notification: &Notification,
) -> Result<&'a Value, Failure> {
    let named = notification.template.as_deref().map(|name| (name, &config["templates"][name]));
    if let Some((_, template)) = named.filter(|(_, template)| template.is_object()) {
        return Ok(template);
    }
    if config["plain"].is_object() {
        return Ok(&config["plain"]);
    }
    let missing = named.map_or_else(
        || "a message without a template: add `plain` to the channel's configuration".to_owned(),
        |(name, _)| format!("add `templates.{name}` or `plain` to the channel's configuration"),
    );
    Err(Failure::misconfigured(format!("{provider}.no-template"), missing))
}

/// The value of a template's parameter: `@body`, `@subject`, `@caseNo`, `@name`, or a member of the message's
/// parameters. On one line, and at most `paramChars` characters; what is left out shows as an ellipsis.
///
/// # Errors
/// Permanent: the message does not have it, or it is empty, which providers refuse.
pub fn param(
    provider: &str,
    config: &Value,
    notification: &Notification,
    params: &Value,
    source: &str,
) -> Result<String, Failure> {
    let attribute = |name: &str| {
        let mut all = notification.attributes.iter();
        all.find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let value = match source {
        "@body" => Some(notification.body.clone()),
        "@subject" => notification.subject.clone(),
        "@caseNo" => attribute("case-no"),
        "@name" => notification.recipient.display_name.clone(),
        member => match &params[member] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(if *value { "是" } else { "否" }.to_owned()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        },
    };
    let line = one_line(&value.unwrap_or_default());
    if line.is_empty() {
        return Err(Failure::permanent(
            format!("{provider}.param-missing"),
            format!("the message has no text `{source}`, which its template needs"),
        ));
    }
    let max = config["paramChars"].as_u64().and_then(|max| usize::try_from(max).ok()).unwrap_or(35);
    Ok(cut(&line, max))
}

/// White space and controls become single spaces: a template's parameter is a part of a line.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    crate::intake::clean(&spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// Sends a request to a provider that knows no idempotency key, and reads the JSON object that answers it:
/// `member` is what every answer of the provider has, by which it is told from one of a gateway.
///
/// # Errors
/// Codes begin with `provider`. A status of 500 and above but 503 is of unknown outcome, as are timeouts and
/// unreadable answers: it may come from a gateway behind which the message went on.
pub fn call<H: Host>(
    host: &H,
    provider: &str,
    member: &str,
    mut request: OutgoingRequest,
) -> Result<Value, Failure> {
    request.max_response_bytes = Some(ANSWER_BYTES_MAX);
    let response = host.http(request).map_err(|error| provider::unreached(provider, error))?;
    let told = from_slice::<Value>(response.bytes()).ok().filter(|answer| !answer[member].is_null());
    let code = format!("{provider}.http-{}", response.status);
    let words = "the interface does not answer as it should";
    match (response.status, told) {
        // Refusals come with 400 and above, too.
        (200..=499, Some(answer)) => Ok(answer),
        (200..=299, None) => Err(Failure::unknown_outcome(
            format!("{provider}.answer"),
            "the interface did not answer as the provider does",
        )),
        (300..=499 | 503, _) => Err(Failure::retryable(code, words).after(Some(60_000))),
        _ => Err(Failure::unknown_outcome(code, words)),
    }
}

/// A provider's own code as a code of ours: `isv.OUT_OF_SERVICE` → `aliyun.isv.OUT_OF_SERVICE`.
#[must_use]
pub fn code(provider: &str, theirs: &str) -> String {
    let plain = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    let theirs: String = theirs.chars().filter(plain).take(48).collect();
    format!("{provider}.{}", if theirs.is_empty() { "no-code" } else { &theirs })
}

/// What a provider said, without the numbers of people in it: short enough for a log.
#[must_use]
pub fn words(text: &str) -> String {
    let mut told = String::new();
    let mut digits = String::new();
    for char in text.chars().take(200).chain([' ']) {
        if char.is_ascii_digit() {
            digits.push(char);
            continue;
        }
        told.push_str(if digits.len() >= 7 { "…" } else { &digits });
        digits.clear();
        told.push(char);
    }
    told.trim_end().to_owned()
}

/// Milliseconds until the next day begins in China, where the providers count by days.
#[must_use]
pub fn until_tomorrow(now_ms: u64) -> u64 {
    const DAY: u64 = 86_400_000;
    DAY - (now_ms + 8 * 3_600_000) % DAY
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{FailureKind, HttpResponse, Recipient, fake};

    #[test]
    fn numbers_are_read_in_every_spelling() {
        for text in [
            "13800000000",
            "+8613800000000",
            "008613800000000",
            "8613800000000",
            "138 0000 0000",
            "138-0000-0000",
            "（+86）13800000000",
            "１３８００００００００",
            " 13800000000\u{3000}",
        ] {
            let mobile = Mobile::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((mobile.local(), mobile.e164().as_str()), ("13800000000", "+8613800000000"), "{text}");
            assert!(mobile.is_mainland());
        }
        let abroad = Mobile::read("+852 0001 2345").unwrap();
        assert_eq!((abroad.local(), abroad.e164().as_str()), ("85200012345", "+85200012345"));
        assert!(!abroad.is_mainland());
        assert_eq!(Mobile::read("00852 00012345"), Some(abroad));
    }

    #[test]
    fn what_is_no_mobile_is_refused() {
        for text in [
            "",
            "138****0000",
            "12345",
            "12800000000",
            "1380000000",
            "138000000000",
            "0558-5551234",
            "+86 0558 5551234",
            "+0123456789",
            "13800000000,13900000000",
            "+1234567890123456",
            "13800000000 转 2",
            "++8613800000000",
            "86138000000001",
        ] {
            assert_eq!(Mobile::read(text), None, "{text}");
        }
    }

    fn notification() -> Notification {
        Notification {
            idempotency_key: "i7.3".to_owned(),
            recipient: Recipient {
                kind: "mobile".to_owned(),
                address: "13800000000".to_owned(),
                display_name: Some("王某".to_owned()),
            },
            template: Some("case-closed".to_owned()),
            params: "{}".to_owned(),
            subject: None,
            body: "您反映的问题\n已办结".to_owned(),
            body_type: "text/plain".to_owned(),
            attachments: Vec::new(),
            attributes: vec![("case-no".to_owned(), "QC-20240604-000123".to_owned())],
        }
    }

    #[test]
    fn parameters_come_from_the_message_and_fit() {
        let params = json!({"n": 3, "yes": true, "long": "长".repeat(40), "empty": " \n", "deep": {"a": 1}});
        let param = |source: &str| {
            param("p", &json!({"paramChars": 20}), &notification(), &params, source)
                .map_err(|failure| failure.code)
        };
        assert_eq!(param("@body").as_deref(), Ok("您反映的问题 已办结"));
        assert_eq!(param("@caseNo").as_deref(), Ok("QC-20240604-000123"));
        assert_eq!(param("@name").as_deref(), Ok("王某"));
        assert_eq!(param("n").as_deref(), Ok("3"));
        assert_eq!(param("yes").as_deref(), Ok("是"));
        assert_eq!(param("long").unwrap(), format!("{}…", "长".repeat(19)));
        for source in ["@subject", "empty", "deep", "absent"] {
            assert_eq!(param(source), Err("p.param-missing".to_owned()), "{source}");
        }
    }

    #[test]
    fn a_template_that_is_not_set_up_is_told_to_the_administrator() {
        let template =
            |config: Value| template("p", &config, &notification()).cloned().map_err(|failure| failure.kind);
        let (named, plain) = (json!({"id": "1"}), json!({"id": "2"}));
        assert_eq!(template(json!({"templates": {"case-closed": named}, "plain": plain})), Ok(named));
        assert_eq!(template(json!({"templates": {"other": {}}, "plain": plain})), Ok(plain));
        assert_eq!(template(json!({"templates": {}})), Err(FailureKind::Misconfigured));
    }

    #[test]
    fn a_gateways_failure_is_no_proof_that_nothing_was_sent() {
        let asked = |status: u16, body: Value| {
            let host = fake::Host::new().answer(Ok(HttpResponse::json(status, &body)));
            let request = OutgoingRequest::new("POST", "https://p.example.cn/");
            call(&host, "p", "Code", request).map_err(|failure| (failure.kind, failure.code))
        };
        let refused = json!({"Code": "isv.A"});
        assert_eq!(asked(200, refused.clone()), Ok(refused.clone()));
        assert_eq!(asked(400, refused.clone()), Ok(refused.clone()));
        for (status, kind) in [
            (302, FailureKind::Retryable),
            (404, FailureKind::Retryable),
            (429, FailureKind::Retryable),
            (500, FailureKind::UnknownOutcome),
            (502, FailureKind::UnknownOutcome),
            (503, FailureKind::Retryable),
            (504, FailureKind::UnknownOutcome),
        ] {
            assert_eq!(asked(status, json!({"error": 1})), Err((kind, format!("p.http-{status}"))));
        }
        assert_eq!(asked(500, refused), Err((FailureKind::UnknownOutcome, "p.http-500".to_owned())));
        for body in [json!([]), json!({"error": 1}), json!("x")] {
            assert_eq!(asked(200, body), Err((FailureKind::UnknownOutcome, "p.answer".to_owned())));
        }
    }

    #[test]
    fn words_of_a_provider_name_nobody() {
        assert_eq!(words("13800000000invalid mobile number"), "…invalid mobile number");
        assert_eq!(words("触发天级流控Permits:10"), "触发天级流控Permits:10");
        assert_eq!(words("+8613800000000"), "+…");
        assert_eq!(code("p", "isv.A B/中\u{0}"), "p.isv.AB");
        assert_eq!(code("p", ""), "p.no-code");
    }

    #[test]
    fn days_begin_in_china() {
        // 2024-06-04T14:30:00+08:00
        assert_eq!(until_tomorrow(1_717_482_600_000), (9 * 60 + 30) * 60_000);
        assert_eq!(until_tomorrow(1_717_430_400_000), 86_400_000, "midnight in China");
    }
}
