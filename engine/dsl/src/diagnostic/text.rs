//! Sentences of remarks in the languages that people read: an English template with its arguments.
//!
//! The template is the key under which a translation is found, as in gettext: who writes a remark writes
//! English, and needs not know that there are others.

use std::fmt::{self, Write as _};

use super::zh;

/// A language of remarks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language that a tag means, such as `zh-CN` or `zh_CN.UTF-8`; none for a language not known here.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_', '.', '@']).next().unwrap_or_default().to_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" | "c" | "posix" => Some(Self::English),
            _ => None,
        }
    }

    /// The template in this language, where there is a translation.
    fn template(self, english: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => zh::translation(english).unwrap_or(english),
        }
    }
}

/// A sentence, or a phrase within one. [`text!`](crate::text) makes one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// English, with `{}` for each argument.
    template: &'static str,
    arguments: Vec<Argument>,
}

/// What a hole of a template is filled with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Argument {
    /// The same in every language: names, numbers, what others wrote.
    Plain(String),
    /// A phrase, which is translated itself.
    Phrase(Text),
    /// Several, put together as each language does it.
    List(Vec<String>, Joint),
}

/// What stands before the last item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joint {
    /// Nothing but a comma.
    Comma,
    /// And.
    And,
    /// Or.
    Or,
}

impl Text {
    /// A template with its arguments, one for each `{}`.
    pub fn new(template: &'static str, arguments: Vec<Argument>) -> Self {
        Self { template, arguments }
    }

    /// The template.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// The sentence in a language; in English where there is no translation.
    pub fn render(&self, language: Language) -> String {
        let mut sentence = String::new();
        self.write(language, &mut sentence).expect("a String takes everything");
        sentence
    }

    fn write(&self, language: Language, to: &mut impl fmt::Write) -> fmt::Result {
        let mut rest = language.template(self.template);
        // Without arguments, braces are braces.
        let mut next = 0;
        while let Some((at, len, number)) = hole(rest).filter(|_| !self.arguments.is_empty()) {
            to.write_str(&rest[..at])?;
            if let Some(argument) = self.arguments.get(number.unwrap_or(next)) {
                argument.write(language, to)?;
            }
            next += 1;
            rest = &rest[at + len..];
        }
        to.write_str(rest)
    }
}

/// The first hole of a template: where it is, how long, and its number if it has one, as in `{1}`.
fn hole(template: &str) -> Option<(usize, usize, Option<usize>)> {
    template.match_indices('{').find_map(|(at, _)| {
        let inside = template[at + 1..].split('}').next().filter(|inside| inside.len() <= 1)?;
        let closed = template[at + 1 + inside.len()..].starts_with('}');
        let number = inside.parse().ok();
        (closed && (inside.is_empty() || number.is_some())).then_some((at, inside.len() + 2, number))
    })
}

impl Argument {
    fn write(&self, language: Language, to: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Plain(text) => to.write_str(text),
            Self::Phrase(text) => text.write(language, to),
            Self::List(items, joint) => {
                for (at, item) in items.iter().enumerate() {
                    match at {
                        0 => {}
                        last if last + 1 == items.len() => to.write_str(joint.between(language))?,
                        _ => to.write_str(Joint::Comma.between(language))?,
                    }
                    to.write_str(item)?;
                }
                Ok(())
            }
        }
    }
}

impl Joint {
    fn between(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::English, Self::Comma) => ", ",
            (Language::English, Self::And) => " and ",
            (Language::English, Self::Or) => " or ",
            (Language::Chinese, Self::Comma) => "、",
            (Language::Chinese, Self::And) => "和",
            (Language::Chinese, Self::Or) => "或",
        }
    }
}

/// What can fill a hole.
pub trait AsArgument {
    /// As an argument.
    fn as_argument(&self) -> Argument;
}

impl<T: AsArgument + ?Sized> AsArgument for &T {
    fn as_argument(&self) -> Argument {
        (**self).as_argument()
    }
}

impl AsArgument for Argument {
    fn as_argument(&self) -> Argument {
        self.clone()
    }
}

impl AsArgument for Text {
    fn as_argument(&self) -> Argument {
        Argument::Phrase(self.clone())
    }
}

/// The types that every language writes alike.
macro_rules! plain {
    ($($type:ty)*) => {
        $(impl AsArgument for $type {
            fn as_argument(&self) -> Argument {
                Argument::Plain(self.to_string())
            }
        })*
    };
}

plain!(super::Code str String char u16 u32 u64 usize i32 i64);

/// Items with commas between them. [`Joint`] has the other ways.
impl<T: fmt::Display> AsArgument for [T] {
    fn as_argument(&self) -> Argument {
        list(self, Joint::Comma)
    }
}

impl<T: fmt::Display> AsArgument for Vec<T> {
    fn as_argument(&self) -> Argument {
        list(self, Joint::Comma)
    }
}

impl<T: fmt::Display, const N: usize> AsArgument for [T; N] {
    fn as_argument(&self) -> Argument {
        list(self, Joint::Comma)
    }
}

/// Items, and what joins the last of them to the others.
pub(crate) fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>, joint: Joint) -> Argument {
    Argument::List(items.into_iter().map(|item| item.to_string()).collect(), joint)
}

/// Names in backticks, and what joins the last of them to the others.
pub(crate) fn names<T: fmt::Display>(names: impl IntoIterator<Item = T>, joint: Joint) -> Argument {
    list(names.into_iter().map(|name| format!("`{name}`")), joint)
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Language::English, formatter)
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
        Self { template: "{}", arguments: vec![Argument::Plain(text)] }
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
        $crate::diagnostic::Text::new(
            $template,
            vec![$($crate::diagnostic::AsArgument::as_argument(&$argument)),*],
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_in_order_or_by_number() {
        let check = |template, arguments: &[&str], wanted: &str| {
            let arguments = arguments.iter().map(AsArgument::as_argument).collect();
            assert_eq!(Text::new(template, arguments).to_string(), wanted);
        };
        check("`{}` and {}", &["a", "b"], "`a` and b");
        check("{1} before {0}", &["a", "b"], "b before a");
        check("`${ {} }`, { x }", &["a"], "`${ a }`, { x }");
        check("`{ use: {} }` {", &["a"], "`{ use: a }` {");
        check("`set: ${ {} }`", &[], "`set: ${ {} }`");
    }

    #[test]
    fn phrases_and_lists_speak_the_language_of_the_sentence() {
        let text = text!("{}: {}", Text::from("a mapping"), names(["a", "b", "c"], Joint::And));
        assert_eq!(text.to_string(), "a mapping: `a`, `b` and `c`");
        assert_eq!(text.render(Language::Chinese), "映射: `a`、`b`和`c`");
    }

    #[test]
    fn languages_are_told_from_tags() {
        let tags = ["zh", "zh-CN", "zh_CN.UTF-8", "ZH-Hans", "en-GB", "C.UTF-8", "de_DE", ""];
        let languages = tags.map(Language::of_tag);
        let (zh, en) = (Some(Language::Chinese), Some(Language::English));
        assert_eq!(languages, [zh, zh, zh, zh, en, en, None, None]);
    }
}
