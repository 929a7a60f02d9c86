//! The contract, made from `sdk/wit/script`, and its export. It knows nothing of JavaScript.
#![allow(missing_docs, unreachable_pub, unused_qualifications, reason = "generated code")]
#![allow(clippy::doc_markdown, clippy::str_to_string, reason = "generated code")]

wit_bindgen::generate!({ path: "../../sdk/wit/script", world: "script" });

pub use self::exports::yiwang::script::interpreter::{Invocation, Outcome, Stopped};

struct Interpreter;

impl self::exports::yiwang::script::interpreter::Guest for Interpreter {
    fn run(invocation: Invocation) -> Result<Outcome, Stopped> {
        crate::run(&invocation)
    }
}

#[cfg(target_family = "wasm")]
export!(Interpreter);
