//! What a plugin offers, whichever version of the contract it was built for. What an old version does not know is
//! put in here, and nowhere else: beyond this module every plugin speaks the newest.

use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Lower,
};
use wasmtime::{AsContextMut as _, Store};

use crate::bindings::exports::yiwang::channel::{delivery_callback, lifecycle, poller, sender, webhook};
use crate::bindings::yiwang::channel::types::{CallContext, Event, Failure, HttpRequest, HttpResponse};
use crate::call::CallState;
use crate::contract::Contract;

/// The exports of a plugin; of the optional ones those that its manifest provides.
pub(crate) struct Exports {
    lifecycle: Lifecycle,
    webhook: Option<Function<webhook::GuestIndices>>,
    poller: Option<Function<poller::GuestIndices>>,
    sender: Option<Function<sender::GuestIndices>>,
    delivery_callback: Option<Function<delivery_callback::GuestIndices>>,
}

/// An interface of one function. All but the newest version are called by what they are found to be.
enum Function<T> {
    Newest(T),
    Older(ComponentExportIndex),
}

enum Lifecycle {
    Newest(lifecycle::GuestIndices),
    Older { validate_config: ComponentExportIndex, check_health: ComponentExportIndex },
}

type At<'a> = &'a mut Store<CallState>;
type Said<T> = wasmtime::Result<Result<T, Failure>>;

impl Exports {
    /// Finds them. `provides`: the optional interfaces that there are.
    pub(crate) fn new(
        pre: &InstancePre<CallState>,
        contract: Contract,
        provides: &dyn Fn(&str) -> bool,
    ) -> wasmtime::Result<Self> {
        let find = Finder { pre, contract };
        Ok(Self {
            lifecycle: match contract {
                Contract::V1_0 => Lifecycle::Newest(lifecycle::GuestIndices::new(pre)?),
                Contract::V0_1 => Lifecycle::Older {
                    validate_config: find.function("lifecycle", "validate-config")?,
                    check_health: find.function("lifecycle", "check-health")?,
                },
            },
            webhook: provides("webhook")
                .then(|| find.one("webhook", "handle", webhook::GuestIndices::new))
                .transpose()?,
            poller: provides("poller")
                .then(|| find.one("poller", "poll", poller::GuestIndices::new))
                .transpose()?,
            sender: provides("sender")
                .then(|| find.one("sender", "send", sender::GuestIndices::new))
                .transpose()?,
            delivery_callback: provides("delivery-callback")
                .then(|| find.one("delivery-callback", "handle", delivery_callback::GuestIndices::new))
                .transpose()?,
        })
    }

    /// `lifecycle.validate-config`.
    pub(crate) async fn validate_config(
        &self,
        store: At<'_>,
        instance: &Instance,
        config: &str,
    ) -> wasmtime::Result<Vec<lifecycle::Problem>> {
        match &self.lifecycle {
            Lifecycle::Newest(found) => {
                found.load(&mut *store, instance)?.call_validate_config(store, config).await
            }
            Lifecycle::Older { validate_config, .. } => {
                call(store, instance, validate_config, (config,)).await
            }
        }
    }

    /// `lifecycle.check-health`.
    pub(crate) async fn check_health(
        &self,
        store: At<'_>,
        instance: &Instance,
        context: &CallContext,
    ) -> wasmtime::Result<lifecycle::Health> {
        match &self.lifecycle {
            Lifecycle::Newest(found) => {
                found.load(&mut *store, instance)?.call_check_health(store, context).await
            }
            Lifecycle::Older { check_health, .. } => call(store, instance, check_health, (context,)).await,
        }
    }

    /// `webhook.handle`.
    pub(crate) async fn webhook(
        &self,
        store: At<'_>,
        instance: &Instance,
        context: &CallContext,
        request: &HttpRequest,
    ) -> Said<webhook::Outcome> {
        match there(self.webhook.as_ref())? {
            Function::Newest(found) => {
                found.load(&mut *store, instance)?.call_handle(store, context, request).await
            }
            Function::Older(found) => {
                let said: Result<WebhookOutcomeV0_1, Failure> =
                    call(store, instance, found, (context, request)).await?;
                Ok(said.map(|it| webhook::Outcome {
                    response: it.response,
                    events: it.events,
                    updates: Vec::new(),
                }))
            }
        }
    }

    /// `poller.poll`.
    pub(crate) async fn poll(
        &self,
        store: At<'_>,
        instance: &Instance,
        context: &CallContext,
        cursor: Option<&str>,
        events_max: u32,
    ) -> Said<poller::Page> {
        match there(self.poller.as_ref())? {
            Function::Newest(found) => {
                found.load(&mut *store, instance)?.call_poll(store, context, cursor, events_max).await
            }
            Function::Older(found) => {
                let said: Result<PageV0_1, Failure> =
                    call(store, instance, found, (context, cursor, events_max)).await?;
                Ok(said.map(|it| poller::Page {
                    events: it.events,
                    updates: Vec::new(),
                    cursor: it.cursor,
                    more: it.more,
                    next_after_ms: it.next_after_ms,
                }))
            }
        }
    }

    /// `sender.send`.
    pub(crate) async fn send(
        &self,
        store: At<'_>,
        instance: &Instance,
        context: &CallContext,
        notification: &sender::Notification,
    ) -> Said<sender::Receipt> {
        match there(self.sender.as_ref())? {
            Function::Newest(found) => {
                found.load(&mut *store, instance)?.call_send(store, context, notification).await
            }
            Function::Older(found) => call(store, instance, found, (context, notification)).await,
        }
    }

    /// `delivery-callback.handle`.
    pub(crate) async fn delivery_callback(
        &self,
        store: At<'_>,
        instance: &Instance,
        context: &CallContext,
        request: &HttpRequest,
    ) -> Said<delivery_callback::Outcome> {
        match there(self.delivery_callback.as_ref())? {
            Function::Newest(found) => {
                found.load(&mut *store, instance)?.call_handle(store, context, request).await
            }
            Function::Older(found) => call(store, instance, found, (context, request)).await,
        }
    }
}

/// What `webhook.handle` gave before there were updates.
#[derive(ComponentType, Lift)]
#[component(record)]
struct WebhookOutcomeV0_1 {
    response: HttpResponse,
    events: Vec<Event>,
}

/// What `poller.poll` gave before there were updates.
#[derive(ComponentType, Lift)]
#[component(record)]
struct PageV0_1 {
    events: Vec<Event>,
    cursor: Option<String>,
    more: bool,
    #[component(name = "next-after-ms")]
    next_after_ms: Option<u64>,
}

struct Finder<'a> {
    pre: &'a InstancePre<CallState>,
    contract: Contract,
}

impl Finder<'_> {
    fn one<T>(
        &self,
        interface: &str,
        function: &str,
        newest: impl FnOnce(&InstancePre<CallState>) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<Function<T>> {
        Ok(match self.contract {
            Contract::V1_0 => Function::Newest(newest(self.pre)?),
            Contract::V0_1 => Function::Older(self.function(interface, function)?),
        })
    }

    fn function(&self, interface: &str, function: &str) -> wasmtime::Result<ComponentExportIndex> {
        let component = self.pre.component();
        let name = self.contract.interface(interface);
        component
            .get_export_index(None, &*name)
            .and_then(|instance| component.get_export_index(Some(&instance), function))
            .ok_or_else(|| wasmtime::format_err!("it has no `{function}` in `{name}`"))
    }
}

fn there<T>(found: Option<&T>) -> wasmtime::Result<&T> {
    found.ok_or_else(|| wasmtime::format_err!("it does not provide this interface"))
}

async fn call<P, R>(
    store: At<'_>,
    instance: &Instance,
    function: &ComponentExportIndex,
    parameters: P,
) -> wasmtime::Result<R>
where
    P: ComponentNamedList + Lower + Send + Sync,
    R: Send + Sync + 'static,
    (R,): ComponentNamedList + Lift,
{
    let function = instance.get_typed_func::<P, (R,)>(store.as_context_mut(), function)?;
    Ok(function.call_async(store, parameters).await?.0)
}
