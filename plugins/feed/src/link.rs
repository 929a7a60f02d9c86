//! Addresses as entries write them: resolved against where they stand, and only such as a person may open.

use iri_string::format::ToDedicatedString as _;
use iri_string::types::{IriAbsoluteStr, IriReferenceStr};

/// Longest address that is kept.
const BYTES_MAX: usize = 2048;

/// The whole address, without a fragment; none for what is no address of the web, is too long, or holds what a host
/// would take for a placeholder of a secret.
pub(crate) fn resolve(base: &str, reference: &str) -> Option<String> {
    let reference = escaped(reference.trim());
    let bare = |text: &str| text.split('#').next().unwrap_or_default().to_owned();
    // The query of a base never counts; it may hold a placeholder, as its path may.
    let base = escaped(base.split(['?', '#']).next().unwrap_or_default());
    let base = IriAbsoluteStr::new(&base).ok()?;
    let reference = bare(&reference);
    let whole = IriReferenceStr::new(&reference).ok()?.resolve_against(base).to_dedicated_string();
    let whole = whole.as_str();
    let of_the_web = whole.starts_with("https://") || whole.starts_with("http://");
    (of_the_web && whole.len() <= BYTES_MAX && !whole.contains("secret:")).then(|| whole.to_owned())
}

/// People write into addresses what has no place there; browsers escape it, too.
fn escaped(reference: &str) -> String {
    let is_of_ipv6 = reference.contains("://[");
    let mut whole = String::with_capacity(reference.len());
    for char in reference.chars() {
        match char {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                whole.push_str(&format!("%{:02X}", u32::from(char)));
            }
            '[' | ']' if !is_of_ipv6 => whole.push_str(&format!("%{:02X}", u32::from(char))),
            char => whole.push(char),
        }
    }
    whole
}

/// Scheme, host and port: who may be told a secret that is meant for the address.
pub(crate) fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let len = url[from..].find(['/', '?', '#']).unwrap_or(url.len() - from);
    &url[..from + len]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_whole_and_of_the_web() {
        let base = "https://board.example.cn/a/list.html?p=1#top";
        for (reference, expected) in [
            ("t/1", Some("https://board.example.cn/a/t/1")),
            ("../t/1#x", Some("https://board.example.cn/t/1")),
            ("?p=2", Some("https://board.example.cn/a/list.html?p=2")),
            ("", Some("https://board.example.cn/a/list.html")),
            ("//m.example.cn/x y", Some("https://m.example.cn/x%20y")),
            ("/留言?id[]={1|2}", Some("https://board.example.cn/留言?id%5B%5D=%7B1%7C2%7D")),
            ("http://[::1]/x", Some("http://[::1]/x")),
            ("javascript:alert(1)", None),
            ("file:///etc/hostname", None),
            ("/${secret:token}", None),
            ("/100%", None),
        ] {
            assert_eq!(resolve(base, reference).as_deref(), expected, "{reference}");
        }
        assert_eq!(resolve(base, &"x".repeat(3_000)), None);
        let with_key = "https://yuqing.example.cn/rss?key=${secret:token}";
        assert_eq!(resolve(with_key, "/rss?page=2").as_deref(), Some("https://yuqing.example.cn/rss?page=2"));
        assert_eq!(resolve(with_key, "https://m.example.cn/a").as_deref(), Some("https://m.example.cn/a"));
        assert_eq!(
            resolve("https://x.cn/${secret:token}/rss", "1"),
            None,
            "that would hand on the placeholder"
        );
        assert_eq!(origin("https://a.cn:81/x"), "https://a.cn:81");
        assert_eq!(origin("https://a.cn?x=/"), "https://a.cn");
    }
}
