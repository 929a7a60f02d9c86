//! `trust.yaml`: whose plugins are run here. It knows keys and names, no files.

use serde::Deserialize;
use yiwang_core::Timestamp;

use crate::installed::Refused;
use crate::signature::{PublicKey, Signature};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trust {
    /// Each with its keys.
    #[serde(default)]
    pub publishers: Vec<Publisher>,
}

/// One who publishes plugins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Publisher {
    /// As `publisher` in the manifests of the plugins says.
    pub name: String,
    /// What they sign with; two while one is being changed.
    pub keys: Vec<Trusted>,
    /// Names of the plugins that they may publish, `sms-*` for all that begin so; without any, all.
    #[serde(default)]
    pub plugins: Vec<String>,
}

/// A key and how long it is good for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trusted {
    /// Base64 of the 32 bytes.
    pub key: PublicKey,
    /// Not before (RFC 3339).
    #[serde(default)]
    pub from: Option<Moment>,
    /// Not after (RFC 3339).
    #[serde(default)]
    pub until: Option<Moment>,
}

/// A time, as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Moment(pub Timestamp);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let at = Timestamp::parse(&text);
        at.map(Self).ok_or_else(|| format!("`{text}` is no time like 2027-01-01T00:00:00+08:00"))
    }
}

/// What is signed, by whom it says it is.
pub(crate) struct Claim<'a> {
    pub(crate) name: &'a str,
    pub(crate) publisher: &'a str,
    pub(crate) wasm: &'a [u8],
}

impl Trust {
    /// May this be run? Gives the id of the key.
    pub(crate) fn check(
        &self,
        claim: &Claim<'_>,
        signature: Option<&Signature>,
        now: Timestamp,
    ) -> Result<String, Refused> {
        let Some(signature) = signature else {
            return Err(Refused::new(
                "plugin.unsigned",
                "there is no signature beside it, and trust.yaml asks for one",
                "`yiwang plugin sign` makes one; its publisher has the key",
            ));
        };
        let id = &signature.keyid;
        let known = self.publishers.iter().find_map(|publisher| {
            publisher.keys.iter().find(|trusted| trusted.key.id() == *id).map(|trusted| (publisher, trusted))
        });
        let Some((publisher, trusted)) = known else {
            return Err(Refused::new(
                "plugin.key-unknown",
                format!("it is signed with the key {id}, which trust.yaml does not have"),
                "if you trust its publisher, add the key, compared over another way than the file came",
            ));
        };
        if !signature.holds(&trusted.key, claim.wasm) {
            return Err(Refused::new(
                "plugin.signature-invalid",
                format!("the signature with the key {id} is not one of this file"),
                "the file or its .sig was changed or mixed up: fetch both again",
            ));
        }
        let early = trusted.from.is_some_and(|from| now < from.0);
        if early || trusted.until.is_some_and(|until| now > until.0) {
            return Err(Refused::new(
                "plugin.key-expired",
                format!("the key {id} of `{}` is not good at this time", publisher.name),
                "have it signed with a key that is good now, or change `from` and `until` in trust.yaml",
            ));
        }
        if claim.publisher != publisher.name {
            return Err(Refused::new(
                "plugin.publisher-differs",
                format!(
                    "it says it is by `{}`, the key {id} is that of `{}`",
                    claim.publisher, publisher.name
                ),
                "its plugin.toml or trust.yaml names the publisher wrongly",
            ));
        }
        let allowed = publisher.plugins.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => claim.name.starts_with(beginning),
            None => claim.name == pattern,
        });
        if !publisher.plugins.is_empty() && !allowed {
            return Err(Refused::new(
                "plugin.name-not-allowed",
                format!("`{}` may not publish a plugin `{}` here", publisher.name, claim.name),
                "add the name to the publisher's `plugins` in trust.yaml, if that is right",
            ));
        }
        Ok(id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::PrivateKey;

    #[test]
    fn only_what_is_trusted_is_run() {
        let key = PrivateKey::read(&PrivateKey::generate().unwrap()).unwrap();
        let stranger = PrivateKey::read(&PrivateKey::generate().unwrap()).unwrap();
        let text = format!(
            "publishers:\n  - name: district\n    plugins: [wechat, 'sms-*']\n    keys:\n      - key: {}\n        until: 2027-01-01T00:00:00+08:00\n",
            key.public()
        );
        let trust: Trust = yiwang_dsl::yaml::from_str(&text).unwrap();
        let now = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
        let late = Timestamp::parse("2027-06-01T00:00:00Z").unwrap();
        let wasm = b"component";
        let code = |name: &str, publisher: &str, signature: Option<Signature>, now| {
            let claim = Claim { name, publisher, wasm };
            match trust.check(&claim, signature.as_ref(), now) {
                Ok(id) => id,
                Err(refused) => refused.code.to_owned(),
            }
        };
        let good = || Some(key.sign(wasm));
        assert_eq!(code("wechat", "district", good(), now), key.public().id());
        assert_eq!(code("sms-aliyun", "district", good(), now), key.public().id());
        assert_eq!(code("wechat", "district", None, now), "plugin.unsigned");
        assert_eq!(code("wechat", "district", Some(stranger.sign(wasm)), now), "plugin.key-unknown");
        assert_eq!(code("wechat", "district", Some(key.sign(b"other")), now), "plugin.signature-invalid");
        let forged = Signature { keyid: key.public().id(), ..stranger.sign(wasm) };
        assert_eq!(code("wechat", "district", Some(forged), now), "plugin.signature-invalid");
        assert_eq!(code("wechat", "district", good(), late), "plugin.key-expired");
        assert_eq!(code("wechat", "somebody", good(), now), "plugin.publisher-differs");
        assert_eq!(code("mail", "district", good(), now), "plugin.name-not-allowed");
    }
}
