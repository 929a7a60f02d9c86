//! What a channel may do: asked in the manifest *and* granted by the administrator.
//!
//! All decisions about permissions are made here. A refusal names plugin, rule and the line to add.

use std::collections::BTreeMap;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::mail::{self, MailGrant};
use crate::manifest::{HttpRule, Manifest, Place};

/// What the administrator grants to a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grants {
    /// Addresses that it may send requests to.
    #[serde(default)]
    pub http: Vec<HttpGrant>,
    /// Servers that it may fetch mail from and send mail by.
    #[serde(default)]
    pub mail: Vec<MailGrant>,
    /// Secrets that it may use.
    #[serde(default)]
    pub secrets: Vec<SecretGrant>,
    /// May it keep small state?
    #[serde(default)]
    pub kv: bool,
    /// May it read and keep files?
    #[serde(default)]
    pub blobs: bool,
}

/// Addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpGrant {
    /// e.g. `https://api.weixin.qq.com/*`.
    pub url: String,
    /// None: those that the manifest asks for.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Also addresses inside: loopback, private and link-local ones.
    #[serde(default)]
    pub private: bool,
}

/// A secret: its name, or its name and that the plugin may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SecretGrant {
    /// May be used.
    Name(String),
    /// May be seen.
    Full {
        /// The name.
        name: String,
        /// May the plugin see the value?
        #[serde(default)]
        reveal: bool,
    },
}

impl SecretGrant {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Full { name, .. } => name,
        }
    }

    fn reveals(&self) -> bool {
        matches!(self, Self::Full { reveal: true, .. })
    }
}

/// Both together, for one channel.
#[derive(Debug)]
pub(crate) struct Effective {
    plugin: String,
    channel: String,
    http: Vec<(HttpRule, Pattern)>,
    granted_http: Vec<(HttpGrant, Pattern)>,
    mail: mail::Permissions,
    /// Name → may be seen; only what is asked *and* granted.
    secrets: BTreeMap<String, bool>,
    asked_secrets: BTreeMap<String, bool>,
    asked_kv: Option<u64>,
    kv: bool,
    asked_blobs: Option<(bool, bool, u64)>,
    blobs: bool,
}

/// A request that may go.
#[derive(Debug)]
pub(crate) struct Allowed<'a> {
    /// May it go inside?
    pub(crate) private: bool,
    /// Secrets that may be put in.
    pub(crate) secrets: &'a [String],
    /// Where.
    pub(crate) places: &'a [Place],
}

impl Effective {
    pub(crate) fn new(channel: &str, manifest: &Manifest, grants: &Grants) -> Result<Self, String> {
        let permissions = &manifest.permissions;
        let mut http = Vec::new();
        for rule in &permissions.http {
            http.push((rule.clone(), Pattern::parse(&rule.url)?));
        }
        let mut granted_http = Vec::new();
        for grant in &grants.http {
            granted_http.push((grant.clone(), Pattern::parse(&grant.url)?));
        }
        let asked_secrets: BTreeMap<String, bool> =
            permissions.secrets.iter().map(|secret| (secret.name.clone(), secret.reveal)).collect();
        let mut secrets = BTreeMap::new();
        for grant in &grants.secrets {
            let Some(asked) = asked_secrets.get(grant.name()) else {
                return Err(format!(
                    "grants.secrets names `{}`, which the plugin does not ask for",
                    grant.name()
                ));
            };
            secrets.insert(grant.name().to_owned(), *asked && grant.reveals());
        }
        Ok(Self {
            plugin: manifest.name.clone(),
            channel: channel.to_owned(),
            http,
            granted_http,
            mail: mail::Permissions::new(&permissions.mail, &grants.mail)?,
            secrets,
            asked_secrets,
            asked_kv: permissions.kv.as_ref().map(|kv| kv.max_bytes.min(limits::KV_BYTES_MAX)),
            kv: grants.kv,
            asked_blobs: permissions
                .blobs
                .as_ref()
                .map(|blobs| (blobs.read, blobs.write, blobs.max_bytes.min(limits::BLOB_BYTES_MAX))),
            blobs: grants.blobs,
        })
    }

    /// Nothing: for calls that run without any grant.
    pub(crate) fn nothing(channel: &str, manifest: &Manifest) -> Self {
        Self {
            plugin: manifest.name.clone(),
            channel: channel.to_owned(),
            http: Vec::new(),
            granted_http: Vec::new(),
            mail: mail::Permissions::default(),
            secrets: BTreeMap::new(),
            asked_secrets: BTreeMap::new(),
            asked_kv: None,
            kv: false,
            asked_blobs: None,
            blobs: false,
        }
    }

    fn denied(&self, what: &str, missing: Missing, line: &str) -> String {
        let (plugin, channel) = (&self.plugin, &self.channel);
        match missing {
            Missing::Asked => {
                format!("plugin `{plugin}` does not ask for {what}; its plugin.toml would need: {line}")
            }
            Missing::Granted => {
                format!(
                    "channel `{channel}` (plugin `{plugin}`) has no grant for {what}; add to its grants: {line}"
                )
            }
        }
    }

    /// May this request go? Asked once for every hop.
    pub(crate) fn request(&self, method: &str, url: &Url) -> Result<Allowed<'_>, String> {
        let takes = |methods: &[String]| methods.is_empty() || methods.iter().any(|m| m == method);
        let what = format!("{method} {}", shown(url));
        let line = format!("http: [{{url: \"{}/*\"}}]", url.origin().ascii_serialization());
        let rule = self.http.iter().find(|(rule, pattern)| pattern.matches(url) && takes(&rule.methods));
        let Some((rule, _)) = rule else { return Err(self.denied(&what, Missing::Asked, &line)) };
        let grant =
            self.granted_http.iter().find(|(grant, pattern)| pattern.matches(url) && takes(&grant.methods));
        let Some((grant, _)) = grant else { return Err(self.denied(&what, Missing::Granted, &line)) };
        Ok(Allowed { private: grant.private, secrets: &rule.secrets, places: &rule.replace_in })
    }

    /// May it use this server for mail?
    pub(crate) fn mail(&self, server: &mail::Server) -> Result<mail::Allowed<'_>, String> {
        let line = format!("mail: [{{url: \"{server}\"}}]");
        self.mail.of(server).map_err(|missing| self.denied(&server.to_string(), missing, &line))
    }

    /// The line that lets mail go inside.
    pub(crate) fn private_mail_line(&self, server: &mail::Server) -> String {
        let line = format!("mail: [{{url: \"{server}\", private: true}}]");
        self.denied(&format!("{server}, which is an address inside"), Missing::Granted, &line)
    }

    /// The line that lets requests go inside.
    pub(crate) fn private_line(&self, url: &Url) -> String {
        let line = format!("http: [{{url: \"{}/*\", private: true}}]", url.origin().ascii_serialization());
        self.denied(&format!("{}, which is an address inside", shown(url)), Missing::Granted, &line)
    }

    /// May it use this secret?
    pub(crate) fn secret(&self, name: &str) -> Result<(), String> {
        let what = format!("secret `{name}`");
        if self.secrets.contains_key(name) {
            return Ok(());
        }
        let missing = if self.asked_secrets.contains_key(name) { Missing::Granted } else { Missing::Asked };
        Err(self.denied(&what, missing, &format!("secrets: [{name}]")))
    }

    /// The names of the secrets that it may use or see.
    pub(crate) fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// May it see this secret?
    pub(crate) fn reveal(&self, name: &str) -> Result<(), String> {
        self.secret(name)?;
        if self.secrets.get(name) == Some(&true) {
            return Ok(());
        }
        let missing =
            if self.asked_secrets.get(name) == Some(&true) { Missing::Granted } else { Missing::Asked };
        let line = format!("secrets: [{{name: {name}, reveal: true}}]");
        Err(self.denied(&format!("seeing secret `{name}`"), missing, &line))
    }

    /// The bytes that it may keep in the small store.
    pub(crate) fn kv(&self) -> Result<u64, String> {
        match (self.asked_kv, self.kv) {
            (Some(bytes), true) => Ok(bytes),
            (None, _) => Err(self.denied("kv", Missing::Asked, "kv: true")),
            (Some(_), false) => Err(self.denied("kv", Missing::Granted, "kv: true")),
        }
    }

    /// May it open files?
    pub(crate) fn read_blobs(&self) -> Result<(), String> {
        self.blobs(|(read, _, _)| read, "reading files").map(drop)
    }

    /// May it keep files; how large may one be?
    pub(crate) fn write_blobs(&self) -> Result<u64, String> {
        self.blobs(|(_, write, _)| write, "keeping files")
    }

    fn blobs(&self, asks: fn((bool, bool, u64)) -> bool, what: &str) -> Result<u64, String> {
        match (self.asked_blobs.filter(|asked| asks(*asked)), self.blobs) {
            (Some((_, _, max)), true) => Ok(max),
            (None, _) => Err(self.denied(what, Missing::Asked, "blobs: true")),
            (Some(_), false) => Err(self.denied(what, Missing::Granted, "blobs: true")),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Missing {
    Asked,
    Granted,
}

/// Scheme, host and port of an address: what may be logged and shown. Paths and queries may hold secrets.
pub(crate) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// `scheme://host[:port]/path*`. The host may be `*` or `*.example.cn`, the port `*`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    scheme: String,
    host: String,
    port: Option<u16>,
    any_port: bool,
    path: String,
    any_path: bool,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address; write it like https://api.example.cn/*");
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        if !["http", "https"].contains(&scheme) {
            return Err(wrong());
        }
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let (port, any_port) = match port {
            None => (None, false),
            Some("*") => (None, true),
            Some(port) => (Some(port.parse().map_err(|_| wrong())?), false),
        };
        let path_is_plain = !path.trim_end_matches('*').contains('*');
        let name = host.strip_prefix("*.").unwrap_or(host);
        let host_is_plain = host == "*" || (!name.is_empty() && !name.contains(['*', '@', '/', '?', '#']));
        if !host_is_plain || !path_is_plain {
            return Err(wrong());
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_ascii_lowercase(),
            port,
            any_port,
            path: path.trim_end_matches('*').to_owned(),
            any_path: path.ends_with('*'),
        })
    }

    pub(crate) fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let default = if self.scheme == "https" { 443 } else { 80 };
        let port = url.port_or_known_default() == Some(self.port.unwrap_or(default));
        let host = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.host,
        };
        let path = if self.any_path { url.path().starts_with(&self.path) } else { url.path() == self.path };
        url.scheme() == self.scheme && host && (port || self.any_port) && path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_they_say_and_nothing_else() {
        for (pattern, url, matches) in [
            ("https://api.example.cn/*", "https://api.example.cn/a?b", true),
            ("https://api.example.cn/*", "http://api.example.cn/a", false),
            ("https://api.example.cn/*", "https://api.example.cn:8443/a", false),
            ("https://api.example.cn/*", "https://api.example.cn.evil.com/a", false),
            ("https://api.example.cn/*", "https://api.example.cn@evil.com/a", false),
            ("https://api.example.cn/v1/*", "https://api.example.cn/v1/../v2", false),
            ("https://api.example.cn/v1/token", "https://api.example.cn/v1/token?x=1", true),
            ("https://api.example.cn/v1/token", "https://api.example.cn/v1/tokens", false),
            ("https://*.example.cn/*", "https://a.example.cn/", true),
            ("https://*.example.cn/*", "https://example.cn/", false),
            ("https://*.example.cn/*", "https://evilexample.cn/", false),
            ("http://*:*/*", "http://127.0.0.1:9999/x", true),
            ("http://[::1]:80/*", "http://[::1]/x", true),
        ] {
            let url_parsed = Url::parse(url).unwrap();
            assert_eq!(Pattern::parse(pattern).unwrap().matches(&url_parsed), matches, "{pattern} {url}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "api.example.cn",
            "ftp://x/*",
            "https:///*",
            "https://a*b/*",
            "https://a/*/b*",
            "https://a@b/*",
            "https://a:x/",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
