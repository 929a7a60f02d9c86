//! `dsl` and `core` are pure: same inputs, same answer, on every machine and at every time.

use crate::graph::product_lines;
use crate::tree::{files, read, report};

/// What a pure crate must not say, and what to do instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "take the text as an argument; the CLI or the server reads files"),
    ("std::env", "take the value as an argument"),
    ("std::net", "return an Effect"),
    ("std::process", "return an Effect"),
    ("std::thread", "core has no threads; the runtime decides where a step runs"),
    ("SystemTime", "take `now` from Ambient"),
    ("Timestamp::now", "take `now` from Ambient"),
    ("Zoned::now", "take `now` from Ambient"),
    ("HashMap", "use BTreeMap: its order is the same in every run"),
    ("HashSet", "use BTreeSet: its order is the same in every run"),
    ("async fn", "a step has no await; what must wait is returned as an Effect"),
    (".await", "a step has no await; what must wait is returned as an Effect"),
    ("thread_rng", "take `entropy` from Ambient"),
    ("println!", "return it; nothing is printed here"),
];

/// Places that may break one of the rules: file, word, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

#[test]
fn dsl_and_core_are_pure() {
    let mut remarks = Vec::new();
    for path in files() {
        let pure = path.starts_with("engine/dsl/src/") || path.starts_with("engine/core/src/");
        let test = path.ends_with("/tests.rs") || path.contains("/tests/");
        if !pure || test || !path.ends_with(".rs") {
            continue;
        }
        for (number, line) in product_lines(&read(&path)) {
            for (word, instead) in FORBIDDEN {
                let excused = EXCEPTIONS.iter().any(|(file, said, _)| *file == path && said == word);
                if line.contains(word) && !excused {
                    remarks.push(format!("{path}:{number}: says {word}: {instead}"));
                }
            }
        }
    }
    report("dsl and core are pure (docs/ARCHITECTURE.md, invariants).", &remarks);
}
