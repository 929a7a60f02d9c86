//! The only place that parses YAML: text in, a tree of values with byte spans out.
//!
//! YAML 1.2 core schema, resolved by us (`no` and `on` are strings, so are `012` and `05581234567`).
//! Refused: duplicate and non-string keys, merge keys, custom tags, infinities, several documents.
//! Bounded: size, depth, number of nodes, and nodes that come from aliases.
//!
//! It does not know what a workflow is; configuration and scenario files are read here too.

mod de;
mod node;
mod parse;
mod scalar;

pub use de::from_str;
pub use node::{Entry, Key, Node, Style, Value};
pub use parse::{parse, parse_foreign};

/// Longest text, in bytes. A workflow of a thousand tasks has about 200 KB.
pub const TEXT_LEN_MAX: usize = 1 << 20;
/// Deepest nesting of lists and mappings.
pub const DEPTH_MAX: usize = 64;
/// Most nodes of one text.
pub const NODES_MAX: usize = 100_000;
/// Most nodes that aliases may add: enough for a repeated form, too little for a bomb.
pub const ALIAS_NODES_MAX: usize = 1_000;
/// Most anchors of one text.
pub const ANCHORS_MAX: usize = 100;

/// Appends one step to a JSON Pointer.
pub(crate) fn push_pointer(pointer: &mut String, step: &str) {
    pointer.push('/');
    for character in step.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}
