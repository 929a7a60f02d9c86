//! Requests in one form that both sides can sign: the query sorted and escaped, the headers in order, the body
//! as a digest. Aliyun's and Tencent's signatures (ACS3, TC3) sign this text, as Amazon's does; each adds its own
//! frame around it. It holds no key.

use crate::codec;
use crate::text::query_value;

/// A query with every name and value escaped by RFC 3986, sorted by name and then by value.
///
/// A space becomes `%20` and never `+`, a `*` becomes `%2A`, a `~` stays: escapers made for forms do otherwise,
/// and the signature does not match.
#[must_use]
pub fn query(pairs: &[(&str, &str)]) -> String {
    // Sorted as they are, before escaping: that is what the providers sort.
    let mut sorted: Vec<_> = pairs.to_vec();
    sorted.sort_unstable();
    let parts = sorted.iter().map(|(name, value)| format!("{}={}", query_value(name), query_value(value)));
    parts.collect::<Vec<_>>().join("&")
}

/// Headers that are signed: names in lower case, values trimmed, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    lines: String,
    /// The names, separated by semicolons.
    pub names: String,
}

impl Headers {
    /// Of these names and values.
    #[must_use]
    pub fn new(headers: &[(&str, &str)]) -> Self {
        let mut sorted: Vec<(String, &str)> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
        sorted.sort_unstable();
        let names: Vec<&str> = sorted.iter().map(|(name, _)| name.as_str()).collect();
        Self {
            names: names.join(";"),
            lines: sorted.iter().map(|(name, value)| format!("{name}:{value}\n")).collect(),
        }
    }
}

/// SHA-256 of the canonical request, in hexadecimal; `query` is already canonical.
#[must_use]
pub fn digest(method: &str, path: &str, query: &str, headers: &Headers, body: &[u8]) -> String {
    let Headers { lines, names } = headers;
    let request = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{}", codec::sha256_hex(body));
    codec::sha256_hex(request.as_bytes())
}

/// The value of `host` that an HTTP client sends to an address like `https://api.example.cn`: in lower case, and
/// without the port that the scheme has anyway.
#[must_use]
pub fn host(base: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let usual = if scheme == "http" { ":80" } else { ":443" };
    authority.strip_suffix(usual).map_or_else(|| authority.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_rfc_3986() {
        for (value, escaped) in [
            ("a b", "a%20b"),
            ("a*b", "a%2Ab"),
            ("a~b-._", "a~b-._"),
            ("a+b", "a%2Bb"),
            ("中文", "%E4%B8%AD%E6%96%87"),
            ("\u{1F6A7}", "%F0%9F%9A%A7"),
            ("'()!\"", "%27%28%29%21%22"),
            ("/?&=%", "%2F%3F%26%3D%25"),
        ] {
            assert_eq!(query(&[("k", value)]), format!("k={escaped}"));
        }
        assert_eq!(query(&[("键", "")]), "%E9%94%AE=");
    }

    #[test]
    fn the_order_is_that_of_bytes() {
        // Capitals before small letters, a name before those that it begins.
        assert_eq!(
            query(&[("b", "1"), ("B", "2"), ("a", "3"), ("a-b", "4"), ("a.b", "5")]),
            "B=2&a=3&a-b=4&a.b=5&b=1"
        );
        assert_eq!(query(&[("a", "2"), ("a", "1")]), "a=1&a=2");
        assert_eq!(query(&[]), "");
    }

    #[test]
    fn headers_are_lowered_trimmed_and_sorted() {
        let headers = Headers::new(&[("X-Acs-Date", " d "), ("host", "h"), ("Content-Type", "t")]);
        assert_eq!(headers.names, "content-type;host;x-acs-date");
        assert_eq!(headers.lines, "content-type:t\nhost:h\nx-acs-date:d\n");
    }

    #[test]
    fn the_host_is_what_a_client_sends() {
        for (base, host_value) in [
            ("https://Sms.TencentCloudApi.com", "sms.tencentcloudapi.com"),
            ("https://a.cn:443", "a.cn"),
            ("http://a.cn:80/", "a.cn"),
            ("http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("https://a.cn:80", "a.cn:80"),
        ] {
            assert_eq!(host(base), host_value);
        }
    }
}
