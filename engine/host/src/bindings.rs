//! What wasmtime makes of `sdk/wit`. Generated; only types that cross the boundary come from here.
#![allow(missing_docs, unreachable_pub, unused_qualifications, reason = "generated code")]
#![allow(clippy::all, clippy::doc_markdown, clippy::str_to_string, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../sdk/wit",
    world: "channel",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "yiwang:channel/blobs.reader": crate::imports::blobs::Reader,
        "yiwang:channel/blobs.writer": crate::imports::blobs::Writer,
        "yiwang:channel/mail.mailbox": crate::imports::mail::Fetched,
    },
    additional_derives: [PartialEq],
});
