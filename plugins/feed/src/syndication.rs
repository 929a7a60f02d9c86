//! Atom 1.0, RSS 2.0 and RSS 1.0: which element of an entry is what. They differ in names more than in sense, so one
//! reader takes the first of the names that is there. RFC 5005 says where older entries are.

use yiwang_sdk::serde_json::{Map, Value};

use crate::config::Config;
use crate::document::{Document, ENTRIES_MAX, Entry};
use crate::tree::{self, Node, Sink};
use crate::{link, words};

/// Reads a feed that stands at `url`.
pub(crate) fn read(text: &str, url: &str, config: &Config) -> Result<Document, String> {
    let mut feed = Feed { document: Document::default(), root: String::new(), config };
    tree::read(text, url, &mut feed)?;
    match feed.root.as_str() {
        "feed" | "atom:feed" | "rss" | "rdf:RDF" | "RDF" => Ok(feed.document),
        other => Err(format!("`{other}` is the root of no feed")),
    }
}

struct Feed<'a> {
    document: Document,
    root: String,
    config: &'a Config,
}

impl Sink for Feed<'_> {
    fn entry(&mut self, node: Node) {
        if self.document.entries.len() < ENTRIES_MAX {
            self.document.entries.push(entry(&node, self.config));
        }
    }

    fn beside(&mut self, node: Node) {
        let older = |rel: &str| rel == "next" || rel == "prev-archive";
        if is_link(&node.name) && node.attribute("rel").is_some_and(older) && self.document.next.is_none() {
            self.document.next = node.attribute("href").and_then(|href| link::resolve(&node.base, href));
        }
        // The root ends last.
        self.root = node.name;
    }
}

fn is_link(name: &str) -> bool {
    matches!(name, "link" | "atom:link" | "atom10:link" | "a10:link")
}

fn entry(node: &Node, config: &Config) -> Entry {
    let first = |names: &[&str]| names.iter().find_map(|name| node.words(name)).map(ToOwned::to_owned);
    let id = first(&["guid", "id", "dc:identifier"])
        .or_else(|| node.attribute("rdf:about").map(ToOwned::to_owned));
    let mut enclosures = Vec::new();
    let mut add = |node: &Node, name: &str| {
        let found = node.attribute(name).and_then(|href| link::resolve(&node.base, href));
        if let Some(url) = found.filter(|url| !enclosures.iter().any(|(known, _)| known == url)) {
            enclosures.push((url, node.attribute("type").map(ToOwned::to_owned)));
        }
    };
    node.all("enclosure").for_each(|child| add(child, "url"));
    let linked = |child: &&Node| is_link(&child.name) && child.attribute("rel") == Some("enclosure");
    node.children.iter().filter(linked).for_each(|child| add(child, "href"));
    node.all("media:content").for_each(|child| add(child, "url"));
    Entry {
        link: link_of(node, id.as_deref()),
        id,
        title: node
            .child("title")
            .or_else(|| node.child("dc:title"))
            .map(|title| words::line(&text_of(title)))
            .unwrap_or_default(),
        content: content_of(node),
        published: first(&[
            "published",
            "pubDate",
            "dc:date",
            "issued",
            "created",
            "updated",
            "dcterms:modified",
        ]),
        author: author_of(node),
        categories: categories_of(node),
        enclosures,
        extra: extra_of(node, config),
    }
}

/// The page about the entry: `rel="alternate"`, or what RSS has; a guid is one unless it says otherwise.
fn link_of(node: &Node, id: Option<&str>) -> Option<String> {
    let alternate =
        |child: &&Node| is_link(&child.name) && matches!(child.attribute("rel"), None | Some("alternate"));
    let links = node.children.iter().filter(alternate);
    let found = links.filter_map(|child| match child.attribute("href") {
        Some(href) => link::resolve(&child.base, href),
        None => link::resolve(&child.base, child.text.trim()).filter(|_| !child.text.trim().is_empty()),
    });
    let is_link = |guid: &&Node| guid.attribute("isPermaLink") != Some("false");
    let guid = || node.child("guid").filter(is_link).and(id).filter(|id| id.starts_with("http"));
    found.into_iter().next().or_else(|| guid().and_then(|id| link::resolve(&node.base, id)))
}

fn content_of(node: &Node) -> String {
    let whole = ["content:encoded", "content", "description", "summary", "atom:summary"];
    let texts = whole.iter().filter_map(|name| node.child(name)).map(text_of);
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// The words of an element, whatever they are written in. RSS does not say, and means HTML.
fn text_of(node: &Node) -> String {
    match node.attribute("type") {
        Some("text" | "text/plain" | "xhtml" | "application/xhtml+xml") => words::tidy(&node.text),
        _ => words::of(&node.text),
    }
}

fn author_of(node: &Node) -> Option<String> {
    if let Some(name) = node.words("dc:creator") {
        return Some(words::line(name));
    }
    let author = node.child("author")?;
    if let Some(name) = author.words("name") {
        return Some(words::line(name));
    }
    // RSS: `mail@example.cn (Name)`; the mail address is nobody's name.
    let text = words::line(&author.text);
    let name = text.split_once('(').and_then(|(_, rest)| rest.split(')').next()).map(ToOwned::to_owned);
    name.or_else(|| (!text.contains('@')).then_some(text)).filter(|name| !name.is_empty())
}

fn categories_of(node: &Node) -> Vec<String> {
    let named = node.children.iter().filter(|child| matches!(child.name.as_str(), "category" | "dc:subject"));
    let term = |child: &Node| {
        let term = child.attribute("label").or_else(|| child.attribute("term")).unwrap_or(&child.text);
        words::line(term)
    };
    named.map(term).filter(|term| !term.is_empty()).collect()
}

/// `name` or `name@attribute`, as the feed writes them.
fn extra_of(node: &Node, config: &Config) -> Map<String, Value> {
    let value = |place: &str| {
        let (name, attribute) = place.split_once('@').map_or((place, None), |(name, it)| (name, Some(it)));
        let child = node.child(name)?;
        let text = match attribute {
            Some(attribute) => child.attribute(attribute)?.to_owned(),
            None => text_of(child),
        };
        (!text.is_empty()).then_some(text)
    };
    let found =
        config.extra.iter().filter_map(|(name, place)| Some((name.clone(), Value::String(value(place)?))));
    found.collect()
}
