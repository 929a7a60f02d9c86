//! Digest authentication (RFC 7616): MD5 and SHA-256, with sessions, quality `auth` or the older form.

use http::HeaderMap;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use yiwang_dsl::Fault;

use super::challenge::{Challenge, challenges};
use crate::fault;

/// How the hashes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

/// A challenge that can be answered.
#[derive(Debug)]
pub(super) struct Dare {
    challenge: Challenge,
    hash: Hash,
    session: bool,
    /// Is there a quality `auth`? Without any, the form of RFC 2069 is spoken.
    quality: bool,
}

/// The strongest challenge of an answer that can be answered; none when there is no digest among them.
pub(super) fn challenge(headers: &HeaderMap) -> Result<Option<Dare>, Fault> {
    let mut digests: Vec<Challenge> = challenges(headers);
    digests.retain(|challenge| challenge.scheme == "digest");
    if digests.is_empty() {
        return Ok(None);
    }
    let best = digests.into_iter().filter_map(Dare::of).max_by_key(|dare| dare.hash);
    let words = "the server asks for a digest of a kind that is not spoken here; MD5 and SHA-256 are, with \
                 the quality `auth`";
    best.map(Some).ok_or_else(|| fault::authentication(words))
}

impl Dare {
    fn of(challenge: Challenge) -> Option<Self> {
        let get = |name: &str| challenge.parameters.get(name).map(String::as_str);
        let algorithm = get("algorithm").unwrap_or("MD5").to_ascii_uppercase();
        let (bare, session) = match algorithm.strip_suffix("-SESS") {
            Some(bare) => (bare, true),
            None => (algorithm.as_str(), false),
        };
        let hash = match bare {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let quality = match get("qop") {
            None => false,
            Some(list) if list.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) => true,
            Some(_) => return None,
        };
        get("nonce")?;
        Some(Self { hash, session, quality, challenge })
    }

    /// The parameter of `Authorization` for one request.
    pub(super) fn answer(&self, person: (&str, &str), method: &str, target: &str, chance: &str) -> String {
        let get = |name: &str| self.challenge.parameters.get(name).map(String::as_str);
        let (user, password) = person;
        let (realm, nonce) = (get("realm").unwrap_or_default(), get("nonce").unwrap_or_default());
        let mut who = self.hashed(&format!("{user}:{realm}:{password}"));
        if self.session {
            who = self.hashed(&format!("{who}:{nonce}:{chance}"));
        }
        let what = self.hashed(&format!("{method}:{target}"));
        let response = if self.quality {
            self.hashed(&format!("{who}:{nonce}:00000001:{chance}:auth:{what}"))
        } else {
            self.hashed(&format!("{who}:{nonce}:{what}"))
        };
        let shown_user = if get("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            format!("username=\"{}\", userhash=true", self.hashed(&format!("{user}:{realm}")))
        } else if user.is_ascii() {
            format!("username=\"{}\"", quoted(user))
        } else {
            let encoded = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
            format!("username*=UTF-8''{encoded}")
        };
        let mut answer = format!(
            "{shown_user}, realm=\"{}\", nonce=\"{}\", uri=\"{target}\", response=\"{response}\"",
            quoted(realm),
            quoted(nonce),
        );
        if let Some(algorithm) = get("algorithm") {
            answer.push_str(&format!(", algorithm={algorithm}"));
        }
        if let Some(opaque) = get("opaque") {
            answer.push_str(&format!(", opaque=\"{}\"", quoted(opaque)));
        }
        if self.quality {
            answer.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{chance}\""));
        } else if self.session {
            answer.push_str(&format!(", cnonce=\"{chance}\""));
        }
        answer
    }

    fn hashed(&self, text: &str) -> String {
        match self.hash {
            Hash::Md5 => hex(&Md5::digest(text.as_bytes())),
            Hash::Sha256 => hex(&Sha256::digest(text.as_bytes())),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The answer to the example of RFC 7616, section 3.9.1, with this in the place of its algorithm.
    fn answer(more: &str) -> Option<String> {
        let text = format!(
            "Digest realm=\"http-auth@example.org\", {more} \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        let mut headers = HeaderMap::new();
        headers.insert("www-authenticate", HeaderValue::from_str(&text).unwrap());
        let dare = challenge(&headers).ok()??;
        let chance = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        Some(dare.answer(("Mufasa", "Circle of Life"), "GET", "/dir/index.html", chance))
    }

    #[test]
    fn the_answers_are_those_of_the_standard() {
        let check = |more: &str, response: &str| {
            let answer = answer(more).unwrap();
            assert!(answer.contains(&format!("response=\"{response}\"")), "{more} {answer}");
        };
        check(r#"qop="auth, auth-int", algorithm=MD5,"#, "8ca523f5e9506fed4657c9700eebdbec");
        check(
            r#"qop="auth, auth-int", algorithm=SHA-256,"#,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        );
        // Made with another program: the standard has no example of these.
        check(r#"qop="auth", algorithm=MD5-sess,"#, "e783283f46242139c486a698fec7211d");
        check(
            r#"qop="auth", algorithm=SHA-256-sess,"#,
            "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
        );
        check("", "7b2cc3b30e75b4777ea31027084363fd");
    }

    #[test]
    fn what_is_not_spoken_is_refused() {
        assert_eq!(answer("algorithm=SHA-512-256,"), None);
        assert_eq!(answer("qop=\"auth-int\","), None);
        assert_eq!(challenge(&HeaderMap::new()).unwrap().map(|_| ()), None);
    }

    #[test]
    fn a_name_may_be_hashed_or_of_any_script() {
        let hashed = answer("userhash=true, qop=auth,").unwrap();
        assert!(
            hashed.starts_with("username=\"4238f3a16167373febb9bc4d43db9cc4\", userhash=true"),
            "{hashed}"
        );
    }
}
