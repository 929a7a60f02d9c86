//! Endpoints and headers as they stand in `with`, for protocols that are spoken over HTTP.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::{fault, http as http_call};

/// An endpoint: an address, or `{ uri, authentication? }`. `what` is its place in `with`.
pub(crate) fn read(
    inner: &Inner,
    call: &mut Call,
    given: &Value,
    what: &str,
) -> Result<(Url, Credentials), Fault> {
    let uri = given["uri"].as_str().or(given.as_str());
    let uri = uri.ok_or_else(|| fault::configuration(format!("`{what}` must have a `uri`")))?;
    Ok((http_call::address(uri)?, credentials(inner, call, given)?))
}

/// The `authentication` of an object.
pub(crate) fn credentials(inner: &Inner, call: &mut Call, given: &Value) -> Result<Credentials, Fault> {
    let authentication = Some(given["authentication"].clone()).filter(|value| !value.is_null());
    Credentials::of(inner, call, authentication.map(Data::from))
}

/// Headers out of an object of texts, numbers and booleans. None of their values is shown in a log.
pub(crate) fn headers(given: &Value, what: &str) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    let members = match given {
        Value::Null => return Ok(headers),
        Value::Object(members) => members,
        _ => return Err(fault::configuration(format!("`{what}` must be an object"))),
    };
    for (name, value) in members {
        let Some(text) = http_call::text(name, value)? else { continue };
        let wrong = || fault::configuration(format!("`{what}.{}` cannot be a header", name.escape_debug()));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(known, value);
    }
    Ok(headers)
}
