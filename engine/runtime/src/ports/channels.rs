//! The port to the channels: what comes in, what goes out, and what became of it. How plugins run is not known here.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use yiwang_core::effect::Message;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, Event, Timestamp};

/// The channels, each a configured instance of a plugin.
pub trait Channels: Send + Sync {
    /// All configured channels.
    fn list(&self) -> Vec<ChannelInfo>;

    /// Hands a request to a channel's plugin. The caller stores the events, then sends the response.
    fn receive(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>>;

    /// Sends a message by a channel.
    fn send(&self, channel: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome>;

    /// Reads the channels and their plugins again. All or nothing: if one would not work afterwards that works
    /// now, or is new, all stay as they are and the sentences say why. Calls under way end as they began.
    fn reload(&self) -> BoxFuture<'_, Result<Vec<ChannelInfo>, Vec<String>>> {
        let list = self.list();
        Box::pin(async move { Ok(list) })
    }

    /// Calls a channel again that is parked because its calls broke down. Whether there is such a channel.
    fn unpark(&self, channel: &str) -> bool {
        self.list().iter().any(|known| known.id == channel)
    }

    /// The last calls of a channel's plugin in this process, the newest first. None: there is no such channel.
    fn calls(&self, channel: &str) -> Option<Vec<CallInfo>> {
        self.list().iter().any(|known| known.id == channel).then(Vec::new)
    }

    /// All of one call, if it was recorded: for people and for a replay, without secrets.
    fn recording(&self, channel: &str, call: &str) -> Option<serde_json::Value> {
        let _ = (channel, call);
        None
    }

    /// The channels that are to be asked for what is new, and how often.
    fn polled(&self) -> Vec<Polled> {
        Vec::new()
    }

    /// Asks a channel for what is new. The caller stores events and cursor in one transaction.
    fn poll(&self, channel: &str, poll: Poll) -> BoxFuture<'_, Result<PolledPage, PollFailed>> {
        let _ = poll;
        let message = format!("channel `{channel}` is not asked for what is new");
        let code = "channel.polls-nothing".to_owned();
        Box::pin(std::future::ready(Err(PollFailed { code, message, parks: true, retry_after: None })))
    }

    /// Hands a provider's report on messages to a channel's plugin. The caller stores the reports, then sends
    /// the response.
    fn report(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let _ = request;
        let response = ChannelResponse { status: 404, headers: Vec::new(), body: Vec::new().into() };
        let reason = format!("channel `{channel}` takes no reports on messages");
        let code = "channel.takes-no-reports".to_owned();
        Box::pin(std::future::ready(Err(Rejected { response, code, reason, keep: false })))
    }

    /// Asks a channel how it does, unless it was asked less than a minute before `now`. None: there is no such
    /// channel, or it is not ready; [`Channels::list`] says why.
    fn health(&self, channel: &str, now: Timestamp) -> BoxFuture<'_, Option<ChannelHealth>> {
        let _ = (channel, now);
        Box::pin(std::future::ready(None))
    }
}

/// How a channel said that it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHealth {
    /// In a word.
    pub status: HealthStatus,
    /// For people; empty where there is nothing to say.
    pub message: String,
    /// More, as names and values.
    pub details: BTreeMap<String, String>,
    /// When it was asked.
    pub at: Timestamp,
}

/// In a word how a channel does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It works.
    Up,
    /// It works, with a grain of salt.
    Degraded,
    /// It does not.
    Down,
}

/// One call of a channel's plugin, for those who look after it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInfo {
    /// Names it.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What was called: `webhook`, `sender`, `poller`, `delivery-callback`, `check-health`.
    pub export: String,
    /// How long it took, waiting for a place included.
    pub micros: u64,
    /// The most memory that it had; 0: it was not begun.
    pub memory_bytes: u64,
    /// `done`, `refused`, `retryable`, `permanent`, `parks`, `faulted`.
    pub outcome: String,
    /// Of an answer.
    pub status: Option<u16>,
    /// Of a failure.
    pub code: Option<String>,
    /// What a failure said.
    pub message: Option<String>,
    /// What it logged first.
    pub log: Vec<CallLine>,
    /// Is all of it there, for a replay?
    pub recorded: bool,
    /// Why it is not, although calls of this channel are recorded.
    pub unrecorded: Option<String>,
}

/// A line that a plugin logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallLine {
    /// `trace`, `debug`, `info`, `warn`, `error`.
    pub level: String,
    /// The line.
    pub text: String,
}

/// A channel that is to be asked for what is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// Its id.
    pub channel: String,
    /// From the end of one question to the next, milliseconds. The plugin may wish for longer, not for shorter.
    pub every: u64,
}

/// One question for what is new.
#[derive(Clone, Debug)]
pub struct Poll {
    /// As the last page gave it; none: the first time.
    pub cursor: Option<String>,
    /// At most this many events.
    pub events_max: u32,
    /// 1 for the first try.
    pub attempt: u32,
    /// Now.
    pub now: Timestamp,
}

/// What is new.
#[derive(Clone, Debug)]
pub struct PolledPage {
    /// The events, oldest first.
    pub events: Vec<IncomingEvent>,
    /// What became of messages that went out.
    pub reports: Vec<DeliveryReport>,
    /// For the next question.
    pub cursor: Option<String>,
    /// There is more, to be asked for at once.
    pub more: bool,
    /// When the plugin wishes to be asked again, milliseconds.
    pub next_after: Option<u64>,
}

/// A question that was not answered. Nothing of it is stored; it is asked again with the same cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollFailed {
    /// Stable code, e.g. `plugin.timeout`.
    pub code: String,
    /// For people; no personal data.
    pub message: String,
    /// Asking again soon will not help: a person has to set something right.
    pub parks: bool,
    /// Not before so many milliseconds.
    pub retry_after: Option<u64>,
}

/// One configured channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelInfo {
    /// Its id, e.g. `suishoupai`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Plugin name and version.
    pub plugin: String,
    /// `webhook`, `sender`, …
    pub provides: Vec<String>,
    /// Ready, or why not.
    pub problem: Option<String>,
    /// How it said that it does, when it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ChannelHealth>,
}

/// An HTTP request to a channel, body already read within limits.
#[derive(Clone, Debug)]
pub struct ChannelRequest {
    /// Upper case.
    pub method: String,
    /// Below the channel's mount point, percent-encoded.
    pub path: String,
    /// The raw query, without `?`.
    pub query: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Peer address.
    pub client: Option<String>,
    /// The raw body.
    pub body: bytes::Bytes,
    /// Now.
    pub now: Timestamp,
}

/// An answer to a channel's caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers, validated.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: bytes::Bytes,
}

/// What a plugin made of a request.
#[derive(Clone, Debug)]
pub struct Received {
    /// To be sent once `events` are durable.
    pub response: ChannelResponse,
    /// What came in.
    pub events: Vec<IncomingEvent>,
    /// What became of messages that went out.
    pub reports: Vec<DeliveryReport>,
}

/// An event on its way into the inbox.
#[derive(Clone, Debug)]
pub struct IncomingEvent {
    /// The event; its source is `/channels/{id}`.
    pub event: Event,
    /// Gather it with others of the same session before routing.
    pub session: Option<Session>,
}

/// Several messages of one person that make one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Within the channel.
    pub key: String,
    /// How long the session stays open after its first message, milliseconds.
    pub window: u64,
}

/// A request that was not accepted.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// To be sent now.
    pub response: ChannelResponse,
    /// Stable code, e.g. `channel.bad-signature`, `plugin.timeout`.
    pub code: String,
    /// For people; no personal data.
    pub reason: String,
    /// Keep a rejection row.
    pub keep: bool,
}

/// A message to be sent, with its stable id.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The receiver's idempotency key.
    pub effect: EffectId,
    /// 1 for the first try.
    pub attempt: u32,
    /// The message.
    pub message: Message,
    /// Now.
    pub now: Timestamp,
}

/// What a provider says became of a message. It may come before the channel has said under which id the
/// message went, twice, and in any order: the store keeps the furthest state of each id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Channel id.
    pub channel: String,
    /// As in [`MessageRow::provider_id`](super::MessageRow::provider_id).
    pub provider_id: String,
    /// How far it is.
    pub state: DeliveryState,
    /// Why it failed, for machines.
    pub code: Option<String>,
    /// The same for people.
    pub reason: Option<String>,
    /// When, as the provider says.
    pub at: Timestamp,
}

/// How far a message is on its way to a person. A greater one takes the place of a smaller: what a person has
/// read did not fail, whatever came in last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The provider took it.
    Accepted,
    /// It left the provider.
    Sent,
    /// It did not arrive.
    Failed,
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
}

impl DeliveryState {
    /// The word for it, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}
