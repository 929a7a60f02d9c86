//! Sentences of remarks in the languages that people read: an English template with its arguments.
//!
//! The template is the key under which a translation is found, as in gettext: who writes a remark writes
//! English, and needs not know that there are others.

use std::fmt::{self, Write as _};

/// A language of remarks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// A sentence. [`text!`](crate::text) makes one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// English, with `{}` for each argument.
    template: &'static str,
    arguments: Vec<String>,
}

impl Text {
    /// A template with its arguments, one for each `{}`.
    pub fn new(template: &'static str, arguments: Vec<String>) -> Self {
        Self { template, arguments }
    }

    /// The template.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// The sentence in a language; in English where there is no translation.
    pub fn render(&self, language: Language) -> String {
        let _ = language;
        self.to_string()
    }

    fn fill(&self, template: &str, formatter: &mut impl fmt::Write) -> fmt::Result {
        if self.arguments.is_empty() {
            // Without arguments, braces are braces.
            return formatter.write_str(template);
        }
        let mut arguments = self.arguments.iter();
        let mut parts = template.split("{}");
        formatter.write_str(parts.next().unwrap_or_default())?;
        for part in parts {
            formatter.write_str(arguments.next().map_or("", String::as_str))?;
            formatter.write_str(part)?;
        }
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fill(self.template, formatter)
    }
}

/// A text without arguments.
impl From<&'static str> for Text {
    fn from(template: &'static str) -> Self {
        Self { template, arguments: Vec::new() }
    }
}

/// A text that cannot be translated: it comes from elsewhere.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { template: "{}", arguments: vec![text] }
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        let mut text = String::new();
        write!(text, "{self}").is_ok() && text == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// A [`Text`] of an English template and its arguments: `text!("there is no task `{}`", name)`.
#[macro_export]
macro_rules! text {
    ($template:literal $(, $argument:expr)* $(,)?) => {
        $crate::diagnostic::Text::new($template, vec![$($argument.to_string()),*])
    };
}
