//! The services outside: a TLS server on loopback that answers for a few hosts as a scenario says, and
//! notes what it was asked.
//!
//! The names, the certificates and the status codes are real; only the way there is another one: the engine
//! has a host map and one more certificate authority, as an intranet would have. Which scenario it answers
//! for is not known here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::compare::{at, contains};

/// The hosts that the stub is.
pub const HOSTS: [&str; 5] =
    ["petstore.swagger.io", "httpbin.org", "api.example.com", "auth.example.com", "other.example.com"];

/// Where lifecycle events are taken.
pub const LIFECYCLE: &str = "https://api.example.com/lifecycle";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `https://host/path`, without the query.
    pub uri: String,
    /// `method`, `uri`, `query`, `headers` (names in lower case), `body` (JSON, or a string).
    pub body: Value,
}

/// A server that lives as long as this value.
#[derive(Debug)]
pub struct Stub {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// URI → answers in order; the last one stays.
    answers: Mutex<BTreeMap<String, Vec<Value>>>,
    requests: Mutex<Vec<Recorded>>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Stub {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// When there is none, or the certificate cannot be made.
    pub async fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let acceptor = TlsAcceptor::from(authority()?.server.clone());
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&served));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                    let served = hyper::server::conn::http1::Builder::new();
                    // Whoever hangs up has what it wanted.
                    drop(served.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Ok(Self { address, shared, serving })
    }

    /// The certificate of the authority that the stub's own is signed by, PEM.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn authority() -> Result<&'static str, String> {
        authority().map(|it| &*it.certificate)
    }

    /// Requests to this URI are answered so, in order; the last answer stays.
    pub fn answer(&self, uri: &str, answers: Vec<Value>) {
        let mut all = self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(uri.to_owned(), answers);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut headers = serde_json::Map::new();
    for (name, value) in &head.headers {
        headers.insert(name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into());
    }
    let host = headers.get("host").and_then(Value::as_str).unwrap_or_default().to_owned();
    let uri = format!("https://{host}{}", head.uri.path());
    let text = String::from_utf8_lossy(&body).into_owned();
    let sent = serde_json::from_slice(&body).unwrap_or(Value::String(text));
    let asked = json!({
        "method": head.method.as_str(),
        "uri": uri,
        "query": head.uri.query().unwrap_or_default(),
        "headers": headers,
        "body": sent,
    });
    let answer = {
        let mut answers = shared.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get_mut(&uri).and_then(|queue| chosen(queue, &asked))
    };
    let answer = answer.or_else(|| built_in(&asked)).unwrap_or_else(|| json!({ "status": 404 }));
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(Recorded { uri, body: asked });
    Ok(response(&answer))
}

/// The first answer whose `when` fits the request; it is used up unless it is the last of all.
fn chosen(queue: &mut Vec<Value>, asked: &Value) -> Option<Value> {
    let fits = |answer: &Value| answer.get("when").is_none_or(|when| contains(asked, when));
    let at = queue.iter().position(fits)?;
    let stays = queue[at].get("when").is_some() || at + 1 == queue.len();
    Some(if stays { queue[at].clone() } else { queue.remove(at) })
}

fn response(answer: &Value) -> Response<Full<Bytes>> {
    let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    let mut response = Response::builder().status(status);
    let mut body = Bytes::new();
    if let Some(text) = answer["text"].as_str() {
        body = Bytes::from(text.to_owned());
    } else if let Some(value) = answer.get("body") {
        response = response.header("content-type", "application/json");
        body = Bytes::from(value.to_string());
    }
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap_or_default());
    }
    response.body(Full::new(body)).unwrap_or_else(|_| Response::new(Full::new(Bytes::new())))
}

// ------------------------------------------------------------------------ what the official kit wants

/// The public services of the official kit, as far as it uses them, and whoever takes lifecycle events.
fn built_in(asked: &Value) -> Option<Value> {
    let uri = asked["uri"].as_str()?;
    if uri == LIFECYCLE {
        return Some(json!({ "status": 202 }));
    }
    if let Some(path) = uri.strip_prefix("https://petstore.swagger.io/v2") {
        return petstore(path, asked["query"].as_str().unwrap_or_default());
    }
    if uri == "https://httpbin.org/basic-auth/serverless-workflow/conformance-test" {
        let sent = at(asked, "headers.authorization").and_then(Value::as_str);
        // Base64 of `serverless-workflow:conformance-test`.
        let right = sent == Some("Basic c2VydmVybGVzcy13b3JrZmxvdzpjb25mb3JtYW5jZS10ZXN0");
        return Some(if right {
            json!({ "body": { "authenticated": true, "user": "serverless-workflow" } })
        } else {
            json!({ "status": 401, "headers": { "www-authenticate": "Basic realm=\"Fake Realm\"" } })
        });
    }
    None
}

fn petstore(path: &str, query: &str) -> Option<Value> {
    let pet = |id: u64, name: &str| json!({ "id": id, "name": name, "photoUrls": [], "status": "available" });
    match path {
        "/pet/1" => Some(json!({ "body": pet(1, "Rex") })),
        "/pet/2" => Some(json!({ "body": pet(2, "Minou") })),
        "/pet/findByStatus" if query == "status=available" => {
            Some(json!({ "body": [pet(1, "Rex"), pet(2, "Minou")] }))
        }
        "/pet/findByStatus" => Some(json!({ "body": [] })),
        "/swagger.json" => Some(json!({ "body": swagger() })),
        _ => None,
    }
}

/// The part of the petstore's description that the kit needs, in its version of the format.
fn swagger() -> Value {
    let answers = |schema: Value| json!({ "200": { "description": "found", "schema": schema } });
    let pet = json!({ "$ref": "#/definitions/Pet" });
    json!({
        "swagger": "2.0",
        "info": { "title": "Petstore", "version": "1.0.7" },
        "host": "petstore.swagger.io",
        "basePath": "/v2",
        "schemes": ["https", "http"],
        "paths": {
            "/pet/findByStatus": { "get": {
                "operationId": "findPetsByStatus",
                "produces": ["application/json", "application/xml"],
                "parameters": [{
                    "name": "status", "in": "query", "required": true, "type": "array",
                    "items": { "type": "string", "enum": ["available", "pending", "sold"] },
                    "collectionFormat": "multi"
                }],
                "responses": answers(json!({ "type": "array", "items": pet }))
            } },
            "/pet/{petId}": { "get": {
                "operationId": "getPetById",
                "produces": ["application/json", "application/xml"],
                "parameters": [{
                    "name": "petId", "in": "path", "required": true, "type": "integer", "format": "int64"
                }],
                "responses": answers(pet)
            } }
        },
        "definitions": { "Pet": {
            "type": "object",
            "required": ["name", "photoUrls"],
            "properties": {
                "id": { "type": "integer", "format": "int64" },
                "name": { "type": "string" },
                "photoUrls": { "type": "array", "items": { "type": "string" } },
                "status": { "type": "string" }
            }
        } }
    })
}

// ------------------------------------------------------------------------------------------ certificates

struct Authority {
    certificate: String,
    server: Arc<ServerConfig>,
}

/// One authority and one certificate for the whole process.
fn authority() -> Result<&'static Authority, String> {
    static AUTHORITY: OnceLock<Result<Authority, String>> = OnceLock::new();
    AUTHORITY
        .get_or_init(|| make_authority().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(Clone::clone)
}

fn make_authority() -> Result<Authority, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate()?;
    let hosts: Vec<String> = HOSTS.iter().map(|host| (*host).to_owned()).collect();
    let leaf = CertificateParams::new(hosts)?.signed_by(&own, &issuer)?;
    let secret = PrivateKeyDer::try_from(own.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], secret)?;
    Ok(Authority { certificate, server: Arc::new(config) })
}
