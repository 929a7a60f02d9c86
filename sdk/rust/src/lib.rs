//! Write a channel of Yiwang in Rust: one trait, one macro, and a fake host for unit tests.
//!
//! ```ignore
//! use yiwang_sdk::prelude::*;
//!
//! struct Hello;
//!
//! impl Channel for Hello {
//!     fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
//!         host.info("somebody called");
//!         Ok(Outcome::answer(HttpResponse::text(200, "hello")))
//!     }
//! }
//!
//! yiwang_sdk::export_channel!(Hello: webhook);
//! ```
//!
//! A plugin is compiled to `wasm32-unknown-unknown` and has no WASI: the list of its imports *is* the
//! list of its permissions. All that it may ask of the world is in [`Host`]; what it does not call is not
//! imported. The crate knows nothing of the engine: it reads `sdk/wit`, which the engine reads too.

pub mod access_token;
#[cfg(feature = "aes")]
pub mod aes_cbc;
pub mod bearer;
pub mod bindings;
pub mod caller;
pub mod canonical;
mod channel;
pub mod chat;
pub mod codec;
pub mod date;
#[cfg(not(target_arch = "wasm32"))]
pub mod fake;
mod host;
pub mod intake;
pub mod json;
pub mod mapping;
pub mod provider;
pub mod sms;
pub mod standard_webhooks;
pub mod text;
pub mod time;
mod types;
#[cfg(feature = "wechat")]
pub mod wechat;

#[doc(hidden)]
pub use channel::Exported;
pub use channel::{Channel, not_provided};
pub use host::{BlobWriter, Host, Live, Mailbox};
pub use serde_json;

pub use bindings::delivery_callback::exports::yiwang::channel::delivery_callback as delivery;
pub use bindings::imports::yiwang::channel::blobs::BlobError;
pub use bindings::imports::yiwang::channel::http::{HttpError, Request as OutgoingRequest};
pub use bindings::imports::yiwang::channel::kv::KvError;
pub use bindings::imports::yiwang::channel::log::Level;
pub use bindings::imports::yiwang::channel::mail::{
    Account as MailAccount, MailError, Message as MailMessage, Outgoing as OutgoingMail, Page as MailPage,
    Query as MailQuery, Reply as MailReply,
};
pub use bindings::imports::yiwang::channel::secrets::SecretError;
pub use bindings::imports::yiwang::channel::types::{
    BlobRef, CallContext, DeliveryState, DeliveryUpdate, Event, Failure, FailureKind, FormPart, Header,
    HttpRequest, HttpResponse, Payload,
};
pub use bindings::lifecycle::exports::yiwang::channel::lifecycle::{Health, HealthStatus, Problem};
pub use bindings::poller::exports::yiwang::channel::poller::Page;
pub use bindings::sender::exports::yiwang::channel::sender::{Notification, Receipt, Recipient};
pub use bindings::webhook::exports::yiwang::channel::webhook::Outcome;

/// What nearly every plugin uses.
pub mod prelude {
    pub use crate::{
        BlobRef, CallContext, Channel, DeliveryState, DeliveryUpdate, Event, Failure, FailureKind, FormPart,
        Header, Health, Host, HttpRequest, HttpResponse, Notification, Outcome, Page, Payload, Problem,
        Receipt,
    };
}

/// Makes a component out of a [`Channel`]: `export_channel!(MyChannel: webhook, sender);`.
///
/// Name what the channel provides, as in `provides` of its `plugin.toml`: any of `webhook`, `poller`,
/// `sender`, `delivery_callback`. `lifecycle` is always there. Nothing happens in a native build.
#[macro_export]
macro_rules! export_channel {
    ($channel:ty: $($part:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::Exported<$channel>;
            $crate::bindings::lifecycle::__export_lifecycle!(Component with_types_in $crate::bindings::lifecycle);
            $($crate::export_channel!(@$part Component);)+
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            // Keeps the type used, and the names of the parts checked, in native builds.
            let _: ::core::marker::PhantomData<$channel> = ::core::marker::PhantomData;
            $(let _ = ::core::stringify!($part);)+
        };
    };
    (@webhook $ty:ident) => {
        $crate::bindings::webhook::__export_webhook!($ty with_types_in $crate::bindings::webhook);
    };
    (@poller $ty:ident) => {
        $crate::bindings::poller::__export_poller!($ty with_types_in $crate::bindings::poller);
    };
    (@sender $ty:ident) => {
        $crate::bindings::sender::__export_sender!($ty with_types_in $crate::bindings::sender);
    };
    (@delivery_callback $ty:ident) => {
        $crate::bindings::delivery_callback::__export_delivery_callback!($ty with_types_in $crate::bindings::delivery_callback);
    };
}
