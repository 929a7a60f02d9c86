//! Who may call, where the provider signs nothing: whoever knows a secret part of the address, and comes from an
//! address that is allowed. Weaker than a signature: the secret is written into logs on the way, so both are
//! asked, and the secret can be changed.

use core::net::IpAddr;

use serde_json::Value;

use crate::{Failure, Host, HttpRequest, Problem, SecretError, codec, provider};

/// Shortest secret that is taken; 22 characters of base64url are 128 bits.
const KEY_CHARS_MIN: usize = 16;
/// What both sides compute the HMAC of: any text would do.
const QUESTION: &[u8] = b"is this the key?";

/// Checks that the last part of the request's path is the secret `name` (or `name_next`, while it is being
/// changed), and that the caller's address is in `allowed`, a list of addresses and networks; an empty or absent
/// list allows all.
///
/// The secret stays on the host: two keys are the same if they make the same HMAC.
///
/// # Errors
/// 404 as for any unknown path, 403 for an address that is not allowed; misconfigured without a secret.
pub fn check<H: Host>(host: &H, name: &str, allowed: &Value, request: &HttpRequest) -> Result<(), Failure> {
    let given = request.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if !is_key(given) || !knows(host, name, given)? {
        return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
            .with("keep", "false"));
    }
    let networks = allowed.as_array().map_or(&[][..], Vec::as_slice);
    let address = request.client_addr.as_deref().and_then(address);
    let within = |network: &Value| {
        let network = network.as_str().and_then(Network::read);
        network.zip(address).is_some_and(|(network, address)| network.holds(address))
    };
    if networks.is_empty() || networks.iter().any(within) {
        return Ok(());
    }
    Err(Failure::refused(
        403,
        "channel.sender-not-allowed",
        "the caller's address is not in the channel's list",
    ))
}

fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (KEY_CHARS_MIN..=128).contains(&text.len()) && text.bytes().all(plain)
}

fn knows<H: Host>(host: &H, name: &str, given: &str) -> Result<bool, Failure> {
    let answer = codec::hmac_sha256(given.as_bytes(), QUESTION);
    let mut found = false;
    for (name, needed) in [(name.to_owned(), true), (format!("{name}_next"), false)] {
        match host.hmac(&name, "utf8", "sha256", QUESTION) {
            Ok(mac) => found |= codec::same(&mac, &answer),
            Err(SecretError::NotSet | SecretError::Denied(_)) if !needed => {}
            Err(error) => return Err(provider::unusable(&name, error)),
        }
    }
    Ok(found)
}

/// Mistakes in the list of addresses and networks that is this member of the configuration.
#[must_use]
pub fn problems(config: &Value, member: &str) -> Vec<Problem> {
    let wrong = unreadable(&config[member]).into_iter();
    wrong.map(|at| Problem::at(format!("/{member}/{at}"), "no address and no network")).collect()
}

/// Their places in it.
fn unreadable(allowed: &Value) -> Vec<usize> {
    let list = allowed.as_array().into_iter().flatten().enumerate();
    list.filter(|(_, text)| text.as_str().and_then(Network::read).is_none()).map(|(at, _)| at).collect()
}

/// An IPv4 address that came as IPv6 is the IPv4 address.
fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok().map(|address: IpAddr| address.to_canonical())
}

struct Network {
    base: IpAddr,
    bits: u32,
}

impl Network {
    /// `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.
    fn read(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base = address(base)?;
        let whole = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(whole), |bits| bits.parse().ok())?;
        (bits <= whole).then_some(Self { base, bits })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let differ = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => (base.to_bits() ^ address.to_bits()).leading_zeros(),
            (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits() ^ address.to_bits()).leading_zeros(),
            _ => return false,
        };
        differ >= self.bits
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake;

    const KEY: &str = "Zk3-secret_of_the_path";

    fn call(path: &str, from: Option<&str>, allowed: Value) -> Result<(), String> {
        let host = fake::Host::new().secret("path_key", KEY).secret("path_key_next", "another-secret-key");
        let mut request = fake::post(path, "application/json", "[]");
        request.client_addr = from.map(ToOwned::to_owned);
        check(&host, "path_key", &allowed, &request).map_err(|failure| failure.code)
    }

    #[test]
    fn the_path_must_end_with_the_secret() {
        let nowhere = Err("channel.no-such-path".to_owned());
        for path in
            [format!("/{KEY}"), format!("/{KEY}/"), format!("/up/{KEY}"), "/another-secret-key".into()]
        {
            assert_eq!(call(&path, None, json!([])), Ok(()), "{path}");
        }
        for path in
            ["/", "", "/Zk3-secret_of_the_pat", "/zk3-secret_of_the_path", "/Zk3-secret_of_the_path%00"]
        {
            assert_eq!(call(path, None, json!([])), nowhere, "{path}");
        }
        assert_eq!(call(&format!("/{KEY}/more"), None, json!([])), nowhere);
    }

    #[test]
    fn a_short_secret_opens_nothing() {
        let host = fake::Host::new().secret("path_key", "short");
        let request = fake::post("/short", "application/json", "");
        assert_eq!(check(&host, "path_key", &json!([]), &request).unwrap_err().code, "channel.no-such-path");
        let unset = fake::Host::new();
        let request = fake::post(&format!("/{KEY}"), "application/json", "");
        assert_eq!(
            check(&unset, "path_key", &json!([]), &request).unwrap_err().code,
            "channel.secret-unusable"
        );
    }

    #[test]
    fn only_allowed_addresses_may_call() {
        let path = format!("/{KEY}");
        let refused = Err("channel.sender-not-allowed".to_owned());
        let list = json!(["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"]);
        for (from, result) in [
            (Some("203.0.113.255"), Ok(())),
            (Some("::ffff:203.0.113.1"), Ok(())),
            (Some("198.51.100.7"), Ok(())),
            (Some("2001:db8:1::1"), Ok(())),
            (Some("203.0.114.1"), refused.clone()),
            (Some("198.51.100.8"), refused.clone()),
            (Some("2001:db9::1"), refused.clone()),
            (Some("unknown"), refused.clone()),
            (None, refused),
        ] {
            assert_eq!(call(&path, from, list.clone()), result, "{from:?}");
        }
        assert_eq!(call(&path, Some("203.0.113.1"), json!(["0.0.0.0/0"])), Ok(()));
    }

    #[test]
    fn mistakes_in_the_list_are_found() {
        let list = json!(["10.0.0.0/8", "10.0.0.0/33", "example.cn", "::1/129", 7, "10.0.0.1/"]);
        assert_eq!(unreadable(&list), [1, 2, 3, 4, 5]);
    }
}
