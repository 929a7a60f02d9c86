//! The signatures of the outside world, written here from their specifications and not taken from the
//! plugins: the two must agree by themselves.

use aes::cipher::{Block, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The three headers of Standard Webhooks 1.0 for a body.
///
/// # Panics
/// When the secret is not `whsec_` and base64.
pub fn standard_webhook(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Vec<(String, String)> {
    vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
        ("webhook-signature".to_owned(), format!("v1,{}", standard_mac(secret, id, timestamp, body))),
    ]
}

/// Whether one of the signatures in the header is right and the time is within five minutes of `now`.
///
/// # Panics
/// When the secret is not `whsec_` and base64.
pub fn standard_webhook_holds(secret: &str, headers: &[(String, String)], body: &[u8], now: i64) -> bool {
    let header =
        |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let (Some(id), Some(timestamp), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let Ok(timestamp) = timestamp.parse::<i64>() else { return false };
    let expected = format!("v1,{}", standard_mac(secret, id, timestamp, body));
    (now - timestamp).abs() <= 300 && signatures.split(' ').any(|one| one == expected)
}

fn standard_mac(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("the secret is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// SHA-1 over the sorted parts, hex: the signature of WeChat.
pub fn wechat(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    Sha1::digest(sorted.concat().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A message encrypted for WeChat's AES mode: base64 of AES-256-CBC over random ‖ length ‖ message ‖ app id.
///
/// # Panics
/// When the key is not 43 characters of base64 or the message is longer than 4 GB.
pub fn wechat_encrypt(encoding_aes_key: &str, random: &[u8; 16], message: &str, app_id: &str) -> String {
    // The last character of such keys carries two spare bits that are often not zero.
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let key = GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(format!("{encoding_aes_key}="));
    let key = key.expect("the key is base64");
    let mut plain = random.to_vec();
    let length = u32::try_from(message.len()).expect("a message is short");
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(message.as_bytes());
    plain.extend_from_slice(app_id.as_bytes());
    // PKCS#7 to 32 bytes, not to the 16 of the cipher.
    let pad = 32 - plain.len() % 32;
    plain.extend(std::iter::repeat_n(u8::try_from(pad).expect("at most 32"), pad));
    let mut cipher =
        cbc::Encryptor::<aes::Aes256>::new_from_slices(&key, &key[..16]).expect("32 and 16 bytes");
    for chunk in plain.chunks_exact_mut(16) {
        let block: &mut Block<aes::Aes256> = chunk.try_into().expect("16 bytes");
        cipher.encrypt_block(block);
    }
    STANDARD.encode(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let headers = standard_webhook(secret, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(headers[2].1, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert!(standard_webhook_holds(secret, &headers, body, 1_649_367_553 + 300));
        assert!(!standard_webhook_holds(secret, &headers, body, 1_649_367_553 + 301));
        assert!(!standard_webhook_holds(secret, &headers, b"{}", 1_649_367_553));
        assert_eq!(wechat(&["token", "1409304348", "xxxxxx"]), "f43b4a6571a6552356f482636e5a77e7fa33dcc9");
        let encrypted = wechat_encrypt(
            "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            b"aaaabbbbccccdddd",
            "我是中文abcd123",
            "wxb11529c136998cb6",
        );
        assert_eq!(
            encrypted,
            "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
        );
    }
}
