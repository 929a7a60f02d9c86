//! The public tracking code: given to the petitioner with the case, and enough to see how it stands.
//!
//! Eleven random characters, 55 bits, and one that checks them: nobody guesses a code, and a slip of the pen
//! finds no other case but none. Letters that look like digits are not used.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{ALPHABET, ParseIdError};

/// Characters without the last, which checks.
const RANDOM: usize = 11;

/// A tracking code, e.g. `7K3M-Q2XA-9TFC`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrackingCode(Arc<str>);

impl TrackingCode {
    /// The code of these random bits; the lowest 55 count.
    pub fn new(random: u64) -> Self {
        let mut digits = [0_u8; RANDOM];
        for (at, digit) in digits.iter_mut().enumerate() {
            *digit = u8::try_from(random >> (5 * at) & 31).expect("five bits");
        }
        Self::of(&digits, check(&digits))
    }

    fn of(digits: &[u8; RANDOM], check: u8) -> Self {
        let mut text = String::with_capacity(RANDOM + 3);
        for (at, digit) in digits.iter().chain([&check]).enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*digit)]));
        }
        Self(text.into())
    }
}

/// Luhn's sum over 32 digits: one wrong character, and nearly every exchange of two neighbours, changes it.
fn check(digits: &[u8; RANDOM]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let weighted = if at % 2 == 0 { u32::from(*digit) * 2 } else { u32::from(*digit) };
            weighted / 32 + weighted % 32
        })
        .sum();
    u8::try_from((32 - sum % 32) % 32).expect("below 32")
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a code as people write it: small letters, without hyphens, O for 0, I and L for 1.
impl FromStr for TrackingCode {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let mut digits = Vec::with_capacity(RANDOM + 1);
        for letter in text.chars().filter(|letter| !matches!(letter, '-' | ' ')) {
            let letter = match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|known| char::from(*known) == letter).ok_or(ParseIdError)?;
            digits.push(u8::try_from(digit).map_err(|_| ParseIdError)?);
            if digits.len() > RANDOM + 1 {
                return Err(ParseIdError);
            }
        }
        let last = digits.pop().ok_or(ParseIdError)?;
        let digits: [u8; RANDOM] = digits.try_into().map_err(|_| ParseIdError)?;
        if check(&digits) == last { Ok(Self::of(&digits, last)) } else { Err(ParseIdError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = TrackingCode::new(0x0123_4567_89ab_cdef);
        assert_eq!(code.to_string(), "FFKQ-T4YC-5T8Z");
        for text in ["FFKQ-T4YC-5T8Z", "ffkqt4yc5t8z", " FFKQ T4YC 5T8Z"] {
            assert_eq!(text.parse(), Ok(code.clone()), "{text}");
        }
        assert_eq!("OO00-0000-0000".parse(), Ok(TrackingCode::new(0)));
        for text in ["", "FFKQ-T4YC-5T8", "FFKQ-T4YC-5T8ZZ", "FFKQ-T4YC-5T8U", "诉求"] {
            assert_eq!(text.parse::<TrackingCode>(), Err(ParseIdError), "{text}");
        }
    }

    #[test]
    fn one_wrong_character_finds_nothing() {
        let code = TrackingCode::new(0x0123_4567_89ab_cdef).to_string();
        for at in (0..code.len()).filter(|at| code.as_bytes()[*at] != b'-') {
            for letter in ALPHABET.iter().filter(|letter| **letter != code.as_bytes()[at]) {
                let mut wrong = code.clone().into_bytes();
                wrong[at] = *letter;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(wrong.parse::<TrackingCode>(), Err(ParseIdError), "{wrong}");
            }
        }
    }
}
