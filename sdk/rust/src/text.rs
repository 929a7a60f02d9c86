//! Texts as they leave: cut to what a provider takes, and written for an address. It knows no provider.

/// At most so many bytes of UTF-8, whole characters; what was left out shows as an ellipsis.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// Subject and body of a message in one text.
#[must_use]
pub fn whole(subject: Option<&str>, body: &str) -> String {
    match subject {
        Some(subject) => format!("{subject}\n{body}"),
        None => body.to_owned(),
    }
}

/// For a value in a query (RFC 3986: all but the unreserved characters are escaped).
#[must_use]
pub fn query_value(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stay_whole() {
        assert_eq!(cut("中文", 6), "中文");
        assert_eq!(cut("中文字", 8), "中…");
        assert_eq!(cut("中文字", 6), "中…");
        assert_eq!(cut("abcdef", 5), "ab…");
    }

    #[test]
    fn a_query_value_cannot_end_early() {
        assert_eq!(query_value("a+b/c=&中"), "a%2Bb%2Fc%3D%26%E4%B8%AD");
    }
}
