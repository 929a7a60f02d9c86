//! Who a workflow is to the other side: `authentication` of an endpoint, shown when a request is sent.
//!
//! ```text
//! authentication ─► Credentials ─► Authorization ─► request ─► 401? ─► a second one, once
//!   { use: name } ─► secret                ▲                            digest: answers the challenge
//!                                          └── oauth2, oidc: a token    oauth2, oidc: a new token
//! ```
//!
//! What is shown never comes back: it is hidden in faults and outputs from the moment it is known.

mod challenge;
mod digest;
mod discovery;
mod oauth2;
mod token;

use base64::Engine as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yiwang_dsl::{Data, Fault};

pub(crate) use token::Tokens;

use crate::call::Call;
use crate::egress::{Request, Response};
use crate::fault;
use crate::performer::Inner;

/// The credentials of an endpoint.
pub(crate) enum Credentials {
    /// None are asked for.
    Nobody,
    /// `basic`.
    Basic(Person),
    /// `bearer`.
    Bearer(Token),
    /// `digest`.
    Digest(Person),
    /// `oauth2` and `oidc`.
    OAuth2(Box<oauth2::Settings>),
}

/// A name and its password.
#[derive(Deserialize)]
pub(crate) struct Person {
    username: String,
    password: String,
}

/// A token that is given.
#[derive(Deserialize)]
pub(crate) struct Token {
    token: String,
}

/// The value of the header `Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    /// e.g. `Bearer`.
    pub(crate) scheme: String,
    /// All after the scheme.
    pub(crate) parameter: String,
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authorization({} …)", self.scheme)
    }
}

impl Authorization {
    fn new(scheme: &str, parameter: impl Into<String>) -> Self {
        Self { scheme: scheme.to_owned(), parameter: parameter.into() }
    }

    /// What is told of it in an output.
    pub(crate) fn hidden(scheme: &str) -> Self {
        Self::new(scheme, "***")
    }

    /// As a header's value.
    pub(crate) fn value(&self) -> Result<HeaderValue, Fault> {
        let value = HeaderValue::from_str(&format!("{} {}", self.scheme, self.parameter));
        let mut value =
            value.map_err(|_| fault::configuration("the credentials hold characters no header can"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Credentials {
    /// Reads `authentication` as it stands in a request: `{ basic: … }`, `{ basic: { use: secret } }` and so on.
    pub(crate) fn of(inner: &Inner, call: &mut Call, given: Option<Data>) -> Result<Self, Fault> {
        let given = given.map(|given| given.to_json()).unwrap_or_default();
        let members = match given {
            Value::Null => return Ok(Self::Nobody),
            Value::Object(members) if members.len() == 1 => members,
            _ => return Err(fault::configuration("an `authentication` must be of one scheme")),
        };
        let Some((scheme, settings)) = members.into_iter().next() else { return Ok(Self::Nobody) };
        let settings = match settings.get("use").and_then(Value::as_str).map(str::to_owned) {
            Some(name) => call.secret(&name, &inner.secrets)?,
            None => settings,
        };
        match scheme.as_str() {
            "basic" => Ok(Self::Basic(person(call, &scheme, settings)?)),
            "digest" => Ok(Self::Digest(person(call, &scheme, settings)?)),
            "bearer" => {
                let token: Token = read(&scheme, settings)?;
                call.mask.hide(&token.token);
                Ok(Self::Bearer(token))
            }
            "oauth2" => Ok(Self::OAuth2(Box::new(oauth2::Settings::read(call, settings, false)?))),
            "oidc" => Ok(Self::OAuth2(Box::new(oauth2::Settings::read(call, settings, true)?))),
            other => Err(fault::configuration(format!("`{other}` is no scheme of authentication"))),
        }
    }

    /// What is shown with the first request. Digest waits for its challenge.
    pub(crate) async fn first(&self, inner: &Inner, call: &mut Call) -> Result<Option<Authorization>, Fault> {
        let shown = match self {
            Self::Nobody | Self::Digest(_) => return Ok(None),
            Self::Basic(person) => {
                let pair = format!("{}:{}", person.username, person.password);
                Authorization::new("Basic", base64::prelude::BASE64_STANDARD.encode(pair))
            }
            Self::Bearer(token) => Authorization::new("Bearer", &*token.token),
            Self::OAuth2(settings) => token::get(inner, call, settings).await?,
        };
        Ok(Some(known(call, shown)))
    }

    /// What is shown after a 401, if there is more to say.
    async fn second(
        &self,
        inner: &Inner,
        call: &mut Call,
        request: &Request,
        answer: &HeaderMap,
    ) -> Result<Option<Authorization>, Fault> {
        let shown = match self {
            Self::Nobody | Self::Basic(_) | Self::Bearer(_) => return Ok(None),
            Self::Digest(person) => {
                let chance = oauth2::random()?;
                let Some(challenge) = digest::challenge(answer)? else { return Ok(None) };
                let method = request.method.as_str();
                let target = &request.url[url::Position::BeforePath..url::Position::AfterQuery];
                let person = (person.username.as_str(), person.password.as_str());
                Authorization::new("Digest", challenge.answer(person, method, target, &chance))
            }
            Self::OAuth2(settings) => {
                inner.tokens.forget(settings);
                token::get(inner, call, settings).await?
            }
        };
        Ok(Some(known(call, shown)))
    }
}

/// Sends a request with these credentials; a 401 is answered once.
pub(crate) async fn send(
    inner: &Inner,
    call: &mut Call,
    credentials: &Credentials,
    mut request: Request,
) -> Result<Response, Fault> {
    if let Some(shown) = credentials.first(inner, call).await? {
        request.headers.insert(header::AUTHORIZATION, shown.value()?);
    }
    let response = inner.egress.send(request.clone()).await.map_err(|failure| fault::of(&failure))?;
    // Only to whom was asked: after a redirect it may be anyone who wants to know.
    if response.status != StatusCode::UNAUTHORIZED || response.url != request.url {
        return Ok(response);
    }
    match credentials.second(inner, call, &request, &response.headers).await? {
        None => Ok(response),
        Some(shown) => {
            request.headers.insert(header::AUTHORIZATION, shown.value()?);
            inner.egress.send(request).await.map_err(|failure| fault::of(&failure))
        }
    }
}

fn known(call: &mut Call, shown: Authorization) -> Authorization {
    call.mask.hide(&shown.parameter);
    call.scheme = Some(shown.scheme.clone());
    shown
}

fn person(call: &mut Call, scheme: &str, settings: Value) -> Result<Person, Fault> {
    let person: Person = read(scheme, settings)?;
    call.mask.hide(&person.password);
    Ok(person)
}

/// Settings of a scheme. What is wrong is told without the value.
fn read<T: DeserializeOwned>(scheme: &str, settings: Value) -> Result<T, Fault> {
    serde_json::from_value(settings).map_err(|error| {
        let told = error.to_string();
        let known =
            ["missing field", "unknown field", "unknown variant"].iter().any(|it| told.starts_with(it));
        let why = if known { told } else { "a member is not what it must be".to_owned() };
        fault::configuration(format!("the authentication `{scheme}` cannot be used: {why}"))
    })
}
