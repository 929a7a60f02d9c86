//! How cases are found by words, numbers and phones: what is kept of a case, and what of a question.
//!
//! Chinese is written without spaces. Every character and every two neighbours are kept as words of their own,
//! so that two characters are found wherever they stand together, without a dictionary and in every store that
//! has an index of words (ADR 0028). A longer question asks for all its pairs.

use std::collections::BTreeSet;

use yiwang_core::Case;

/// Characters of a case whose words are kept. What comes behind is in the case, but is not found.
const CHARS_MAX: usize = 4_000;
/// Words of one question.
const WORDS_MAX: usize = 32;
/// Digits of a phone that are enough to ask by.
pub const TAIL_LEN: usize = 4;

/// A question, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A case's number, or its beginning.
    pub number: Option<String>,
    /// The last digits of a phone, four at least.
    pub phone: Option<String>,
    /// Words that must all be there.
    pub words: Vec<String>,
}

impl Search {
    /// Takes a question apart: what looks like a case's number is one, four and more digits are the end of a
    /// phone, everything else are words.
    pub fn new(text: &str) -> Self {
        let mut search = Self::default();
        for part in text.split_whitespace() {
            let plain: String = part.chars().filter(|c| !matches!(c, '-' | '+')).collect();
            let digits = plain.chars().all(|c| c.is_ascii_digit());
            if is_number(part) && search.number.is_none() {
                search.number = Some(part.to_ascii_uppercase());
            } else if digits && plain.len() >= TAIL_LEN && search.phone.is_none() {
                search.phone = Some(plain);
            } else {
                words(part, Side::Question, &mut |word| {
                    if search.words.len() < WORDS_MAX && !search.words.contains(&word) {
                        search.words.push(word);
                    }
                });
            }
        }
        search
    }

    /// Does it ask for nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Is the case what it asks for?
    pub fn finds(&self, case: &Case) -> bool {
        let number = self.number.as_ref().is_none_or(|wanted| case.no.0.starts_with(&**wanted));
        let phone = || case.petitioner.as_ref().and_then(|it| it.digits());
        let phone = self.phone.as_ref().is_none_or(|wanted| phone().is_some_and(|it| it.ends_with(wanted)));
        let words = || {
            let known = case_words(case);
            self.words.iter().all(|word| known.contains(word))
        };
        number && phone && (self.words.is_empty() || words())
    }
}

/// The words of a case: of its title, its place, its petitioner's name and the texts of its content.
pub fn case_words(case: &Case) -> BTreeSet<String> {
    let mut text = String::new();
    let mut add = |part: Option<&str>| {
        if let Some(part) = part {
            text.push_str(part);
            text.push('\n');
        }
    };
    add(Some(&case.title));
    add(case.place.as_ref().and_then(|place| place.address.as_deref()));
    add(case.petitioner.as_ref().and_then(|petitioner| petitioner.name.as_deref()));
    for member in ["content", "description", "text", "address", "summary"] {
        let value = case.content.get(member);
        add(value.as_ref().and_then(|value| value.as_str()));
    }
    add(case.content.as_str());
    let cut: String = text.chars().take(CHARS_MAX).collect();
    let mut found = BTreeSet::new();
    words(&cut, Side::Case, &mut |word| {
        found.insert(word);
    });
    found
}

/// `QC-2024…`: letters, a hyphen, digits.
fn is_number(part: &str) -> bool {
    part.split_once('-').is_some_and(|(prefix, rest)| {
        !prefix.is_empty()
            && prefix.bytes().all(|b| b.is_ascii_alphabetic())
            && rest.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    })
}

/// Who has the words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Single characters are kept, too: a question may be one.
    Case,
    /// Pairs are enough, where there are two.
    Question,
}

/// Takes a text apart: runs of letters and digits as they are, in small letters; of Chinese characters each, and
/// each pair.
fn words(text: &str, side: Side, give: &mut impl FnMut(String)) {
    let mut word = String::new();
    let mut run: Vec<char> = Vec::new();
    for char in text.chars().chain(['\n']) {
        if !is_han(char) && !run.is_empty() {
            if side == Side::Case || run.len() == 1 {
                run.iter().for_each(|char| give(char.to_string()));
            }
            run.windows(2).for_each(|pair| give(pair.iter().collect()));
            run.clear();
        }
        if is_han(char) || !char.is_alphanumeric() {
            if !word.is_empty() {
                give(std::mem::take(&mut word));
            }
        } else {
            word.extend(char.to_lowercase());
        }
        if is_han(char) {
            run.push(char);
        }
    }
}

/// A Chinese character, with the extensions that names of people and places use.
fn is_han(char: char) -> bool {
    matches!(char, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, side: Side) -> Vec<String> {
        let mut found = Vec::new();
        words(text, side, &mut |word| found.push(word));
        found
    }

    #[test]
    fn chinese_is_kept_in_pairs() {
        assert_eq!(of("路灯不亮", Side::Question), ["路灯", "灯不", "不亮"]);
        assert_eq!(of("路灯", Side::Case), ["路", "灯", "路灯"]);
        assert_eq!(of("灯", Side::Question), ["灯"]);
        assert_eq!(of("A座3号楼WiFi坏了", Side::Question), ["a", "座", "3", "号楼", "wifi", "坏了"]);
        assert_eq!(of(" ,。!", Side::Case), Vec::<String>::new());
    }

    #[test]
    fn a_question_is_taken_apart() {
        let search = Search::new("qc-20240611-000001 路灯 南关 0001");
        assert_eq!(search.number.as_deref(), Some("QC-20240611-000001"));
        assert_eq!(search.phone.as_deref(), Some("0001"));
        assert_eq!(search.words, ["路灯", "南关"]);
        assert_eq!(Search::new("110").words, ["110"]);
        assert_eq!(Search::new("138-0000-0001").phone.as_deref(), Some("13800000001"));
        assert!(Search::new(" \u{3000}").is_empty());
    }
}
