//! The one way out: every connection, name and redirect of a workflow's call passes here and is checked.
//!
//! HTTP is spoken here; other protocols take a connection, addresses or the TLS settings and speak
//! themselves. Nothing is known here of workflows, secrets or faults. The environment's proxy is not used.

mod connect;
mod exchange;
mod failure;
mod policy;
mod target;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;

pub use connect::SystemResolver;
pub use exchange::{Redirects, Request, Response};
pub use failure::Failure;
pub use target::{Mapping, NotAMapping, NotATarget, Target};

use crate::limits;
use connect::{Connector, Door};
use policy::Policy;

/// What the operator says about calls of workflows.
#[derive(Clone)]
pub struct Config {
    /// May be reached although it is inside, or although all else is denied.
    pub allow: Vec<Target>,
    /// Is never reached; `*`: all that `allow` does not name.
    pub deny: Vec<Target>,
    /// Where names lead, before the name service is asked.
    pub hosts: Vec<Mapping>,
    /// Where TLS is spoken by protocols whose addresses do not say it, beside port 443.
    pub secured: Vec<Target>,
    /// Certificates of private authorities, PEM, beside those that the system trusts.
    pub certificates: Vec<Vec<u8>>,
    /// Folders whose files may be named by `file:` addresses of documents.
    pub folders: Vec<PathBuf>,
    /// Times and sizes.
    pub limits: Limits,
    /// The name service.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            hosts: Vec::new(),
            secured: Vec::new(),
            certificates: Vec::new(),
            folders: Vec::new(),
            limits: Limits::default(),
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// Times and sizes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection is there.
    pub connect_time: Duration,
    /// Until the answer is there whole, redirects and all.
    pub total_time: Duration,
    /// Bytes of an answer's body.
    pub answer_bytes: usize,
    /// Redirects that are followed.
    pub redirects: usize,
    /// Headers of an answer.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_time: limits::CONNECT_TIME,
            total_time: limits::TOTAL_TIME,
            answer_bytes: limits::ANSWER_BYTES,
            redirects: limits::REDIRECTS,
            headers: limits::HEADERS,
        }
    }
}

/// A name service.
pub trait Resolve: Send + Sync {
    /// The addresses of a name.
    fn resolve(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// The way out could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate is not one.
    #[error("reading the certificates of private authorities")]
    Certificate(#[source] rustls::pki_types::pem::Error),
    /// A certificate cannot be trusted as an authority's.
    #[error("trusting the certificates of private authorities")]
    Authority(#[source] rustls::Error),
    /// TLS could not be set up.
    #[error("setting up TLS")]
    Tls(#[source] rustls::Error),
}

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    door: Arc<Door>,
    tls: Arc<rustls::ClientConfig>,
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    folders: Arc<[PathBuf]>,
    secured: Arc<[Target]>,
}

impl Egress {
    /// Makes the way out ready.
    ///
    /// # Errors
    /// When a certificate cannot be used.
    pub fn new(config: Config) -> Result<Self, Error> {
        let Config { allow, deny, mut hosts, secured, certificates, folders, limits, resolver } = config;
        // A line for one port comes before the line for all.
        hosts.sort_by_key(|line| !line.is_for_one_port());
        let door = Arc::new(Door { policy: Policy { allow, deny, hosts }, resolver, limits });
        let tls = Arc::new(tls(&certificates)?);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config((*tls).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector(Arc::clone(&door)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::IDLE_TIME)
            .pool_max_idle_per_host(limits::IDLE_MAX)
            .http1_max_headers(limits.headers)
            .http1_max_buf_size(limits::HEAD_BYTES_MAX)
            .build(connector);
        Ok(Self { door, tls, client, folders: folders.into(), secured: secured.into() })
    }

    /// Times and sizes that hold for every call.
    pub fn limits(&self) -> Limits {
        self.door.limits
    }

    /// The addresses at which this host may be reached now, for protocols that connect by themselves.
    ///
    /// # Errors
    /// When it has none, or none that the policy allows.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        self.door.addresses(host, port).await
    }

    /// A connection to this host, checked.
    ///
    /// # Errors
    /// When the policy does not allow it, or nobody takes it.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        self.door.connect(host, port).await
    }

    /// Whom to trust: the system's authorities and the operator's. Without ALPN.
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Is TLS spoken there, when the address does not say it?
    pub fn is_secured(&self, host: &str, port: u16) -> bool {
        let host = host.to_lowercase();
        let address = policy::literal(&host);
        let named = |target: &Target| {
            target.names(&host, port) || address.is_some_and(|address| target.holds(address, port))
        };
        port == 443 || self.secured.iter().any(named)
    }

    /// The folders whose files documents may be read from.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("policy", &self.door.policy).finish_non_exhaustive()
    }
}

fn tls(certificates: &[Vec<u8>]) -> Result<rustls::ClientConfig, Error> {
    let mut roots = rustls::RootCertStore::empty();
    for pem in certificates {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(Error::Certificate)?).map_err(Error::Authority)?;
        }
    }
    // A machine without authorities can still make calls without TLS, and with the operator's.
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "reading the authorities that the system trusts");
    }
    roots.add_parsable_certificates(system.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
