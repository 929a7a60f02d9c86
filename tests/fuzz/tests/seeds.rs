//! The texts of the repository, and thousands of small changes of them, hold what must hold for any text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Changes of each text. The fuzzer makes millions.
const CHANGES: u64 = 40;

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["examples", "engine/dsl/tests/fixtures", "workflows"] {
        texts(&root.join(folder), &mut paths);
    }
    paths.sort();
    // A large text changed here or there shows nothing that a small one does not.
    let small = paths.iter().map(|path| std::fs::read(path).unwrap()).filter(|text| text.len() < 6_000);
    small.collect()
}

/// `SplitMix64`: the same changes on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }
}

/// Takes a part away, doubles one, or puts a character in that means something.
fn changed(text: &[u8], seed: u64) -> Vec<u8> {
    const SIGNS: &[&str] = &[
        "{", "}", "[", "]", ":", "- ", "\n", "  ", "\"", "'", "|", ">", "&a", "*a", "!!", "${", "#", ",",
        "\t", "办",
    ];
    let mut chance = Chance(seed);
    let mut text = text.to_vec();
    for _ in 0..=chance.below(3) {
        let (from, length) = (chance.below(text.len()), chance.below(30));
        let to = (from + length).min(text.len());
        match chance.below(3) {
            0 => drop(text.drain(from..to)),
            1 => {
                let part = text[from..to].to_vec();
                text.splice(to..to, part);
            }
            _ => drop(text.splice(from..from, SIGNS[chance.below(SIGNS.len())].bytes())),
        }
    }
    text
}

fn all_hold(target: fn(&[u8])) {
    let seeds = seeds();
    assert!(seeds.len() > 20, "the texts of the repository were not found");
    for (n, seed) in seeds.iter().enumerate() {
        for change in 0..=CHANGES {
            let text = if change == 0 { seed.clone() } else { changed(seed, n as u64 * 1_000 + change) };
            let held = catch_unwind(AssertUnwindSafe(|| target(&text)));
            assert!(held.is_ok(), "this text does it:\n{}", String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn as_yaml() {
    all_hold(yiwang_fuzz::yaml);
}

#[test]
fn as_workflows() {
    all_hold(yiwang_fuzz::check);
}

#[test]
fn as_expressions() {
    let expressions = [
        ".a.b[0] + 1",
        "[.[] | select(. > 2)] | length",
        "$context.x // \"\" | test(\"a+\")",
        "reduce range(0; 99) as $i (0; . + $i)",
        "def f: f; f",
        "limit(3; repeat(1))",
        "\"a\" * 1000000000",
        "[range(1e9)] | length",
        "now",
        "env",
        "input",
        "halt",
        "\"\\(.a) b\" | ascii_downcase",
        ".[\"办\"]?",
        "try error(\"x\") catch .",
        "tojson | fromjson",
        "@base64d",
        "splits(\"a\")",
    ];
    let inputs = ["null", "{\"a\": {\"b\": [1, 2.5, 1e300]}}", "[1, 2, 3, \"x\", null, true]", "\"文本\""];
    for (n, text) in expressions.iter().enumerate() {
        for input in inputs {
            for change in 0..=CHANGES {
                let expression = if change == 0 {
                    text.as_bytes().to_vec()
                } else {
                    changed(text.as_bytes(), n as u64 * 1_000 + change)
                };
                let mut data = expression;
                data.push(b'\n');
                data.extend_from_slice(input.as_bytes());
                let held = catch_unwind(AssertUnwindSafe(|| yiwang_fuzz::expression(&data)));
                assert!(held.is_ok(), "this does it:\n{}", String::from_utf8_lossy(&data));
            }
        }
    }
}
