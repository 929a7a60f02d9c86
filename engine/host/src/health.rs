//! How a channel does, as its plugin says: asked at most once a minute, for it may ask the provider.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use serde_json::{Value, json};
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{ChannelHealth, HealthStatus};

use crate::bindings::exports::yiwang::channel::lifecycle;
use crate::breaker::Door;
use crate::call::{self, Failed, Plan};
use crate::calls::{Begun, CHECK_HEALTH};
use crate::channel::Ready;
use crate::receive::{call_id, context};
use crate::recording::Asked;
use crate::{limits, validate};

/// What a channel said last.
#[derive(Default)]
pub(crate) struct LastHealth {
    said: Mutex<Option<ChannelHealth>>,
    /// One asks, the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
}

impl LastHealth {
    pub(crate) fn last(&self) -> Option<ChannelHealth> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What still counts. An answer from the future is one of a wrong clock.
    fn fresh(&self, now: Timestamp) -> Option<ChannelHealth> {
        let every = u64::try_from(limits::HEALTH_EVERY.as_millis()).unwrap_or(u64::MAX);
        self.last().filter(|said| said.at <= now && now < said.at.plus_millis(every))
    }

    fn keep(&self, said: ChannelHealth) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
    }
}

/// Asks it, or says what it said within the last minute.
pub(crate) async fn health(ready: &Arc<Ready>, now: Timestamp) -> ChannelHealth {
    let _one = ready.health.asking.lock().await;
    if let Some(said) = ready.health.fresh(now) {
        return said;
    }
    let before = ready.health.last();
    let said = ask(ready, now).await;
    if before.as_ref().map(|before| before.status) != Some(said.status) {
        let (channel, message) = (&ready.id, &said.message);
        match said.status {
            HealthStatus::Up if before.is_none() => {}
            HealthStatus::Up => tracing::info!(channel, "a channel is well again"),
            HealthStatus::Degraded => tracing::warn!(channel, message, "a channel is not quite well"),
            HealthStatus::Down => tracing::error!(channel, message, "a channel is down"),
        }
    }
    ready.health.keep(said.clone());
    said
}

async fn ask(ready: &Arc<Ready>, now: Timestamp) -> ChannelHealth {
    let begun = Begun::new(ready, call_id(ready), now, || Asked::Health(now));
    let said = attempt(ready, now, &begun).await;
    begun.end(ready, CHECK_HEALTH, &said, || told(&said));
    match said {
        Ok(said) => said,
        // All places taken says that it works hard, not that it is ill.
        Err(failed) => ChannelHealth {
            status: if failed.code == "plugin.busy" { HealthStatus::Degraded } else { HealthStatus::Down },
            message: format!("{} ({})", failed.message, failed.code),
            details: BTreeMap::new(),
            at: now,
        },
    }
}

async fn attempt(ready: &Arc<Ready>, now: Timestamp, begun: &Begun) -> Result<ChannelHealth, Failed> {
    let context = context(ready, now, limits::HEALTH_MAX, begun.id(), 1, Door::Webhook);
    let plan = Plan {
        door: None,
        channel: Arc::clone(ready),
        effective: Arc::clone(&ready.effective),
        now,
        time: limits::HEALTH_MAX,
        files: BTreeSet::new(),
        witness: begun.witness.clone(),
    };
    let plugin = Arc::clone(&ready.plugin);
    let said = call::run(
        plan,
        Box::new(move |store, instance| {
            async move { plugin.exports.check_health(store, instance, &context).await }.boxed()
        }),
    )
    .await?;
    Ok(ChannelHealth {
        status: match said.status {
            lifecycle::HealthStatus::Up => HealthStatus::Up,
            lifecycle::HealthStatus::Degraded => HealthStatus::Degraded,
            lifecycle::HealthStatus::Down => HealthStatus::Down,
        },
        message: validate::cut(&said.message),
        details: details(&said.details),
        at: now,
    })
}

/// What came of the question, as one value.
fn told(said: &Result<ChannelHealth, Failed>) -> Value {
    match said {
        Ok(said) => {
            json!({"outcome": said.status, "code": null, "message": said.message, "details": said.details})
        }
        Err(failed) => json!({"code": failed.code, "message": failed.message}),
    }
}

fn details(given: &[(String, String)]) -> BTreeMap<String, String> {
    let cut = |text: &str| validate::cut(text).chars().take(100).collect::<String>();
    given.iter().take(limits::HEALTH_DETAILS_MAX).map(|(name, value)| (cut(name), cut(value))).collect()
}
