//! Texts from elsewhere while checking: those given, and those that are missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::Checker;
use super::fields::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::resource::{Needed, Resources, What};
use crate::text;
use crate::yaml::{self, Key, Node};

/// Most texts that one workflow may want.
const TEXTS_MAX: usize = 100;

/// The texts that were given, read. JSON is YAML as well.
pub(super) struct Library {
    texts: BTreeMap<String, Result<Text, String>>,
}

/// One of them.
pub(super) struct Text {
    /// Its URI, as the key under which its task stands.
    pub(super) key: Key,
    pub(super) source: Arc<str>,
    pub(super) node: Result<Node, Vec<Diagnostic>>,
}

impl Library {
    pub(super) fn new(resources: &Resources) -> Self {
        let texts = resources.iter().map(|(uri, text)| {
            let text = text.map_err(str::to_owned).map(|source| Text {
                key: Key { span: 0..0, text: uri.to_owned() },
                source: Arc::clone(source),
                node: yaml::parse(source),
            });
            (uri.to_owned(), text)
        });
        Self { texts: texts.collect() }
    }
}

/// What was asked of the library.
#[derive(Default)]
pub(super) struct Asked {
    used: BTreeSet<String>,
    missing: Vec<Needed>,
    /// The call in the workflow's own text because of which texts from elsewhere are being checked.
    pub(super) because_of: Option<Range<usize>>,
}

impl Asked {
    pub(super) fn missing(self) -> Vec<Needed> {
        self.missing
    }
}

impl<'n> Checker<'n> {
    /// The text at a URI, which a place asks for.
    pub(super) fn elsewhere(
        &mut self,
        uri: &str,
        authentication: Option<serde_json::Value>,
        what: What,
        place: &Place<'n>,
    ) -> Option<&'n Text> {
        match self.library.texts.get(uri) {
            Some(Ok(text)) => {
                self.asked.used.insert(uri.to_owned());
                Some(text)
            }
            Some(Err(reason)) => {
                self.report(Code::NotFetched, place, text!("`{}` could not be fetched: {}", uri, reason));
                None
            }
            None => {
                let wanted = &mut self.asked.missing;
                if self.asked.used.len() + wanted.len() >= TEXTS_MAX {
                    let message = text!("the workflow wants more than {} texts from elsewhere", TEXTS_MAX);
                    self.report(Code::TooLarge, place, message);
                    return None;
                }
                let span = self.asked.because_of.clone().unwrap_or_else(|| place.node.span.clone());
                if !wanted.iter().any(|needed| needed.uri == uri) {
                    wanted.push(Needed { uri: uri.to_owned(), authentication, what, span });
                }
                self.report(Code::NotFetched, place, text!("`{}` was not fetched", uri))
                    .help("it is fetched when the workflow is deployed; its text is kept from then on");
                None
            }
        }
    }

    /// The texts that were used, by URI: the definition means these and no others.
    pub(super) fn used_texts(&self) -> BTreeMap<String, Arc<str>> {
        let text = |uri: &String| match self.library.texts.get(uri) {
            Some(Ok(text)) => Some((uri.clone(), Arc::clone(&text.source))),
            Some(Err(_)) | None => None,
        };
        self.asked.used.iter().filter_map(text).collect()
    }

    /// What a relative URI at this place is relative to: the function's text, if one is being checked.
    pub(super) fn base_uri(&self) -> Option<&'n str> {
        self.base
    }
}
