//! One way to lay out a workflow's text, comments kept.
//!
//! Only the layout changes: the text is read before and after, and a layout that would change what it says
//! is thrown away. It does not know what the keys mean.

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, Quotes};

use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{self, Node, Value};

/// Characters of a line before a flow collection is broken into several.
const LINE_LEN_MAX: usize = 110;

/// The text in the usual layout.
///
/// # Errors
/// What prevents the text from being read as YAML.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let before = yaml::parse(text)?;
    let options = FormatOptions {
        layout: LayoutOptions { print_width: LINE_LEN_MAX, ..LayoutOptions::default() },
        language: LanguageOptions {
            quotes: Quotes::PreferSingle,
            trailing_comma: false,
            bracket_spacing: true,
            // Within block texts it would take away what was written.
            trim_trailing_whitespaces: false,
            ..LanguageOptions::default()
        },
    };
    let formatted = pretty_yaml::format_text(text, &options).ok();
    let same = |formatted: &String| yaml::parse(formatted).is_ok_and(|after| says_the_same(&before, &after));
    formatted.filter(same).ok_or_else(|| {
        let message = "this text cannot be laid out without changing what it says";
        vec![Diagnostic::new(Code::Syntax, 0..text.len().min(1), message)]
    })
}

/// Equal but for places and quotes.
fn says_the_same(left: &Node, right: &Node) -> bool {
    match (&left.value, &right.value) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| says_the_same(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| {
                    left.key.text == right.key.text && says_the_same(&left.value, &right.value)
                })
        }
        (left, right) => left == right,
    }
}
