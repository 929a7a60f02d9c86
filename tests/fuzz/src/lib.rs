//! What must hold for any text whatever: a target for each door by which foreign text comes in.
//!
//! A target panics when something does not hold. libFuzzer calls it with texts that reach new code
//! (`cargo xtask fuzz`); a test calls it with the texts of the repository and small changes of them.

mod check;
mod expression;
mod yaml;

pub use check::check;
pub use expression::expression;
pub use yaml::yaml;

use std::ops::Range;

/// A span lies within its text, between characters.
fn assert_span(text: &str, span: &Range<usize>, what: &str) {
    assert!(span.start <= span.end, "{what}: {span:?} ends before it begins");
    assert!(text.get(span.clone()).is_some(), "{what}: {span:?} is no part of the text");
}
