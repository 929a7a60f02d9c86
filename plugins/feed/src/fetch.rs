//! One GET, and what its failure means: which of it passes, and which needs the administrator.

use yiwang_sdk::prelude::*;
use yiwang_sdk::{HttpError, OutgoingRequest, provider};

use crate::charset;
use crate::config::Config;
use crate::cursor::Cursor;
use crate::link;

/// Largest document; as much as the host hands over at once would leave no room to read it in.
const BYTES_MAX: u64 = 2 << 20;
/// One request of several that a call makes.
const TIMEOUT_MS: u32 = 10_000;

/// What came back.
pub(crate) enum Fetched {
    /// As it was.
    Unchanged,
    /// A document, and by what to ask next time.
    Text { text: String, etag: Option<String>, modified: Option<String> },
}

/// Asks for a document; with `known`, only if it has changed since.
pub(crate) fn get<H: Host>(
    host: &H,
    config: &Config,
    url: &str,
    known: Option<&Cursor>,
) -> Result<Fetched, Failure> {
    let mut request = OutgoingRequest::new("GET", url).within(TIMEOUT_MS).with("accept", "*/*");
    // What authenticates us is for the address of the configuration, and nobody else.
    if link::origin(url) == link::origin(&config.url) {
        for (name, value) in &config.headers {
            request = request.with(name, value);
        }
    }
    if let Some(etag) = known.and_then(|known| known.etag.as_ref()) {
        request = request.with("if-none-match", etag);
    }
    if let Some(modified) = known.and_then(|known| known.modified.as_ref()) {
        request = request.with("if-modified-since", modified);
    }
    request.max_redirects = 5;
    request.max_response_bytes = Some(BYTES_MAX);
    let response = host.http(request).map_err(unreached)?;
    match response.status {
        200 => {
            let kept = |name: &str| {
                let value = response.header(name).map(str::trim)?;
                value.bytes().all(|byte| (b' '..0x7f).contains(&byte)).then(|| value.to_owned())
            };
            let (etag, modified) = (kept("etag"), kept("last-modified"));
            let text = charset::text(response.bytes(), response.header("content-type"));
            Ok(Fetched::Text { text, etag, modified })
        }
        304 if known.is_some() => Ok(Fetched::Unchanged),
        status @ (400 | 401 | 403..=407 | 410 | 414 | 451) => Err(Failure::misconfigured(
            format!("feed.http-{status}"),
            format!("the address answers {status}: {}", meaning(status)),
        )),
        _ => Err(provider::later("feed", &response)),
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "it wants a key, or refuses this one",
        404 => "there is nothing",
        410 => "the feed is gone for good",
        _ => "it does not take the question",
    }
}

/// To ask again does no harm: nothing is unknown about what a GET has done.
fn unreached(error: HttpError) -> Failure {
    match error {
        HttpError::ResponseTooLarge(_) => Failure::permanent(
            "feed.too-large",
            format!("the document has more than {} MiB", BYTES_MAX >> 20),
        ),
        HttpError::Timeout(_) => Failure::retryable("feed.timeout", "no answer in time"),
        HttpError::Protocol(reason) => Failure::retryable("feed.protocol", reason),
        other => provider::unreached("feed", other),
    }
}
