//! Documents that describe services (OpenAPI, AsyncAPI, …): fetched, read as JSON or YAML, kept for a while.
//!
//! What they mean is not known here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;
use url::Url;
use yiwang_dsl::{Data, Fault, yaml};

use crate::auth::{self, Credentials};
use crate::call::Call;
use crate::egress::Request;
use crate::performer::Inner;
use crate::{fault, http, limits};

/// A document and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Relative addresses in it are meant from here.
    pub(crate) url: Url,
    /// What it says.
    pub(crate) value: Arc<Value>,
}

/// Documents read lately.
#[derive(Default)]
pub(crate) struct Documents(Mutex<BTreeMap<String, (Instant, Document)>>);

impl Documents {
    fn find(&self, address: &str) -> Option<Document> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, document) = kept.get(address)?;
        (since.elapsed() < limits::DOCUMENT_LIFE).then(|| document.clone())
    }

    fn keep(&self, address: &str, document: Document) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= limits::DOCUMENTS_MAX {
            let oldest = kept.iter().min_by_key(|(_, (since, _))| *since).map(|(address, _)| address.clone());
            drop(oldest.and_then(|address| kept.remove(&address)));
        }
        kept.insert(address.to_owned(), (Instant::now(), document));
    }
}

/// The document of an external resource: `{ endpoint: { uri, authentication? } }`.
pub(crate) async fn get(inner: &Inner, call: &mut Call, resource: &Data) -> Result<Document, Fault> {
    let endpoint = resource.get("endpoint").unwrap_or_else(|| resource.clone());
    let uri = endpoint.get("uri").unwrap_or_else(|| endpoint.clone());
    let uri = uri.as_str().ok_or_else(|| fault::configuration("the document's `endpoint` has no `uri`"))?;
    let credentials = Credentials::of(inner, call, endpoint.get("authentication"))?;
    // What was shown to one workflow's credentials is not for the others.
    let shared = matches!(credentials, Credentials::Nobody);
    if let Some(document) = inner.documents.find(uri).filter(|_| shared) {
        return Ok(document);
    }
    let (url, body) = fetch(inner, call, &credentials, uri).await?;
    let document = Document { url, value: Arc::new(read(http::without_query(uri), &body)?) };
    // Files cost little to read, and a change of theirs should be seen.
    if shared && document.url.scheme() != "file" {
        inner.documents.keep(uri, document.clone());
    }
    Ok(document)
}

/// The bytes of a document, and where they came from.
pub(crate) async fn fetch(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    uri: &str,
) -> Result<(Url, Bytes), Fault> {
    if let Some(rest) = uri.strip_prefix("file:") {
        return from_file(inner, uri, rest).await;
    }
    let request = Request::get(http::address(uri)?);
    let response = auth::send(inner, call, credentials, request).await?;
    // The scheme is told of the call itself, not of its document.
    call.scheme = None;
    let place = http::without_query(uri);
    let status = response.status;
    if !status.is_success() {
        let detail = format!("the document {place} cannot be had: the server answered {status}");
        return Err(fault::communication(status.as_u16(), "No Document", detail));
    }
    let url = response.url.clone();
    let body = response.up_to(limits::DOCUMENT_BYTES_MAX).bytes().await;
    Ok((url, body.map_err(|failure| fault::of(&failure))?))
}

/// A file below one of the folders that the operator has opened for documents.
async fn from_file(inner: &Inner, uri: &str, rest: &str) -> Result<(Url, Bytes), Fault> {
    let refused = || {
        fault::authorization(format!(
            "the document {uri} is in no folder that `egress.documents` of the settings opens"
        ))
    };
    let path = PathBuf::from(rest.strip_prefix("//").unwrap_or(rest));
    let folders = inner.egress.folders().to_vec();
    let reading = tokio::task::spawn_blocking(move || read_below(&folders, &path));
    let bytes = reading.await.ok().flatten().ok_or_else(refused)?;
    let url = Url::parse(uri).map_err(|_| refused())?;
    Ok((url, Bytes::from(bytes)))
}

/// The bytes of a file that is below one of these folders in truth, links followed. A file that is not there
/// looks like one that is not allowed.
fn read_below(folders: &[PathBuf], path: &Path) -> Option<Vec<u8>> {
    use std::io::Read as _;
    for folder in folders {
        let Ok(folder) = folder.canonicalize() else { continue };
        let Ok(file) = folder.join(path).canonicalize() else { continue };
        if file.starts_with(&folder) && file.is_file() {
            let mut bytes = Vec::new();
            let max = limits::DOCUMENT_BYTES_MAX as u64;
            std::fs::File::open(file).ok()?.take(max).read_to_end(&mut bytes).ok()?;
            return Some(bytes);
        }
    }
    None
}

/// JSON, which is read first because it is quicker, or YAML.
fn read(place: &str, bytes: &[u8]) -> Result<Value, Fault> {
    let wrong = |why: String| fault::configuration(format!("the document {place} cannot be read: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    if text.trim_start().starts_with(['{', '[']) {
        match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            // A flow mapping of YAML may begin alike, but a large text is JSON.
            Err(error) if text.len() > yaml::TEXT_LEN_MAX => return Err(wrong(error.to_string())),
            Err(_) => {}
        }
    }
    match yaml::parse_foreign(text) {
        Ok(node) => Ok(node.to_json()),
        Err(remarks) => {
            let first = remarks.first().map(|remark| {
                let line = text[..remark.span.start.min(text.len())].lines().count().max(1);
                format!("line {line}: {}", remark.message)
            });
            Err(wrong(first.unwrap_or_default()))
        }
    }
}
