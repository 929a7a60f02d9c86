//! `secrets`: values only where the manifest and the administrator both say `reveal`; HMACs otherwise.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};

use crate::bindings::yiwang::channel::secrets::{Host, SecretError};
use crate::cache::unhex;
use crate::call::CallState;
use crate::redact::MARK;

/// Spare bits and missing padding are allowed: providers hand out keys like that.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Host for CallState {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, SecretError>> {
        self.saw("secrets.get");
        if let (Ok(()), Some(tape)) = (self.effective.reveal(&name), &mut self.noted.tape) {
            tape.revealed.insert(name.clone());
        }
        Ok(self.effective.reveal(&name).map_err(SecretError::Denied).and_then(|()| {
            (self.channel.secrets)(&name).map(|secret| secret.expose().to_owned()).ok_or(SecretError::NotSet)
        }))
    }

    async fn hmac(
        &mut self,
        name: String,
        encoding: String,
        algorithm: String,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, SecretError>> {
        self.saw("secrets.hmac");
        if let Err(reason) = self.effective.secret(&name) {
            return Ok(Err(SecretError::Denied(reason)));
        }
        let Some(secret) = (self.channel.secrets)(&name) else { return Ok(Err(SecretError::NotSet)) };
        let told = self.channel.environment.watch.as_ref().and_then(|watch| watch.signature(&name));
        if let Some(signature) = told {
            if let Some(tape) = &mut self.noted.tape {
                tape.signed(&name, &signature);
            }
            return Ok(Ok(signature));
        }
        // What stands for a secret in a replay is written in no encoding.
        let stands_for = self.channel.environment.watch.is_some() && secret.expose().starts_with(MARK);
        let encoding = if stands_for { "utf8".to_owned() } else { encoding };
        let Some(key) = key(secret.expose(), &encoding) else {
            return Ok(Err(SecretError::Unsupported(format!("secret `{name}` is not {encoding}"))));
        };
        let made = match algorithm.as_str() {
            "sha256" => {
                let mut mac =
                    Hmac::<sha2::Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
                mac.update(&data);
                Ok(mac.finalize().into_bytes().to_vec())
            }
            "sha1" => {
                let mut mac =
                    Hmac::<sha1::Sha1>::new_from_slice(&key).expect("HMAC takes keys of any length");
                mac.update(&data);
                Ok(mac.finalize().into_bytes().to_vec())
            }
            _ => Err(SecretError::Unsupported(format!("there is no algorithm `{algorithm}`"))),
        };
        if let (Ok(signature), Some(tape)) = (&made, &mut self.noted.tape) {
            tape.signed(&name, signature);
        }
        Ok(made)
    }
}

fn key(secret: &str, encoding: &str) -> Option<Vec<u8>> {
    match encoding {
        "utf8" => Some(secret.as_bytes().to_vec()),
        "base64" => LENIENT.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok(),
        "hex" => unhex(secret),
        _ => None,
    }
}
