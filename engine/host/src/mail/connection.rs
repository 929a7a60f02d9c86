//! Connections to mail servers: the address that is checked is the address that is connected to.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use yiwang_core::egress::is_outside;

use super::permission::Allowed;
use super::server::Server;
use crate::bindings::yiwang::channel::mail::MailError;
use crate::grants::Effective;

/// How long one address may take to answer.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What is read at once.
const CHUNK_BYTES: usize = 16 << 10;

/// Whom certificates may be of: the system's authorities and the operator's. Read when they are first needed.
pub(crate) struct Trust {
    further: Vec<Vec<u8>>,
    made: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl Trust {
    pub(crate) fn new(further: Vec<Vec<u8>>) -> Self {
        Self { further, made: OnceLock::new() }
    }

    fn config(&self) -> Result<Arc<rustls::ClientConfig>, MailError> {
        self.made.get_or_init(|| client(&self.further).map(Arc::new)).clone().map_err(MailError::Tls)
    }
}

fn client(further: &[Vec<u8>]) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    for pem in further {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| format!("a further authority: {error}"))?;
            roots.add(certificate).map_err(|error| format!("a further authority: {error}"))?;
        }
    }
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "reading the authorities that the system trusts");
    }
    roots.add_parsable_certificates(system.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A connection, and what is needed to make it a secure one.
pub(crate) struct Connection {
    stream: Stream,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    host: String,
    /// Bytes that were read and not used.
    pub(crate) buffer: Vec<u8>,
    /// This machine's address on it.
    pub(crate) local: SocketAddr,
    /// Nothing need be secured on it.
    pub(crate) plain: bool,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
    /// While it becomes a secure one.
    Gone,
}

/// Opens one to a server: with TLS where it comes first.
pub(crate) async fn open(
    trust: &Trust,
    server: &Server,
    allowed: &Allowed<'_>,
    effective: &Effective,
) -> Result<Connection, MailError> {
    let found = tokio::net::lookup_host((server.host.as_str(), server.port)).await;
    let found: Vec<SocketAddr> = found.map_err(|error| MailError::Dns(error.to_string()))?.collect();
    let known = !found.is_empty();
    let addresses: Vec<SocketAddr> =
        found.into_iter().filter(|address| allowed.private || is_outside(address.ip())).collect();
    if addresses.is_empty() {
        let none = || MailError::Dns("the name has no address".to_owned());
        return Err(if known { MailError::Denied(effective.private_mail_line(server)) } else { none() });
    }
    let mut last = String::new();
    for address in addresses.into_iter().take(4) {
        match tokio::time::timeout(CONNECT_MAX, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return connected(trust, server, allowed, stream).await,
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("nobody answered within {} s", CONNECT_MAX.as_secs()),
        }
    }
    Err(MailError::Connect(last))
}

async fn connected(
    trust: &Trust,
    server: &Server,
    allowed: &Allowed<'_>,
    stream: TcpStream,
) -> Result<Connection, MailError> {
    let failed = |error: io::Error| MailError::Connect(error.to_string());
    stream.set_nodelay(true).map_err(failed)?;
    let local = stream.local_addr().map_err(failed)?;
    let loopback = stream.peer_addr().map_err(failed)?.ip().to_canonical().is_loopback();
    let plain = allowed.plain && loopback && !server.implicit_tls;
    let tls = if plain {
        None
    } else {
        let name =
            ServerName::try_from(server.host.clone()).map_err(|error| MailError::Tls(error.to_string()))?;
        Some((trust.config()?, name))
    };
    let stream = Stream::Plain(stream);
    let host = server.host.clone();
    let mut connection = Connection { stream, tls, host, buffer: Vec::new(), local, plain };
    if server.implicit_tls {
        connection.secure().await?;
    }
    Ok(connection)
}

impl Connection {
    /// Must it still become a secure one?
    pub(crate) fn wants_tls(&self) -> bool {
        !self.plain && matches!(self.stream, Stream::Plain(_))
    }

    /// The TLS handshake. What was read before is not believed: somebody on the way may have put it there.
    pub(crate) async fn secure(&mut self) -> Result<(), MailError> {
        if !self.buffer.is_empty() {
            return Err(MailError::Protocol("the server went on talking before TLS began".to_owned()));
        }
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(MailError::Protocol("TLS twice".to_owned()));
        };
        let (config, name) =
            self.tls.clone().ok_or_else(|| MailError::Tls("TLS is not meant here".to_owned()))?;
        let handshake = TlsConnector::from(config).connect(name, stream).await;
        let stream = handshake.map_err(|error| MailError::Tls(format!("{}: {error}", self.host)))?;
        self.stream = Stream::Secure(Box::new(stream));
        Ok(())
    }

    /// Reads some more into the buffer, up to so many bytes in it; [`io::ErrorKind::UnexpectedEof`] at the end.
    pub(crate) async fn fill(&mut self, max: usize) -> io::Result<()> {
        if self.buffer.len() >= max {
            return Err(io::Error::other("the server says more than is taken"));
        }
        self.buffer.reserve(CHUNK_BYTES);
        let count = self.stream.read_buf(&mut self.buffer).await?;
        if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}

/// What a broken connection means; `taken`: a message may have been taken.
pub(crate) fn broken(error: &io::Error, taken: bool) -> MailError {
    match error.kind() {
        io::ErrorKind::Other | io::ErrorKind::InvalidData if !taken => MailError::Protocol(error.to_string()),
        _ => MailError::Lost(taken),
    }
}
