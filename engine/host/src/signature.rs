//! Signatures of components: Ed25519 (RFC 8032) over `yiwang-plugin-v1`, a zero byte and the SHA-256 of the file.
//!
//! Detached, in `<name>.wasm.sig` as JSON. A private key is PKCS #8 in PEM (RFC 5958, RFC 8410), so that other
//! tools read and make it, too. Who is trusted is not known here.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cache::hex;

/// Keeps a signature of a plugin from being one of anything else.
const CONTEXT: &[u8] = b"yiwang-plugin-v1\0";
/// PKCS #8 of an Ed25519 seed up to the seed.
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What signs.
pub struct PrivateKey(Ed25519KeyPair);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey(…)")
    }
}

impl PrivateKey {
    /// A new one, as PEM.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> Result<String, String> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| format!("the system gives no random bytes: {error}"))?;
        let text = STANDARD.encode([&PKCS8[..], &seed[..]].concat());
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"))
    }

    /// Reads one.
    ///
    /// # Errors
    /// If it is no PEM of a PKCS #8 key for Ed25519.
    pub fn read(pem: &str) -> Result<Self, String> {
        let wrong = || "it is no Ed25519 key in PEM (PKCS #8); `yiwang plugin keygen` makes one".to_owned();
        let inner = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or_else(wrong)?.1;
        let inner = inner.split_once("-----END PRIVATE KEY-----").ok_or_else(wrong)?.0;
        let text: String = inner.split_whitespace().collect();
        let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes).map(Self).map_err(|_| wrong())
    }

    /// The other half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a component.
    #[must_use]
    pub fn sign(&self, wasm: &[u8]) -> Signature {
        Signature {
            keyid: self.public().id(),
            alg: "ed25519".to_owned(),
            sig: STANDARD.encode(self.0.sign(&message(wasm))),
        }
    }
}

/// What a signature is checked with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The beginning of its SHA-256: enough to find it, not enough to trust it.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&Sha256::digest(self.0)[..8])
    }
}

/// Base64, as it stands in `trust.yaml`.
impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| format!("`{text}` is no public key: 32 bytes in base64"))
    }
}

/// A signature, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Of the key.
    pub keyid: String,
    /// `ed25519`.
    pub alg: String,
    /// Base64.
    pub sig: String,
}

impl Signature {
    /// Is it this key's, over this component?
    #[must_use]
    pub fn holds(&self, key: &PublicKey, wasm: &[u8]) -> bool {
        let Ok(sig) = STANDARD.decode(&self.sig) else { return false };
        let key = UnparsedPublicKey::new(&ED25519, key.0);
        self.alg == "ed25519" && key.verify(&message(wasm), &sig).is_ok()
    }
}

fn message(wasm: &[u8]) -> Vec<u8> {
    [CONTEXT, Sha256::digest(wasm).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 1: this seed has this public key.
    #[test]
    fn the_keys_are_those_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let seed: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&seed[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let text = STANDARD.encode([&PKCS8[..], &seed[..]].concat());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let public = PrivateKey::read(&pem).unwrap().public();
        assert_eq!(hex(&public.0), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(PublicKey::try_from(public.to_string()), Ok(public));
    }

    #[test]
    fn one_bit_makes_another_component() {
        let key = PrivateKey::read(&PrivateKey::generate().unwrap()).unwrap();
        let other = PrivateKey::read(&PrivateKey::generate().unwrap()).unwrap();
        let (wasm, public) = (b"a component".to_vec(), key.public());
        let signature = key.sign(&wasm);
        assert!(signature.holds(&public, &wasm));
        assert!(!signature.holds(&other.public(), &wasm));
        let mut changed = wasm.clone();
        changed[3] ^= 1;
        assert!(!signature.holds(&public, &changed));
        for wrong in [
            Signature { alg: "none".to_owned(), ..signature.clone() },
            Signature { sig: String::new(), ..signature.clone() },
            Signature { sig: "*".to_owned(), ..signature },
        ] {
            assert!(!wrong.holds(&public, &wasm));
        }
        assert!(PrivateKey::read("").is_err());
        assert!(PublicKey::try_from("AAAA".to_owned()).is_err());
    }
}
