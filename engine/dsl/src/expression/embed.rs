//! Finding expressions in texts: `${ … }` as the whole, or several among other words.

use std::ops::Range;

use super::Problem;
use crate::diagnostic::Code;

/// What a text in a workflow is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// No `${` in it.
    Literal,
    /// `${ … }` from end to end; the range is what is inside.
    Expression(Range<usize>),
    /// Words and expressions mixed.
    Embedded(Vec<Part>),
}

/// A part of a mixed text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As it stands.
    Text(Range<usize>),
    /// Inside of `${ … }`.
    Expression(Range<usize>),
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Result<Written, Problem> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("${").map(|open| at + open) {
        let Some(close) = end_of_expression(text, open + 2) else {
            let message = "`${` has no `}`";
            return Err(Problem::new(Code::ExpressionSyntax, open..text.len(), message));
        };
        if open > at {
            parts.push(Part::Text(at..open));
        }
        parts.push(Part::Expression(open + 2..close));
        at = close + 1;
    }
    if at < text.len() {
        parts.push(Part::Text(at..text.len()));
    }
    let blank = |part: &Part| matches!(part, Part::Text(range) if text[range.clone()].trim().is_empty());
    let mut expressions = parts.iter().filter(|part| matches!(part, Part::Expression(_)));
    match (expressions.next(), expressions.next()) {
        (None, _) => Ok(Written::Literal),
        (Some(Part::Expression(range)), None)
            if parts.iter().all(|part| blank(part) || matches!(part, Part::Expression(_))) =>
        {
            Ok(Written::Expression(range.clone()))
        }
        _ => Ok(Written::Embedded(parts)),
    }
}

/// A mixed text as one jq string with interpolations.
pub(crate) fn interpolation(text: &str, parts: &[Part]) -> String {
    let mut jq = String::from("\"");
    for part in parts {
        match part {
            Part::Text(range) => {
                let quoted = serde_json::Value::from(&text[range.clone()]).to_string();
                jq.push_str(&quoted[1..quoted.len() - 1]);
            }
            // A comment inside would swallow the bracket, so that stands on a line of its own.
            Part::Expression(range) => {
                jq.push_str("\\(");
                jq.push_str(&text[range.clone()]);
                jq.push_str("\n)");
            }
        }
    }
    jq.push('"');
    jq
}

/// The `}` that closes what begins at `start`, past braces, strings and comments inside.
fn end_of_expression(text: &str, start: usize) -> Option<usize> {
    /// What is open: a bracket, or a string.
    #[derive(PartialEq)]
    enum Open {
        Brace,
        Round,
        String,
    }
    let mut open = vec![Open::Brace];
    let mut characters = text[start..].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let in_string = open.last() == Some(&Open::String);
        match character {
            '\\' if in_string => {
                if let Some((_, '(')) = characters.next() {
                    open.push(Open::Round);
                }
            }
            '"' if in_string => {
                open.pop();
            }
            _ if in_string => {}
            '"' => open.push(Open::String),
            '#' => while characters.next_if(|(_, next)| *next != '\n').is_some() {},
            '{' => open.push(Open::Brace),
            '(' => open.push(Open::Round),
            '}' => {
                // A round bracket left open is reported by the parser, at a better place.
                while open.last() == Some(&Open::Round) {
                    open.pop();
                }
                open.pop();
                if open.is_empty() {
                    return Some(start + at);
                }
            }
            ')' if open.last() == Some(&Open::Round) => {
                open.pop();
            }
            _ => {}
        }
    }
    None
}
