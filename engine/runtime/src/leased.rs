//! Effects that begin, and answers that are given, only while this process is sure to be the only one that acts.
//!
//! What is under way when the lease runs out goes on: nobody can take a message back. It is repeated by the next
//! owner with the same id. Who gives leases is not known here.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_core::Timestamp;
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::Data;

use crate::ports::{
    CallInfo, ChannelHealth, ChannelInfo, ChannelRequest, Channels, Delivery, Outside, Poll, PollFailed,
    Polled, PolledPage, Received, Rejected, ServiceCall, Services,
};

/// The right to act by oneself.
pub trait Lease: Send + Sync {
    /// Is it sure now that nobody else has been let in?
    fn is_sure(&self) -> bool;

    /// Ends as soon as it is sure that nobody else has the right. Ends at once, mostly; never, if it is lost.
    fn held(&self) -> BoxFuture<'_, ()>;
}

/// The outside, reached only while this lease is held.
pub fn leased(outside: Outside, lease: &Arc<dyn Lease>) -> Outside {
    Outside {
        channels: Arc::new(LeasedChannels { inner: outside.channels, lease: Arc::clone(lease) }),
        services: Arc::new(LeasedServices { inner: outside.services, lease: Arc::clone(lease) }),
    }
}

struct LeasedChannels {
    inner: Arc<dyn Channels>,
    lease: Arc<dyn Lease>,
}

impl Channels for LeasedChannels {
    fn list(&self) -> Vec<ChannelInfo> {
        self.inner.list()
    }

    fn receive(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        // What comes in is kept by a commit, and that has its own fence.
        self.inner.receive(channel, request)
    }

    fn send(&self, channel: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        let channel = channel.to_owned();
        async move {
            self.lease.held().await;
            self.inner.send(&channel, delivery).await
        }
        .boxed()
    }

    fn report(&self, channel: &str, request: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        self.inner.report(channel, request)
    }

    fn health(&self, channel: &str, now: Timestamp) -> BoxFuture<'_, Option<ChannelHealth>> {
        self.inner.health(channel, now)
    }

    fn reload(&self) -> BoxFuture<'_, Result<Vec<ChannelInfo>, Vec<String>>> {
        self.inner.reload()
    }

    fn unpark(&self, channel: &str) -> bool {
        self.inner.unpark(channel)
    }

    fn calls(&self, channel: &str) -> Option<Vec<CallInfo>> {
        self.inner.calls(channel)
    }

    fn recording(&self, channel: &str, call: &str) -> Option<serde_json::Value> {
        self.inner.recording(channel, call)
    }

    fn polled(&self) -> Vec<Polled> {
        self.inner.polled()
    }

    fn poll(&self, channel: &str, poll: Poll) -> BoxFuture<'_, Result<PolledPage, PollFailed>> {
        let channel = channel.to_owned();
        async move {
            self.lease.held().await;
            self.inner.poll(&channel, poll).await
        }
        .boxed()
    }
}

struct LeasedServices {
    inner: Arc<dyn Services>,
    lease: Arc<dyn Lease>,
}

impl Services for LeasedServices {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        async move {
            self.lease.held().await;
            self.inner.call(call).await
        }
        .boxed()
    }

    fn stand_in(&self, task: &str, question: &Data) -> Option<EffectOutcome> {
        self.inner.stand_in(task, question)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::ports::NoServices;

    struct Switch(watch::Receiver<bool>);

    impl Lease for Switch {
        fn is_sure(&self) -> bool {
            *self.0.borrow()
        }

        fn held(&self) -> BoxFuture<'_, ()> {
            let mut held = self.0.clone();
            async move { drop(held.wait_for(|held| *held).await) }.boxed()
        }
    }

    #[tokio::test]
    async fn a_call_begins_only_while_the_lease_is_held() {
        let (switch, held) = watch::channel(false);
        let services = LeasedServices { inner: Arc::new(NoServices), lease: Arc::new(Switch(held)) };
        let call = ServiceCall {
            effect: yiwang_core::EffectId { instance: yiwang_core::InstanceId(1), n: 1 },
            attempt: 1,
            request: yiwang_core::effect::Request {
                service: yiwang_core::effect::Service::Shell,
                with: Data::default(),
                deferred: Vec::new(),
                workflow: yiwang_dsl::definition::DefinitionId {
                    namespace: "test".to_owned(),
                    name: "call".to_owned(),
                    version: "1.0.0".to_owned(),
                },
                task: "/do/0".to_owned(),
                secrets: Vec::new(),
            },
            now: Timestamp(0),
        };
        let mut performing = services.call(call);
        assert!((&mut performing).now_or_never().is_none(), "it has begun without the lease");
        switch.send_replace(true);
        assert!(matches!(performing.await, EffectOutcome::Faulted { .. }));
    }
}
