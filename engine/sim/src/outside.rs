//! Channels and services: they note what they are handed, and answer when the world lets them.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use yiwang_core::EffectId;
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;
use yiwang_runtime::nodes::Stay;
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, ChannelResponse, Channels, Delivery, Outside, Received, Rejected,
    ServiceCall, Services,
};

use crate::sabotage::Sabotage;
use crate::world::{Door, Fate, World};

/// The channels `sms` and `wechat`.
struct SimChannels(Reached);

/// Every service there is.
struct SimServices(Reached);

/// Who reaches the outside.
#[derive(Clone)]
struct Reached {
    world: World,
    /// For which stay; none: there is one machine.
    by: Option<Stay>,
}

/// All that a process reaches, for this stay of its node.
pub(crate) fn outside(world: &World, by: Option<Stay>) -> Outside {
    let reached = Reached { world: world.clone(), by };
    Outside { channels: Arc::new(SimChannels(reached.clone())), services: Arc::new(SimServices(reached)) }
}

impl World {
    /// Under which id an effect is noted, and whether at all: the true one, in an honest world.
    fn noted(&self, id: EffectId, attempt: u32) -> Option<EffectId> {
        self.with(|inner| match inner.sabotage {
            Some(Sabotage::SkipEffect) if inner.random.chance(200) => None,
            Some(Sabotage::RenameEffect) if attempt > 1 => Some(EffectId { n: id.n + 1_000, ..id }),
            _ => Some(id),
        })
    }
}

impl Channels for SimChannels {
    fn list(&self) -> Vec<ChannelInfo> {
        let info = |id: &str| ChannelInfo {
            id: id.to_owned(),
            title: id.to_owned(),
            plugin: "simulated 1.0.0".to_owned(),
            provides: vec!["sender".to_owned()],
            problem: None,
            health: None,
        };
        vec![info("sms"), info("wechat")]
    }

    fn receive(&self, channel: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        let response = ChannelResponse { status: 404, headers: Vec::new(), body: Vec::new().into() };
        let (code, reason) = ("channel.unknown".to_owned(), format!("{channel} takes no requests"));
        futures::future::ready(Err(Rejected { response, code, reason, keep: false })).boxed()
    }

    fn send(&self, channel: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        let Reached { world, by } = self.0.clone();
        let channel = channel.to_owned();
        async move {
            let (id, attempt) = (delivery.effect, delivery.attempt);
            if let Some(effect) = world.noted(id, attempt) {
                let noted = Delivery { effect, ..delivery };
                world.with(|inner| {
                    inner.note(format!("{channel} is sent {effect}, attempt {attempt}"));
                    inner.ledger.done_by(by.as_ref(), &format!("sends {effect}"));
                    inner.ledger.sent(&channel, &noted);
                });
            }
            match world.wait(Door::Effect, format!("{id} attempt {attempt}")).await {
                Fate::Pass => EffectOutcome::done(json!({"providerId": id.to_string()})),
                // The receiver has it, and the answer is lost: the same to whoever sent it.
                Fate::Fail | Fate::Lose => EffectOutcome::Retryable {
                    code: "sim.timeout".to_owned(),
                    message: "no answer".to_owned(),
                    retry_after: None,
                },
            }
        }
        .boxed()
    }
}

impl Services for SimServices {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        let Reached { world, by } = self.0.clone();
        async move {
            let (id, attempt) = (call.effect, call.attempt);
            let body = call.request.with.get("body").unwrap_or_default();
            if let Some(effect) = world.noted(id, attempt) {
                let noted = ServiceCall { effect, ..call };
                world.with(|inner| {
                    inner.note(format!("{effect} is called, attempt {attempt}"));
                    inner.ledger.done_by(by.as_ref(), &format!("calls {effect}"));
                    inner.ledger.called(&noted);
                });
            }
            match world.wait(Door::Effect, format!("{id} attempt {attempt}")).await {
                Fate::Pass => EffectOutcome::done(body),
                Fate::Fail | Fate::Lose => {
                    let error = Fault::new(Kind::Communication, "", "no answer".to_owned());
                    EffectOutcome::Faulted { error }
                }
            }
        }
        .boxed()
    }
}
