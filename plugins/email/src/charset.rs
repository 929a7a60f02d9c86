//! Bytes as text. What names no charset, or a wrong one, is UTF-8 if it can be and GB18030 if not: so do mail
//! programs here write.

use encoding_rs::{Encoding, GB18030, UTF_8};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes by the charset that is named.
pub(crate) fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let label = charset.unwrap_or_default().trim();
    let named = Encoding::for_label(label.as_bytes());
    match named {
        // `us-ascii` and `iso-8859-1` are this one by the Encoding Standard, and often a lie.
        Some(encoding) if encoding != UTF_8 && encoding != encoding_rs::WINDOWS_1252 => {
            encoding.decode(bytes).0.into_owned()
        }
        None if !label.is_empty() && charset_decoder(label.as_bytes()).is_some() => {
            // UTF-7 and others that browsers no longer know.
            charset_decoder(label.as_bytes()).map_or_else(|| unnamed(bytes), |decode| decode(bytes))
        }
        _ if utf8(bytes).is_some() => unnamed(bytes),
        Some(encoding) if encoding == encoding_rs::WINDOWS_1252 && !is_gb18030(bytes) => {
            encoding.decode(bytes).0.into_owned()
        }
        _ => unnamed(bytes),
    }
}

/// Bytes that nobody has named.
pub(crate) fn unnamed(bytes: &[u8]) -> String {
    match utf8(bytes) {
        Some(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        None if is_gb18030(bytes) => GB18030.decode(bytes).0.into_owned(),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// As UTF-8; what was cut off in the middle of its last letter is UTF-8, too.
fn utf8(bytes: &[u8]) -> Option<&str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            let whole = core::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?;
            (!whole.is_ascii()).then_some(whole)
        }
        Err(_) => None,
    }
}

fn is_gb18030(bytes: &[u8]) -> bool {
    GB18030.decode_without_bom_handling_and_without_replacement(bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_is_believed_as_far_as_it_fits() {
        let gbk: &[u8] = &[0xc4, 0xe3, 0xba, 0xc3];
        for charset in [Some("gbk"), Some("GB2312"), Some("gb18030"), Some("us-ascii"), Some("utf-8"), None] {
            assert_eq!(text(gbk, charset), "你好", "{charset:?}");
        }
        assert_eq!(text("你好".as_bytes(), Some("iso-8859-1")), "你好");
        assert_eq!(text(&[0xa7, 0x41, 0xa6, 0x6e], Some("big5")), "你好");
        assert_eq!(text(b"\xe9t\xe9", Some("iso-8859-1")), "été");
        assert_eq!(text(b"+T2BZfQ-", Some("utf-7")), "你好");
        assert_eq!(text(b"\xff\xfe", Some("klingon")), "\u{fffd}\u{fffd}");
        assert_eq!(text("\u{feff}a".as_bytes(), None), "a");
        assert_eq!(text(&"中文".as_bytes()[..5], None), "中", "cut off");
    }
}
