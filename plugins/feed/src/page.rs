//! Pages that have no feed: a list by CSS selectors, and one message by its own page.
//!
//! Read as a stream. `item` begins an entry, and ends it where its element ends, or where the next one begins; what
//! the other selectors find in between is the entry's. Selectors know elements, classes, ids, attributes, `>`,
//! `:nth-child`, `:nth-of-type`, `:first-child` and `:not`, and no siblings.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use lol_html::html_content::Element;
use lol_html::{ElementContentHandlers, Selector, element, text};
use yiwang_sdk::serde_json::Value;

use crate::config::{Html, Place};
use crate::document::{ENTRIES_MAX, Entry};
use crate::{link, words};

/// Bytes of one field.
const FIELD_BYTES_MAX: usize = 256 << 10;

/// What was found on a page that is a list.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: Option<String>,
    /// The page's own title, for people.
    pub(crate) title: String,
}

/// Fields of an entry, by their names in the configuration.
type Fields = BTreeMap<String, Vec<String>>;

/// What the handlers share.
#[derive(Default)]
struct Found {
    items: Vec<Fields>,
    /// Is the last of them still open?
    open: bool,
    next: Option<String>,
    title: String,
}

/// Reads the list on a page that stands at `url`.
pub(crate) fn list(
    html: &str,
    url: &str,
    places: &Html,
    extra: &BTreeMap<String, String>,
) -> Result<List, String> {
    let found = Rc::new(RefCell::new(Found::default()));
    let mut fields: Vec<(String, Place)> = places.fields.clone();
    fields.extend(extra.iter().map(|(name, place)| (format!("extra.{name}"), Place::read(place))));
    // `@data-id`: what an item says in its own attributes.
    let own: Vec<(String, String)> = fields
        .iter()
        .filter(|(_, place)| place.selector.is_empty())
        .filter_map(|(name, place)| Some((name.clone(), place.attribute.clone()?)))
        .collect();
    let item: Selector = places.item.parse().map_err(|error| format!("`html.item`: {error}"))?;
    let at_item = Rc::clone(&found);
    let mut settings = words::settings().append_element_content_handler((
        Cow::Owned(item),
        ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
            let mut found = at_item.borrow_mut();
            found.open = found.items.len() < ENTRIES_MAX;
            if found.open {
                let own = own
                    .iter()
                    .filter_map(|(name, from)| Some((name.clone(), vec![attribute(element, from)?])));
                found.items.push(own.collect());
            }
            let at_end = Rc::clone(&at_item);
            let number = found.items.len();
            if let Some(handlers) = element.end_tag_handlers() {
                handlers.push(Box::new(move |_| {
                    let mut found = at_end.borrow_mut();
                    found.open &= found.items.len() != number;
                    Ok(())
                }));
            }
            Ok(())
        }),
    ));
    settings = lines(settings, &found);
    for (name, place) in &fields {
        settings = field(settings, &found, name, place).map_err(|error| format!("`{name}`: {error}"))?;
    }
    if let Some(place) = &places.next {
        let selector: Selector = place.selector.parse().map_err(|error| format!("`html.next`: {error}"))?;
        let at_next = Rc::clone(&found);
        let name = place.attribute.clone().unwrap_or_else(|| "href".to_owned());
        let handlers = ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
            let mut found = at_next.borrow_mut();
            found.next = found.next.take().or_else(|| attribute(element, &name));
            Ok(())
        });
        settings = settings.append_element_content_handler((Cow::Owned(selector), handlers));
    }
    let at_title = Rc::clone(&found);
    settings = settings.append_element_content_handler(text!("title", move |chunk| {
        at_title.borrow_mut().title.push_str(chunk.as_str());
        Ok(())
    }));
    words::read(settings, html)?;
    let found = found.take();
    Ok(List {
        entries: found.items.into_iter().map(|fields| entry(fields, url)).collect(),
        next: found.next.and_then(|next| link::resolve(url, &next)),
        title: words::line(&html_escape::decode_html_entities(&found.title)).chars().take(60).collect(),
    })
}

/// The fields of one page that is about one message; the whole page is the item.
pub(crate) fn one(html: &str, url: &str, fields: &[(String, Place)]) -> Result<Entry, String> {
    let found = Rc::new(RefCell::new(Found { items: vec![Fields::new()], open: true, ..Found::default() }));
    let mut settings = lines(words::settings(), &found);
    for (name, place) in fields {
        settings =
            field(settings, &found, name, place).map_err(|error| format!("`detail.{name}`: {error}"))?;
    }
    words::read(settings, html)?;
    let mut found = found.take();
    Ok(entry(found.items.pop().unwrap_or_default(), url))
}

/// Where a page says that its feed is.
pub(crate) fn feed_of(html: &str, url: &str) -> Option<String> {
    let found = Rc::new(RefCell::new(None));
    let at_link = Rc::clone(&found);
    let settings =
        words::settings().append_element_content_handler(element!("link[rel=alternate]", move |element| {
            let kind = element.get_attribute("type").unwrap_or_default();
            if ["application/rss+xml", "application/atom+xml", "application/feed+json"]
                .contains(&kind.as_str())
            {
                let mut found = at_link.borrow_mut();
                *found = found.take().or_else(|| attribute(element, "href"));
            }
            Ok(())
        }));
    words::read(settings, html).ok();
    let found = found.borrow().clone();
    found.and_then(|href| link::resolve(url, &href))
}

type Settings<'h> = lol_html::Settings<'h, 'static>;

/// Elements that begin a line do so in every field that is being read.
fn lines<'h>(settings: Settings<'h>, found: &Rc<RefCell<Found>>) -> Settings<'h> {
    let found = Rc::clone(found);
    settings.append_element_content_handler(element!("*", move |element| {
        let mut found = found.borrow_mut();
        if found.open && words::is_block(&element.tag_name()) {
            let fields = found.items.last_mut().into_iter().flat_map(BTreeMap::values_mut);
            fields.filter_map(|values| values.last_mut()).for_each(|value| push(value, "\n"));
        }
        Ok(())
    }))
}

fn field<'h>(
    settings: Settings<'h>,
    found: &Rc<RefCell<Found>>,
    name: &str,
    place: &Place,
) -> Result<Settings<'h>, String> {
    if place.selector.is_empty() {
        return Ok(settings);
    }
    let selector: Selector = place.selector.parse().map_err(|error| format!("{error}"))?;
    let (at_element, at_text) = (Rc::clone(found), Rc::clone(found));
    let (of_element, of_text) = (name.to_owned(), name.to_owned());
    let (from, by_text) = (place.attribute.clone(), place.attribute.is_none());
    let handlers = ElementContentHandlers::default()
        .element(move |element: &mut Element<'_, '_>| {
            let mut found = at_element.borrow_mut();
            if found.open
                && let Some(fields) = found.items.last_mut()
            {
                let value = match &from {
                    Some(name) => attribute(element, name),
                    None => Some(String::new()),
                };
                fields.entry(of_element.clone()).or_default().extend(value);
            }
            Ok(())
        })
        .text(move |chunk: &mut lol_html::html_content::TextChunk<'_>| {
            let mut found = at_text.borrow_mut();
            if by_text && found.open && words::is_seen(chunk) {
                let values = found.items.last_mut().and_then(|fields| fields.get_mut(&of_text));
                if let Some(value) = values.and_then(|values| values.last_mut()) {
                    push(value, chunk.as_str());
                }
            }
            Ok(())
        });
    Ok(settings.append_element_content_handler((Cow::Owned(selector), handlers)))
}

fn attribute(element: &Element<'_, '_>, name: &str) -> Option<String> {
    let value = element.get_attribute(name)?;
    let value = html_escape::decode_html_entities(&value).trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn push(value: &mut String, part: &str) {
    if value.len() + part.len() <= FIELD_BYTES_MAX {
        value.push_str(part);
    }
}

fn entry(fields: Fields, url: &str) -> Entry {
    let words = |raw: &String| words::tidy(&html_escape::decode_html_entities(raw));
    let all = |name: &str| {
        let values = fields.get(name).into_iter().flatten().map(words);
        values.filter(|value| !value.is_empty()).collect::<Vec<_>>()
    };
    let first = |name: &str| all(name).into_iter().next();
    let line = |name: &str| first(name).map(|text| text.replace('\n', " "));
    let mut enclosures: Vec<(String, Option<String>)> = Vec::new();
    for found in all("enclosures").iter().filter_map(|it| link::resolve(url, it)) {
        if !enclosures.iter().any(|(known, _)| *known == found) {
            enclosures.push((found, None));
        }
    }
    let extra = fields.keys().filter_map(|key| {
        let name = key.strip_prefix("extra.")?;
        Some((name.to_owned(), Value::String(first(key)?)))
    });
    Entry {
        id: line("id"),
        link: line("link").and_then(|it| link::resolve(url, &it)),
        title: line("title").unwrap_or_default(),
        content: all("content").join("\n"),
        published: line("date"),
        author: line("author"),
        categories: all("category").iter().map(|it| it.replace('\n', " ")).collect(),
        enclosures,
        extra: extra.collect(),
    }
}
