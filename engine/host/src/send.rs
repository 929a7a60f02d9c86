//! A message by a channel, from the port to the plugin and back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use yiwang_core::input::EffectOutcome;
use yiwang_runtime::ports::Delivery;

use crate::bindings::exports::yiwang::channel::sender::{Notification, Recipient};
use crate::bindings::yiwang::channel::types::{Failure, FailureKind};
use crate::breaker::Door;
use crate::call::{self, Plan};
use crate::calls::Begun;
use crate::channel::Ready;
use crate::fixture::sending;
use crate::receive::context;
use crate::recording::Asked;
use crate::{limits, validate};

/// Sends it.
pub(crate) async fn send(ready: &Arc<Ready>, delivery: Delivery) -> EffectOutcome {
    let id = format!("{}.{}", delivery.effect, delivery.attempt);
    let begun = Begun::new(ready, id, delivery.now, || Asked::Send(delivery.clone()));
    let outcome = attempt(ready, delivery, &begun).await;
    begun.end(ready, Door::Send.word(), &outcome, || sending(&outcome));
    outcome
}

async fn attempt(ready: &Arc<Ready>, delivery: Delivery, begun: &Begun) -> EffectOutcome {
    if !ready.plugin.manifest.provides("sender") {
        return EffectOutcome::Permanent {
            code: "channel.sends-nothing".to_owned(),
            message: format!("channel `{}` sends no messages", ready.id),
        };
    }
    let wanted = ready.plugin.manifest.limits.send_ms.map(Duration::from_millis);
    let time = wanted.unwrap_or(limits::SEND_MAX).min(limits::SEND_MAX);
    let key = delivery.effect.to_string();
    let context = context(ready, delivery.now, time, &key, delivery.attempt, Door::Send);
    let plan = Plan {
        door: Some(Door::Send),
        channel: Arc::clone(ready),
        effective: Arc::clone(&ready.effective),
        now: delivery.now,
        time,
        files: BTreeSet::new(),
        witness: begun.witness.clone(),
    };
    let notification = notification(key, delivery);
    let plugin = Arc::clone(&ready.plugin);
    let result = call::run(
        plan,
        Box::new(move |store, instance| {
            async move { plugin.exports.send(store, instance, &context, &notification).await }.boxed()
        }),
    )
    .await;
    let checked = match result {
        Ok(Ok(receipt)) => validate::receipt(receipt).map(Ok),
        Ok(Err(failure)) => validate::failure(failure).map(Err),
        Err(failed) => Err(failed),
    };
    match checked {
        Ok(Ok(output)) => EffectOutcome::done(output),
        Ok(Err(failure)) => judged(ready, failure),
        // Nobody knows how far it came: only a channel that may be told twice is tried again.
        Err(failed) => {
            let failure = Failure {
                kind: if ["plugin.busy", "channel.parked"].contains(&failed.code) {
                    FailureKind::Retryable
                } else {
                    FailureKind::UnknownOutcome
                },
                code: failed.code.to_owned(),
                message: failed.message,
                retry_after_ms: failed.retry_after,
                attributes: Vec::new(),
            };
            judged(ready, failure)
        }
    }
}

fn judged(ready: &Ready, failure: Failure) -> EffectOutcome {
    let Failure { kind, code, message, retry_after_ms: retry_after, .. } = failure;
    match kind {
        FailureKind::Permanent => EffectOutcome::Permanent { code, message },
        FailureKind::Retryable => EffectOutcome::Retryable { code, message, retry_after },
        FailureKind::UnknownOutcome if ready.plugin.manifest.idempotent_send => {
            EffectOutcome::Retryable { code, message, retry_after }
        }
        FailureKind::UnknownOutcome => EffectOutcome::Permanent {
            code,
            message: format!("{message}; it may have been sent, so it is not sent again"),
        },
        FailureKind::Misconfigured => {
            tracing::error!(channel = ready.id, code, reason = message, "a channel is misconfigured");
            EffectOutcome::Retryable { code, message, retry_after: retry_after.or(Some(60_000)) }
        }
    }
}

fn notification(idempotency_key: String, delivery: Delivery) -> Notification {
    let message = delivery.message;
    let mut attributes = Vec::new();
    if let Some(case_no) = &message.case_no {
        attributes.push(("case-no".to_owned(), case_no.to_string()));
    }
    Notification {
        idempotency_key,
        recipient: Recipient {
            kind: message.recipient_kind,
            address: message.recipient,
            display_name: message.recipient_name,
        },
        template: message.template,
        params: message.params.to_json().to_string(),
        subject: message.subject,
        body: message.body,
        body_type: "text/plain".to_owned(),
        attachments: Vec::new(),
        attributes,
    }
}
