//! Tokens: fetched, kept in memory until shortly before they end, forgotten when they are refused.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use yiwang_dsl::Fault;

use super::oauth2::Settings;
use super::{Authorization, discovery};
use crate::call::Call;
use crate::performer::Inner;
use crate::{fault, http, limits};

/// A token of which nothing is said is kept for so long.
const LIFE_USUAL: Duration = Duration::from_secs(300);
/// It is not used in the last part of its life: on its way it would end.
const MARGIN_MAX: Duration = Duration::from_secs(30);

/// The tokens of this process.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<String, Kept>>);

#[derive(Clone)]
struct Kept {
    shown: Authorization,
    ends: Instant,
    refresh: Option<String>,
}

/// What a token's address answers (RFC 6749, sections 5.1 and 5.2).
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    /// A number; some write it as a text.
    expires_in: Option<Value>,
    refresh_token: Option<String>,
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Tokens {
    /// The token is not used again. How it can be refreshed is kept.
    pub(super) fn forget(&self, settings: &Settings) {
        if let Some(kept) = self.lock().get_mut(&settings.key) {
            kept.ends = Instant::now();
        }
    }

    fn find(&self, key: &str) -> Option<Kept> {
        self.lock().get(key).cloned()
    }

    fn keep(&self, key: &str, kept: Kept) {
        let mut all = self.lock();
        if all.len() >= limits::TOKENS_MAX {
            let now = Instant::now();
            all.retain(|_, kept| kept.ends > now);
        }
        if all.len() >= limits::TOKENS_MAX {
            all.pop_first();
        }
        all.insert(key.to_owned(), kept);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token of these settings: a kept one, a refreshed one, a new one.
pub(super) async fn get(inner: &Inner, call: &mut Call, settings: &Settings) -> Result<Authorization, Fault> {
    let kept = inner.tokens.find(&settings.key);
    if let Some(kept) = kept.as_ref().filter(|kept| kept.ends > Instant::now()) {
        return Ok(kept.shown.clone());
    }
    let url = if settings.discovered {
        discovery::token_endpoint(inner, settings).await?
    } else {
        settings.token_endpoint()?
    };
    let mut fresh = None;
    if let Some(refresh) = kept.and_then(|kept| kept.refresh) {
        call.mask.hide(&refresh);
        // A refresh token may have ended too: then the grant itself is shown again.
        fresh = fetch(inner, call, settings, &url, Some(&refresh)).await.ok();
    }
    let fresh = match fresh {
        Some(fresh) => fresh,
        None => fetch(inner, call, settings, &url, None).await?,
    };
    inner.tokens.keep(&settings.key, fresh.clone());
    Ok(fresh.shown)
}

async fn fetch(
    inner: &Inner,
    call: &mut Call,
    settings: &Settings,
    url: &Url,
    refresh: Option<&str>,
) -> Result<Kept, Fault> {
    let request = settings.request(url.clone(), refresh, call.now)?;
    let response = inner.egress.send(request).await.map_err(|failure| fault::of(&failure))?;
    let status = response.status;
    let body = response.bytes().await.map_err(|failure| fault::of(&failure))?;
    let place = http::without_query(url.as_str()).to_owned();
    let answer: Option<Answer> = serde_json::from_slice(&body).ok();
    if let Some(Answer { error: Some(error), error_description, .. }) = &answer {
        let more = error_description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        return Err(fault::authentication(format!("{place} gave no token: `{error}`{more}")));
    }
    if status.is_client_error() {
        return Err(fault::authentication(format!("{place} gave no token: it answered {status}")));
    }
    let answer = answer.filter(|_| status.is_success()).ok_or_else(|| {
        let code = if status.is_success() { 500 } else { status.as_u16() };
        fault::communication(code, "No Token", format!("{place} gave no token: it answered {status}"))
    })?;
    let Some(token) = answer.access_token else {
        let detail = format!("{place} gave no token: there is no `access_token` in its answer");
        return Err(fault::communication(500, "No Token", detail));
    };
    call.mask.hide(&token);
    check_issuer(settings, &token, answer.id_token.as_deref())?;
    let scheme = match answer.token_type.as_deref() {
        None => "Bearer",
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => "Bearer",
        Some(other) => other,
    };
    let seconds = answer.expires_in.and_then(|value| match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let life = seconds.map_or(LIFE_USUAL, Duration::from_secs);
    let life = life.saturating_sub(MARGIN_MAX.min(life / 5));
    let refresh = answer.refresh_token.or_else(|| refresh.map(str::to_owned));
    if let Some(refresh) = &refresh {
        call.mask.hide(refresh);
    }
    Ok(Kept { shown: Authorization::new(scheme, token), ends: Instant::now() + life, refresh })
}

/// Whose tokens are these? A token that says nothing about itself cannot be asked.
fn check_issuer(settings: &Settings, token: &str, id_token: Option<&str>) -> Result<(), Fault> {
    if settings.issuers.is_empty() {
        return Ok(());
    }
    for issuer in [Some(token), id_token].into_iter().flatten().filter_map(issuer) {
        let issuer = issuer.trim_end_matches('/');
        if !settings.issuers.iter().any(|known| known.trim_end_matches('/') == issuer) {
            return Err(fault::authentication(format!(
                "the token is of `{issuer}`, which is no issuer of it"
            )));
        }
    }
    Ok(())
}

/// `iss` of a JWT.
fn issuer(token: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("iss")?.as_str()?.to_owned())
}
