//! What an OpenID Connect authority says about itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::Url;
use yiwang_dsl::Fault;

use super::oauth2::Settings;
use crate::egress::Request;
use crate::performer::Inner;
use crate::{fault, http};

/// Where it stands below the authority.
const PATH: &str = "/.well-known/openid-configuration";

#[derive(Deserialize)]
struct Document {
    issuer: String,
    token_endpoint: String,
}

/// The address of tokens, looked up at the authority. The issuer must be the one that was asked, or one of
/// `issuers`.
pub(super) async fn token_endpoint(inner: &Inner, settings: &Settings) -> Result<Url, Fault> {
    let written = settings.authority.trim_end_matches('/');
    let authority = written.strip_suffix(PATH).unwrap_or(written);
    let url = http::address(&format!("{authority}{PATH}"))?;
    let response = inner.egress.send(Request::get(url)).await.map_err(|failure| fault::of(&failure))?;
    let status = response.status;
    if !status.is_success() {
        let detail = format!("the authority {authority} answered {status} when it was asked what it is");
        return Err(fault::communication(status.as_u16(), "No Discovery Document", detail));
    }
    let body = response.bytes().await.map_err(|failure| fault::of(&failure))?;
    let document: Document = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!("what the authority {authority} says about itself cannot be read: {error}");
        fault::communication(500, "No Discovery Document", detail)
    })?;
    let issuer = document.issuer.trim_end_matches('/');
    let known = match settings.issuers.as_slice() {
        [] => issuer == authority,
        issuers => issuers.iter().any(|one| one.trim_end_matches('/') == issuer),
    };
    if !known {
        let detail = format!(
            "the authority {authority} says that it is `{}`; list it under `issuers` if it may be",
            document.issuer
        );
        return Err(fault::authentication(detail));
    }
    http::address(&document.token_endpoint)
}
