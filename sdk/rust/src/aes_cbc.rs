//! AES-256-CBC as providers wrap messages with it, padded as PKCS#7 pads, to blocks of their choice.
//!
//! It proves nothing about who sent a message: check the provider's signature first. It knows no provider.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};

/// What the cipher itself works on.
const CIPHER_BLOCK: usize = 16;

/// Opens; `block` is what the sender padded to, 16 or 32 bytes. None if it is not whole or not padded so.
#[must_use]
pub fn open(key: &[u8; 32], iv: &[u8; 16], sealed: &[u8], block: usize) -> Option<Vec<u8>> {
    if sealed.is_empty() || !sealed.len().is_multiple_of(CIPHER_BLOCK) {
        return None;
    }
    let mut bytes = sealed.to_vec();
    cbc::Decryptor::<aes::Aes256>::new(key.into(), iv.into()).decrypt_padded::<NoPadding>(&mut bytes).ok()?;
    let padding = usize::from(*bytes.last()?);
    if !(1..=block).contains(&padding) || padding > bytes.len() {
        return None;
    }
    let (content, pad) = bytes.split_at(bytes.len() - padding);
    if pad.iter().any(|byte| usize::from(*byte) != padding) {
        return None;
    }
    let len = content.len();
    bytes.truncate(len);
    Some(bytes)
}

/// Closes, padded to `block`, 16 or 32 bytes.
///
/// # Panics
/// Never for these two.
#[must_use]
pub fn close(key: &[u8; 32], iv: &[u8; 16], plain: &[u8], block: usize) -> Vec<u8> {
    let padding = block - plain.len() % block;
    let mut bytes = plain.to_vec();
    bytes.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or(0), padding));
    let len = bytes.len();
    let cipher = cbc::Encryptor::<aes::Aes256>::new(key.into(), iv.into());
    cipher.encrypt_padded::<NoPadding>(&mut bytes, len).expect("whole blocks");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST SP 800-38A, F.2.5, first block.
    #[test]
    fn the_published_vector() {
        let key =
            crate::codec::hex_decode("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
        let key: [u8; 32] = key.unwrap().try_into().unwrap();
        let iv: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let plain = crate::codec::hex_decode("6bc1bee22e409f96e93d7e117393172a").unwrap();
        let sealed = close(&key, &iv, &plain, 16);
        assert_eq!(crate::codec::hex(&sealed[..16]), "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
        assert_eq!(open(&key, &iv, &sealed, 16), Some(plain));
    }

    #[test]
    fn padding_that_is_none_is_refused() {
        let (key, iv) = ([7; 32], [9; 16]);
        let raw = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let len = bytes.len();
            let cipher = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into());
            cipher.encrypt_padded::<NoPadding>(&mut bytes, len).unwrap();
            bytes
        };
        let ended = |pad: &[u8]| {
            let mut bytes = vec![b'x'; 32 - pad.len()];
            bytes.extend_from_slice(pad);
            open(&key, &iv, &raw(&bytes), 16)
        };
        assert_eq!(ended(&[1]), Some(vec![b'x'; 31]));
        assert_eq!(ended(&[0]), None, "no padding at all");
        assert_eq!(ended(&[17]), None, "longer than a block");
        assert_eq!(ended(&[1, 2]), None, "not the same byte throughout");
        assert_eq!(open(&key, &iv, &raw(&[32; 16]), 32), None, "longer than the message");
        assert_eq!(open(&key, &iv, &raw(&[16; 16]), 16), Some(Vec::new()));
        for sealed in [&[][..], &[0; 15], &[0; 17]] {
            assert_eq!(open(&key, &iv, sealed, 16), None);
        }
    }
}
