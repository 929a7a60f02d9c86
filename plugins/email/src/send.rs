//! A message out: headers that people and machines need (RFC 5322, RFC 3834), and what the server's answer means.

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;
use mail_parser::decoders::html::html_to_text;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str};
use yiwang_sdk::{MailError, MailReply, OutgoingMail};

use crate::letter::{self, one_line};
use crate::report::short_hash;
use crate::threads::{self, Thread};
use crate::{address, settings};

/// All attachments of a message: it is built in memory.
const FILES_BYTES_MAX: u64 = 4 << 20;
/// Longest subject.
const SUBJECT_CHARS_MAX: usize = 150;
/// Servers that have never heard of us take a message after some minutes (greylisting).
const LATER_MS: u64 = 300_000;

/// Sends.
pub(crate) fn send<H: Host>(
    host: &H,
    ctx: &CallContext,
    notification: &Notification,
) -> Result<Receipt, Failure> {
    let config = host.config();
    let Some(account) = settings::account(&config, "smtp") else {
        return Err(Failure::misconfigured("email.no-smtp", "`smtp` is missing in the configuration"));
    };
    let recipient = &notification.recipient;
    if recipient.kind != "email" && recipient.kind != "openid" {
        let text = format!(
            "a recipient of kind `{}`; email knows `email`, and `openid` of its own reports",
            recipient.kind
        );
        return Err(Failure::permanent("email.recipient-kind", text));
    }
    let to = recipient.address.as_str();
    if !address::is_plain(to) {
        return Err(Failure::permanent("email.recipient", "the recipient is no plain address"));
    }
    let automatic = is_automatic(&config, notification);
    if automatic && !threads::may_answer(host, to, &notification.idempotency_key)? {
        host.info("a second automatic answer of the day is not sent");
        let attributes = vec![("suppressed".to_owned(), "one automatic answer a day".to_owned())];
        return Ok(Receipt { provider_id: None, state: DeliveryState::Accepted, attributes });
    }
    let letter = Letter { host, ctx, config: &config, notification, automatic };
    let id = letter.id();
    let message = letter.built(&id)?;
    let own = config["address"].as_str().unwrap_or_default().to_owned();
    let outgoing = OutgoingMail {
        account,
        // Providers take no other sender, not even `<>`; what bounces is set aside here.
        sender: own,
        recipients: vec![to.to_owned()],
        message: Payload::Bytes(message),
    };
    match host.send_mail(&outgoing) {
        Ok(reply) => Ok(Receipt {
            provider_id: Some(id),
            state: DeliveryState::Accepted,
            attributes: vec![("smtp-reply".to_owned(), told(&reply))],
        }),
        Err(error) => {
            let failure = unsent(error);
            if automatic && failure.kind != FailureKind::UnknownOutcome {
                threads::not_answered(host, to);
            }
            Err(failure)
        }
    }
}

fn is_automatic(config: &Value, notification: &Notification) -> bool {
    let named = [notification.template.as_deref(), notification.subject.as_deref().map(str::trim)];
    let names = config["acknowledgements"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.into_iter().any(|name| named.contains(&Some(name)))
}

/// What a message is made of.
struct Letter<'a, H: Host> {
    host: &'a H,
    ctx: &'a CallContext,
    config: &'a Value,
    notification: &'a Notification,
    automatic: bool,
}

impl<H: Host> Letter<'_, H> {
    /// The same for each try: a server or a person can see that it came twice.
    fn id(&self) -> String {
        let own = self.config["address"].as_str().unwrap_or_default();
        let key =
            format!("{} {} {}", self.ctx.tenant, self.ctx.channel_id, self.notification.idempotency_key);
        format!("{}@{}", short_hash(&key), address::domain(own))
    }

    fn built(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let own = self.config["address"].as_str().unwrap_or_default();
        let title =
            || self.ctx.attributes.iter().find(|(key, _)| key == "channel-title").map(|(_, it)| it.as_str());
        let name = one_line(self.config["name"].as_str().or_else(title).unwrap_or_default());
        let recipient = &self.notification.recipient;
        let to = recipient.display_name.as_deref().map(one_line).filter(|name| !name.is_empty());
        let secs = i64::try_from(self.ctx.now_ms / 1000).unwrap_or_default();
        let mut message = MessageBuilder::new()
            .from(Address::new_address((!name.is_empty()).then_some(name), own))
            .to(Address::new_address(to, recipient.address.as_str()))
            .subject(self.subject())
            .date(Date::new(secs))
            .message_id(id.to_owned())
            .header(
                "Auto-Submitted",
                Raw::new(if self.automatic { "auto-replied" } else { "auto-generated" }),
            )
            // Exchange answers with notes of absence all the same, unless it is told.
            .header("X-Auto-Response-Suppress", Raw::new("OOF, AutoReply"));
        if let Some(Thread { in_reply_to, mut references }) = self.thread() {
            references.push(in_reply_to.clone());
            message = message.in_reply_to(in_reply_to).references(MessageId::from(references));
        }
        let message = message.body(self.body()?);
        message.write_to_vec().map_err(|error| Failure::permanent("email.unwritable", error.to_string()))
    }

    /// With the number of the case, by which a reply is known.
    fn subject(&self) -> String {
        let subject = one_line(self.notification.subject.as_deref().unwrap_or_default());
        let subject =
            if subject.is_empty() { one_line(first_line(&self.notification.body)) } else { subject };
        let subject: String = subject.chars().take(SUBJECT_CHARS_MAX).collect();
        match self.case_no() {
            Some(case_no) if !subject.contains(case_no) => format!("[{case_no}] {subject}"),
            _ => subject,
        }
    }

    fn case_no(&self) -> Option<&str> {
        let attributes = &self.notification.attributes;
        attributes.iter().find(|(key, _)| key == "case-no").map(|(_, case_no)| case_no.as_str())
    }

    /// What it answers: what the process says (`inReplyTo` of its parameters), else what the person wrote last.
    fn thread(&self) -> Option<Thread> {
        let params: Value = from_str(&self.notification.params).unwrap_or_default();
        if let Some(id) = params["inReplyTo"].as_str().and_then(letter::id) {
            return Some(Thread { in_reply_to: id, references: Vec::new() });
        }
        threads::of(self.host, &self.notification.recipient.address, self.case_no())
    }

    fn body(&self) -> Result<MimePart<'_>, Failure> {
        let body = self.notification.body.as_str();
        let words = if self.notification.body_type == "text/html" {
            let plain = MimePart::new("text/plain", html_to_text(body));
            self.multipart("multipart/alternative", "b", vec![plain, MimePart::new("text/html", body)])
        } else {
            MimePart::new("text/plain", body)
        };
        if self.notification.attachments.is_empty() {
            return Ok(words);
        }
        let size: u64 = self.notification.attachments.iter().map(|blob| blob.size).sum();
        if size > FILES_BYTES_MAX {
            let text = format!("the attachments have {size} bytes, more than {FILES_BYTES_MAX}");
            return Err(Failure::permanent("email.attachments-too-large", text));
        }
        let mut parts = vec![words];
        for blob in &self.notification.attachments {
            let bytes = self.host.blob(blob, FILES_BYTES_MAX as usize).map_err(letter::not_kept)?;
            let name = one_line(blob.file_name.as_deref().unwrap_or("file"));
            parts.push(MimePart::new(blob.media_type.clone(), bytes).attachment(name));
        }
        Ok(self.multipart("multipart/mixed", "a", parts))
    }

    /// The boundary follows from the message, as its id does: nothing here knows chance or time.
    fn multipart<'x>(&self, kind: &'static str, which: &str, parts: Vec<MimePart<'x>>) -> MimePart<'x> {
        let boundary = format!("=_{which}_{}", self.id().split('@').next().unwrap_or_default());
        MimePart::new(ContentType::new(kind).attribute("boundary", boundary), parts)
    }
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// What the server said, for the record.
fn told(reply: &MailReply) -> String {
    format!("{} {} {}", reply.code, reply.status, one_line(&reply.text)).chars().take(200).collect()
}

/// What it means that it was not sent.
fn unsent(error: MailError) -> Failure {
    match error {
        MailError::Denied(reason) => Failure::misconfigured("email.denied", reason),
        MailError::InvalidRequest(reason) => Failure::permanent("email.invalid-request", reason),
        MailError::Login(reason) => Failure::misconfigured("email.login", reason),
        MailError::Dns(reason) | MailError::Connect(reason) => {
            Failure::retryable("email.unreachable", reason)
        }
        MailError::Tls(reason) => Failure::retryable("email.tls", reason),
        MailError::Refused(reply) => refused(&reply),
        MailError::Timeout(false) | MailError::Lost(false) => {
            Failure::retryable("email.unreachable", "the connection broke off before the message was taken")
        }
        MailError::Timeout(true) | MailError::Lost(true) => Failure::unknown_outcome(
            "email.lost",
            "the connection broke off while the message was handed over",
        ),
        MailError::Protocol(reason) => Failure::retryable("email.protocol", reason),
    }
}

/// <https://www.rfc-editor.org/rfc/rfc5321#section-4.2>
fn refused(reply: &MailReply) -> Failure {
    let code = format!("smtp.{}", reply.code);
    let text = told(reply);
    match reply.code {
        // It wants a login, or a better one.
        530 | 534 | 535 | 538 => Failure::misconfigured(code, text),
        400..=499 => Failure::retryable(code, text).after(Some(LATER_MS)),
        _ => Failure::permanent(code, text),
    }
}
