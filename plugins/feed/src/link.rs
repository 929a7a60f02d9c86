//! Addresses as entries write them: resolved against where they stand, and only such as a person may open.

use iri_string::format::ToDedicatedString as _;
use iri_string::types::{IriAbsoluteStr, IriReferenceStr};

/// Longest address that is kept.
const BYTES_MAX: usize = 2048;

/// The whole address, without a fragment; none for what is no address of the web, is too long, or holds what a host
/// would take for a placeholder of a secret.
pub(crate) fn resolve(base: &str, reference: &str) -> Option<String> {
    let reference = reference.trim().replace(' ', "%20");
    let bare = |text: &str| text.split('#').next().unwrap_or_default().to_owned();
    let base = bare(base);
    let base = IriAbsoluteStr::new(&base).ok()?;
    let reference = bare(&reference);
    let whole = IriReferenceStr::new(&reference).ok()?.resolve_against(base).to_dedicated_string();
    let whole = whole.as_str();
    let of_the_web = whole.starts_with("https://") || whole.starts_with("http://");
    (of_the_web && whole.len() <= BYTES_MAX && !whole.contains("secret:")).then(|| whole.to_owned())
}

/// Scheme, host and port: who may be told a secret that is meant for the address.
pub(crate) fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let len = url[from..].find(['/', '?', '#']).unwrap_or(url.len() - from);
    &url[..from + len]
}
