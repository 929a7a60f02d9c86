//! The trait that a plugin implements, and the bridge from it to the exports of the component.

use core::marker::PhantomData;

use serde_json::Value;

use crate::bindings::{delivery_callback, lifecycle, poller, sender, webhook};
use crate::host::{Host, Live};
use crate::{
    CallContext, Failure, Health, HealthStatus, HttpRequest, Notification, Outcome, Page, Problem, Receipt,
    delivery,
};

/// A channel: a way in and out. Implement what the channel provides and name it in
/// [`export_channel!`](crate::export_channel).
///
/// Every call runs in a fresh instance: nothing is kept between calls but what `host.kv_*` stores.
/// The functions are generic over the host, so that unit tests give a [`fake::Host`](crate::fake::Host),
/// and so that a plugin imports only what it really calls.
pub trait Channel {
    /// Checks of the configuration beyond the schema in the manifest. Runs without any grant.
    fn validate_config(config: &Value) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// How the channel is doing; at most once a minute.
    fn check_health<H: Host>(host: &H, ctx: &CallContext) -> Health {
        let _ = (host, ctx);
        Health { status: HealthStatus::Up, message: String::new(), details: Vec::new() }
    }

    /// A request came in.
    ///
    /// # Errors
    /// What the caller is to be told; see [`Failure`].
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let _ = (host, ctx, request);
        Err(not_provided("webhook"))
    }

    /// Fetch what is new since `cursor`.
    ///
    /// # Errors
    /// See [`Failure`].
    fn poll<H: Host>(
        host: &H,
        ctx: &CallContext,
        cursor: Option<String>,
        max_events: u32,
    ) -> Result<Page, Failure> {
        let _ = (host, ctx, cursor, max_events);
        Err(not_provided("poller"))
    }

    /// Send a notification.
    ///
    /// # Errors
    /// [`FailureKind`](crate::FailureKind) decides whether it is tried again.
    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        let _ = (host, ctx, notification);
        Err(not_provided("sender"))
    }

    /// The provider reports what became of messages.
    ///
    /// # Errors
    /// See [`Failure`].
    fn delivery_callback<H: Host>(
        host: &H,
        ctx: &CallContext,
        request: HttpRequest,
    ) -> Result<delivery::Outcome, Failure> {
        let _ = (host, ctx, request);
        Err(not_provided("delivery-callback"))
    }
}

/// What the default methods answer.
#[must_use]
pub fn not_provided(interface: &str) -> Failure {
    Failure::permanent("plugin.not-provided", format!("this channel does not provide `{interface}`"))
}

/// The bridge; [`export_channel!`](crate::export_channel) names it.
pub struct Exported<C>(PhantomData<C>);

impl<C: Channel> lifecycle::exports::yiwang::channel::lifecycle::Guest for Exported<C> {
    fn validate_config(config: String) -> Vec<Problem> {
        report_panics();
        match serde_json::from_str(&config) {
            Ok(config) => C::validate_config(&config),
            Err(error) => vec![Problem { pointer: String::new(), message: error.to_string() }],
        }
    }

    fn check_health(ctx: CallContext) -> Health {
        report_panics();
        C::check_health(&Live, &ctx)
    }
}

impl<C: Channel> webhook::exports::yiwang::channel::webhook::Guest for Exported<C> {
    fn handle(ctx: CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        report_panics();
        C::webhook(&Live, &ctx, request)
    }
}

impl<C: Channel> poller::exports::yiwang::channel::poller::Guest for Exported<C> {
    fn poll(ctx: CallContext, cursor: Option<String>, max_events: u32) -> Result<Page, Failure> {
        report_panics();
        C::poll(&Live, &ctx, cursor, max_events)
    }
}

impl<C: Channel> sender::exports::yiwang::channel::sender::Guest for Exported<C> {
    fn send(ctx: CallContext, notification: Notification) -> Result<Receipt, Failure> {
        report_panics();
        C::send(&Live, &ctx, notification)
    }
}

impl<C: Channel> delivery_callback::exports::yiwang::channel::delivery_callback::Guest for Exported<C> {
    fn handle(ctx: CallContext, request: HttpRequest) -> Result<delivery::Outcome, Failure> {
        report_panics();
        C::delivery_callback(&Live, &ctx, request)
    }
}

/// On `wasm32-unknown-unknown` a panic is a bare trap: its words get lost unless a hook writes them down.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        let text = info
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panic".to_owned());
        Live.log(crate::Level::Error, &format!("panic: {text}"), &[("at", &place)]);
    }));
}
