//! A host made of memory, for unit tests of a plugin by plain `cargo test`.
//!
//! It grants everything that was put into it and nothing else. It checks no manifest and no limit: the
//! fixtures of a plugin, run on the real component by the real host, do.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::{
    BlobError, BlobRef, BlobWriter, CallContext, FormPart, Header, HttpError, HttpRequest, HttpResponse,
    KvError, Level, MailError, MailMessage, MailPage, MailQuery, MailReply, Mailbox, OutgoingMail,
    OutgoingRequest, Payload, SecretError, codec,
};

/// A value and when it expires.
type Kept = (Vec<u8>, Option<u64>);

/// The fake. Build it with [`Host::new`] and the methods that take `self`.
#[derive(Default)]
pub struct Host {
    config: Value,
    secrets: BTreeMap<String, String>,
    now_ms: Cell<u64>,
    random: Cell<u8>,
    kv: RefCell<BTreeMap<String, Kept>>,
    blobs: RefCell<BTreeMap<String, Vec<u8>>>,
    answers: RefCell<VecDeque<Result<HttpResponse, HttpError>>>,
    sent: RefCell<Vec<OutgoingRequest>>,
    lines: RefCell<Vec<String>>,
    uid_validity: Cell<u32>,
    messages: RefCell<BTreeMap<u32, Vec<u8>>>,
    mail_failure: RefCell<Option<MailError>>,
    mail_answers: RefCell<VecDeque<Result<MailReply, MailError>>>,
    letters: RefCell<Vec<OutgoingMail>>,
}

impl Host {
    /// No configuration, no secrets, no answers; 2024-06-04T14:30:00+08:00.
    #[must_use]
    pub fn new() -> Self {
        Self {
            config: json!({}),
            now_ms: Cell::new(1_717_482_600_000),
            uid_validity: Cell::new(1),
            ..Self::default()
        }
    }

    /// With this configuration.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// With this secret.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The next outgoing request gets this answer; they are given in order.
    #[must_use]
    pub fn answer(self, answer: Result<HttpResponse, HttpError>) -> Self {
        self.answers.borrow_mut().push_back(answer);
        self
    }

    /// With this message in its mailbox, under this UID.
    #[must_use]
    pub fn message(self, uid: u32, bytes: impl AsRef<[u8]>) -> Self {
        self.messages.borrow_mut().insert(uid, bytes.as_ref().to_vec());
        self
    }

    /// The server has numbered its messages anew.
    pub fn renumber(&self, uid_validity: u32, messages: &[(u32, &[u8])]) {
        self.uid_validity.set(uid_validity);
        *self.messages.borrow_mut() = messages.iter().map(|(uid, bytes)| (*uid, bytes.to_vec())).collect();
    }

    /// From now on the mailbox answers this.
    pub fn mailbox_fails(&self, error: Option<MailError>) {
        *self.mail_failure.borrow_mut() = error;
    }

    /// The next message that goes out gets this answer; they are given in order.
    #[must_use]
    pub fn mail_answer(self, answer: Result<MailReply, MailError>) -> Self {
        self.mail_answers.borrow_mut().push_back(answer);
        self
    }

    /// Messages that were handed over.
    #[must_use]
    pub fn letters(&self) -> Vec<OutgoingMail> {
        self.letters.borrow().clone()
    }

    /// The bytes of a file that was kept.
    #[must_use]
    pub fn file(&self, digest: &str) -> Option<Vec<u8>> {
        self.blobs.borrow().get(digest).cloned()
    }

    /// Time goes on.
    pub fn advance(&self, ms: u64) {
        self.now_ms.set(self.now_ms.get() + ms);
    }

    /// What was sent.
    #[must_use]
    pub fn sent(&self) -> Vec<OutgoingRequest> {
        self.sent.borrow().clone()
    }

    /// What was logged, as `level message`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// A context for a call at the host's time.
    #[must_use]
    pub fn context(&self) -> CallContext {
        CallContext {
            channel_id: "test".to_owned(),
            tenant: "default".to_owned(),
            call_id: "call-1".to_owned(),
            attempt: 1,
            now_ms: self.now_ms.get(),
            deadline_ms: self.now_ms.get() + 3000,
            traceparent: None,
            locale: "zh-CN".to_owned(),
            attributes: vec![("channel-title".to_owned(), "测试渠道".to_owned())],
        }
    }

    fn live_value(&self, key: &str) -> Option<Vec<u8>> {
        let kv = self.kv.borrow();
        let (value, expires) = kv.get(key)?;
        (expires.is_none_or(|at| at > self.now_ms.get())).then(|| value.clone())
    }

    fn store(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) {
        let expires = ttl_ms.map(|ttl| self.now_ms.get() + ttl);
        self.kv.borrow_mut().insert(key.to_owned(), (value.to_vec(), expires));
    }
}

impl crate::Host for Host {
    fn log(&self, level: Level, message: &str, _fields: &[(&str, &str)]) {
        self.lines.borrow_mut().push(format!("{level:?} {message}"));
    }

    fn config(&self) -> Value {
        self.config.clone()
    }

    fn secret(&self, name: &str) -> Result<String, SecretError> {
        self.secrets.get(name).cloned().ok_or(SecretError::NotSet)
    }

    fn hmac(&self, name: &str, encoding: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, SecretError> {
        let secret = self.secret(name)?;
        let unsupported = |what: &str| SecretError::Unsupported(format!("{name}: {what}"));
        let key = match encoding {
            "utf8" => Some(secret.into_bytes()),
            "hex" => codec::hex_decode(&secret),
            "base64" => codec::base64_decode(secret.strip_prefix("whsec_").unwrap_or(&secret)),
            _ => None,
        };
        let key = key.ok_or_else(|| unsupported("not in this encoding"))?;
        match algorithm {
            "sha256" => Ok(mac::<hmac::Hmac<sha2::Sha256>>(&key, data)),
            "sha1" => Ok(mac::<hmac::Hmac<sha1::Sha1>>(&key, data)),
            _ => Err(unsupported("no such algorithm")),
        }
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn random(&self, len: u32) -> Vec<u8> {
        (0..len)
            .map(|_| {
                self.random.set(self.random.get().wrapping_add(1));
                self.random.get()
            })
            .collect()
    }

    fn kv_get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.live_value(key))
    }

    fn kv_set(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), KvError> {
        self.store(key, value, ttl_ms);
        Ok(())
    }

    fn kv_set_if_absent(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<bool, KvError> {
        let absent = self.live_value(key).is_none();
        if absent {
            self.store(key, value, ttl_ms);
        }
        Ok(absent)
    }

    fn kv_delete(&self, key: &str) -> Result<(), KvError> {
        self.kv.borrow_mut().remove(key);
        Ok(())
    }

    fn blob(&self, blob: &BlobRef, max: usize) -> Result<Vec<u8>, BlobError> {
        let bytes = self.blobs.borrow().get(&blob.digest).cloned().ok_or(BlobError::NotFound)?;
        if bytes.len() > max { Err(BlobError::TooLarge(bytes.len() as u64)) } else { Ok(bytes) }
    }

    fn put_blob(
        &self,
        media_type: &str,
        file_name: Option<&str>,
        bytes: &[u8],
    ) -> Result<BlobRef, BlobError> {
        let blob = blob(media_type, file_name, bytes);
        self.blobs.borrow_mut().insert(blob.digest.clone(), bytes.to_vec());
        Ok(blob)
    }

    fn new_blob(
        &self,
        media_type: &str,
        file_name: Option<&str>,
    ) -> Result<Box<dyn BlobWriter + '_>, BlobError> {
        let (media_type, file_name) = (media_type.to_owned(), file_name.map(ToOwned::to_owned));
        Ok(Box::new(Writer { host: self, media_type, file_name, bytes: Vec::new() }))
    }

    fn fetch_mail(&self, query: &MailQuery) -> Result<Box<dyn Mailbox + '_>, MailError> {
        if let Some(error) = self.mail_failure.borrow().clone() {
            return Err(error);
        }
        let uid_validity = self.uid_validity.get();
        let after = if query.uid_validity == Some(uid_validity) { query.after_uid } else { 0 };
        let mut found: Vec<(u32, Vec<u8>)> = self
            .messages
            .borrow()
            .iter()
            .filter(|(uid, _)| **uid > after)
            .map(|(uid, bytes)| (*uid, bytes.clone()))
            .collect();
        let wanted = query.max_messages as usize;
        let more = found.len() > wanted;
        found.truncate(wanted);
        let message = |(uid, bytes): &(u32, Vec<u8>)| {
            let size = bytes.len() as u64;
            let fetched = size.min(query.max_message_bytes);
            let received_ms = Some(self.now_ms.get());
            MailMessage { uid: *uid, size, fetched, received_ms, whole: size == fetched }
        };
        let messages = found.iter().map(message).collect();
        Ok(Box::new(Fetched { page: MailPage { uid_validity, messages, more }, bytes: found }))
    }

    fn send_mail(&self, message: &OutgoingMail) -> Result<MailReply, MailError> {
        self.letters.borrow_mut().push(message.clone());
        let none = || Err(MailError::Denied("no answer is recorded".to_owned()));
        self.mail_answers.borrow_mut().pop_front().unwrap_or_else(none)
    }

    fn http(&self, request: OutgoingRequest) -> Result<HttpResponse, HttpError> {
        let url = request.url.clone();
        self.sent.borrow_mut().push(request);
        self.answers
            .borrow_mut()
            .pop_front()
            .unwrap_or_else(|| Err(HttpError::Denied(format!("no answer is recorded for {url}"))))
    }
}

struct Writer<'a> {
    host: &'a Host,
    media_type: String,
    file_name: Option<String>,
    bytes: Vec<u8>,
}

impl BlobWriter for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<BlobRef, BlobError> {
        crate::Host::put_blob(self.host, &self.media_type, self.file_name.as_deref(), &self.bytes)
    }
}

struct Fetched {
    page: MailPage,
    bytes: Vec<(u32, Vec<u8>)>,
}

impl Mailbox for Fetched {
    fn page(&self) -> MailPage {
        self.page.clone()
    }

    fn read(&self, uid: u32, offset: u64, max: u32) -> Result<Vec<u8>, MailError> {
        let message = self.page.messages.iter().zip(&self.bytes).find(|(message, _)| message.uid == uid);
        let (message, (_, bytes)) =
            message.ok_or_else(|| MailError::InvalidRequest(format!("there is no message {uid}")))?;
        let bytes = bytes.iter().take(message.fetched as usize).skip(offset as usize);
        Ok(bytes.take(max as usize).copied().collect())
    }
}

fn mac<M: hmac::Mac + hmac::KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = M::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// A reference to these bytes.
#[must_use]
pub fn blob(media_type: &str, file_name: Option<&str>, bytes: &[u8]) -> BlobRef {
    BlobRef {
        digest: format!("sha256:{}", codec::sha256_hex(bytes)),
        size: bytes.len() as u64,
        media_type: media_type.to_owned(),
        file_name: file_name.map(ToOwned::to_owned),
    }
}

/// A request without headers and body; `path` may carry a query.
#[must_use]
pub fn get(path: &str) -> HttpRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.collect(),
        headers: Vec::new(),
        client_addr: None,
        body: Payload::Empty,
        form: Vec::new(),
    }
}

/// A request with a text body.
#[must_use]
pub fn post(path: &str, content_type: &str, body: &str) -> HttpRequest {
    let mut request = get(path);
    "POST".clone_into(&mut request.method);
    request.headers.push(Header { name: "content-type".to_owned(), value: content_type.to_owned() });
    request.body = Payload::Text(body.to_owned());
    request
}

/// A form as the host hands it over: parsed.
#[must_use]
pub fn form(path: &str, fields: &[(&str, &str)], files: &[(&str, BlobRef)]) -> HttpRequest {
    let mut request = post(path, "multipart/form-data; boundary=x", "");
    request.body = Payload::Empty;
    let fields = fields.iter().map(|(name, value)| FormPart {
        name: (*name).to_owned(),
        content: Payload::Text((*value).to_owned()),
    });
    let files = files
        .iter()
        .map(|(name, blob)| FormPart { name: (*name).to_owned(), content: Payload::Blob(blob.clone()) });
    request.form = fields.chain(files).collect();
    request
}
