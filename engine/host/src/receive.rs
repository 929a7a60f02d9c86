//! A request to a channel, from the port to the plugin and back: what comes in, and what became of what went out.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{ChannelRequest, Received, Rejected};

use crate::bindings::exports::yiwang::channel::webhook::Outcome;
use crate::bindings::yiwang::channel::types::{CallContext, Failure, FailureKind};
use crate::breaker::Door;
use crate::call::{self, Failed, Plan};
use crate::calls::Begun;
use crate::channel::Ready;
use crate::fixture::answered;
use crate::recording::Asked;
use crate::refusal::Refusal;
use crate::validate::Checked;
use crate::{incoming, limits, validate};

/// Hands a request to the channel's plugin.
pub(crate) async fn receive(ready: &Arc<Ready>, request: ChannelRequest) -> Result<Received, Rejected> {
    heard(ready, request, Door::Webhook).await
}

/// Hands a provider's report on messages to the channel's plugin.
pub(crate) async fn report(ready: &Arc<Ready>, request: ChannelRequest) -> Result<Received, Rejected> {
    heard(ready, request, Door::Report).await
}

async fn heard(ready: &Arc<Ready>, request: ChannelRequest, door: Door) -> Result<Received, Rejected> {
    let now = request.now;
    let begun = Begun::new(ready, call_id(ready), now, || Asked::request(&request, door));
    let result = judged(ready, attempt(ready, request, now, door, &begun).await);
    begun.end(ready, door.word(), &result, || answered(&result));
    result
}

fn judged(ready: &Ready, attempt: Result<Checked, Refusal>) -> Result<Received, Rejected> {
    match attempt {
        Ok(Checked { response, events, reports, .. }) if response.status < 400 => {
            Ok(Received { response, events, reports })
        }
        Ok(checked) => Err(Rejected {
            code: checked.code.unwrap_or_else(|| "channel.rejected".to_owned()),
            reason: reason(&checked.response.body),
            keep: ready.keep_rejected,
            response: checked.response,
        }),
        Err(refusal) => Err(refusal.rejected(ready.keep_rejected)),
    }
}

async fn attempt(
    ready: &Arc<Ready>,
    request: ChannelRequest,
    now: Timestamp,
    door: Door,
    begun: &Begun,
) -> Result<Checked, Refusal> {
    if !ready.plugin.manifest.provides(door.word()) {
        let (code, detail) = match door {
            Door::Report => ("channel.takes-no-reports", "this channel takes no reports on messages"),
            Door::Webhook | Door::Poll | Door::Send => {
                ("channel.takes-nothing", "this channel takes no requests")
            }
        };
        return Err(Refusal::new(404, code, detail).noise());
    }
    let (request, files) = incoming::read(ready, request).await?;
    let wanted = ready.plugin.manifest.limits.handle_ms.map(Duration::from_millis);
    let time = wanted.unwrap_or(limits::HANDLE_MAX).min(limits::HANDLE_MAX);
    let context = context(ready, now, time, begun.id(), 1, door);
    let plan = Plan {
        door: Some(door),
        channel: Arc::clone(ready),
        effective: Arc::clone(&ready.effective),
        now,
        time,
        files,
        witness: begun.witness.clone(),
    };
    let plugin = Arc::clone(&ready.plugin);
    let (outcome, files) = call::run(
        plan,
        Box::new(move |store, instance| {
            async move {
                let (exports, at) = (&plugin.exports, &mut *store);
                let outcome = match door {
                    Door::Report => {
                        let said = exports.delivery_callback(at, instance, &context, &request).await?;
                        said.map(|it| Outcome {
                            response: it.response,
                            events: Vec::new(),
                            updates: it.updates,
                        })
                    }
                    Door::Webhook | Door::Poll | Door::Send => {
                        exports.webhook(at, instance, &context, &request).await?
                    }
                };
                Ok((outcome, std::mem::take(&mut store.data_mut().files)))
            }
            .boxed()
        }),
    )
    .await
    .map_err(refused)?;
    match outcome {
        Ok(outcome) => {
            validate::outcome(ready, outcome, now, &|digest| files.contains(digest)).map_err(refused_output)
        }
        Err(failure) => Err(declined(ready, validate::failure(failure).map_err(refused_output)?)),
    }
}

fn refused_output(failed: Failed) -> Refusal {
    tracing::warn!(code = failed.code, reason = failed.message, "a plugin handed over something invalid");
    refused(failed)
}

/// The plugin did not come to an end: the provider may try again where that may help.
fn refused(failed: Failed) -> Refusal {
    match failed.code {
        "plugin.busy" => Refusal::new(503, failed.code, failed.message).noise().after_secs(Some(5)),
        "channel.parked" => {
            let after = failed.retry_after.map(|ms| ms.div_ceil(1000));
            Refusal::new(503, failed.code, failed.message).noise().after_secs(after)
        }
        "plugin.timeout" => Refusal::new(503, failed.code, failed.message).after_secs(Some(30)),
        _ => Refusal::new(500, failed.code, failed.message),
    }
}

/// The plugin said no.
fn declined(ready: &Ready, failure: Failure) -> Refusal {
    let attribute =
        |name: &str| failure.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let after = failure.retry_after_ms.map(|ms| ms.div_ceil(1000));
    let refusal = match failure.kind {
        FailureKind::Permanent => {
            let status = attribute("http-status").and_then(|text| text.parse().ok());
            Refusal::new(
                status.filter(|status| (400..500).contains(status)).unwrap_or(400),
                &*failure.code,
                &*failure.message,
            )
        }
        FailureKind::Retryable | FailureKind::UnknownOutcome => {
            Refusal::new(503, &*failure.code, &*failure.message).after_secs(after.or(Some(5)))
        }
        FailureKind::Misconfigured => {
            tracing::error!(
                channel = ready.id,
                code = failure.code,
                reason = failure.message,
                "a channel is misconfigured"
            );
            // What is wrong with our configuration is not the caller's business.
            Refusal::new(500, &*failure.code, "this channel is not set up correctly")
        }
    };
    if attribute("keep") == Some("false") { refusal.noise() } else { refusal }
}

/// What the host knows about a call.
pub(crate) fn context(
    ready: &Ready,
    now: Timestamp,
    time: Duration,
    call_id: &str,
    attempt: u32,
    door: Door,
) -> CallContext {
    let below = match door {
        Door::Report => "deliveries",
        Door::Webhook | Door::Poll | Door::Send => "channels",
    };
    let now_ms = u64::try_from(now.0).unwrap_or(0);
    CallContext {
        channel_id: ready.id.clone(),
        tenant: "default".to_owned(),
        call_id: call_id.to_owned(),
        attempt,
        now_ms,
        deadline_ms: now_ms.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        traceparent: None,
        locale: "zh-CN".to_owned(),
        attributes: vec![
            ("channel-title".to_owned(), ready.title.clone()),
            ("mount-path".to_owned(), format!("/{below}/{}", ready.id)),
        ],
    }
}

/// A name for a call that has none.
pub(crate) fn call_id(ready: &Ready) -> String {
    let mut random = [0; 8];
    if let Some(watch) = &ready.environment.watch {
        if let Some(call) = watch.call() {
            return call;
        }
        watch.random(&mut random);
        return crate::cache::hex(&random);
    }
    // Without random numbers an id of zeros still serves: it is for logs.
    if let Err(error) = getrandom::fill(&mut random) {
        tracing::warn!(%error, "no random numbers for a call's id");
    }
    crate::cache::hex(&random)
}

/// The words of a problem document, else nothing more than that it was refused.
fn reason(body: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
    detail.unwrap_or("the channel refused the request").chars().take(limits::MESSAGE_CHARS_MAX).collect()
}
