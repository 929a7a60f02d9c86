//! Parser events into nodes, within budgets.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::node::{Entry, Key, Node, Style, Value};
use super::scalar::{self, Refused};
use super::{ALIAS_NODES_MAX, ANCHORS_MAX, DEPTH_MAX, NODES_MAX, TEXT_LEN_MAX, push_pointer};
use crate::diagnostic::{Code, Diagnostic, Text};
use crate::text;

/// Parses one document. All mistakes that do not stop the parser are found at once.
pub fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    read(text, Keys::Texts)
}

/// The same for a document of others, e.g. of OpenAPI: a plain key that is no text (`200:`) is read as its
/// text.
pub fn parse_foreign(text: &str) -> Result<Node, Vec<Diagnostic>> {
    read(text, Keys::AnyPlain)
}

/// Which keys are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Texts,
    AnyPlain,
}

fn read(text: &str, keys: Keys) -> Result<Node, Vec<Diagnostic>> {
    if text.len() > TEXT_LEN_MAX {
        let message = text!("the text has {} bytes; the limit is {}", text.len(), TEXT_LEN_MAX);
        return Err(vec![Diagnostic::new(Code::TooLarge, 0..0, message)]);
    }
    let mut builder = Builder::new(text, keys);
    let root = builder.document();
    match root {
        Ok(root) if builder.diagnostics.is_empty() => Ok(root),
        Ok(_) | Err(Stop) => Err(builder.diagnostics),
    }
}

/// The parser cannot go on; the reason is among the diagnostics.
struct Stop;

struct Builder<'t> {
    text: &'t str,
    keys: Keys,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    offsets: Offsets<'t>,
    /// Finished nodes that an alias may repeat, with their size.
    anchors: BTreeMap<usize, (Option<Node>, usize)>,
    nodes: usize,
    alias_nodes: usize,
    pointer: String,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, keys: Keys) -> Self {
        // A byte order mark is no content; the parser does not skip it by itself.
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            text,
            keys,
            parser: Parser::new_from_str(body),
            offsets: Offsets::new(text, text.len() - body.len()),
            anchors: BTreeMap::new(),
            nodes: 0,
            alias_nodes: 0,
            pointer: String::new(),
            diagnostics: Vec::new(),
        }
    }

    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    let message = "a second document begins here; a file holds one";
                    return Err(self.stop(Code::ManyDocuments, span, message));
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        match root {
            Some(root) => Ok(root),
            None => Err(self.stop(Code::Empty, 0..0, "there is nothing in this text")),
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.offsets.bytes(span))),
            Some(Err(error)) => {
                let at = self.offsets.byte(error.marker().index()).min(self.text.len());
                let end = self.text[at..].chars().next().map_or(at, |found| at + found.len_utf8());
                let (code, message, help) = explain(error.info(), self.text, at);
                let span = if code == Code::Alias { at..word_end(self.text, at) } else { at..end };
                self.report(code, span, message).help = help.map(Text::from);
                Err(Stop)
            }
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Range<usize>, depth: usize) -> Result<Node, Stop> {
        self.count(&span)?;
        if depth > DEPTH_MAX {
            return Err(self.stop(Code::TooDeep, span, too_deep()));
        }
        let first = self.nodes;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref(), span))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                (anchor, self.list(span, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                (anchor, self.map(span, depth)?)
            }
            Event::Alias(id) => return self.alias(id, span),
            _ => return Err(self.stop(Code::Syntax, span, "this is not YAML")),
        };
        if anchor > 0 {
            self.keep(anchor, &node, self.nodes - first + 1)?;
        }
        Ok(node)
    }

    fn list(&mut self, start: Range<usize>, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        let parent = self.pointer.len();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                let span = self.collection_span(start, span, items.last());
                return Ok(Node { span, value: Value::List(items), style: Style::Plain });
            }
            push_pointer(&mut self.pointer, &items.len().to_string());
            items.push(self.node(event, span, depth + 1)?);
            self.pointer.truncate(parent);
        }
    }

    fn map(&mut self, start: Range<usize>, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places: BTreeMap<String, Range<usize>> = BTreeMap::new();
        let parent = self.pointer.len();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let span = self.collection_span(start, span, entries.last().map(|entry| &entry.value));
                return Ok(Node { span, value: Value::Map(entries), style: Style::Plain });
            }
            let key = self.key(event, span, depth)?;
            if let Some(key) = &key {
                push_pointer(&mut self.pointer, &key.text);
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            self.pointer.truncate(parent);
            let Some(key) = key else { continue };
            if let Some(first) = places.get(&key.text) {
                let message = text!("the key `{}` stands twice", key.text);
                let first = first.clone();
                let diagnostic = self.report(Code::DuplicateKey, key.span.clone(), message);
                diagnostic.related.push((first, "it stands here already".into()));
                continue;
            }
            places.insert(key.text.clone(), key.span.clone());
            entries.push(Entry { key, value });
        }
    }

    /// A key; `None` when it was refused, and its value is to be passed over.
    fn key(&mut self, event: Event<'t>, span: Range<usize>, depth: usize) -> Result<Option<Key>, Stop> {
        let node = self.node(event, span, depth + 1)?;
        if node.as_str() == Some("<<") && node.style == Style::Plain {
            self.report(Code::MergeKey, node.span, "merge keys (`<<`) are not read")
                .help("repeat the members, or move them into `use`");
            return Ok(None);
        }
        if let Value::String(text) = node.value {
            return Ok(Some(Key { span: node.span, text }));
        }
        let message = text!("a key must be a text, this is {}", Text::from(node.kind()));
        let written = self.text.get(node.span.clone()).unwrap_or_default().to_owned();
        let plain = !matches!(node.value, Value::List(_) | Value::Map(_)) && !written.is_empty();
        if plain && self.keys == Keys::AnyPlain {
            return Ok(Some(Key { span: node.span, text: written }));
        }
        let after_comma = self.text[..node.span.start].ends_with(',');
        let diagnostic = self.report(Code::KeyNotText, node.span.clone(), message);
        if after_comma {
            diagnostic.help("inside `{ }` a comma ends a text: put the whole text in quotes");
        } else if plain {
            diagnostic.help(text!("put it in quotes: '{}'", written));
        }
        Ok(None)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Range<usize>) -> Node {
        let text_tag = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        if !text_tag {
            self.refuse_tag(tag, &span);
        }
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let value = if style == Style::Plain && !text_tag {
            scalar::resolve(text).unwrap_or_else(|refused| {
                let message = match refused {
                    Refused::TooLarge => text!("the number {} is too large to be kept exactly", text),
                    Refused::NotFinite => text!("`{}` is not a number that data can hold", text),
                };
                self.report(Code::Number, span.clone(), message).help(text!("as a text: '{}'", text));
                Value::Null
            })
        } else {
            Value::String(text.to_owned())
        };
        Node { span, value, style }
    }

    /// Keeps a copy for aliases; what is too large to be repeated at all is not kept.
    fn keep(&mut self, anchor: usize, node: &Node, size: usize) -> Result<(), Stop> {
        if self.anchors.len() == ANCHORS_MAX {
            let message = text!("the text has more than {} anchors", ANCHORS_MAX);
            return Err(self.stop(Code::Alias, node.span.clone(), message));
        }
        let kept = if size > ALIAS_NODES_MAX { None } else { Some(node.clone()) };
        self.anchors.insert(anchor, (kept, size));
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Range<usize>) -> Result<Node, Stop> {
        let Some((node, size)) = self.anchors.get(&id) else {
            let message = "this alias repeats something that it is part of itself";
            return Err(self.stop(Code::Alias, span, message));
        };
        self.alias_nodes += size;
        if self.alias_nodes > ALIAS_NODES_MAX {
            let message = text!("the aliases up to here repeat more than {} values", ALIAS_NODES_MAX);
            return Err(self.stop(Code::Alias, span, message));
        }
        self.nodes += size;
        // Remarks about the repeated part belong to where it is written.
        Ok(node.clone().expect("only what is over the budget was not kept"))
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: &Range<usize>) {
        if let Some(tag) = tag {
            let message = text!("the tag `{}{}` is not read", tag.handle, tag.suffix);
            self.report(Code::Tag, span.clone(), message).help("only `!!str` is, and quotes do the same");
        }
    }

    fn count(&mut self, span: &Range<usize>) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = text!("the text has more than {} values", NODES_MAX);
            return Err(self.stop(Code::TooLarge, span.clone(), message));
        }
        Ok(())
    }

    /// From the first to the last byte. The parser's own end of a block lies after the blank lines.
    fn collection_span(&self, start: Range<usize>, end: Range<usize>, last: Option<&Node>) -> Range<usize> {
        let closed = matches!(self.text.as_bytes().get(end.start), Some(b']' | b'}')) && end.end > end.start;
        let end = if closed { end.end } else { last.map_or(start.end, |node| node.span.end) };
        start.start..end.max(start.start)
    }

    fn report(&mut self, code: Code, span: Range<usize>, message: impl Into<Text>) -> &mut Diagnostic {
        let mut diagnostic = Diagnostic::new(code, span, message);
        diagnostic.pointer.clone_from(&self.pointer);
        self.diagnostics.push(diagnostic);
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    fn stop(&mut self, code: Code, span: Range<usize>, message: impl Into<Text>) -> Stop {
        self.report(code, span, message);
        Stop
    }
}

/// The parser's complaint in our words, and what people usually meant.
fn explain(info: &str, text: &str, at: usize) -> (Code, Text, Option<&'static str>) {
    if info.contains("recursion limit") {
        return (Code::TooDeep, too_deep(), None);
    }
    if info.contains("unknown anchor") {
        return (Code::Alias, "there is no anchor of this name before".into(), None);
    }
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let help = if line.trim_start_matches(' ').starts_with('\t') {
        Some("indent with spaces, not with tabs")
    } else if info.contains("mapping values") {
        Some("put a text that contains `: ` in quotes")
    } else if info.contains("flow") && (line.contains('{') || line.contains('[')) {
        Some("inside `{ }` and `[ ]`, put a text with `,`, `:` or `${ }` in quotes")
    } else if info.contains("did not find expected key") {
        Some("look at the indentation of this line and of the one before")
    } else if info.contains("quoted scalar") {
        Some("a quote may not be closed")
    } else {
        None
    };
    (Code::Syntax, text!("this is not YAML: {}", info), help)
}

fn too_deep() -> Text {
    text!("this is nested more than {} levels deep", DEPTH_MAX)
}

/// The end of the word that begins at a byte.
fn word_end(text: &str, at: usize) -> usize {
    let ends = |character: char| character.is_whitespace() || matches!(character, ',' | ']' | '}');
    text[at..].find(ends).map_or(text.len(), |end| at + end)
}

/// Characters, in which the parser counts, to bytes.
struct Offsets<'t> {
    text: &'t str,
    /// The last answer: character and byte.
    last: (usize, usize),
    start: usize,
}

impl<'t> Offsets<'t> {
    fn new(text: &'t str, start: usize) -> Self {
        Self { text, last: (0, start), start }
    }

    fn bytes(&mut self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index());
        start..self.trim(start, end)
    }

    /// Places come almost in order, so the way from the last one is short.
    fn byte(&mut self, character: usize) -> usize {
        let (mut at, mut byte) = self.last;
        if character < at {
            let back = at - character;
            if back < at / 2 {
                let before = self.text[self.start..byte].char_indices().rev().nth(back - 1);
                byte = before.map_or(self.start, |(offset, _)| self.start + offset);
                self.last = (character, byte);
                return byte;
            }
            (at, byte) = (0, self.start);
        }
        let ahead = self.text[byte..].char_indices().nth(character - at);
        byte = ahead.map_or(self.text.len(), |(offset, _)| byte + offset);
        self.last = (character, byte);
        byte
    }

    /// Scalars end with their last character: no trailing spaces, comments or line breaks.
    fn trim(&self, start: usize, end: usize) -> usize {
        start + self.text[start..end.max(start)].trim_end().len()
    }
}
