//! Answers of mail servers that were written down, for fixtures and benches; a server has none of this.

use std::fs::File;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use yiwang_core::Timestamp;

use super::{Mailbox, Server, on_disk};
use crate::bindings::yiwang::channel::mail::{MailError, Message, Outgoing, Query, Reply};

/// The answer to one conversation: messages of a mailbox, or what an SMTP server says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailAnswer {
    /// Of the mailbox; 1 unless it is said.
    #[serde(default)]
    pub uid_validity: Option<u32>,
    /// All that are in the mailbox: what was not asked for is not given.
    #[serde(default)]
    pub messages: Vec<Letter>,
    /// Of SMTP; 250 unless it is said.
    #[serde(default)]
    pub code: Option<u16>,
    /// Of SMTP.
    #[serde(default)]
    pub text: Option<String>,
    /// No answer: `connect`, `tls`, `login`, `timeout`, `lost` (nothing was taken), `timeout-after`, `lost-after`
    /// (it may have been taken).
    #[serde(default)]
    pub fails: Option<String>,
}

/// A message as it lies in a mailbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Letter {
    /// Its UID.
    pub uid: u32,
    /// Its lines.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Or its bytes in base64.
    #[serde(default)]
    pub base64: Option<String>,
    /// When the server took it in (RFC 3339).
    #[serde(default)]
    pub received: Option<String>,
    /// As the server counts it, where that is not what is written here: the rest was not fetched.
    #[serde(default)]
    pub size: Option<u64>,
}

/// One conversation of a plugin.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MailAsked {
    /// With its port.
    pub server: String,
    /// Who logs in.
    pub user: String,
    /// Of IMAP.
    pub mailbox: Option<String>,
    /// Of IMAP.
    pub uid_validity: Option<u32>,
    /// Of IMAP.
    pub after_uid: Option<u32>,
    /// Of SMTP.
    pub sender: Option<String>,
    /// Of SMTP.
    pub recipients: Vec<String>,
    /// Of SMTP; bytes that are no UTF-8 are replaced.
    pub message: String,
}

impl MailAsked {
    pub(super) fn fetch(server: &Server, query: &Query) -> Self {
        Self {
            server: server.to_string(),
            user: query.account.user.clone(),
            mailbox: Some(query.mailbox.clone()),
            uid_validity: query.uid_validity,
            after_uid: Some(query.after_uid),
            ..Self::default()
        }
    }

    pub(super) fn send(server: &Server, outgoing: &Outgoing, message: &[u8]) -> Self {
        Self {
            server: server.to_string(),
            user: outgoing.account.user.clone(),
            sender: Some(outgoing.sender.clone()),
            recipients: outgoing.recipients.clone(),
            message: String::from_utf8_lossy(message).into_owned(),
            ..Self::default()
        }
    }
}

impl MailAnswer {
    /// As the answer to a question for what is new.
    pub(super) fn mailbox(
        self,
        query: &Query,
        scratch: impl Fn() -> Result<File, MailError>,
    ) -> Result<Mailbox, MailError> {
        self.failed()?;
        let uid_validity = self.uid_validity.unwrap_or(1);
        let after = if query.uid_validity == Some(uid_validity) { query.after_uid } else { 0 };
        let mut letters: Vec<Letter> =
            self.messages.into_iter().filter(|letter| letter.uid > after).collect();
        letters.sort_by_key(|letter| letter.uid);
        let wanted = usize::try_from(query.max_messages).unwrap_or(usize::MAX);
        let more = letters.len() > wanted;
        letters.truncate(wanted);
        let found = letters.into_iter().map(|letter| {
            let mut file = scratch()?;
            let bytes = letter.bytes()?;
            file.write_all(&bytes).map_err(|error| on_disk(&error))?;
            let fetched = bytes.len() as u64;
            let size = letter.size.unwrap_or(fetched);
            let received = letter.received.as_deref().and_then(Timestamp::parse);
            let received_ms = received.and_then(|at| u64::try_from(at.0).ok());
            Ok((Message { uid: letter.uid, size, fetched, received_ms, whole: size == fetched }, file))
        });
        Ok(Mailbox::new(uid_validity, more, found.collect::<Result<_, MailError>>()?))
    }

    /// As the answer to a message.
    pub(super) fn reply(self) -> Result<Reply, MailError> {
        self.failed()?;
        let text = self.text.unwrap_or_else(|| "ok".to_owned());
        let reply = Reply { code: self.code.unwrap_or(250), status: String::new(), text };
        if (200..=299).contains(&reply.code) { Ok(reply) } else { Err(MailError::Refused(reply)) }
    }

    fn failed(&self) -> Result<(), MailError> {
        let why = || "as the fixture says".to_owned();
        Err(match self.fails.as_deref() {
            None => return Ok(()),
            Some("connect") => MailError::Connect(why()),
            Some("tls") => MailError::Tls(why()),
            Some("login") => MailError::Login(why()),
            Some("timeout") => MailError::Timeout(false),
            Some("timeout-after") => MailError::Timeout(true),
            Some("lost") => MailError::Lost(false),
            Some("lost-after") => MailError::Lost(true),
            Some(other) => MailError::Protocol(format!("the fixture fails by `{other}`, which is nothing")),
        })
    }
}

impl Letter {
    fn bytes(&self) -> Result<Vec<u8>, MailError> {
        match &self.base64 {
            Some(text) => STANDARD
                .decode(text)
                .map_err(|error| MailError::Protocol(format!("the fixture's base64: {error}"))),
            None => Ok(self.lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect()),
        }
    }
}
