//! Asking for what is new: a page of messages, each an event, and the place behind the last one.
//!
//! The place moves with every message, whatever it is: one that cannot be read becomes an event that says so. Even
//! one that breaks the plugin itself is passed: after a call that did not come to an end, messages are taken one by
//! one, each is noted before it is read, and one that is noted already is set aside.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{MailError, MailMessage, MailQuery, Mailbox};

use crate::cursor::Cursor;
use crate::guard::Aside;
use crate::letter::{self, FILES_MAX, Letter, Reader};
use crate::parts::Walk;
use crate::report::{self, Found};
use crate::{bounce, settings, threads};

/// Messages of a page: each may have files, and a call may write a hundred.
const MESSAGES_MAX: u32 = 20;
/// Files that a call may begin, with some to spare.
const FILES_OF_CALL_MAX: usize = 90;
/// What is read of a message at once.
const PIECE_BYTES: u32 = 128 << 10;
/// Which message is being read, while calls break down.
const READING: &str = "reading";
/// How long that is of interest.
const READING_MS: u64 = 7 * 86_400_000;

/// Fetches a page.
pub(crate) fn poll<H: Host>(
    host: &H,
    ctx: &CallContext,
    cursor: Option<&str>,
    max_events: u32,
) -> Result<Page, Failure> {
    let config = host.config();
    let Some(account) = settings::account(&config, "imap") else {
        // A channel that only sends.
        let day = Some(86_400_000);
        return Ok(Page {
            events: Vec::new(),
            updates: Vec::new(),
            cursor: cursor.map(ToOwned::to_owned),
            more: false,
            next_after_ms: day,
        });
    };
    let place = cursor.and_then(Cursor::read);
    let carefully = ctx.attempt > 1;
    let wanted = if carefully { 1 } else { MESSAGES_MAX };
    let query = MailQuery {
        account,
        mailbox: config["imap"]["mailbox"].as_str().unwrap_or("INBOX").to_owned(),
        uid_validity: place.map(|place| place.uid_validity),
        after_uid: place.map_or(0, |place| place.uid),
        since_ms: settings::since_ms(&config),
        max_messages: wanted.min(max_events.max(1)),
        max_message_bytes: config["imap"]["messageBytesMax"].as_u64().unwrap_or(25 << 20),
    };
    let mailbox = host.fetch_mail(&query).map_err(unfetched)?;
    let page = mailbox.page();
    let uid_validity = page.uid_validity;
    if let Some(place) = place.filter(|place| place.uid_validity != uid_validity) {
        let text = format!("the mailbox is numbered anew: {} was {}", uid_validity, place.uid_validity);
        host.warn(&text);
    }
    let mut at = match place {
        Some(place) if place.uid_validity == uid_validity => place,
        _ => Cursor { uid_validity, uid: 0 },
    };
    let (mut events, mut updates, mut more, mut files) = (Vec::new(), Vec::new(), page.more, 0);
    for message in &page.messages {
        if !events.is_empty() && files + FILES_MAX + 1 > FILES_OF_CALL_MAX {
            more = true;
            break;
        }
        let here = Cursor { uid_validity, uid: message.uid };
        // The server counts by its own days.
        if query.since_ms.is_some_and(|since| message.received_ms.is_some_and(|at| at < since)) {
            at = here;
            continue;
        }
        let found = Found { at: here, message };
        let event = if message.fetched == 0 && !message.whole {
            report::unreadable(found, "the mail server does not give it out")
        } else if carefully && noted(host, here)? {
            report::unreadable(found, "reading it broke the plugin off more than once")
        } else {
            let one = One { host, config: &config, mailbox: &*mailbox };
            match one.read(message, &mut files) {
                Ok(mut letter) => {
                    if letter.aside.is_none() {
                        let per_hour = config["senderPerHour"].as_u64().unwrap_or(20);
                        if threads::floods(host, ctx, &letter.from, per_hour) {
                            let detail = format!("more than {per_hour} messages within an hour");
                            letter.aside = Some(Aside::new("flood", detail));
                        } else {
                            threads::remember(host, &letter);
                        }
                    }
                    updates.extend(bounce::update(&letter, found.message.received_ms));
                    report::event(&config, &mut letter, found)
                }
                // What came before is kept; this one is asked for again.
                Err(_) if !events.is_empty() => {
                    more = true;
                    break;
                }
                // Too large a file and the like: the same again and again.
                Err(failure) if failure.kind == FailureKind::Permanent => {
                    report::unreadable(found, &failure.message)
                }
                Err(failure) => return Err(failure),
            }
        };
        events.push(event);
        at = here;
    }
    Ok(Page { events, updates, cursor: Some(at.to_string()), more, next_after_ms: None })
}

/// Notes that this message is being read; true: it was noted before, and more than once.
fn noted<H: Host>(host: &H, at: Cursor) -> Result<bool, Failure> {
    let known = host.kv_get(READING).map_err(letter::not_stored)?.unwrap_or_default();
    let known = String::from_utf8(known).unwrap_or_default();
    let (place, times) = known.split_once(' ').unwrap_or_default();
    let times: u32 = if place == at.to_string() { times.parse().unwrap_or(0) } else { 0 };
    let value = format!("{at} {}", times + 1);
    host.kv_set(READING, value.as_bytes(), Some(READING_MS)).map_err(letter::not_stored)?;
    Ok(times >= 2)
}

/// What one message is read with.
struct One<'a, H: Host> {
    host: &'a H,
    config: &'a Value,
    mailbox: &'a dyn Mailbox,
}

impl<H: Host> One<'_, H> {
    fn read(&self, message: &MailMessage, files: &mut usize) -> Result<Letter, Failure> {
        let mut reader = Reader::new(self.host, self.config);
        let mut original = if self.config["keepOriginals"] == true && message.whole {
            *files += 1;
            Some(self.host.new_blob("message/rfc822", Some("original.eml")).map_err(letter::not_kept)?)
        } else {
            None
        };
        let mut walk = Walk::new(&mut reader);
        let mut offset = 0;
        loop {
            let piece = self.mailbox.read(message.uid, offset, PIECE_BYTES).map_err(unfetched)?;
            if piece.is_empty() {
                break;
            }
            offset += piece.len() as u64;
            if let Some(original) = &mut original {
                original.write(&piece).map_err(letter::not_kept)?;
            }
            walk.feed(&piece)?;
        }
        walk.finish()?;
        *files += reader.files_begun();
        let mut letter = reader.letter;
        // What is set aside lies in the mailbox.
        if let Some(original) = original.filter(|_| letter.aside.is_none()) {
            letter.files.push(original.finish().map_err(letter::not_kept)?);
        }
        Ok(letter)
    }
}

/// A mailbox that did not answer as it should.
fn unfetched(error: MailError) -> Failure {
    match error {
        MailError::Denied(reason) => Failure::misconfigured("email.denied", reason),
        MailError::InvalidRequest(reason) => Failure::misconfigured("email.invalid-request", reason),
        MailError::Login(reason) => Failure::misconfigured("email.login", reason),
        MailError::Tls(reason) => Failure::retryable("email.tls", reason),
        MailError::Dns(reason) | MailError::Connect(reason) => {
            Failure::retryable("email.unreachable", reason)
        }
        MailError::Refused(reply) => Failure::retryable("email.refused", reply.text),
        MailError::Timeout(_) => Failure::retryable("email.timeout", "no answer in time"),
        MailError::Lost(_) => Failure::retryable("email.lost", "the connection broke off"),
        MailError::Protocol(reason) => Failure::retryable("email.protocol", reason),
    }
}
