//! IMAP as far as looking for new messages needs it (RFC 3501): nothing is marked, moved or deleted.
//!
//! ```text
//! greeting ─► CAPABILITY ─► STARTTLS ─► LOGIN ─► ID ─► EXAMINE ─► UID SEARCH ─► UID FETCH in pieces ─► LOGOUT
//! ```
//! What the server says is parsed by `imap-proto`; how much of it, and how deep, is bounded here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};
use yiwang_core::Timestamp;

use super::connection::{Connection, broken};
use super::{Login, Mailbox, on_disk, words};
use crate::bindings::yiwang::channel::mail::{MailError, Message, Query, Reply};
use crate::limits;

/// Brackets within brackets in an answer: the parser calls itself for each.
const NESTING_MAX: u32 = 32;
/// A farewell is not waited for longer.
const LOGOUT_MAX: Duration = Duration::from_secs(1);

/// Fetches a page; stops after the message with which the time is over.
pub(super) async fn fetch(
    connection: Connection,
    login: Option<Login>,
    query: &Query,
    ends: Instant,
    scratch: impl Fn() -> io::Result<File>,
) -> Result<Mailbox, MailError> {
    let mut session = Session { connection, tag: 0 };
    session.begin(login).await?;
    let (uid_validity, uid_next) = session.examine(&query.mailbox).await?;
    let after = if query.uid_validity == Some(uid_validity) { query.after_uid } else { 0 };
    let nothing_new = after == u32::MAX || uid_next.is_some_and(|next| next <= after.saturating_add(1));
    let uids = if nothing_new { Vec::new() } else { session.search(after, query.since_ms).await? };
    let wanted = usize::try_from(query.max_messages).unwrap_or(usize::MAX).min(uids.len());
    let mut more = uids.len() > wanted;
    let details = session.details(&uids[..wanted]).await?;
    let mut found: Vec<(Message, File)> = Vec::new();
    let mut fetched = 0;
    for (uid, detail) in details {
        if !found.is_empty() && (Instant::now() >= ends || fetched >= limits::MAIL_PAGE_BYTES_MAX) {
            more = true;
            break;
        }
        let mut file = scratch().map_err(|error| on_disk(&error))?;
        // What is too large is known before it is fetched, as far as the server counts right.
        let max = if u64::from(detail.size) > query.max_message_bytes {
            limits::MAIL_CHUNK_BYTES.min(query.max_message_bytes)
        } else {
            query.max_message_bytes
        };
        let (bytes, end) = session.body(uid, max, ends, &mut file).await?;
        if end == End::OutOfTime && !found.is_empty() {
            more = true;
            break;
        }
        fetched += bytes;
        // The first one is given as far as it has come: with a slow line it would be asked for in vain for ever.
        let whole = end == End::Whole;
        let size = u64::from(detail.size).max(bytes);
        let message = Message { uid, size, fetched: bytes, received_ms: detail.received_ms, whole };
        found.push((message, file));
    }
    // Whatever it answers, all is here.
    drop(tokio::time::timeout(LOGOUT_MAX, session.run("LOGOUT", &mut |_| {})).await);
    Ok(Mailbox::new(uid_validity, more, found))
}

struct Session {
    connection: Connection,
    tag: u32,
}

/// What is known of a message before it is fetched.
#[derive(Clone, Copy, Default)]
struct Detail {
    size: u32,
    received_ms: Option<u64>,
}

/// How the fetching of a message came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    TooLarge,
    OutOfTime,
    /// The server does not give it out: some cannot read what they have stored.
    Refused,
}

/// What became of a command.
#[derive(Debug)]
enum Said {
    Yes,
    /// The server asks for more (`+`).
    GoOn,
    No(String),
}

/// What one step of reading gave.
enum Step {
    /// Not all of a response is there yet.
    More,
    /// An untagged response was handed on.
    Data,
    End(Said),
}

impl Session {
    /// Greeting, TLS, login.
    async fn begin(&mut self, login: Option<Login>) -> Result<(), MailError> {
        let mut greeted = false;
        while !greeted {
            match self.step("", &mut |response| greeted |= matches!(response, Response::Data { .. }))? {
                Step::More => self.fill().await?,
                Step::Data => {}
                Step::End(said) => return Err(refused(&said)),
            }
        }
        if self.connection.wants_tls() {
            match self.run("STARTTLS", &mut |_| {}).await? {
                Said::Yes => self.connection.secure().await?,
                Said::GoOn | Said::No(_) => {
                    return Err(MailError::Tls("the server does not offer STARTTLS".to_owned()));
                }
            }
        }
        let can = self.capabilities().await?;
        if let Some(login) = login {
            self.login(&login, &can).await?;
        }
        // NetEase (163, 126) opens no mailbox before it knows by whom.
        if can.iter().any(|name| name == "ID") {
            let version = env!("CARGO_PKG_VERSION");
            self.run(&format!("ID (\"name\" \"yiwang\" \"version\" \"{version}\")"), &mut |_| {}).await?;
        }
        Ok(())
    }

    async fn capabilities(&mut self) -> Result<Vec<String>, MailError> {
        let mut names = Vec::new();
        let said = self
            .run("CAPABILITY", &mut |response| {
                if let Response::Capabilities(found) = response {
                    names.extend(found.iter().map(|one| match one {
                        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                        Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
                        Capability::Atom(name) => name.to_ascii_uppercase(),
                    }));
                }
            })
            .await?;
        match said {
            Said::Yes => Ok(names),
            said => Err(refused(&said)),
        }
    }

    async fn login(&mut self, login: &Login, can: &[String]) -> Result<(), MailError> {
        let password = login.password.expose();
        let quotable = [login.user.as_str(), password]
            .iter()
            .all(|text| text.bytes().all(|b| (b' '..=b'~').contains(&b)));
        let said = if quotable && !can.iter().any(|name| name == "LOGINDISABLED") {
            let command = format!("LOGIN {} {}", quoted(&login.user), quoted(password));
            self.run(&command, &mut |_| {}).await?
        } else if can.iter().any(|name| name == "AUTH=PLAIN") {
            match self.run("AUTHENTICATE PLAIN", &mut |_| {}).await? {
                Said::GoOn => {
                    let answer = STANDARD.encode(format!("\0{}\0{password}", login.user));
                    self.go_on(answer.as_bytes()).await?
                }
                said => said,
            }
        } else {
            return Err(MailError::Login("the server takes no password on this connection".to_owned()));
        };
        match said {
            Said::Yes => Ok(()),
            Said::GoOn => Err(MailError::Protocol("the server asks for more than a password".to_owned())),
            Said::No(text) => Err(MailError::Login(text)),
        }
    }

    /// The mailbox's UIDVALIDITY, and its next UID where the server says so.
    async fn examine(&mut self, mailbox: &str) -> Result<(u32, Option<u32>), MailError> {
        let (mut validity, mut next) = (None, None);
        let said = self
            .run(&format!("EXAMINE {}", quoted(mailbox)), &mut |response| {
                let Response::Data { outcome, .. } = response else { return };
                match outcome.code {
                    Some(ResponseCode::UidValidity(value)) => validity = Some(value),
                    Some(ResponseCode::UidNext(value)) => next = Some(value),
                    _ => {}
                }
            })
            .await?;
        match (said, validity) {
            (Said::Yes, Some(validity)) => Ok((validity, next)),
            (Said::Yes, None) => Err(MailError::Protocol("the server gives no UIDVALIDITY".to_owned())),
            (said, _) => Err(refused(&said)),
        }
    }

    /// UIDs after this one, ascending.
    async fn search(&mut self, after: u32, since_ms: Option<u64>) -> Result<Vec<u32>, MailError> {
        let since = since_ms.and_then(day).map(|day| format!(" SINCE {day}")).unwrap_or_default();
        let mut uids = Vec::new();
        let said = self
            .run(&format!("UID SEARCH UID {}:*{since}", after.saturating_add(1)), &mut |response| {
                if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                    uids.extend(found.iter().copied());
                }
            })
            .await?;
        if !matches!(said, Said::Yes) {
            return Err(refused(&said));
        }
        // `*` is the largest UID that there is, also where that is a smaller one.
        uids.retain(|uid| *uid > after);
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    async fn details(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, Detail>, MailError> {
        let mut details: BTreeMap<u32, Detail> = uids.iter().map(|uid| (*uid, Detail::default())).collect();
        if uids.is_empty() {
            return Ok(details);
        }
        let set: Vec<String> = uids.iter().map(u32::to_string).collect();
        let command = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", set.join(","));
        let mut seen = Vec::new();
        let said = self
            .run(&command, &mut |response| {
                let Response::Fetch(_, values) = response else { return };
                let mut uid = None;
                let mut detail = Detail::default();
                for value in values {
                    match value {
                        AttributeValue::Uid(value) => uid = Some(*value),
                        AttributeValue::Rfc822Size(size) => detail.size = *size,
                        AttributeValue::InternalDate(text) => detail.received_ms = instant(text),
                        _ => {}
                    }
                }
                if let Some(known) = uid.and_then(|uid| details.get_mut(&uid)) {
                    *known = detail;
                    seen.extend(uid);
                }
            })
            .await?;
        if !matches!(said, Said::Yes) {
            return Err(refused(&said));
        }
        // What went away between the two commands.
        details.retain(|uid, _| seen.contains(uid));
        Ok(details)
    }

    /// Fetches a message piece by piece; gives how many bytes that were, and why it ended.
    async fn body(
        &mut self,
        uid: u32,
        max: u64,
        ends: Instant,
        file: &mut File,
    ) -> Result<(u64, End), MailError> {
        let mut at = 0;
        loop {
            if at > 0 && Instant::now() >= ends {
                return Ok((at, End::OutOfTime));
            }
            // One byte more than is taken shows whether there is more.
            let asked = limits::MAIL_CHUNK_BYTES.min(max + 1 - at);
            let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{at}.{asked}>)");
            let mut piece: Option<Vec<u8>> = None;
            let said = self
                .run(&command, &mut |response| {
                    let Response::Fetch(_, values) = response else { return };
                    let ours = values
                        .iter()
                        .any(|value| matches!(value, AttributeValue::Uid(found) if *found == uid));
                    let data = values.iter().find_map(|value| match value {
                        AttributeValue::BodySection { section: None, data, .. } => Some(data.as_deref()),
                        _ => None,
                    });
                    if let Some(data) = data.filter(|_| ours) {
                        piece = Some(data.unwrap_or_default().to_vec());
                    }
                })
                .await?;
            if !matches!(said, Said::Yes) {
                return Ok((at, End::Refused));
            }
            let piece = piece.unwrap_or_default();
            let got = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            let kept = got.min(max - at);
            let end = usize::try_from(kept).unwrap_or(piece.len());
            file.write_all(&piece[..end]).map_err(|error| on_disk(&error))?;
            at += kept;
            if got > kept {
                return Ok((at, End::TooLarge));
            }
            if got < asked {
                return Ok((at, End::Whole));
            }
        }
    }

    /// Sends a command and reads all that comes before its end.
    async fn run(
        &mut self,
        command: &str,
        each: &mut (dyn FnMut(&Response<'_>) + Send),
    ) -> Result<Said, MailError> {
        self.tag += 1;
        let tag = format!("Y{}", self.tag);
        let line = format!("{tag} {command}\r\n");
        self.connection.write(line.as_bytes()).await.map_err(|error| broken(&error, false))?;
        self.read_to_end(&tag, each).await
    }

    /// Answers a `+`.
    async fn go_on(&mut self, line: &[u8]) -> Result<Said, MailError> {
        let tag = format!("Y{}", self.tag);
        self.connection.write(&[line, b"\r\n"].concat()).await.map_err(|error| broken(&error, false))?;
        self.read_to_end(&tag, &mut |_| {}).await
    }

    async fn read_to_end(
        &mut self,
        tag: &str,
        each: &mut (dyn FnMut(&Response<'_>) + Send),
    ) -> Result<Said, MailError> {
        loop {
            match self.step(tag, each)? {
                Step::More => self.fill().await?,
                Step::Data => {}
                Step::End(said) => return Ok(said),
            }
        }
    }

    async fn fill(&mut self) -> Result<(), MailError> {
        self.connection.fill(limits::MAIL_ANSWER_BYTES_MAX).await.map_err(|error| broken(&error, false))
    }

    /// Reads one response of the buffer.
    fn step(&mut self, tag: &str, each: &mut (dyn FnMut(&Response<'_>) + Send)) -> Result<Step, MailError> {
        let buffer = &self.connection.buffer;
        if nesting(buffer) > NESTING_MAX {
            return Err(MailError::Protocol("an answer has too many brackets".to_owned()));
        }
        let (rest, response) = match Response::parse(buffer) {
            Ok(parsed) => parsed,
            Err(error) if error.is_incomplete() => return Ok(Step::More),
            Err(_) => {
                // An untagged line that nobody knows is left out; of our own commands we know all.
                let end = line_end(buffer).filter(|_| buffer.starts_with(b"* "));
                let end = end.ok_or_else(|| MailError::Protocol("an answer is not IMAP".to_owned()))?;
                self.connection.buffer.drain(..end);
                return Ok(Step::Data);
            }
        };
        let used = buffer.len() - rest.len();
        let step = match &response {
            Response::Done { tag: of, status, outcome } if of.0 == tag => {
                let told = words(outcome.information.as_deref().unwrap_or_default());
                Step::End(if *status == Status::Ok { Said::Yes } else { Said::No(told) })
            }
            Response::Continue(_) => Step::End(Said::GoOn),
            Response::Data { status: Status::Bye, outcome } if !tag.is_empty() => Step::End(Said::No(words(
                outcome.information.as_deref().unwrap_or("the server said goodbye"),
            ))),
            other => {
                each(other);
                Step::Data
            }
        };
        self.connection.buffer.drain(..used);
        Ok(step)
    }
}

fn refused(said: &Said) -> MailError {
    match said {
        Said::No(text) => MailError::Refused(Reply { code: 0, status: String::new(), text: text.clone() }),
        Said::Yes | Said::GoOn => MailError::Protocol("the server answers something else".to_owned()),
    }
}

/// A quoted string; what is quoted is printable ASCII.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n").map(|at| at + 2)
}

/// How deep brackets go in what is there, outside of quotes and literals.
fn nesting(bytes: &[u8]) -> u32 {
    let (mut depth, mut deepest, mut at, mut in_quotes) = (0_u32, 0, 0, false);
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' if in_quotes => at += 1,
            b'"' => in_quotes = !in_quotes,
            b'\r' | b'\n' => (in_quotes, depth) = (false, 0),
            _ if in_quotes => {}
            b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' => depth = depth.saturating_sub(1),
            b'{' => {
                let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let number =
                    std::str::from_utf8(&bytes[at..at + digits]).ok().and_then(|n| n.parse::<usize>().ok());
                if let Some(len) = number.filter(|_| bytes[at + digits..].starts_with(b"}\r\n")) {
                    // The brackets around a literal go on behind it.
                    at = at.saturating_add(digits + 3).saturating_add(len);
                }
            }
            _ => {}
        }
    }
    deepest
}

/// `04-Jun-2024`, in UTC: the day before in some places, so that nothing of the day is missed.
fn day(ms: u64) -> Option<String> {
    const DAY_MS: u64 = 86_400_000;
    let text = Timestamp(i64::try_from(ms.checked_sub(DAY_MS)?).ok()?).to_string();
    let month = MONTHS.get(text.get(5..7)?.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some(format!("{}-{month}-{}", text.get(8..10)?, text.get(..4)?))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// ` 4-Jun-2024 14:30:00 +0800`.
fn instant(text: &str) -> Option<u64> {
    let (date, rest) = text.trim().split_once(' ')?;
    let (clock, zone) = rest.split_once(' ')?;
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    let (hours, minutes) = zone.split_at_checked(3)?;
    let rfc3339 = format!("{year}-{month:02}-{day:0>2}T{clock}{hours}:{minutes}");
    u64::try_from(Timestamp::parse(&rfc3339)?.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_protocol_are_read_and_written() {
        assert_eq!(instant(" 4-Jun-2024 14:30:00 +0800"), Some(1_717_482_600_000));
        assert_eq!(instant("04-jun-2024 06:30:00 +0000"), Some(1_717_482_600_000));
        for text in ["", "4-Jun-2024", "4-Jux-2024 14:30:00 +0800", "4-Jun-2024 14:30:00 中"] {
            assert_eq!(instant(text), None, "{text}");
        }
        assert_eq!(day(1_717_482_600_000).as_deref(), Some("03-Jun-2024"));
    }

    #[test]
    fn brackets_are_counted_where_they_are_brackets() {
        assert_eq!(nesting(b"* 1 FETCH (UID 1 BODY[] {3}\r\n((( )"), 1);
        assert_eq!(nesting(b"* OK \"((((\" ()"), 1);
        assert_eq!(nesting(b"* 1 FETCH ((((((("), 7);
        assert_eq!(nesting(b"* 1 FETCH (UID 1 BODY[] {3000}\r\n(((((((("), 1, "not all of it is here yet");
    }

    #[test]
    fn what_is_quoted_stays_in_its_quotes() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
