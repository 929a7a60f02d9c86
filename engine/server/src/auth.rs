//! Who calls: `Authorization: Bearer yw_pat_…`, looked up by its SHA-256.
//!
//! The person comes from the stored token alone, the roles from the token and from the organisation; nothing
//! in a path, a header or a body can say who somebody is.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use yiwang_core::Timestamp;
use yiwang_core::organisation::Organisation;
use yiwang_core::work_item::Actor;
use yiwang_runtime::ports::{TokenRow, Tokens};

use crate::problem::{Code, Problem};

/// What every token begins with: secret scanners find it.
pub const TOKEN_PREFIX: &str = "yw_pat_";

/// A token that was made just now: the only time that its text exists.
pub struct NewToken {
    /// To be shown once.
    pub text: String,
    /// To be stored.
    pub row: TokenRow,
}

/// Makes a token of 32 random bytes for a person.
///
/// # Errors
/// When the system has no randomness.
pub fn new_token(
    person: &str,
    roles: Vec<String>,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> Result<NewToken, getrandom::Error> {
    let mut bytes = [0_u8; 40];
    getrandom::fill(&mut bytes)?;
    let text = format!("{TOKEN_PREFIX}{}", hex(&bytes[..32]));
    let row = TokenRow {
        id: format!("tok_{}", hex(&bytes[32..])),
        hash: hash(&text),
        person: person.to_owned(),
        roles,
        created,
        expires,
    };
    Ok(NewToken { text, row })
}

/// A fresh id such as `dec_8f3c…`.
pub(crate) fn random_id(prefix: &str) -> Result<String, std::io::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(format!("{prefix}_{}", hex(&bytes)))
}

/// SHA-256 of a token, hex.
pub fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)] as char, DIGITS[usize::from(byte & 15)] as char])
        .collect()
}

/// The caller; none when there is no `Authorization` header at all.
pub(crate) async fn authenticate(
    headers: &HeaderMap,
    tokens: &dyn Tokens,
    organisation: &Organisation,
    now: Timestamp,
) -> Result<Option<Actor>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let invalid = || Problem::new(Code::TokenInvalid, "Ask an administrator for a new one");
    if given.next().is_some() {
        return Err(invalid());
    }
    let token = value.to_str().ok().and_then(bearer).ok_or_else(invalid)?;
    // The look-up goes by the hash: how long it takes tells nothing about the token.
    let row = tokens.token(&hash(token)).await?.ok_or_else(invalid)?;
    if row.expires.is_some_and(|until| until <= now) {
        return Err(invalid());
    }
    Ok(Some(organisation.actor(&row.person, &row.roles, now)))
}

/// The token of a header's value, if it has the form of one of ours.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let random = token.strip_prefix(TOKEN_PREFIX)?;
    let well_formed = random.len() == 64 && random.bytes().all(|b| b.is_ascii_hexdigit());
    (scheme.eq_ignore_ascii_case("bearer") && well_formed).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_random_and_only_their_hash_is_stored() {
        let first = new_token("li", vec![], Timestamp(0), None).unwrap();
        let second = new_token("li", vec![], Timestamp(0), None).unwrap();
        assert_ne!(first.text, second.text);
        assert_eq!(first.row.hash, hash(&first.text));
        assert!(!serde_json::to_string(&first.row).unwrap().contains(&first.row.hash));
        assert_eq!(bearer(&format!("Bearer {}", first.text)), Some(&*first.text));
        assert_eq!(bearer(&format!("bearer {}", first.text)), Some(&*first.text));
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        for value in
            ["", "Bearer", "Bearer ", "Bearer nothing", "Bearer yw_pat_", "Basic yw_pat_x", "yw_pat_0"]
        {
            assert_eq!(bearer(value), None, "{value}");
        }
    }
}
