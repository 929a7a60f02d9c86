//! Random damage to good texts: whatever happens, there is an answer and no panic.

use yiwang_dsl::expression::Expression;

use crate::{fixtures, remarks};

/// A small generator with a seed; the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).expect("below a usize")
    }
}

const PIECES: [&str; 32] = [
    "\n",
    " ",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "${",
    "}",
    "|\n",
    ">-\n",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "---\n",
    "\t",
    "中",
    "\u{feff}",
    "\\",
    ",",
    "null",
    "then: ",
    "$context.",
    "0x",
    "1e9",
    "...\n",
    "? ",
];

fn mutate(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(characters.len());
        match random.below(5) {
            0 => {
                characters.remove(at.min(characters.len().saturating_sub(1)));
            }
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                characters.splice(at..at, piece.chars());
            }
            2 => {
                let end = (at + random.below(40)).min(characters.len());
                characters.drain(at..end);
            }
            3 => {
                let end = (at + random.below(60)).min(characters.len());
                let copy: Vec<char> = characters[at..end].to_vec();
                let to = random.below(characters.len());
                characters.splice(to..to, copy);
            }
            _ => {
                let other = random.below(characters.len());
                characters.swap(at, other);
            }
        }
        if characters.is_empty() {
            characters.push('a');
        }
    }
    characters.into_iter().collect()
}

#[test]
fn damaged_texts_never_panic() {
    let catalog = remarks::catalog();
    let mut texts: Vec<String> =
        fixtures::texts().into_iter().map(|(_, text)| fixtures::without_remarks(&text)).collect();
    texts.push(GOOD.to_owned());
    for (seed, text) in texts.iter().enumerate() {
        let mut random = Random(seed as u64);
        for _ in 0..300 {
            let damaged = mutate(text, &mut random);
            let (definition, diagnostics) = yiwang_dsl::check(&damaged, &catalog);
            for diagnostic in &diagnostics {
                assert!(damaged.get(diagnostic.span.clone()).is_some(), "{diagnostic:?} in {damaged:?}");
                for (span, _) in &diagnostic.related {
                    assert!(damaged.get(span.clone()).is_some(), "{diagnostic:?} in {damaged:?}");
                }
            }
            assert!(definition.is_some() || !diagnostics.is_empty(), "no answer to {damaged:?}");
        }
    }
}

const EXPRESSIONS: [&str; 12] = [
    "[.items[] | select(.a > 1) | {a, b: (.b // 0)}] | sort_by(.a) | group_by(.b)",
    "reduce .items[] as {a: $x, b: [$y]} (0; . + $x) | tostring",
    "if .n > 1 then \"\\(.n) 件\" elif .n == null then empty else [limit(3; repeat(.n))] end",
    ".a.b |= (. + 1) | del(.items[0]) | .items[1:] = [1] | to_entries | from_entries",
    "try (.a | error) catch . | [paths] | map(tojson | fromjson)",
    ". as [$a, [$b]] | label $out | foreach ($a, $b) as $x (0; . + 1; if . > 1 then break $out else . end)",
    "[.items | combinations] | transpose | flatten(1) | unique_by(.a) | min_by(.a)",
    "\"2026-01-05T00:00:00Z\" | fromdate | strftime(\"%Y\") | test(\"[0-9]+\"; \"g\") | not",
    "[splits(\", *\"; null)]? // (\"中文\" | explode | implode | @base64 | @base64d | @csv?)",
    "walk(if type == \"object\" then with_entries(.value |= .) else . end) | getpath([\"a\", 0]?)",
    ".. | numbers, strings | -. * 3 % 2 | floor, sqrt, tostring, ascii_downcase?",
    "input | env | $ENV | def f: f; f | first(range(10; -1; -3)) | IN(1, 2) | INDEX(.a) | @json \"x\\(.)\"",
];

#[test]
fn damaged_expressions_never_panic() {
    let input: yiwang_dsl::Data =
        serde_json::json!({ "n": 2, "a": { "b": 1 }, "items": [{ "a": 2, "b": [1] }, { "a": 1, "b": [2] }] })
            .into();
    let mut compiled = 0;
    for (seed, text) in EXPRESSIONS.iter().enumerate() {
        let mut random = Random(seed as u64);
        for _ in 0..400 {
            let damaged = mutate(text, &mut random);
            let Ok(expression) = Expression::compile(&damaged, &["context"]) else { continue };
            compiled += 1;
            if let Err(error) = expression.evaluate(&input, &()) {
                assert!(!error.0.contains("inside the expression engine"), "{damaged:?}: {error}");
            }
        }
    }
    assert!(compiled > 100, "some of the damage is harmless");
}

/// A good text with a bit of everything.
const GOOD: &str = include_str!("good.yaml");

#[test]
fn the_good_text_is_good() {
    let (definition, diagnostics) = yiwang_dsl::check(GOOD, &remarks::catalog());
    assert_eq!(diagnostics, []);
    assert!(definition.is_some());
}
