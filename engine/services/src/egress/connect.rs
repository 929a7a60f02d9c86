//! Opens connections: the address that is checked is the address that is connected to.
//!
//! ```text
//! host ─► host map ─► literal? ─► name service ─► policy, each address ─► TCP ─► TLS
//! ```

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::failure::Failure;
use super::policy::{Policy, literal};
use super::{Limits, Resolve};
use crate::limits;

/// Policy and name service.
pub(super) struct Door {
    pub(super) policy: Policy,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) limits: Limits,
}

impl Door {
    /// The addresses at which this host may be reached, best first.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        let refused = || Failure::Refused { host: host.to_owned(), port };
        let name = host.trim_end_matches('.').to_lowercase();
        if let Some(mapped) = self.policy.mapped(&name, port) {
            return Ok(vec![mapped]);
        }
        if let Some(ip) = literal(&name) {
            let address = SocketAddr::new(ip, port);
            return if self.policy.admits(&name, address) { Ok(vec![address]) } else { Err(refused()) };
        }
        if !self.policy.admits_name(&name, port) {
            return Err(refused());
        }
        let unknown = |reason: String| Failure::Unknown { host: host.to_owned(), reason };
        let found: Vec<IpAddr> =
            self.resolver.resolve(name.clone()).await.map_err(|error| unknown(error.to_string()))?;
        if found.is_empty() {
            return Err(unknown("the name service gave none".to_owned()));
        }
        let mut allowed: Vec<SocketAddr> = found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        allowed.retain(|address| self.policy.admits(&name, *address));
        allowed.truncate(limits::ADDRESSES_MAX);
        if allowed.is_empty() { Err(refused()) } else { Ok(allowed) }
    }

    /// A connection to the first address that takes one.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let failed = |reason: String| Failure::Connect { host: host.to_owned(), port, reason };
        let connecting = async {
            let mut last = "no address".to_owned();
            for address in self.addresses(host, port).await? {
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        stream.set_nodelay(true).map_err(|error| failed(error.to_string()))?;
                        return Ok(stream);
                    }
                    Err(error) => last = error.to_string(),
                }
            }
            Err(failed(last))
        };
        tokio::time::timeout(self.limits.connect_time, connecting).await.unwrap_or_else(|_| {
            Err(failed(format!("nobody answered within {} ms", self.limits.connect_time.as_millis())))
        })
    }
}

/// What the HTTP client opens its connections with.
#[derive(Clone)]
pub(super) struct Connector(pub(super) Arc<Door>);

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let door = Arc::clone(&self.0);
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            let stream =
                door.connect(host, uri.port_u16().unwrap_or(usual)).await.map_err(io::Error::other)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// The name service of the system.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
