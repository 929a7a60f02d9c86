//! A question to a channel for what is new, from the port to the plugin and back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use yiwang_runtime::ports::{Poll, PollFailed, PolledPage};

use crate::bindings::yiwang::channel::types::{Failure, FailureKind};
use crate::breaker::Door;
use crate::call::{self, Failed, Plan};
use crate::calls::Begun;
use crate::channel::Ready;
use crate::fixture::asking;
use crate::receive::{call_id, context};
use crate::recording::Asked;
use crate::{limits, validate};

/// Asks it.
pub(crate) async fn poll(ready: &Arc<Ready>, poll: Poll) -> Result<PolledPage, PollFailed> {
    let begun = Begun::new(ready, call_id(ready), poll.now, || Asked::Poll(poll.clone()));
    let result = attempt(ready, poll, &begun).await;
    begun.end(ready, Door::Poll.word(), &result, || asking(&result));
    result
}

async fn attempt(ready: &Arc<Ready>, poll: Poll, begun: &Begun) -> Result<PolledPage, PollFailed> {
    if !ready.plugin.manifest.provides("poller") {
        return Err(PollFailed {
            code: "channel.polls-nothing".to_owned(),
            message: format!("channel `{}` is not asked for what is new", ready.id),
            parks: true,
            retry_after: None,
        });
    }
    let wanted = ready.plugin.manifest.limits.poll_ms.map(Duration::from_millis);
    let time = wanted.unwrap_or(limits::POLL_MAX).min(limits::POLL_MAX);
    let Poll { cursor, events_max, attempt, now } = poll;
    let context = context(ready, now, time, begun.id(), attempt, Door::Poll);
    let plan = Plan {
        door: Some(Door::Poll),
        channel: Arc::clone(ready),
        effective: Arc::clone(&ready.effective),
        now,
        time,
        files: BTreeSet::new(),
        witness: begun.witness.clone(),
    };
    let plugin = Arc::clone(&ready.plugin);
    let result = call::run(
        plan,
        Box::new(move |store, instance| {
            async move {
                let (cursor, exports) = (cursor.as_deref(), &plugin.exports);
                let page = exports.poll(&mut *store, instance, &context, cursor, events_max).await?;
                Ok((page, std::mem::take(&mut store.data_mut().files)))
            }
            .boxed()
        }),
    )
    .await;
    let checked = match result {
        Ok((Ok(page), files)) => {
            validate::page(ready, page, events_max, now, &|digest| files.contains(digest))
        }
        Ok((Err(failure), _)) => match validate::failure(failure) {
            Ok(failure) => return Err(declined(ready, failure)),
            Err(failed) => Err(failed),
        },
        Err(failed) => Err(failed),
    };
    checked.map_err(broken)
}

/// The plugin did not come to an end, or handed over what it may not. The same page may do so again and again;
/// how long to wait then is the caller's to say.
fn broken(failed: Failed) -> PollFailed {
    PollFailed {
        code: failed.code.to_owned(),
        message: failed.message,
        parks: false,
        retry_after: failed.retry_after,
    }
}

/// The plugin said no.
fn declined(ready: &Ready, failure: Failure) -> PollFailed {
    let Failure { kind, code, message, retry_after_ms: retry_after, .. } = failure;
    let parks = match kind {
        FailureKind::Retryable | FailureKind::UnknownOutcome => false,
        FailureKind::Permanent => true,
        FailureKind::Misconfigured => {
            tracing::error!(channel = ready.id, code, reason = message, "a channel is misconfigured");
            true
        }
    };
    PollFailed { code, message, parks, retry_after }
}
