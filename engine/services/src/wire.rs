//! A connection for protocols that are not HTTP/1: checked by the egress policy, with TLS or without.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use yiwang_dsl::Fault;

use crate::egress::{Egress, Failure};
use crate::fault;

/// Bytes both ways.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A connection to a host, plain.
pub(crate) async fn plain(egress: &Egress, host: &str, port: u16) -> Result<TcpStream, Fault> {
    egress.connect(host, port).await.map_err(|failure| fault::of(&failure))
}

/// TLS over a connection; `protocol` is what both sides must agree to speak, if anything.
pub(crate) async fn secured(
    egress: &Egress,
    stream: impl Wire + 'static,
    host: &str,
    protocol: Option<&[u8]>,
) -> Result<Box<dyn Wire>, Fault> {
    let mut settings = (*egress.tls()).clone();
    settings.alpn_protocols = protocol.map(<[u8]>::to_vec).into_iter().collect();
    let tls = |reason: String| fault::of(&Failure::Tls(reason));
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|error| tls(error.to_string()))?;
    let connecting = TlsConnector::from(Arc::new(settings)).connect(name, stream);
    let connected = tokio::time::timeout(egress.limits().connect_time, connecting).await;
    let connected = connected.map_err(|_| tls("no answer".to_owned()))?;
    Ok(Box::new(connected.map_err(|error| tls(error.to_string()))?))
}
