//! Which mail servers a channel may use: asked in the manifest *and* granted by the administrator.

use serde::{Deserialize, Serialize};

use super::server::{Pattern, Server};
use crate::grants::Missing;
use crate::manifest::MailRule;

/// A mail server that is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailGrant {
    /// e.g. `imaps://imap.qq.com`.
    pub url: String,
    /// Also an address inside: a loopback, private or link-local one.
    #[serde(default)]
    pub private: bool,
    /// Without TLS, at a loopback address (with `imap://` and `smtp://`).
    #[serde(default)]
    pub plain: bool,
}

/// Both together.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    asked: Vec<(MailRule, Pattern)>,
    granted: Vec<(MailGrant, Pattern)>,
}

/// A server that may be used.
#[derive(Debug)]
pub(crate) struct Allowed<'a> {
    /// May it lie inside?
    pub(crate) private: bool,
    /// May it do without TLS?
    pub(crate) plain: bool,
    /// Secrets that may be used to log in.
    pub(crate) secrets: &'a [String],
}

impl Permissions {
    pub(crate) fn new(rules: &[MailRule], grants: &[MailGrant]) -> Result<Self, String> {
        let asked = rules.iter().map(|rule| Ok((rule.clone(), Pattern::parse(&rule.url)?)));
        let granted = grants.iter().map(|grant| Ok((grant.clone(), Pattern::parse(&grant.url)?)));
        Ok(Self {
            asked: asked.collect::<Result<_, String>>()?,
            granted: granted.collect::<Result<_, String>>()?,
        })
    }

    /// May this server be used?
    pub(crate) fn of(&self, server: &Server) -> Result<Allowed<'_>, Missing> {
        let rule = self.asked.iter().find(|(_, pattern)| pattern.matches(server));
        let (rule, _) = rule.ok_or(Missing::Asked)?;
        let grant = self.granted.iter().find(|(_, pattern)| pattern.matches(server));
        let (grant, _) = grant.ok_or(Missing::Granted)?;
        Ok(Allowed { private: grant.private, plain: grant.plain, secrets: &rule.secrets })
    }
}
