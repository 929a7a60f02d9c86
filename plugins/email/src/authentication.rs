//! `Authentication-Results` (RFC 8601): what our own mail server has found out about a message. Anybody can write
//! such a header; only the one that bears our server's name is believed, and of these the topmost.

use mail_parser::Message;
use yiwang_sdk::serde_json::{Map, Value};

/// What SPF, DKIM and DMARC say, each in one word; empty where nobody whom we believe says anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Authentication(Vec<(&'static str, String)>);

impl Authentication {
    /// Of this message, by the server of this name.
    pub(crate) fn of(message: &Message<'_>, authserv_id: Option<&str>) -> Self {
        let Some(id) = authserv_id else { return Self::default() };
        let headers = message.headers_raw();
        let mut ours = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"))
            .filter_map(|(_, value)| results(value, id));
        ours.next().unwrap_or_default()
    }

    fn word(&self, method: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == method).map(|(_, word)| word.as_str())
    }

    /// Why it is taken for forged; none if it is not.
    pub(crate) fn forged(&self) -> Option<String> {
        let failed = |method: &str| matches!(self.word(method), Some("fail" | "permerror"));
        if failed("dmarc") {
            return Some("DMARC fails".to_owned());
        }
        // Where the domain says nothing by DMARC, one of the two is enough.
        let passes = ["spf", "dkim", "dmarc"].iter().any(|method| self.word(method) == Some("pass"));
        let fails = failed("spf") && (failed("dkim") || self.word("dkim").is_none_or(|word| word == "none"));
        (fails && !passes).then(|| "neither SPF nor DKIM holds".to_owned())
    }

    /// For the report.
    pub(crate) fn to_json(&self) -> Option<Value> {
        let words: Map<String, Value> =
            self.0.iter().map(|(name, word)| ((*name).to_owned(), word.as_str().into())).collect();
        (!words.is_empty()).then_some(Value::Object(words))
    }
}

/// `mx.qq.com; spf=none smtp.mailfrom=…; dkim=pass header.d=…`
fn results(value: &str, id: &str) -> Option<Authentication> {
    let plain = without_comments(value);
    let mut parts = plain.split(';').map(str::trim);
    let by = parts.next()?.split_whitespace().next()?;
    if !by.eq_ignore_ascii_case(id) {
        return None;
    }
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for part in parts {
        let Some((method, rest)) = part.split_once('=') else { continue };
        let method = method.split('/').next().unwrap_or_default().trim();
        let known = ["spf", "dkim", "dmarc"].into_iter().find(|name| name.eq_ignore_ascii_case(method));
        let word: String =
            rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).take(20).collect();
        let Some(known) = known.filter(|_| !word.is_empty()) else { continue };
        let word = word.to_ascii_lowercase();
        match found.iter_mut().find(|(name, _)| *name == known) {
            None => found.push((known, word)),
            // Several signatures: one that holds is enough.
            Some((_, known)) if word == "pass" => *known = word,
            Some(_) => {}
        }
    }
    Some(Authentication(found))
}

fn without_comments(value: &str) -> String {
    let (mut depth, mut plain) = (0_usize, String::new());
    let mut quoted = false;
    for char in value.chars() {
        match char {
            '"' if depth == 0 => {
                quoted = !quoted;
                plain.push(char);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            _ if depth == 0 => plain.push(char),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn of(head: &str) -> Authentication {
        let message = MessageParser::default().parse_headers(head).unwrap();
        Authentication::of(&message, Some("mx.qq.com"))
    }

    #[test]
    fn only_our_own_server_is_believed() {
        let forged = "Authentication-Results: evil.cn; spf=pass; dmarc=pass\r\nSubject: x\r\n\r\n";
        assert_eq!(of(forged).to_json(), None);
        let both = "Authentication-Results: MX.QQ.COM; spf=fail smtp.mailfrom=a@b.cn;\r\n dkim=none (no; pass) ; dmarc=fail\r\n\
            Authentication-Results: mx.qq.com; spf=pass; dmarc=pass\r\n\r\n";
        let told = of(both);
        assert_eq!(told.to_json().unwrap().to_string(), r#"{"spf":"fail","dkim":"none","dmarc":"fail"}"#);
        assert_eq!(told.forged().as_deref(), Some("DMARC fails"));
        let message = MessageParser::default().parse_headers(both).unwrap();
        assert_eq!(Authentication::of(&message, None), Authentication::default());
    }

    #[test]
    fn forged_is_what_nothing_speaks_for() {
        for (words, forged) in [
            ("spf=pass; dkim=fail", false),
            ("spf=fail; dkim=pass", false),
            ("spf=fail; dkim=fail", true),
            ("spf=fail", true),
            ("spf=softfail; dkim=none", false),
            ("dmarc=fail; spf=pass", true),
            ("dkim=fail; dkim=pass; spf=fail", false),
            ("", false),
        ] {
            let told = of(&format!("Authentication-Results: mx.qq.com; {words}\r\n\r\n"));
            assert_eq!(told.forged().is_some(), forged, "{words}");
        }
    }
}
