//! What a plugin may ask of the world: the trait, and its implementation by the imports of the component.

use serde_json::Value;

use crate::bindings::imports::yiwang::channel as import;
use crate::{
    BlobError, BlobRef, HttpError, HttpResponse, KvError, Level, MailError, MailPage, MailQuery, MailReply,
    OutgoingMail, OutgoingRequest, SecretError,
};

/// A file that is being written. What is dropped before [`BlobWriter::finish`] is not kept.
pub trait BlobWriter {
    /// Adds bytes.
    ///
    /// # Errors
    /// Too large, or not available.
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError>;

    /// Keeps the file.
    ///
    /// # Errors
    /// Not available.
    fn finish(self: Box<Self>) -> Result<BlobRef, BlobError>;
}

/// Messages that were fetched from a mailbox; they lie with the host until this is dropped.
pub trait Mailbox {
    /// What there is.
    fn page(&self) -> MailPage;

    /// At most `max` bytes of a message from `offset`, never more than 1 MiB; none at its end.
    ///
    /// # Errors
    /// No such message.
    fn read(&self, uid: u32, offset: u64, max: u32) -> Result<Vec<u8>, MailError>;
}

/// The host's side. [`Live`] in a component, [`fake::Host`](crate::fake::Host) in a unit test.
pub trait Host {
    /// Writes a structured log line. Never personal data, never a secret.
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]);

    /// The channel's configuration as the administrator wrote it, checked against the manifest's schema.
    fn config(&self) -> Value;

    /// A secret's value; the manifest must say `reveal = true`, and the administrator too.
    ///
    /// # Errors
    /// Not granted, or not set.
    fn secret(&self, name: &str) -> Result<String, SecretError>;

    /// HMAC with a key that stays on the host. `encoding`: `utf8`, `hex`, `base64`;
    /// `algorithm`: `sha256`, `sha1`.
    ///
    /// # Errors
    /// Not granted, not set, or not in that encoding.
    fn hmac(&self, name: &str, encoding: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, SecretError>;

    /// Milliseconds since 1970. `CallContext::now_ms` is enough for most uses.
    fn now_ms(&self) -> u64;

    /// Random bytes, at most 64 KiB.
    fn random(&self, len: u32) -> Vec<u8>;

    /// A value of this channel's small store.
    ///
    /// # Errors
    /// Not granted or not available.
    fn kv_get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError>;

    /// Stores a value, for `ttl_ms` or for good.
    ///
    /// # Errors
    /// Not granted, over the quota, or not available.
    fn kv_set(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), KvError>;

    /// Stores a value unless one is there. True: stored. Serves as a short lease.
    ///
    /// # Errors
    /// As [`Host::kv_set`].
    fn kv_set_if_absent(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<bool, KvError>;

    /// Removes a value.
    ///
    /// # Errors
    /// Not granted or not available.
    fn kv_delete(&self, key: &str) -> Result<(), KvError>;

    /// The first `max` bytes of a file that was handed to this call or made by it.
    ///
    /// # Errors
    /// Not such a file, or it has more than `max` bytes.
    fn blob(&self, blob: &BlobRef, max: usize) -> Result<Vec<u8>, BlobError>;

    /// Keeps a file.
    ///
    /// # Errors
    /// Not granted or too large.
    fn put_blob(&self, media_type: &str, file_name: Option<&str>, bytes: &[u8])
    -> Result<BlobRef, BlobError>;

    /// Begins a file, for what is too large for one piece of memory.
    ///
    /// # Errors
    /// Not granted.
    fn new_blob(
        &self,
        media_type: &str,
        file_name: Option<&str>,
    ) -> Result<Box<dyn BlobWriter + '_>, BlobError>;

    /// Looks into a mailbox of a granted server (IMAP). The host logs in; nothing is changed in the mailbox.
    ///
    /// # Errors
    /// Not granted, or it did not get through.
    fn fetch_mail(&self, query: &MailQuery) -> Result<Box<dyn Mailbox + '_>, MailError>;

    /// Hands a message to a granted server (SMTP). The host logs in.
    ///
    /// # Errors
    /// Not granted, not taken, or nobody knows.
    fn send_mail(&self, message: &OutgoingMail) -> Result<MailReply, MailError>;

    /// Sends an HTTP request to a granted host.
    ///
    /// # Errors
    /// Not granted, or it did not get through.
    fn http(&self, request: OutgoingRequest) -> Result<HttpResponse, HttpError>;

    /// A line at level `info`.
    fn info(&self, message: &str) {
        self.log(Level::Info, message, &[]);
    }

    /// A line at level `warn`.
    fn warn(&self, message: &str) {
        self.log(Level::Warn, message, &[]);
    }
}

/// The imports of the component. In a native build its functions must not be called.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live;

impl Host for Live {
    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let fields: Vec<(String, String)> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        import::log::write(level, message, &fields);
    }

    fn config(&self) -> Value {
        serde_json::from_str(&import::config::get()).expect("the host hands over valid JSON")
    }

    fn secret(&self, name: &str) -> Result<String, SecretError> {
        import::secrets::get(name)
    }

    fn hmac(&self, name: &str, encoding: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, SecretError> {
        import::secrets::hmac(name, encoding, algorithm, data)
    }

    fn now_ms(&self) -> u64 {
        import::system::now_ms()
    }

    fn random(&self, len: u32) -> Vec<u8> {
        import::system::random_bytes(len)
    }

    fn kv_get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        import::kv::get(key)
    }

    fn kv_set(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), KvError> {
        import::kv::set(key, value, ttl_ms)
    }

    fn kv_set_if_absent(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<bool, KvError> {
        import::kv::set_if_absent(key, value, ttl_ms)
    }

    fn kv_delete(&self, key: &str) -> Result<(), KvError> {
        import::kv::delete(key)
    }

    fn blob(&self, blob: &BlobRef, max: usize) -> Result<Vec<u8>, BlobError> {
        if blob.size > max as u64 {
            return Err(BlobError::TooLarge(blob.size));
        }
        let reader = import::blobs::open(blob)?;
        let mut bytes = Vec::new();
        loop {
            let chunk = reader.read(64 * 1024)?;
            if chunk.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&chunk);
            if bytes.len() > max {
                return Err(BlobError::TooLarge(bytes.len() as u64));
            }
        }
    }

    fn put_blob(
        &self,
        media_type: &str,
        file_name: Option<&str>,
        bytes: &[u8],
    ) -> Result<BlobRef, BlobError> {
        let writer = import::blobs::create(media_type, file_name)?;
        for chunk in bytes.chunks(64 * 1024) {
            writer.write(chunk)?;
        }
        import::blobs::finish(writer)
    }

    fn new_blob(
        &self,
        media_type: &str,
        file_name: Option<&str>,
    ) -> Result<Box<dyn BlobWriter + '_>, BlobError> {
        Ok(Box::new(LiveWriter(import::blobs::create(media_type, file_name)?)))
    }

    fn fetch_mail(&self, query: &MailQuery) -> Result<Box<dyn Mailbox + '_>, MailError> {
        Ok(Box::new(LiveMailbox(import::mail::fetch(query)?)))
    }

    fn send_mail(&self, message: &OutgoingMail) -> Result<MailReply, MailError> {
        import::mail::send(message)
    }

    fn http(&self, request: OutgoingRequest) -> Result<HttpResponse, HttpError> {
        import::http::send(&request)
    }
}

struct LiveWriter(import::blobs::Writer);

impl BlobWriter for LiveWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        bytes.chunks(64 * 1024).try_for_each(|chunk| self.0.write(chunk))
    }

    fn finish(self: Box<Self>) -> Result<BlobRef, BlobError> {
        import::blobs::finish(self.0)
    }
}

struct LiveMailbox(import::mail::Mailbox);

impl Mailbox for LiveMailbox {
    fn page(&self) -> MailPage {
        self.0.page()
    }

    fn read(&self, uid: u32, offset: u64, max: u32) -> Result<Vec<u8>, MailError> {
        self.0.read(uid, offset, max)
    }
}
