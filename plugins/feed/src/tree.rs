//! XML as a stream of small trees: each entry is one, and is dropped when it was read.
//!
//! Written for hostile input: no entity but those of XML and HTML, which stand for one character each, no document
//! type with declarations, and limits for depth and for the elements of one tree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::link;

/// Deepest nesting: XHTML in an Atom entry is some levels deep.
const DEPTH_MAX: usize = 64;
/// Levels of an entry that are elements; what lies deeper is only text.
const CHILDREN_DEPTH_MAX: usize = 2;
/// Elements of one entry, or beside the entries.
const NODES_MAX: usize = 5_000;
/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 32;

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// As it is written, with its prefix.
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// All text in it; elements that begin a line do so here, too.
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
    /// What references in it start from.
    pub(crate) base: String,
}

impl Node {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first child with this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child with this name that has any.
    pub(crate) fn words(&self, name: &str) -> Option<&str> {
        let named = self.children.iter().filter(|child| child.name == name);
        named.map(|child| child.text.trim()).find(|text| !text.is_empty())
    }
}

/// What is there to be read.
pub(crate) trait Sink {
    /// An entry that has ended.
    fn entry(&mut self, entry: Node);
    /// An element near the top that has ended, and is no part of an entry.
    fn beside(&mut self, node: Node);
}

/// Reads a document that stands at `url`.
pub(crate) fn read(text: &str, url: &str, sink: &mut impl Sink) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut state = State { open: Vec::new(), nodes: 0, in_entry: None, roots: 0, url };
    loop {
        match reader.read_event().map_err(|error| format!("no XML: {error}"))? {
            Event::Eof if state.roots > 0 && state.open.is_empty() => return Ok(()),
            Event::Eof => return Err("the XML ends too early".to_owned()),
            Event::Start(start) => state.begin(&start)?,
            Event::Empty(start) => {
                state.begin(&start)?;
                state.end(sink);
            }
            Event::End(_) => state.end(sink),
            Event::Text(part) => state.add(&part.xml10_content()),
            Event::CData(part) => state.add(&part.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(char)) => state.add(char.encode_utf8(&mut [0; 4])),
                // Feeds are full of `&nbsp;`; what HTML does not know either stays as it is written.
                _ => state.add(&html_escape::decode_html_entities(&format!("&{};", &*reference))),
            },
            Event::DocType(kind) if kind.contains('[') => {
                return Err("the XML has a document type with declarations".to_owned());
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

struct State<'a> {
    open: Vec<Node>,
    nodes: usize,
    /// How many elements are open around the entry that is being read.
    in_entry: Option<usize>,
    roots: usize,
    url: &'a str,
}

impl State<'_> {
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.open.len() == DEPTH_MAX {
            return Err(format!("the XML is nested deeper than {DEPTH_MAX} levels"));
        }
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(format!("an entry of the XML has more than {NODES_MAX} elements"));
        }
        self.roots += usize::from(self.open.is_empty());
        let name = start.name().as_ref().to_owned();
        if self.in_entry.is_none() && (name == "entry" || name == "item") {
            self.in_entry = Some(self.open.len());
            self.nodes = 0;
        }
        if crate::words::is_block(name.rsplit(':').next().unwrap_or_default()) {
            self.add("\n");
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes().take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|error| format!("no XML: {error}"))?;
            let value = html_escape::decode_html_entities(&*attribute.value).into_owned();
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        let outer = self.open.last().map_or(self.url, |parent| parent.base.as_str());
        let own = attributes.iter().find(|(key, _)| key == "xml:base");
        let base = own.and_then(|(_, base)| link::resolve(outer, base)).unwrap_or_else(|| outer.to_owned());
        self.open.push(Node { name, attributes, base, ..Node::default() });
        Ok(())
    }

    fn end(&mut self, sink: &mut impl Sink) {
        // The reader has checked that something is open.
        let Some(node) = self.open.pop() else { return };
        match self.in_entry {
            Some(depth) if depth == self.open.len() => {
                self.in_entry = None;
                self.nodes = 0;
                sink.entry(node);
            }
            Some(depth) => {
                // Deeper than `author/name` only the text counts: a copy of it at each level would be too much.
                let is_near = self.open.len() - depth <= CHILDREN_DEPTH_MAX;
                if let Some(parent) = self.open.last_mut() {
                    parent.text.push_str(&node.text);
                    if is_near {
                        parent.children.push(node);
                    }
                }
            }
            None if self.open.len() <= 2 => sink.beside(node),
            None => {}
        }
    }

    fn add(&mut self, part: &str) {
        if let Some(node) = self.open.last_mut() {
            node.text.push_str(part);
        }
    }
}
