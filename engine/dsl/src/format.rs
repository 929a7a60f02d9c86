//! One way to lay out a workflow's text, comments kept.
//!
//! Only the layout changes: the text is read before and after, and a layout that would change what it says
//! is thrown away. It does not know what the keys mean.

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, Quotes};

use crate::diagnostic::{Code, Diagnostic};
use crate::text;
use crate::yaml::{self, Node, Value};

/// Characters of a line before a flow collection is broken into several. Many: one step of a scenario, one row of
/// a table on one line is read at a glance, and eight lines of it are not.
const LINE_LEN_MAX: usize = 160;

/// Columns before the first word of a line: what lays out keeps the indentations in 64 bits.
const INDENT_MAX: usize = 63;

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
    if let Some(line) = indented_too_far(text) {
        let message = text!("a line that begins after column {} cannot be laid out", INDENT_MAX);
        return Err(vec![Diagnostic::new(Code::Syntax, line, message)]);
    }
    // What it gives is compared below, and a defect of it shall not end a language server.
    let formatted = std::panic::catch_unwind(|| pretty_yaml::format_text(text, &options).ok()).ok().flatten();
    let formatted = formatted.filter(|formatted| indented_too_far(formatted).is_none());
    let same = |formatted: &String| yaml::parse(formatted).is_ok_and(|after| says_the_same(&before, &after));
    formatted.filter(same).ok_or_else(|| {
        let message = "this text cannot be laid out without changing what it says";
        vec![Diagnostic::new(Code::Syntax, 0..text.len().min(1), message)]
    })
}

/// The first line whose first word stands too far to the right. The first words of all are counted from the last
/// line feed before them, over whatever blank signs there are.
fn indented_too_far(text: &str) -> Option<std::ops::Range<usize>> {
    let first = text.find(|sign: char| !sign.is_ascii_whitespace()).unwrap_or(0);
    let line = text[..first].rfind('\n').map_or(0, |feed| feed + 1);
    if first - line > INDENT_MAX {
        return Some(line..first);
    }
    let mut start = 0;
    text.split_inclusive(['\n', '\r']).find_map(|line| {
        let from = start;
        start += line.len();
        (indent(line.as_bytes()) > INDENT_MAX).then(|| from..from + line.trim_end().len())
    })
}

/// Blanks before the first word, and the signs of lists within lists.
fn indent(line: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match line.get(at..) {
            Some([b' ' | b'\t', ..]) => at += 1,
            Some([b'-' | b'?' | b':', b' ' | b'\t', ..]) => at += 2,
            Some(_) | None => return at,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What lays out would count indentations in a number that is too small for these.
    #[test]
    fn a_line_far_to_the_right_is_left_alone() {
        for text in [
            format!("{}a: &quoteB sch ", " ".repeat(86)),
            format!("a:\n{}b: 1\n", " ".repeat(70)),
            format!("{}1\n", "- ".repeat(33)),
            format!("{}#o n#\ra \u{5}h", "\u{c}".repeat(65)),
            format!("{}a: 1\n", "\r".repeat(70)),
        ] {
            if yaml::parse(&text).is_ok() {
                let remarks = format(&text).expect_err(&text);
                assert!(remarks[0].message.to_string().contains("column 63"), "{remarks:?}");
            }
        }
        let near = format!("a:\n{}b: 1\n", " ".repeat(60));
        assert_eq!(format(&near).as_deref(), Ok("a:\n  b: 1\n"));
    }
}
