//! SMTP as far as handing over one message needs it (RFC 5321).
//!
//! ```text
//! 220 ─► EHLO ─► STARTTLS ─► EHLO ─► AUTH ─► MAIL ─► RCPT … ─► DATA ─► the message ─► "." ─► 250 ─► QUIT
//!                                                                                 └─ from here on nobody knows
//! ```
//! Until the lonely dot is on its way the server must throw away what it has; behind it, a lost connection means that
//! the message may have been taken.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_proto::response::parser::ResponseReceiver;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN, EXT_8BIT_MIME, EXT_SIZE, EXT_START_TLS, EhloResponse, Response};

use super::connection::{Connection, broken};
use super::{Login, words};
use crate::bindings::yiwang::channel::mail::{MailError, Reply};

/// All lines of one answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// A farewell is not waited for longer.
const QUIT_MAX: Duration = Duration::from_secs(1);

/// A conversation that must be over in time.
pub(super) struct Conversation {
    connection: Connection,
    ends: Instant,
    /// The lonely dot is on its way.
    dotted: bool,
}

impl Conversation {
    pub(super) fn new(connection: Connection, ends: Instant) -> Self {
        Self { connection, ends, dotted: false }
    }

    /// Sends one message.
    pub(super) async fn send(
        mut self,
        login: Option<Login>,
        sender: &str,
        recipients: &[String],
        message: &[u8],
    ) -> Result<Reply, MailError> {
        let left = self.ends.saturating_duration_since(Instant::now());
        let result = match tokio::time::timeout(left, self.talk(login, sender, recipients, message)).await {
            Ok(result) => result,
            Err(_) => Err(MailError::Timeout(self.dotted)),
        };
        // The server's word is there already; politeness may fail.
        drop(tokio::time::timeout(QUIT_MAX, self.command("QUIT")).await);
        result
    }

    async fn talk(
        &mut self,
        login: Option<Login>,
        sender: &str,
        recipients: &[String],
        message: &[u8],
    ) -> Result<Reply, MailError> {
        let greeting = self.answer().await?;
        accepted(&greeting)?;
        let mut can = self.ehlo().await?;
        if self.connection.wants_tls() {
            if can.capabilities & EXT_START_TLS == 0 {
                return Err(MailError::Tls("the server does not offer STARTTLS".to_owned()));
            }
            accepted(&self.command("STARTTLS").await?)?;
            self.connection.secure().await?;
            can = self.ehlo().await?;
        }
        if let Some(login) = login {
            self.login(&login, &can).await?;
        }
        let mut from = format!("MAIL FROM:<{sender}>");
        if can.capabilities & EXT_SIZE != 0 {
            from.push_str(&format!(" SIZE={}", message.len()));
        }
        if !message.is_ascii() {
            if can.capabilities & EXT_8BIT_MIME == 0 {
                let reason = "the server takes no 8-bit message; write it in base64 or quoted-printable";
                return Err(MailError::InvalidRequest(reason.to_owned()));
            }
            from.push_str(" BODY=8BITMIME");
        }
        accepted(&self.command(&from).await?)?;
        for recipient in recipients {
            accepted(&self.command(&format!("RCPT TO:<{recipient}>")).await?)?;
        }
        let ready = self.command("DATA").await?;
        if ready.code != 354 {
            return Err(no(&ready));
        }
        self.write(&stuffed(message)).await?;
        self.dotted = true;
        self.write(b".\r\n").await?;
        let taken = self.answer().await.map_err(|error| match error {
            // It said something, and nobody knows what.
            MailError::Protocol(_) => MailError::Lost(true),
            other => other,
        })?;
        accepted(&taken)?;
        Ok(reply(&taken))
    }

    async fn ehlo(&mut self) -> Result<EhloResponse<String>, MailError> {
        let name = match self.connection.local.ip().to_canonical() {
            std::net::IpAddr::V4(address) => format!("[{address}]"),
            std::net::IpAddr::V6(address) => format!("[IPv6:{address}]"),
        };
        self.write(format!("EHLO {name}\r\n").as_bytes()).await?;
        let lines = self.lines().await?;
        match EhloResponse::parse(&mut lines.iter()) {
            Ok(can) => Ok(can),
            Err(_) => Err(parsed(&lines).map_or_else(|error| error, |said| no(&said))),
        }
    }

    async fn login(&mut self, login: &Login, can: &EhloResponse<String>) -> Result<(), MailError> {
        let password = login.password.expose();
        let said = if can.auth_mechanisms & AUTH_PLAIN != 0 {
            let answer = STANDARD.encode(format!("\0{}\0{password}", login.user));
            self.command(&format!("AUTH PLAIN {answer}")).await?
        } else if can.auth_mechanisms & AUTH_LOGIN != 0 {
            let mut said = self.command("AUTH LOGIN").await?;
            for text in [login.user.as_str(), password] {
                if said.code != 334 {
                    break;
                }
                said = self.command(&STANDARD.encode(text)).await?;
            }
            said
        } else {
            return Err(MailError::Login("the server takes no password on this connection".to_owned()));
        };
        match said.code {
            200..=299 => Ok(()),
            // Not now: the server's own trouble, or too many tries.
            421 | 454 => Err(no(&said)),
            _ => Err(MailError::Login(format!("{} {}", said.code, words(&said.message)))),
        }
    }

    async fn command(&mut self, line: &str) -> Result<Response<String>, MailError> {
        self.write(format!("{line}\r\n").as_bytes()).await?;
        self.answer().await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        self.connection.write(bytes).await.map_err(|error| broken(&error, self.dotted))
    }

    async fn answer(&mut self) -> Result<Response<String>, MailError> {
        let lines = self.lines().await?;
        parsed(&lines)
    }

    /// All lines of an answer: the last one has a blank behind its number.
    async fn lines(&mut self) -> Result<Vec<u8>, MailError> {
        loop {
            if let Some(end) = answer_end(&self.connection.buffer) {
                return Ok(self.connection.buffer.drain(..end).collect());
            }
            self.connection.fill(ANSWER_BYTES_MAX).await.map_err(|error| broken(&error, self.dotted))?;
        }
    }
}

fn answer_end(bytes: &[u8]) -> Option<usize> {
    let mut begin = 0;
    while let Some(len) = bytes[begin..].iter().position(|byte| *byte == b'\n') {
        let end = begin + len + 1;
        if bytes[begin..end].get(3) != Some(&b'-') {
            return Some(end);
        }
        begin = end;
    }
    None
}

fn parsed(lines: &[u8]) -> Result<Response<String>, MailError> {
    ResponseReceiver::default()
        .parse(&mut lines.iter())
        .map_err(|_| MailError::Protocol("an answer is not SMTP".to_owned()))
}

fn accepted(said: &Response<String>) -> Result<(), MailError> {
    if (200..=299).contains(&said.code) { Ok(()) } else { Err(no(said)) }
}

fn no(said: &Response<String>) -> MailError {
    MailError::Refused(reply(said))
}

fn reply(said: &Response<String>) -> Reply {
    let [class, subject, detail] = said.esc;
    let status = if class == 0 { String::new() } else { format!("{class}.{subject}.{detail}") };
    Reply { code: said.code, status, text: words(&said.message) }
}

/// With CRLF at the end of each line, a dot before each dot that begins one, and a line's end at the end: a message
/// cannot end itself.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    let mut at_start = true;
    let mut bytes = message.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' && bytes.peek() == Some(&b'\n') {
                    bytes.next();
                }
                out.extend_from_slice(b"\r\n");
                at_start = true;
            }
            byte => {
                if at_start && byte == b'.' {
                    out.push(b'.');
                }
                out.push(byte);
                at_start = false;
            }
        }
    }
    if !at_start {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_end_itself() {
        for (message, sent) in [
            ("a\r\n.\r\nMAIL FROM:<x@y>\r\n", "a\r\n..\r\nMAIL FROM:<x@y>\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n"),
            ("a\r.\rb", "a\r\n..\r\nb\r\n"),
            (".", "..\r\n"),
            ("a\r\n\r\n.b", "a\r\n\r\n..b\r\n"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8(stuffed(message.as_bytes())).unwrap(), sent, "{message:?}");
        }
    }

    #[test]
    fn an_answer_ends_with_its_last_line() {
        assert_eq!(answer_end(b"250-a\r\n250-b\r\n"), None);
        assert_eq!(answer_end(b"250-a\r\n250 b\r\n221 c\r\n"), Some(14));
        assert_eq!(answer_end(b"250 a"), None);
        let said = parsed(b"550-5.1.1 no such\r\n550 5.1.1 user\r\n").unwrap();
        let told = reply(&said);
        assert_eq!((told.code, told.status.as_str()), (550, "5.1.1"));
        assert!(told.text.contains("no such"), "{}", told.text);
    }
}
