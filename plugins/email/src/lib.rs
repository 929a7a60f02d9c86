//! E-mail: what people write to a mailbox in, replies and acknowledgements out.
//!
//! ```text
//! poll ─► host: IMAP ─► pieces of a message ─► parts ─┬─ text ──────► letter ─► set aside?  ─► event
//!                                                     └─ attachment ─► file, piece by piece
//! send ─► message with Message-ID, In-Reply-To, Auto-Submitted ─► host: SMTP
//! ```
//! The host logs in and does TLS; this plugin never sees a password and changes nothing in the mailbox. A message is
//! never in memory as a whole: its parts are told apart line by line, texts are kept, attachments go to the host as
//! they are decoded. Nothing is stored here but which message of whom is answered, and who has been answered today.

mod address;
mod authentication;
mod bounce;
mod charset;
mod cursor;
mod guard;
mod letter;
mod parts;
mod poll;
mod quotation;
mod report;
mod send;
mod settings;
mod threads;
mod transfer;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

struct Email;

impl Channel for Email {
    fn validate_config(config: &Value) -> Vec<Problem> {
        settings::problems(config)
    }

    fn poll<H: Host>(
        host: &H,
        ctx: &CallContext,
        cursor: Option<String>,
        max_events: u32,
    ) -> Result<Page, Failure> {
        poll::poll(host, ctx, cursor.as_deref(), max_events)
    }

    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        send::send(host, ctx, &notification)
    }
}

yiwang_sdk::export_channel!(Email: poller, sender);

#[cfg(test)]
mod tests;
