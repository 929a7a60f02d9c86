//! What a recording may not hold is taken out of it: secrets, signatures made with them, credentials, phone numbers
//! and identity numbers.
//!
//! A number is replaced by one of the same form, so that a plugin that looks at it does as it did; what was replaced
//! stays so when it is replaced again, so that a replay can be compared with what was recorded.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cache::hex;

/// What stands in the place of what is not told.
pub(crate) const HIDDEN: &str = "hidden";

/// How what stands for a secret begins.
pub(crate) const MARK: &str = "${secret:";

/// What stands for a secret.
pub(crate) fn marker(name: &str) -> String {
    format!("{MARK}{name}}}")
}

/// The shortest secret that is looked for: anything shorter stands everywhere.
const SECRET_BYTES_MIN: usize = 4;

/// Ends of names whose values are credentials, wherever they stand: in JSON, in a form, in a query, in XML, in a log
/// line.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "secret_key",
    "secretkey",
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
    "auth_token",
    "authtoken",
    "id_token",
    "session_key",
    "sessionkey",
    "api_key",
    "apikey",
    "private_key",
    "jsapi_ticket",
    "authorization",
    "cookie",
];

/// The replacements of one call.
#[derive(Default)]
pub(crate) struct Redactor {
    /// The longest first.
    literals: Vec<(String, String)>,
}

impl Redactor {
    /// Takes these secrets out, by name and value.
    pub(crate) fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = Self::default();
        for (name, value) in secrets {
            if value.len() < SECRET_BYTES_MIN || value.starts_with(MARK) {
                continue;
            }
            let told = marker(&name);
            let escaped = Value::String(value.clone()).to_string();
            for form in
                spelled(value.as_bytes()).into_iter().chain([escaped[1..escaped.len() - 1].to_owned()])
            {
                all.literals.push((form, told.clone()));
            }
            all.literals.push((value, told));
        }
        all.sort();
        all
    }

    /// Puts others in the place of signatures that the host made: they follow from the call and their number alone.
    /// Gives those others.
    pub(crate) fn sign(&mut self, call: &str, signatures: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let others: Vec<Vec<u8>> = signatures
            .iter()
            .enumerate()
            .map(|(n, signature)| {
                // The same signature twice is the same other.
                let n = signatures.iter().position(|one| one == signature).unwrap_or(n);
                let mut other = Vec::new();
                while other.len() < signature.len() {
                    let block = format!("yiwang recording {call} {n} {}", other.len());
                    other.extend_from_slice(&Sha256::digest(block));
                }
                other.truncate(signature.len());
                other
            })
            .collect();
        for (signature, other) in signatures.iter().zip(&others) {
            self.literals.extend(spelled(signature).into_iter().zip(spelled(other)));
        }
        self.sort();
        others
    }

    /// Remembers the credentials of these texts: what stands under such a name here is hidden everywhere.
    pub(crate) fn learn<'t>(&mut self, texts: impl IntoIterator<Item = &'t Value>) {
        let mut found = Vec::new();
        texts.into_iter().for_each(|value| credentials(value, &mut found));
        found.retain(|value| {
            value.len() >= SECRET_BYTES_MIN
                && !self.without_literals(value).contains(MARK)
                && ![HIDDEN, "true", "false", "null"].contains(&value.as_str())
        });
        found.sort_unstable();
        found.dedup();
        self.literals.extend(found.into_iter().map(|value| (value, HIDDEN.to_owned())));
        self.sort();
    }

    fn sort(&mut self) {
        self.literals.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then(one.cmp(other)));
        self.literals.dedup_by(|(one, _), (other, _)| one == other);
    }

    /// A text.
    pub(crate) fn text(&self, text: &str) -> String {
        numbers(&named(&self.without_literals(text), &mut |_| {}))
    }

    /// In one pass: what was put in is not looked at again.
    fn without_literals(&self, text: &str) -> String {
        let there: Vec<_> = self.literals.iter().filter(|(form, _)| text.contains(form.as_str())).collect();
        let (mut told, mut rest) = (String::with_capacity(text.len()), text);
        loop {
            let found =
                there.iter().filter_map(|(form, other)| Some((rest.find(form.as_str())?, form, other)));
            // Of those that begin at the same place the longest, which stands first.
            let Some((at, form, other)) = found.min_by_key(|(at, ..)| *at) else { break };
            told.push_str(&rest[..at]);
            told.push_str(other);
            rest = &rest[at + form.len()..];
        }
        told.push_str(rest);
        told
    }

    /// A value whose name says that it is a credential: a known secret is named, anything else is hidden.
    pub(crate) fn credential(&self, value: &str) -> String {
        let told = self.without_literals(value);
        if told.contains(MARK) { told } else { HIDDEN.to_owned() }
    }

    /// Bytes: what is text in them.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut told = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            told.extend_from_slice(self.text(chunk.valid()).as_bytes());
            told.extend_from_slice(chunk.invalid());
        }
        told
    }

    /// A channel's settings, where `secret: webhook-key` names a secret and is none.
    pub(crate) fn settings(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(numbers(&self.without_literals(text))),
            Value::Array(items) => items.iter().map(|item| self.settings(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.settings(value))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// All texts of a value, with the members that are credentials by their names.
    pub(crate) fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => match header_line(items) {
                Some((name, value)) => {
                    Value::Array(vec![Value::String(name.to_owned()), Value::String(self.credential(value))])
                }
                None => items.iter().map(|item| self.json(item)).collect(),
            },
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::String(text) if is_credential(name) => Value::String(self.credential(text)),
                        _ => self.json(value),
                    };
                    (self.text(name), value)
                })
                .collect(),
            Value::Number(number) => {
                let (text, masked) = (number.to_string(), numbers(&number.to_string()));
                if masked == text {
                    value.clone()
                } else {
                    serde_json::from_str(&masked).unwrap_or(Value::Null)
                }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }
}

/// Does this signature stand in a text, however it is written?
pub(crate) fn is_in(signature: &[u8], text: &str) -> bool {
    spelled(signature).iter().any(|form| text.contains(form.as_str()))
}

/// Is a value of this name a credential?
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name == "token" || NAMES.iter().any(|known| name.ends_with(known))
}

/// How bytes are written in texts.
fn spelled(bytes: &[u8]) -> Vec<String> {
    let standard = STANDARD.encode(bytes);
    let escaped =
        |text: &str| text.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let raw: String = bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(*byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect();
    vec![
        hex(bytes),
        hex(bytes).to_ascii_uppercase(),
        escaped(&standard),
        standard,
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE.encode(bytes),
        URL_SAFE_NO_PAD.encode(bytes),
        raw,
    ]
}

/// Name and value, where two texts are the line of a header that is a credential.
fn header_line(items: &[Value]) -> Option<(&str, &str)> {
    match items {
        [Value::String(name), Value::String(value)] if is_credential(name) => Some((name, value)),
        _ => None,
    }
}

/// The values of such names in a value.
fn credentials(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            named(text, &mut |value| found.push(value.to_owned()));
        }
        Value::Array(items) => match header_line(items) {
            Some((_, value)) => found.push(value.to_owned()),
            None => items.iter().for_each(|item| credentials(item, found)),
        },
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if is_credential(name) => {
                        // `Bearer …`: also the word alone.
                        found.extend(text.rsplit_once(' ').map(|(_, word)| word.to_owned()));
                        found.push(text.clone());
                    }
                    _ => credentials(value, found),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hides the values of [`NAMES`]: `"name": "value"`, `name=value`, `<name>value</name>`, `name: value`. `tell` gets
/// each.
fn named(text: &str, tell: &mut dyn FnMut(&str)) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|char: char| char.is_ascii_alphabetic()) {
        let (before, behind) = rest.split_at(at);
        told.push_str(before);
        let end = behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        let (word, behind) = behind.split_at(end.unwrap_or(behind.len()));
        told.push_str(word);
        rest = behind;
        // What stands for a secret already stays.
        let is_mark = told.strip_suffix(word).is_some_and(|before| before.ends_with("${"));
        let found = (is_credential(word) && !is_mark).then(|| value_of(behind)).flatten();
        let Some((lead, value)) = found.filter(|(lead, _)| !behind[*lead..].starts_with(MARK)) else {
            continue;
        };
        tell(&behind[lead..lead + value]);
        told.push_str(&behind[..lead]);
        told.push_str(HIDDEN);
        rest = &behind[lead + value..];
    }
    told.push_str(rest);
    told
}

/// What stands between a name and its value, and the value: how many bytes of each.
fn value_of(behind: &str) -> Option<(usize, usize)> {
    let bytes = behind.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'"' | b'\'')));
    // A quote within a string within JSON.
    if behind.starts_with("\\\"") {
        at = 2;
    }
    let is_member = at > 0;
    // As it stands in a query of a query.
    if let Some(left) = behind.strip_prefix("%3D").or_else(|| behind.strip_prefix("%3d")) {
        let ends = ["%26", "&", " ", "\"", "\n", "<"];
        let len = ends.iter().filter_map(|end| left.find(end)).min().unwrap_or(left.len());
        return (len > 0).then_some((3, len));
    }
    let blanks = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    at += blanks(at);
    let sign = *bytes.get(at)?;
    if !matches!(sign, b':' | b'=' | b'>') {
        return None;
    }
    at += 1;
    at += blanks(at);
    let left = &behind[at..];
    let (open, ends): (usize, &[&str]) = if left.starts_with("<![CDATA[") {
        (9, &["]]>"])
    } else if left.starts_with("\\\"") {
        (2, &["\\\""])
    } else if left.starts_with('"') {
        (1, &["\""])
    } else if left.starts_with('\'') {
        (1, &["'"])
    } else if sign == b'>' {
        (0, &["<"])
    } else if sign == b'=' {
        (0, &["&", " ", ";", "\"", "\n", ",", "<"])
    } else {
        // A number, an object or a list in JSON holds no credential by itself; a bare word of a header may.
        if is_member || left.starts_with(['{', '[']) {
            return None;
        }
        (0, &["\n", "\r", ",", "}", "]", "\""])
    };
    // `Secret::new` is code.
    if sign == b':' && left.starts_with(':') {
        return None;
    }
    let value = &left[open..];
    let len = ends.iter().filter_map(|end| value.find(end)).min().unwrap_or(value.len());
    (len > 0).then_some((at + open, len))
}

/// Puts zeros into numbers of phones and of persons.
fn numbers(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut told = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let begin = bytes[at..].iter().position(u8::is_ascii_digit).map_or(bytes.len(), |len| at + len);
        told.push_str(&text[at..begin]);
        let end =
            bytes[begin..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |len| begin + len);
        let run = &text[begin..end];
        if is_in_digest(bytes, begin, end) {
            told.push_str(run);
            at = end;
            continue;
        }
        let has_check = matches!(bytes.get(end), Some(b'x' | b'X'));
        if run.len() == 17 && has_check && is_born(&run[6..14]) || run.len() == 18 && is_born(&run[6..14]) {
            told.push_str(PERSON);
            at = end + usize::from(run.len() == 17);
            continue;
        }
        // 0558-5123456: the number stands behind its area.
        let area = text[..begin].strip_suffix('-').is_some_and(|before| {
            let digits = before.bytes().rev().take_while(u8::is_ascii_digit).count();
            let area = &before[before.len() - digits..];
            (3..=4).contains(&digits) && area.starts_with('0')
        });
        told.push_str(&masked(run, area));
        at = end;
    }
    told
}

/// Do these digits stand within a digest, a key, something encoded? A number there is chance.
fn is_in_digest(bytes: &[u8], begin: usize, end: usize) -> bool {
    let before = bytes[..begin].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let behind = bytes[end..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let has_letters = bytes[begin - before..end + behind].iter().any(u8::is_ascii_alphabetic);
    has_letters && before + (end - begin) + behind >= DIGEST_CHARS_MIN
}

/// The shortest word of letters and digits that is taken for something encoded.
const DIGEST_CHARS_MIN: usize = 24;

/// A number of nobody, whose check digit holds.
const PERSON: &str = "110101190001010006";

/// Can eight digits be somebody's date of birth?
fn is_born(date: &str) -> bool {
    let number = |range: std::ops::Range<usize>| date[range].parse::<u32>().unwrap_or(0);
    (1900..=2100).contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8))
}

/// The digits that say where somebody is, and zeros instead of those that say who.
fn masked(run: &str, behind_area: bool) -> String {
    let zeros = |kept: usize| format!("{}{}", &run[..kept], "0".repeat(run.len() - kept));
    let country = ["0086", "86"].into_iter().find(|code| run.strip_prefix(code).is_some_and(is_mobile));
    if let Some(code) = country {
        return zeros(code.len() + 3);
    }
    if is_mobile(run) {
        return zeros(3);
    }
    if behind_area && (7..=8).contains(&run.len()) {
        return zeros(0);
    }
    if run.starts_with('0') && (10..=12).contains(&run.len()) {
        return zeros(4);
    }
    if run.len() == 15 && is_born(&format!("19{}", &run[6..12])) {
        return format!("{}000101000", &run[..6]);
    }
    run.to_owned()
}

fn is_mobile(run: &str) -> bool {
    run.len() == 11 && run.starts_with('1') && matches!(run.as_bytes()[1], b'3'..=b'9')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> String {
        Redactor::default().text(text)
    }

    #[test]
    fn numbers_of_people_keep_their_form_and_nothing_else() {
        for (text, told) in [
            ("电话13812345678。", "电话13800000000。"),
            ("+8613812345678", "+8613800000000"),
            ("008613812345678", "008613800000000"),
            ("0558-5123456", "0558-0000000"),
            ("05585123456", "05580000000"),
            ("身份证34160219800102123X,", "身份证110101190001010006,"),
            ("341602198001021234", "110101190001010006"),
            ("341602800102123", "341602000101000"),
            ("phone%3D13912345678%26", "phone%3D13900000000%26"),
            ("tel13812345678x", "tel13800000000x"),
            ("9b1381234567812f0a4c5d6e7f8090a1", "9b1381234567812f0a4c5d6e7f8090a1"),
            ("QC-20240611-000123", "QC-20240611-000123"),
            ("1717482600000", "1717482600000"),
            ("12345678901", "12345678901"),
            ("123456789012345678", "123456789012345678"),
        ] {
            assert_eq!(plain(text), told, "{text}");
            assert_eq!(plain(told), told, "it stays so");
        }
        assert_eq!(
            Redactor::default().json(&json!({"p": 13_812_345_678_u64})),
            json!({"p": 13_800_000_000_u64})
        );
    }

    #[test]
    fn the_number_of_nobody_is_a_number() {
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let digits = PERSON.bytes().map(|byte| u32::from(byte - b'0'));
        let sum: u32 = digits.take(17).zip(weights).map(|(digit, weight)| digit * weight).sum();
        assert_eq!(PERSON.chars().last(), "10X98765432".chars().nth((sum % 11) as usize));
    }

    #[test]
    fn credentials_are_known_by_their_names_in_every_dress() {
        for (text, told) in [
            (r#"{"access_token":"abc","expires_in":7200}"#, r#"{"access_token":"hidden","expires_in":7200}"#),
            (r#"{"data":"{\"password\": \"a b\"}"}"#, r#"{"data":"{\"password\": \"hidden\"}"}"#),
            ("https://a.cn/x?access_token=abc&id=1", "https://a.cn/x?access_token=hidden&id=1"),
            ("<Secret><![CDATA[abc]]></Secret>", "<Secret><![CDATA[hidden]]></Secret>"),
            ("<token>abc</token>", "<token>hidden</token>"),
            (
                "u=https%3A%2F%2Fa%3Faccess_token%3Dabc%26id%3D1",
                "u=https%3A%2F%2Fa%3Faccess_token%3Dhidden%26id%3D1",
            ),
            ("Authorization: Bearer abc\nx: y", "Authorization: hidden\nx: y"),
            ("clientSecret='abc'", "clientSecret='hidden'"),
            (r#"{"secret": {"a": 1}}"#, r#"{"secret": {"a": 1}}"#),
            ("the token is not known", "the token is not known"),
            ("SecretError::Denied(x)", "SecretError::Denied(x)"),
            ("api_key=${secret:key}&x", "api_key=${secret:key}&x"),
            (r#"{"tokens":"3"}"#, r#"{"tokens":"3"}"#),
        ] {
            assert_eq!(plain(text), told);
            assert_eq!(plain(told), told, "it stays so");
        }
    }

    #[test]
    fn secrets_and_signatures_are_found_in_every_spelling() {
        let secret = "s3cr\"t+/väl";
        let mut redactor = Redactor::new([("key".to_owned(), secret.to_owned())]);
        let signature: Vec<u8> = (200..232).collect();
        let others = redactor.sign("c1", std::slice::from_ref(&signature));
        assert_eq!(others[0].len(), 32);
        for spelled in spelled(secret.as_bytes()).into_iter().chain([secret.to_owned()]) {
            assert_eq!(redactor.text(&format!("<{spelled}>")), "<${secret:key}>");
        }
        redactor.learn([&json!({"set-cookie": "sid=1;x"}), &json!("a=1&access_token=tok-77&b")]);
        assert_eq!(redactor.text("sid=1;x tok-77"), "hidden hidden");
        let escaped = json!({"a": secret}).to_string();
        assert_eq!(redactor.text(&escaped), r#"{"a":"${secret:key}"}"#);
        let told = redactor.text(&format!("v1,{}", STANDARD.encode(&signature)));
        assert_eq!(told, format!("v1,{}", STANDARD.encode(&others[0])));
        assert_eq!(redactor.text(&told), told, "it stays so");
        let again = Redactor::default().sign("c1", std::slice::from_ref(&others[0]));
        assert_eq!(again, others, "it follows from the call and the number alone");
        let bytes = [&[0xff_u8, 0xd8][..], secret.as_bytes(), &[0xff], b"13812345678"].concat();
        let told = redactor.bytes(&bytes);
        assert_eq!(told, [&[0xff, 0xd8][..], b"${secret:key}", &[0xff], b"13800000000"].concat());
    }
}
