//! Channels that note down what they are asked to send, and fail when a scenario says so.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, ChannelResponse, Channels, Delivery, Received, Rejected,
};

/// Scripted channels.
pub(crate) struct Scripted {
    ids: Vec<String>,
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    failing: BTreeMap<String, Failing>,
    sent: Vec<Value>,
}

/// How a channel fails.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    pub(super) times: usize,
    pub(super) code: String,
    pub(super) permanent: bool,
    pub(super) retry_after: Option<u64>,
}

impl Scripted {
    /// Channels with these ids; all of them work.
    pub(crate) fn new(ids: impl IntoIterator<Item = String>) -> Self {
        Self { ids: ids.into_iter().collect(), script: Mutex::default() }
    }

    pub(super) fn fail(&self, channel: &str, failing: Failing) {
        self.script().failing.insert(channel.to_owned(), failing);
    }

    /// All messages that were sent, in order.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.script().sent.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self, channel: &str, delivery: &Delivery) -> EffectOutcome {
        let mut script = self.script();
        if let Some(failing) = script.failing.get_mut(channel).filter(|failing| failing.times > 0) {
            failing.times -= 1;
            let (code, message) = (failing.code.clone(), "the scenario says so".to_owned());
            return if failing.permanent {
                EffectOutcome::Permanent { code, message }
            } else {
                EffectOutcome::Retryable { code, message, retry_after: failing.retry_after }
            };
        }
        let message = &delivery.message;
        script.sent.push(json!({
            "channel": channel,
            "kind": message.recipient_kind,
            "to": message.recipient,
            "name": message.recipient_name,
            "template": message.template,
            "params": message.params,
            "subject": message.subject,
            "body": message.body,
            "caseNo": message.case_no,
            "attempt": delivery.attempt,
            "at": delivery.now.rfc3339(),
        }));
        EffectOutcome::done(json!({ "providerId": delivery.effect.to_string() }))
    }
}

impl Channels for Scripted {
    fn list(&self) -> Vec<ChannelInfo> {
        let info = |id: &String| ChannelInfo {
            id: id.clone(),
            title: id.clone(),
            plugin: "scripted".to_owned(),
            provides: vec!["sender".to_owned()],
            problem: None,
            health: None,
        };
        self.ids.iter().map(info).collect()
    }

    fn receive(&self, _: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let response = ChannelResponse { status: 404, headers: Vec::new(), body: Bytes::new() };
        let reason = "scripted channels take no requests".to_owned();
        let rejected = Rejected { response, code: "scenario.no-requests".to_owned(), reason, keep: false };
        async move { Err(rejected) }.boxed()
    }

    fn send(&self, channel: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        let outcome = self.outcome(channel, &delivery);
        async move { outcome }.boxed()
    }
}
