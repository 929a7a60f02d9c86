//! Texts that calls need: interface definitions, agent cards. From the network through the egress policy, or
//! from files below the folders that the operator names.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use url::Url;
use yiwang_dsl::Fault;

use crate::egress::{Egress, Request};
use crate::fault;

/// Fetches what an address names.
pub(crate) async fn fetch(egress: &Egress, url: &Url, headers: HeaderMap) -> Result<Bytes, Fault> {
    match url.scheme() {
        "http" | "https" => over_http(egress, url, headers).await,
        "file" => from_file(egress, url).await,
        other => Err(fault::configuration(format!("documents cannot be read from `{other}:` addresses"))),
    }
}

/// An absolute address.
pub(crate) fn address(text: &str) -> Result<Url, Fault> {
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    Url::parse(text.trim())
        .map_err(|error| fault::configuration(format!("`{shown}` is no address of a document: {error}")))
}

async fn over_http(egress: &Egress, url: &Url, headers: HeaderMap) -> Result<Bytes, Fault> {
    let request = Request { headers, ..Request::get(url.clone()) };
    let response = egress.send(request).await.map_err(|failure| fault::of(&failure))?;
    let status = response.status;
    if !status.is_success() {
        let reason = status.canonical_reason().unwrap_or("Unknown Status");
        let detail = format!("the document `{}` answered {} {reason}", url.path(), status.as_u16());
        return Err(fault::communication(status.as_u16(), reason, detail));
    }
    response.bytes().await.map_err(|failure| fault::of(&failure))
}

async fn from_file(egress: &Egress, url: &Url) -> Result<Bytes, Fault> {
    // The reference writes `file://app/greet.proto` and means a relative path.
    let relative = url.host_str().map(|host| format!("{host}{}", url.path()));
    let absolute = url.to_file_path().ok().filter(|_| relative.is_none());
    let candidates = egress.folders().iter().filter_map(|folder| {
        let folder = folder.canonicalize().ok()?;
        let asked = match (&absolute, &relative) {
            (Some(path), _) => path.clone(),
            (None, Some(path)) => folder.join(path),
            (None, None) => return None,
        };
        let found = asked.canonicalize().ok()?;
        found.starts_with(&folder).then_some(found)
    });
    let candidates: Vec<PathBuf> = candidates.collect();
    let Some(path) = candidates.first() else {
        let detail = format!("no folder that the operator allows has the document `{}`", url.path());
        return Err(fault::authorization(detail));
    };
    read(path, egress.limits().answer_bytes).await
}

async fn read(path: &Path, bytes_max: usize) -> Result<Bytes, Fault> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        fault::configuration(format!("the document `{shown}` cannot be read: {error}"))
    };
    let length = tokio::fs::metadata(path).await.map_err(failed)?.len();
    if usize::try_from(length).unwrap_or(usize::MAX) > bytes_max {
        let detail = format!("the document `{shown}` has more than {bytes_max} bytes");
        return Err(fault::configuration(detail));
    }
    tokio::fs::read(path).await.map(Bytes::from).map_err(failed)
}
