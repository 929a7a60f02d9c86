//! What wasmtime makes of `sdk/wit/script`. Generated.
#![allow(missing_docs, unreachable_pub, unused_qualifications, reason = "generated code")]
#![allow(clippy::all, clippy::doc_markdown, clippy::str_to_string, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../sdk/wit/script",
    world: "script",
    exports: { default: async },
});
