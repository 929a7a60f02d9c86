//! Any text as an expression, on any data: refused, or evaluated within its budget.
//!
//! The first line is the expression, the rest is its input as JSON.

use yiwang_dsl::Data;
use yiwang_dsl::expression::{Expression, Scope};

/// Variables of the usual names, all with the input as their value.
struct Same(Data);

impl Scope for Same {
    fn variable(&self, _: &str) -> Option<Data> {
        Some(self.0.clone())
    }
}

/// One text.
///
/// # Panics
/// When a value cannot be written and read again. Whatever runs too long or takes too much memory is found
/// by the fuzzer itself.
pub fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, input) = text.split_once('\n').unwrap_or((text, "null"));
    let names = ["context", "input", "output", "task", "workflow", "runtime"];
    let Ok(expression) = Expression::compile(text, &names) else { return };
    let Ok(input) = serde_json::from_str::<Data>(input) else { return };
    if let Ok(value) = expression.evaluate(&input, &Same(input.clone())) {
        let written = value.to_string();
        let read: Data = serde_json::from_str(&written).expect("a value can be read again");
        assert_eq!(read.to_string(), written, "a value changes when it is written and read");
    }
}
