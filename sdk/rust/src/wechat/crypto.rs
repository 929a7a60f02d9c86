//! The platform's signatures and envelopes (消息加解密). Pure; the vectors are the providers' own.

use crate::{aes_cbc, codec};

/// What messages are padded to; the cipher's own blocks have half of it.
const BLOCK: usize = 32;

/// SHA-1 over the parts, sorted bytewise, in hexadecimal.
#[must_use]
pub fn signature(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    codec::sha1_hex(parts.concat().as_bytes())
}

/// Opens and closes messages: AES-256-CBC over 16 random bytes, a length, the message and the receiver's id.
pub struct Envelope {
    key: [u8; 32],
    receiver: String,
}

impl Envelope {
    /// None unless the key has 43 characters that decode to 32 bytes. `receiver` is the app id of an Official
    /// Account, the id of the enterprise for WeCom, the app key (or the enterprise) for DingTalk.
    #[must_use]
    pub fn new(encoding_aes_key: &str, receiver: &str) -> Option<Self> {
        if encoding_aes_key.len() != 43 {
            return None;
        }
        // The last character of an official key carries two spare bits that need not be zero.
        let key = codec::base64_decode(&format!("{encoding_aes_key}="))?.try_into().ok()?;
        Some(Self { key, receiver: receiver.to_owned() })
    }

    /// The message, if it was closed with this key for this receiver.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<String> {
        let content = aes_cbc::open(&self.key, &self.iv(), &codec::base64_decode(sealed)?, BLOCK)?;
        let rest = content.get(16..)?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        let (message, receiver) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        if receiver != self.receiver.as_bytes() {
            return None;
        }
        String::from_utf8(message.to_vec()).ok()
    }

    /// Closes a message; `salt` are 16 random bytes.
    #[must_use]
    pub fn close(&self, message: &str, salt: &[u8]) -> String {
        let mut bytes = salt.to_vec();
        bytes.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(message.as_bytes());
        bytes.extend_from_slice(self.receiver.as_bytes());
        codec::base64_encode(&aes_cbc::close(&self.key, &self.iv(), &bytes, BLOCK))
    }

    fn iv(&self) -> [u8; 16] {
        *self.key.first_chunk().expect("the key is longer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_account_demo() {
        let envelope =
            Envelope::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6").unwrap();
        let sealed =
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
        assert_eq!(envelope.close("我是中文abcd123", b"aaaabbbbccccdddd"), sealed);
        assert_eq!(envelope.open(sealed).as_deref(), Some("我是中文abcd123"));
        assert_eq!(
            signature(&["pamtest", "1409304348", "xxxxxx", sealed]),
            "82c962d39941aa48552f90ef55aa323dc620cc10"
        );
    }

    #[test]
    fn wecom_sample_of_the_same_scheme() {
        let envelope =
            Envelope::new("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7").unwrap();
        let echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
        assert_eq!(envelope.open(echo).as_deref(), Some("1616140317555161061"));
        assert_eq!(
            signature(&["QDG6eK", "1409659589", "263014780", echo]),
            "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
        );
        let message = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==";
        assert_eq!(
            signature(&["QDG6eK", "1409659813", "1372623149", message]),
            "477715d11cdb4164915debcba66cb864d751f3e6"
        );
        let fields = super::super::xml::read(&envelope.open(message).unwrap()).unwrap();
        assert_eq!(fields.get("Content"), Some("hello"));
        assert_eq!(fields.get("FromUserName"), Some("mycreate"));
        assert_eq!(fields.get("MsgId"), Some("4561255354251345929"));
    }

    #[test]
    fn dingtalk_sample_of_the_same_scheme() {
        let envelope =
            Envelope::new("Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7", "ding6ccabc44d2c8d38b").unwrap();
        let sealed = "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3";
        assert_eq!(envelope.open(sealed).as_deref(), Some(r#"{"EventType":"check_url"}"#));
        assert_eq!(
            signature(&["mryue", "1608001896814", "WL4PK6yA", sealed]),
            "03044561471240d4a14bb09372dfcfd4fd0e40cb"
        );
    }

    #[test]
    fn plain_signature() {
        assert_eq!(signature(&["token", "1409304348", "xxxxxx"]), "f43b4a6571a6552356f482636e5a77e7fa33dcc9");
    }

    #[test]
    fn what_was_not_closed_for_us_does_not_open() {
        let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
        let ours = Envelope::new(key, "wx1").unwrap();
        assert_eq!(
            Envelope::new(key, "wx2").unwrap().open(&ours.close("x", &[0; 16])),
            None,
            "another account"
        );
        assert!(Envelope::new("short", "wx1").is_none());
        for sealed in ["", "AAAA", "%%%", "AAAAAAAAAAAAAAAAAAAAAA=="] {
            assert_eq!(ours.open(sealed), None, "{sealed}");
        }
        // Every single flipped bit is noticed or gives another text, never a panic.
        let sealed = codec::base64_decode(&ours.close("<xml/>", &[7; 16])).unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone();
            bytes[at] ^= 1;
            let _ = ours.open(&codec::base64_encode(&bytes));
        }
    }
}
