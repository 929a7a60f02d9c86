//! `oauth2` and `oidc`: what is written, and the request for a token made of it (RFC 6749, 7523, 8693).

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;
use yiwang_core::Timestamp;
use yiwang_dsl::Fault;

use super::digest::hex;
use super::{Authorization, read};
use crate::call::Call;
use crate::egress::{Redirects, Request};
use crate::fault;

/// How long an assertion made here holds.
const ASSERTION_SECS: i64 = 60;
/// What a JWT is, to who asks for the assertion of a client (RFC 7523).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// As written, secrets filled in.
#[derive(Deserialize)]
pub(crate) struct Settings {
    pub(super) authority: String,
    pub(super) grant: Grant,
    #[serde(default)]
    client: Client,
    #[serde(default)]
    request: TokenRequest,
    #[serde(default)]
    pub(super) issuers: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    audiences: Vec<String>,
    username: Option<String>,
    password: Option<String>,
    subject: Option<Given>,
    actor: Option<Given>,
    #[serde(default)]
    endpoints: Endpoints,
    /// Is the token's address looked up at the authority?
    #[serde(skip)]
    pub(super) discovered: bool,
    /// Names the same settings again, and says nothing of them.
    #[serde(skip)]
    pub(super) key: String,
}

/// What is shown for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Grant {
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    #[serde(rename = "password")]
    Password,
    #[serde(rename = "refresh_token")]
    RefreshToken,
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

#[derive(Default, Deserialize)]
struct Client {
    id: Option<String>,
    secret: Option<String>,
    assertion: Option<String>,
    #[serde(default)]
    authentication: ClientAuthentication,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClientAuthentication {
    ClientSecretBasic,
    #[default]
    ClientSecretPost,
    ClientSecretJwt,
    PrivateKeyJwt,
    None,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct TokenRequest {
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Encoding {
    #[default]
    #[serde(rename = "application/x-www-form-urlencoded")]
    Form,
    #[serde(rename = "application/json")]
    Json,
}

#[derive(Deserialize)]
struct Given {
    token: String,
    r#type: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Endpoints {
    token: Option<String>,
}

impl Settings {
    /// Reads them and hides what must not be shown.
    pub(super) fn read(call: &mut Call, settings: Value, discovered: bool) -> Result<Self, Fault> {
        let key = hex(&Sha256::digest(settings.to_string().as_bytes()));
        let scheme = if discovered { "oidc" } else { "oauth2" };
        let mut read: Self = read(scheme, settings)?;
        read.discovered = discovered;
        read.key = format!("{scheme} {key}");
        let client = &read.client;
        let given = [&read.subject, &read.actor].into_iter().flatten().map(|given| &given.token);
        let own = [&client.secret, &client.assertion, &read.password].into_iter().flatten();
        for secret in given.chain(own) {
            call.mask.hide(secret);
        }
        Ok(read)
    }

    /// The address of tokens below the authority, unless it is looked up.
    pub(super) fn token_endpoint(&self) -> Result<Url, Fault> {
        let path = self.endpoints.token.as_deref().unwrap_or("/oauth2/token");
        let address = if path.contains("://") {
            path.to_owned()
        } else {
            format!("{}/{}", self.authority.trim_end_matches('/'), path.trim_start_matches('/'))
        };
        crate::http::address(&address)
    }

    /// The request for a token. `refresh`: a refresh token of an earlier answer, shown instead of the grant.
    pub(super) fn request(&self, url: Url, refresh: Option<&str>, now: Timestamp) -> Result<Request, Fault> {
        let mut fields = self.grant(refresh)?;
        let mut headers = HeaderMap::new();
        if let Some(shown) = self.client(&mut fields, &url, now)? {
            headers.insert(header::AUTHORIZATION, shown.value()?);
        }
        if !self.scopes.is_empty() {
            fields.push(("scope", self.scopes.join(" ")));
        }
        fields.extend(self.audiences.iter().map(|audience| ("audience", audience.clone())));
        let (body, content_type) = match self.request.encoding {
            Encoding::Form => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                (form.extend_pairs(fields).finish(), "application/x-www-form-urlencoded")
            }
            Encoding::Json => (object(fields).to_string(), "application/json"),
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        // A redirect would carry the credentials to wherever it leads.
        let redirects = Redirects::Keep;
        Ok(Request { method: Method::POST, url, headers, body: Bytes::from(body), redirects, time: None })
    }

    fn grant(&self, refresh: Option<&str>) -> Result<Vec<(&'static str, String)>, Fault> {
        let refreshed = |token: &str| {
            Ok(vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())])
        };
        if let Some(token) = refresh {
            return refreshed(token);
        }
        let needed = |value: &Option<String>, name: &str| {
            let words = || fault::configuration(format!("the authentication needs `{name}` for its grant"));
            value.clone().ok_or_else(words)
        };
        let subject = || {
            let words = "the authentication needs `subject` for its grant: the token that is shown";
            self.subject.as_ref().ok_or_else(|| fault::configuration(words))
        };
        match self.grant {
            Grant::AuthorizationCode => Err(fault::configuration(
                "the grant `authorization_code` needs a person at a browser; a workflow can use \
                 `client_credentials`, `password`, `refresh_token` or a token exchange",
            )),
            Grant::ClientCredentials => Ok(vec![("grant_type", "client_credentials".to_owned())]),
            Grant::Password => Ok(vec![
                ("grant_type", "password".to_owned()),
                ("username", needed(&self.username, "username")?),
                ("password", needed(&self.password, "password")?),
            ]),
            // The language names no other place for it (ADR 0011).
            Grant::RefreshToken => refreshed(&subject()?.token),
            Grant::TokenExchange => {
                let subject = subject()?;
                let mut fields = vec![
                    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
                    ("subject_token", subject.token.clone()),
                    ("subject_token_type", subject.r#type.clone()),
                ];
                if let Some(actor) = &self.actor {
                    fields.push(("actor_token", actor.token.clone()));
                    fields.push(("actor_token_type", actor.r#type.clone()));
                }
                Ok(fields)
            }
        }
    }

    /// Shows who the client is: in the fields, or in the header that is returned.
    fn client(
        &self,
        fields: &mut Vec<(&'static str, String)>,
        url: &Url,
        now: Timestamp,
    ) -> Result<Option<Authorization>, Fault> {
        let Client { id, secret, assertion, authentication } = &self.client;
        let needed = |value: &Option<String>, name: &str| {
            let words = || fault::configuration(format!("the authentication needs `client.{name}`"));
            value.clone().ok_or_else(words)
        };
        match authentication {
            ClientAuthentication::ClientSecretBasic => {
                let form = |text: &str| -> String {
                    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let pair = format!("{}:{}", form(&needed(id, "id")?), form(&needed(secret, "secret")?));
                return Ok(Some(Authorization::new("Basic", BASE64_STANDARD.encode(pair))));
            }
            ClientAuthentication::ClientSecretPost => {
                // A client may be public and the grant alone what counts.
                fields.extend(id.clone().map(|id| ("client_id", id)));
                fields.extend(secret.clone().map(|secret| ("client_secret", secret)));
            }
            ClientAuthentication::ClientSecretJwt => {
                let made = match assertion {
                    Some(given) => given.clone(),
                    None => assert(&needed(id, "id")?, &needed(secret, "secret")?, url, now)?,
                };
                fields.extend(id.clone().map(|id| ("client_id", id)));
                fields.push(("client_assertion_type", JWT_BEARER.to_owned()));
                fields.push(("client_assertion", made));
            }
            ClientAuthentication::PrivateKeyJwt => {
                // The language has no place for a key: the assertion is signed where the key is kept.
                fields.extend(id.clone().map(|id| ("client_id", id)));
                fields.push(("client_assertion_type", JWT_BEARER.to_owned()));
                fields.push(("client_assertion", needed(assertion, "assertion")?));
            }
            ClientAuthentication::None => fields.push(("client_id", needed(id, "id")?)),
        }
        Ok(None)
    }
}

/// A JWT in which the client says who it is, signed with its secret (HS256).
fn assert(id: &str, secret: &str, url: &Url, now: Timestamp) -> Result<String, Fault> {
    let seconds = now.0 / 1000;
    let head = json!({ "alg": "HS256", "typ": "JWT" });
    let claims = json!({
        "iss": id, "sub": id, "aud": url.as_str(), "jti": random()?,
        "iat": seconds, "exp": seconds + ASSERTION_SECS,
    });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(head), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}

/// Sixteen random bytes, hex.
pub(super) fn random() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| fault::configuration(format!("the system gives no random bytes: {error}")))?;
    Ok(hex(&bytes))
}

/// Fields as JSON: those of one name become an array.
fn object(fields: Vec<(&'static str, String)>) -> Value {
    let mut members = Map::new();
    for (name, value) in fields {
        let value = Value::String(value);
        match members.get_mut(name) {
            None => drop(members.insert(name.to_owned(), value)),
            Some(Value::Array(items)) => items.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(members)
}
