//! What `wit-bindgen` makes of `sdk/wit`: one world for the imports and one for each export.
//!
//! One world for each export, because a component exports every interface of its world:
//! with these a plugin exports only what [`export_channel!`](crate::export_channel) names,
//! and wit-component joins the worlds again. It knows nothing of the [`Channel`](crate::Channel) trait.
#![allow(missing_docs, reason = "generated code carries the words of the WIT where it has any")]
#![allow(unreachable_pub, clippy::doc_markdown, clippy::str_to_string, reason = "generated code")]

pub mod imports {
    wit_bindgen::generate!({
        path: "../wit",
        world: "imports",
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

macro_rules! part {
    ($module:ident, $world:literal, $inline:literal, $export:literal, $path:literal) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                inline: $inline,
                world: $world,
                with: { "yiwang:channel/types@1.0.0": crate::bindings::imports::yiwang::channel::types },
                generate_unused_types: true,
                additional_derives: [PartialEq],
                pub_export_macro: true,
                export_macro_name: $export,
                default_bindings_module: $path,
                type_section_suffix: $export,
            });
        }
    };
}

part!(
    lifecycle,
    "sdk-lifecycle",
    "package yiwang:sdk; world sdk-lifecycle { export yiwang:channel/lifecycle@1.0.0; }",
    "__export_lifecycle",
    "::yiwang_sdk::bindings::lifecycle"
);
part!(
    webhook,
    "sdk-webhook",
    "package yiwang:sdk; world sdk-webhook { export yiwang:channel/webhook@1.0.0; }",
    "__export_webhook",
    "::yiwang_sdk::bindings::webhook"
);
part!(
    poller,
    "sdk-poller",
    "package yiwang:sdk; world sdk-poller { export yiwang:channel/poller@1.0.0; }",
    "__export_poller",
    "::yiwang_sdk::bindings::poller"
);
part!(
    sender,
    "sdk-sender",
    "package yiwang:sdk; world sdk-sender { export yiwang:channel/sender@1.0.0; }",
    "__export_sender",
    "::yiwang_sdk::bindings::sender"
);
part!(
    delivery_callback,
    "sdk-delivery",
    "package yiwang:sdk; world sdk-delivery { export yiwang:channel/delivery-callback@1.0.0; }",
    "__export_delivery_callback",
    "::yiwang_sdk::bindings::delivery_callback"
);
