//! From bytes to text: by the mark at the beginning, by what the answer says, by what the document says of itself.
//!
//! Many Chinese sites say `gb2312` and mean GBK, which `encoding_rs` knows. Where nothing is said, what is no UTF-8
//! is GB18030.

use encoding_rs::{Encoding, GB18030, UTF_8};

/// How far into a document its own declaration is looked for.
const HEAD_BYTES: usize = 1024;

/// The text; what cannot be read in it shows as `\u{FFFD}`.
pub(crate) fn text(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode_with_bom_removal(bytes).0.into_owned();
    }
    let told = content_type.and_then(|kind| after(kind, "charset=")).or_else(|| declared(bytes));
    let encoding = told.unwrap_or_else(|| if core::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 });
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// `<?xml … encoding="GBK"?>`, `<meta charset=gbk>`, `<meta … content="text/html; charset=gbk">`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]);
    let head = head.trim_start();
    let found = match head.strip_prefix("<?xml") {
        Some(rest) => after(rest.split("?>").next()?, "encoding="),
        None => after(head, "charset="),
    };
    // A declaration that could be read byte by byte is in no encoding of two bytes.
    found.map(|encoding| if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

fn after(text: &str, name: &str) -> Option<&'static Encoding> {
    let at = text.to_ascii_lowercase().find(name)? + name.len();
    let rest = text[at..].trim_start_matches(['"', '\'', ' ']);
    let end = rest.find(['"', '\'', ' ', ';', '>', '/', '?']).unwrap_or(rest.len());
    Encoding::for_label(&rest.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_is_heeded_in_its_order() {
        let gbk = |text: &str| GB18030.encode(text).0.into_owned();
        for (bytes, kind, expected) in [
            (b"\xef\xbb\xbfa".to_vec(), Some("text/xml; charset=gbk"), "a"),
            (b"\xff\xfea\0".to_vec(), None, "a"),
            (gbk("路灯"), Some("text/xml; Charset=\"GB2312\""), "路灯"),
            (gbk("<?xml version='1.0' encoding='GBK'?>路"), None, "<?xml version='1.0' encoding='GBK'?>路"),
            (gbk("<meta charset=gb18030>灯"), Some("text/html"), "<meta charset=gb18030>灯"),
            (gbk("路灯不亮"), None, "路灯不亮"),
            ("路灯".as_bytes().to_vec(), None, "路灯"),
            ("路灯".as_bytes().to_vec(), Some("text/xml; charset=nonsense"), "路灯"),
            (b"<?xml encoding='utf-16'?>".to_vec(), None, "<?xml encoding='utf-16'?>"),
            (Vec::new(), None, ""),
        ] {
            assert_eq!(text(&bytes, kind), expected);
        }
    }
}
