//! Takes secrets out of texts that are stored or shown: faults, the request in an output, logs.

use std::fmt;

use serde_json::Value;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// Shorter texts are not looked for: they would be found everywhere, and keep no secret.
const LEN_MIN: usize = 4;

/// Texts that must not be shown, in each form that they may have.
#[derive(Clone, Default)]
pub struct Mask {
    /// The longest first: one may be a part of another.
    hidden: Vec<String>,
}

impl Mask {
    /// Hides this text from now on.
    pub fn hide(&mut self, text: &str) {
        if text.chars().count() < LEN_MIN {
            return;
        }
        let quoted = Value::String(text.to_owned()).to_string();
        let forms = [
            text.to_owned(),
            quoted[1..quoted.len() - 1].to_owned(),
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string(),
        ];
        for form in forms {
            if !self.hidden.contains(&form) {
                self.hidden.push(form);
            }
        }
        self.hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// Hides every text in this value.
    pub fn hide_all(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.hide(&number.to_string()),
            Value::String(text) => self.hide(text),
            Value::Array(items) => items.iter().for_each(|item| self.hide_all(item)),
            Value::Object(members) => members.values().for_each(|member| self.hide_all(member)),
        }
    }

    /// Is something that is hidden in these bytes?
    pub fn finds(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        self.hidden.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// The text with what is hidden replaced.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let hidden = self.hidden.iter();
        hidden.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} …)", self.hidden.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_every_form() {
        let mut mask = Mask::default();
        mask.hide_all(&serde_json::json!({"user": "li", "key": "a \"b\"/c", "more": ["a \"b\"/cdef"]}));
        let shown = mask.masked(r#"li a "b"/c a "b"/cdef {"k":"a \"b\"/c"} a+%22b%22%2Fc a%20%22b%22%2Fc"#);
        assert_eq!(shown, r#"li *** *** {"k":"***"} *** ***"#);
    }
}
