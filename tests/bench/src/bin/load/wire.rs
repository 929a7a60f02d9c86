//! HTTP/1.1 over one kept connection, with as little work as a client can do: the request is bytes made before,
//! of the answer only the status and the length are understood.
//!
//! The client shares the processor with the server it measures. It knows no address of the API.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Above this a head is no head.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// One connection, used by one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether the status begins with 2.
    pub(crate) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the server said that it has too much to do.
    pub(crate) fn refused(&self) -> bool {
        self.status == 429
    }
}

/// A request with a JSON body.
pub(crate) fn post(token: &str, target: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
         content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A request without a body.
pub(crate) fn get(token: &str, target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub(crate) async fn open(peer: SocketAddr) -> io::Result<Self> {
        Self::on(TcpStream::connect(peer).await?)
    }

    /// Takes over what was accepted.
    ///
    /// # Errors
    /// When it is closed already.
    pub(crate) fn on(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4 << 10) })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When the peer closes, or answers in a way that this client does not understand.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let Some((head, body)) = self.message().await? else { return Err(broken("no answer")) };
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        Ok(Answer { status: status.ok_or_else(|| broken("no status"))?, body })
    }

    /// Reads one message, head and body; none when the peer has closed.
    ///
    /// # Errors
    /// When it breaks off in the middle.
    pub(crate) async fn message(&mut self) -> io::Result<Option<(String, Vec<u8>)>> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.read.len() > HEAD_BYTES_MAX {
                return Err(broken("a head without an end"));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return if self.read.is_empty() { Ok(None) } else { Err(broken("a head breaks off")) };
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        let length = content_length(&head)?;
        while self.read.len() < end + length {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(broken("a body breaks off"));
            }
        }
        let body = self.read[end..end + length].to_vec();
        self.read.drain(..end + length);
        Ok(Some((head, body)))
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the peer has closed.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }
}

fn content_length(head: &str) -> io::Result<usize> {
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            return value.trim().parse().map_err(|_| broken("a length that is no number"));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(broken("a body in chunks"));
        }
    }
    Ok(0)
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_body_is_read_whatever_its_case() {
        assert_eq!(content_length("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n").unwrap(), 12);
        assert_eq!(content_length("HTTP/1.1 204 No Content\r\n\r\n").unwrap(), 0);
        assert!(content_length("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(content_length("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n").is_err());
    }
}
