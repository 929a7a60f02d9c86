//! The tree that a text becomes: values that know where they stand.

use std::ops::Range;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the source: with the quotes, but without the sign (`|`, `>`) of a block.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
    /// How a scalar was written; [`Style::Plain`] for lists and mappings.
    pub style: Style,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A finite number with a fraction or an exponent.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order as written.
    Map(Vec<Entry>),
}

/// A member of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Node,
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Bytes of the source.
    pub span: Range<usize>,
    /// The text.
    pub text: String,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    #[default]
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|` or `>`.
    Block,
}

impl Node {
    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::String(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|entry| (entry.key.text.clone(), entry.value.to_json())).collect(),
            ),
        }
    }

    /// The node that a JSON Pointer names.
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        self.steps(pointer).map(|(_, node)| node)
    }

    /// The span of the key (for a member of a mapping) or value that a JSON Pointer names.
    pub fn key_span(&self, pointer: &str) -> Option<Range<usize>> {
        self.steps(pointer).map(|(key, node)| key.map_or_else(|| node.span.clone(), |key| key.span.clone()))
    }

    fn steps(&self, pointer: &str) -> Option<(Option<&Key>, &Self)> {
        let mut found = (None, self);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            found = match &found.1.value {
                Value::List(items) => (None, items.get(step.parse::<usize>().ok()?)?),
                Value::Map(entries) => {
                    let entry = entries.iter().find(|entry| entry.key.text == step)?;
                    (Some(&entry.key), &entry.value)
                }
                _ => return None,
            };
        }
        Some(found)
    }

    /// The member with this key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => {
                entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
            }
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for a sentence: `a list`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a number",
            Value::Float(_) => "a number with a fraction",
            Value::String(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// Bytes of the source behind a range of a string's text, through quotes, escapes and folding.
    ///
    /// Exact for what authors write; where it loses the thread, the whole scalar.
    pub fn text_span(&self, source: &str, range: Range<usize>) -> Range<usize> {
        let (Some(text), Some(written)) = (self.as_str(), source.get(self.span.clone())) else {
            return self.span.clone();
        };
        let places = align(text, written, self.style);
        let place = |offset: usize| places.iter().find(|(at, _)| *at >= offset).map(|(_, place)| *place);
        match (place(range.start), place(range.end.max(range.start + 1))) {
            (Some(start), Some(end)) if start < end => self.span.start + start..self.span.start + end,
            _ => self.span.clone(),
        }
    }
}

/// For each character of `text` (and its end), the offset in `written` where it stands.
fn align(text: &str, written: &str, style: Style) -> Vec<(usize, usize)> {
    let mut rest = match style {
        Style::Plain | Style::Block => 0,
        Style::SingleQuoted | Style::DoubleQuoted => 1,
    };
    let mut places = Vec::with_capacity(text.len() + 1);
    for (offset, character) in text.char_indices() {
        let Some(found) = next_match(&written[rest..], character, style) else { return Vec::new() };
        places.push((offset, rest + found.start));
        rest += found.end;
    }
    places.push((text.len(), rest));
    places
}

/// Where the next decoded `character` stands in `written`.
fn next_match(written: &str, character: char, style: Style) -> Option<Range<usize>> {
    let mut at = 0;
    while let Some(found) = written[at..].chars().next() {
        let end = at + found.len_utf8();
        if found == '\\' && style == Style::DoubleQuoted {
            let escape = escape_len(&written[at..]);
            // An escaped line break stands for nothing.
            if written[at + 1..].starts_with(['\n', '\r']) {
                at += escape;
                continue;
            }
            return Some(at..at + escape);
        }
        if found == '\'' && style == Style::SingleQuoted && character == '\'' {
            return Some(at..end + 1);
        }
        // A line break is folded into a space; the indentation after it goes with it.
        if found == character || (found == '\n' && character == ' ') {
            return Some(at..end);
        }
        if !found.is_whitespace() {
            return None;
        }
        at = end;
    }
    // The last line break of a block may be missing in the source.
    (character == '\n').then_some(at..at)
}

fn escape_len(written: &str) -> usize {
    let digits = match written.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        _ => 0,
    };
    let escaped = written[1..].chars().next().map_or(0, char::len_utf8);
    (1 + escaped + digits).min(written.len())
}
