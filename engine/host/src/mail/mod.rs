//! Mail for plugins: a mailbox is looked at by IMAP, a message handed over by SMTP.
//!
//! ```text
//! query ──► permission ─► connection (address checked, TLS) ─► login ─► imap ─► files on disk ─► guest reads
//! message ─► permission ─► connection (address checked, TLS) ─► login ─► smtp ─► the server's answer
//! ```
//! The rules for addresses are those of outgoing HTTP (ADR 0015, 0039). Passwords are put in here and never come back
//! to the guest, into a log or into an error. Nothing here knows what a message means: it is bytes.

mod connection;
pub(crate) mod hostile;
mod imap;
mod permission;
mod server;
mod smtp;
mod written;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::time::Instant;

pub(crate) use connection::Trust;
pub use permission::MailGrant;
pub(crate) use permission::{Allowed, Permissions};
pub(crate) use server::{Pattern, Protocol, Server};
pub use written::{Letter, MailAnswer, MailAsked};

use crate::bindings::yiwang::channel::mail::{Account, MailError, Message, Outgoing, Page, Query, Reply};
use crate::bindings::yiwang::channel::types::Payload;
use crate::call::CallState;
use crate::limits;

/// A page of a mailbox; the messages lie in files without names.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) page: Page,
    files: Vec<File>,
}

impl Mailbox {
    fn new(uid_validity: u32, more: bool, found: Vec<(Message, File)>) -> Self {
        let (messages, files) = found.into_iter().unzip();
        Self { page: Page { uid_validity, messages, more }, files }
    }

    /// Some bytes of a message.
    pub(crate) fn read(&mut self, uid: u32, offset: u64, max: u32) -> Result<Vec<u8>, MailError> {
        let at = self.page.messages.iter().position(|message| message.uid == uid);
        let file = at.and_then(|at| self.files.get_mut(at));
        let file =
            file.ok_or_else(|| MailError::InvalidRequest(format!("there is no message {uid} on this page")))?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(u64::from(max.min(limits::BLOB_CHUNK_BYTES_MAX))).read_to_end(&mut bytes))
            .map_err(|error| on_disk(&error))?;
        Ok(bytes)
    }
}

/// Name and password.
pub(crate) struct Login {
    user: String,
    password: crate::secret::Secret,
}

/// Fetches a page of a mailbox.
pub(crate) async fn fetch(state: &mut CallState, mut query: Query) -> Result<Mailbox, MailError> {
    let (server, allowed, login) = admitted(state, &query.account, Protocol::Imap)?;
    if query.mailbox.is_empty() || !query.mailbox.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(MailError::InvalidRequest("a mailbox's name is printable ASCII".to_owned()));
    }
    query.max_messages = query.max_messages.min(limits::MAIL_MESSAGES_MAX);
    query.max_message_bytes = query.max_message_bytes.min(limits::BLOB_BYTES_MAX);
    let environment = &state.channel.environment;
    if let Some(watch) = &environment.watch
        && let Some(answer) = watch.mail(|| MailAsked::fetch(&server, &query))
    {
        return answer?.mailbox(&query, || environment.blobs.scratch().map_err(|error| on_disk(&error)));
    }
    // The plugin reads what was fetched afterwards: a third of its time is for that.
    let time = state.left().mul_f64(2.0 / 3.0);
    // Some of it is for the piece that is under way then.
    let ends = Instant::now() + time.mul_f64(0.75);
    let fetching = async {
        let stream = connection::open(&environment.trust, &server, &allowed, &state.effective).await?;
        imap::fetch(stream, login, &query, ends, || environment.blobs.scratch()).await
    };
    tokio::time::timeout(time, fetching).await.unwrap_or(Err(MailError::Timeout(false)))
}

/// Hands a message over.
pub(crate) async fn send(state: &mut CallState, outgoing: Outgoing) -> Result<Reply, MailError> {
    let (server, allowed, login) = admitted(state, &outgoing.account, Protocol::Smtp)?;
    let invalid = |text: &str| Err(MailError::InvalidRequest(text.to_owned()));
    if !outgoing.sender.is_empty() && !is_address(&outgoing.sender) {
        return invalid("the sender is no plain address");
    }
    if outgoing.recipients.is_empty() || outgoing.recipients.len() > limits::MAIL_RECIPIENTS_MAX {
        return invalid(&format!("1 to {} recipients may be named", limits::MAIL_RECIPIENTS_MAX));
    }
    if !outgoing.recipients.iter().all(|address| is_address(address)) {
        return invalid("a recipient is no plain address");
    }
    let bytes = match &outgoing.message {
        Payload::Empty => return invalid("the message is empty"),
        Payload::Text(text) => text.as_bytes().to_vec(),
        Payload::Bytes(bytes) => bytes.clone(),
        Payload::Blob(blob) => crate::outgoing::file(state, blob)
            .map_err(|error| MailError::InvalidRequest(error.to_string()))?,
    };
    let environment = &state.channel.environment;
    if let Some(watch) = &environment.watch
        && let Some(answer) = watch.mail(|| MailAsked::send(&server, &outgoing, &bytes))
    {
        return answer?.reply();
    }
    let ends = Instant::now() + state.left();
    let conversation = async {
        let stream = connection::open(&environment.trust, &server, &allowed, &state.effective).await?;
        Ok(smtp::Conversation::new(stream, ends))
    };
    let time = state.left();
    let opened = tokio::time::timeout(time, conversation).await;
    let conversation = opened.unwrap_or(Err(MailError::Timeout(false)))?;
    conversation.send(login, &outgoing.sender, &outgoing.recipients, &bytes).await
}

/// What of this is allowed, and the password for it.
fn admitted(
    state: &mut CallState,
    account: &Account,
    protocol: Protocol,
) -> Result<(Server, Allowed<'static>, Option<Login>), MailError> {
    state.mail_calls += 1;
    if state.mail_calls > limits::MAIL_CALLS_MAX {
        let reason = format!("more than {} conversations in one call", limits::MAIL_CALLS_MAX);
        return Err(MailError::InvalidRequest(reason));
    }
    let server = Server::parse(&account.server).map_err(MailError::InvalidRequest)?;
    if server.protocol != protocol {
        return Err(MailError::InvalidRequest(format!("{server} does not speak {}", protocol.name())));
    }
    let allowed = state.effective.mail(&server).map_err(MailError::Denied)?;
    let login = if account.user.is_empty() {
        None
    } else {
        let name = &account.secret;
        if !allowed.secrets.iter().any(|bound| bound == name) {
            let reason = format!("secret `{name}` is not bound to this server in the manifest");
            return Err(MailError::Denied(reason));
        }
        state.effective.secret(name).map_err(MailError::Denied)?;
        let password = (state.channel.secrets)(name)
            .ok_or_else(|| MailError::Denied(format!("secret `{name}` is not set")))?;
        Some(Login { user: account.user.clone(), password })
    };
    let allowed = Allowed { private: allowed.private, plain: allowed.plain, secrets: &[] };
    Ok((server, allowed, login))
}

/// `local@domain` in ASCII without quotes, blanks and brackets: it can end neither a command nor an address.
pub(crate) fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"@".contains(&byte);
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.bytes().all(plain)
        && !domain.is_empty()
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

fn on_disk(error: &io::Error) -> MailError {
    tracing::warn!(%error, "a message could not be written down");
    MailError::Protocol("the message could not be written down here".to_owned())
}

/// A server's words for people: cut, without controls.
fn words(text: &str) -> String {
    let plain = |char: char| !char.is_control() && !crate::blobs::is_bidi(char);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|char| plain(*char)).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_end_a_command() {
        for text in ["a@b.cn", "wang.xiaoming+x@mail.qiaocheng.gov.cn", "o'neil@example.com", "a@localhost"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "a",
            "@b.cn",
            "a@",
            "a@b@c",
            "a b@c.cn",
            "a@b.cn>\r\nDATA",
            "<a@b.cn>",
            "a@b.cn ",
            "a\0@b.cn",
            "王@b.cn",
            "a@例子.cn",
            "\"a b\"@c.cn",
            "a@b.cn,c@d.cn",
        ] {
            assert!(!is_address(text), "{text:?}");
        }
        assert!(!is_address(&format!("{}@b.cn", "a".repeat(65))));
    }

    #[test]
    fn words_of_a_server_are_one_line() {
        assert_eq!(words("5.7.1 no\r\n  \u{7}way \u{202e}x"), "5.7.1 no way x");
        assert_eq!(words(&"长".repeat(300)).chars().count(), 200);
    }
}
