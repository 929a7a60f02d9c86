//! The texts that the editor has open, as it last sent them.

use std::collections::BTreeMap;

use lsp_types::Uri;

/// By URI.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<String, String>);

impl Documents {
    pub(super) fn put(&mut self, uri: &Uri, text: String) {
        self.0.insert(uri.as_str().to_owned(), text);
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        self.0.remove(uri.as_str());
    }

    pub(super) fn text(&self, uri: &Uri) -> Option<&str> {
        self.0.get(uri.as_str()).map(String::as_str)
    }
}
