//! Callers that prove themselves by a key that they send: bearer tokens (RFC 6750) and API keys.
//!
//! The key itself stays on the host: two keys are the same if they make the same HMAC. `authorization` reaches
//! a plugin only where the channel's configuration says `passCredentials: true`.

use crate::{Failure, Host, HttpRequest, SecretError, codec};

/// What both sides compute the HMAC of: any text would do.
const QUESTION: &[u8] = b"is this the key?";
/// Longest key that is looked at.
const KEY_BYTES_MAX: usize = 512;

/// Checks `authorization: Bearer …` against the secrets `names`; several serve the change of keys.
///
/// # Errors
/// 401 without a token or with a wrong one; misconfigured if no secret is usable.
pub fn check<H: Host>(host: &H, names: &[&str], request: &HttpRequest) -> Result<(), Failure> {
    let mut headers = request.headers.iter().filter(|header| header.name == "authorization");
    let given = match (headers.next(), headers.next()) {
        (Some(header), None) => header.value.split_once(' '),
        _ => None,
    };
    let token =
        given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let Some(token) = token else {
        return Err(Failure::refused(
            401,
            "channel.missing-token",
            "send `authorization: Bearer <token>` once",
        ));
    };
    if is_key(host, names, token)? {
        return Ok(());
    }
    Err(Failure::refused(401, "channel.bad-token", "the token is not the one of this channel"))
}

/// Is `given` one of the secrets?
///
/// # Errors
/// Misconfigured if none of the secrets is usable.
pub fn is_key<H: Host>(host: &H, names: &[&str], given: &str) -> Result<bool, Failure> {
    // HMAC fills short keys up with zeros: a key with them at its end would be equal to the one without.
    let plain = !given.is_empty() && given.len() <= KEY_BYTES_MAX && !given.chars().any(char::is_control);
    let answer = codec::hmac_sha256(given.as_bytes(), QUESTION);
    let (mut found, mut usable, mut reason) = (false, false, "no secret is named".to_owned());
    for name in names {
        match host.hmac(name, "utf8", "sha256", QUESTION) {
            Ok(mac) => {
                usable = true;
                found |= codec::same(&mac, &answer);
            }
            Err(SecretError::NotSet) => reason = format!("secret `{name}` is not set"),
            Err(SecretError::Denied(why) | SecretError::Unsupported(why)) => reason = why,
        }
    }
    if usable { Ok(found && plain) } else { Err(Failure::misconfigured("channel.secret-not-set", reason)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, fake};

    fn call(values: &[&str]) -> Result<(), String> {
        let host = fake::Host::new().secret("token", "s3cret-token").secret("token_next", "other-token");
        let mut request = fake::get("/");
        for value in values {
            request.headers.push(Header { name: "authorization".to_owned(), value: (*value).to_owned() });
        }
        check(&host, &["token", "token_next"], &request).map_err(|failure| failure.code)
    }

    #[test]
    fn only_the_right_token_opens() {
        assert_eq!(call(&["Bearer s3cret-token"]), Ok(()));
        assert_eq!(call(&["bearer other-token"]), Ok(()));
        for wrong in ["Bearer s3cret", "Bearer s3cret-token2", "Bearer s3cret-token\0", "Bearer ", "Bearer  "]
        {
            assert_eq!(call(&[wrong]), Err("channel.bad-token".to_owned()), "{wrong:?}");
        }
        for missing in
            [&[][..], &["Basic s3cret-token"], &["s3cret-token"], &["Bearer s3cret-token", "Bearer x"]]
        {
            assert_eq!(call(missing), Err("channel.missing-token".to_owned()), "{missing:?}");
        }
    }

    #[test]
    fn without_a_secret_nothing_opens() {
        let host = fake::Host::new();
        assert_eq!(is_key(&host, &["token"], "").unwrap_err().code, "channel.secret-not-set");
    }
}
