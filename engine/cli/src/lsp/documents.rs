//! The texts that the editor has open, as it last sent them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lsp_types::Uri;

/// The file that a document is, if it is one. `file:///a/%E6%B5%81.yaml` is `/a/流.yaml`.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let path = uri.as_str().strip_prefix("file://").filter(|path| path.starts_with('/'))?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut parts = path.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// By URI.
#[derive(Debug, Default)]
pub(super) struct Documents(BTreeMap<String, Document>);

/// One of them.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) version: i32,
    pub(super) text: String,
}

impl Documents {
    pub(super) fn put(&mut self, uri: &Uri, version: i32, text: String) {
        self.0.insert(uri.as_str().to_owned(), Document { version, text });
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        self.0.remove(uri.as_str());
    }

    pub(super) fn get(&self, uri: &Uri) -> Option<&Document> {
        self.0.get(uri.as_str())
    }

    pub(super) fn text(&self, uri: &Uri) -> Option<&str> {
        self.get(uri).map(|document| document.text.as_str())
    }
}
