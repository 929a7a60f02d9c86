//! What the key or value at a place means.

use std::ops::Range;

use super::Step;
use super::guide::Guide;
use super::names;
use super::outline::Outline;
use crate::catalog::Catalog;
use crate::diagnostic::Language;
use crate::{language, yaml};

/// A meaning, and what it is the meaning of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Markdown.
    pub text: String,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// What stands at a byte means; none for what authors named themselves.
pub fn hover(text: &str, offset: usize, catalog: &Catalog, language: Language) -> Option<Hover> {
    let root = yaml::parse(text).ok()?;
    let found = names::find(&root, offset)?;
    let span = if found.on_key {
        let parent = pointer(&found.path);
        root.key_span(&parent)?
    } else {
        found.node.span.clone()
    };
    if found.path.last().and_then(Step::key) == Some("call")
        && let Some(name) = found.node.as_str()
        && let Some(text) = function(name, catalog)
    {
        return Some(Hover { text, span });
    }
    let schema = language::schema(catalog, language);
    let outline = Outline::new(text, text.len());
    let guide = Guide { schema: &schema, outline: &outline };
    let description = guide.description(&found.path)?;
    let key = found.path.iter().rev().find_map(Step::key).unwrap_or_default();
    Some(Hover { text: format!("`{key}`\n\n{description}"), span })
}

fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path {
        match step {
            Step::Key(key) => yaml::push_pointer(&mut pointer, key),
            Step::Item(at) => yaml::push_pointer(&mut pointer, &at.to_string()),
        }
    }
    pointer
}

/// What a function of the catalog does, and its arguments.
fn function(name: &str, catalog: &Catalog) -> Option<String> {
    let (_, signature) = catalog.functions().find(|(function, _)| {
        name == format!("{}:{}@{}", function.name, function.version, function.catalog)
    })?;
    let mut text = format!("`{name}`\n\n{}\n", signature.summary);
    let required = signature.input.get("required").and_then(|required| required.as_array());
    let properties = signature.input.get("properties").and_then(|properties| properties.as_object());
    for key in properties.into_iter().flat_map(|properties| properties.keys()) {
        let needed = required.is_some_and(|required| required.iter().any(|name| name == key));
        text.push_str(&format!("\n- `{key}`{}", if needed { " *" } else { "" }));
    }
    Some(text)
}
