//! Random damage to good texts: whatever happens, there is an answer and no panic.

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

/// A good text with a bit of everything.
const GOOD: &str = include_str!("good.yaml");

#[test]
fn the_good_text_is_good() {
    let (definition, diagnostics) = yiwang_dsl::check(GOOD, &remarks::catalog());
    assert_eq!(diagnostics, []);
    assert!(definition.is_some());
}
