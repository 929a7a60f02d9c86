//! Addresses of mail servers, and patterns of them in manifests and grants. No name is resolved here.

use std::fmt;

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Imap,
    Smtp,
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Imap => "IMAP",
            Self::Smtp => "SMTP",
        }
    }
}

/// `imaps://imap.example.cn:993`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) protocol: Protocol,
    /// TLS from the first byte; otherwise by STARTTLS.
    pub(crate) implicit_tls: bool,
    /// Lower case, an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Server {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no mail server; write it like imaps://imap.example.cn", words(text));
        let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
        let (protocol, implicit_tls, usual) = scheme_of(scheme).ok_or_else(wrong)?;
        let (host, port) = split(authority.strip_suffix('/').unwrap_or(authority)).ok_or_else(wrong)?;
        let port = port.map_or(Ok(usual), str::parse).map_err(|_| wrong())?;
        let host = is_host(host).then(|| host.to_ascii_lowercase()).ok_or_else(wrong)?;
        Ok(Self { protocol, implicit_tls, host, port })
    }

    fn scheme(&self) -> &'static str {
        match (self.protocol, self.implicit_tls) {
            (Protocol::Imap, true) => "imaps",
            (Protocol::Imap, false) => "imap",
            (Protocol::Smtp, true) => "smtps",
            (Protocol::Smtp, false) => "smtp",
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        let scheme = self.scheme();
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// The same with `*` for any port, and `*` or `*.example.cn` as a host.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    scheme: (Protocol, bool),
    host: String,
    port: Option<u16>,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no mail server; write it like imaps://imap.example.cn", words(text));
        let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
        let (protocol, implicit_tls, usual) = scheme_of(scheme).ok_or_else(wrong)?;
        let (host, port) = split(authority.strip_suffix('/').unwrap_or(authority)).ok_or_else(wrong)?;
        let port = match port {
            Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| wrong())?),
            None => Some(usual),
        };
        if host != "*" && !is_host(host.strip_prefix("*.").unwrap_or(host)) {
            return Err(wrong());
        }
        Ok(Self { scheme: (protocol, implicit_tls), host: host.to_ascii_lowercase(), port })
    }

    pub(crate) fn matches(&self, server: &Server) -> bool {
        let host = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => server.host.len() > suffix.len() && server.host.ends_with(suffix),
            None => server.host == self.host,
        };
        self.scheme == (server.protocol, server.implicit_tls)
            && host
            && self.port.is_none_or(|port| port == server.port)
    }
}

/// What it speaks, whether TLS comes first, and the port that is usual.
fn scheme_of(scheme: &str) -> Option<(Protocol, bool, u16)> {
    Some(match scheme {
        "imaps" => (Protocol::Imap, true, 993),
        "imap" => (Protocol::Imap, false, 143),
        "smtps" => (Protocol::Smtp, true, 465),
        "smtp" => (Protocol::Smtp, false, 587),
        _ => return None,
    })
}

fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return if rest.is_empty() {
            Some((host, None))
        } else {
            Some((host, Some(rest.strip_prefix(':')?)))
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let named = (1..=253).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with(['.', '-']);
    named || text.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Foreign words in a message for people.
fn words(text: &str) -> String {
    text.escape_debug().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_usual_ports() {
        for (text, shown) in [
            ("imaps://IMAP.qq.com", "imaps://imap.qq.com:993"),
            ("imap://imap.163.com/", "imap://imap.163.com:143"),
            ("smtps://smtp.exmail.qq.com", "smtps://smtp.exmail.qq.com:465"),
            ("smtp://mail.gov.cn:25", "smtp://mail.gov.cn:25"),
            ("imaps://[::1]:1993", "imaps://[::1]:1993"),
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "imap.qq.com",
            "http://imap.qq.com",
            "imaps://",
            "imaps://a@b.cn",
            "imaps://a/b",
            "imaps://a:x",
            "imaps://*:993",
            "imaps://a\r\nb",
            "imaps://[a]",
            "imaps://a:99999",
        ] {
            assert!(Server::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_match_what_they_say_and_nothing_else() {
        for (pattern, server, matches) in [
            ("imaps://*:*", "imaps://imap.qq.com:1", true),
            ("imaps://*:*", "imap://imap.qq.com", false),
            ("imaps://*:*", "smtps://imap.qq.com", false),
            ("imaps://*", "imaps://imap.qq.com:993", true),
            ("imaps://*", "imaps://imap.qq.com:994", false),
            ("smtp://*.gov.cn:25", "smtp://mail.gov.cn:25", true),
            ("smtp://*.gov.cn:25", "smtp://gov.cn:25", false),
            ("smtp://*.gov.cn:25", "smtp://evilgov.cn:25", false),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525", true),
        ] {
            let found = Pattern::parse(pattern).unwrap().matches(&Server::parse(server).unwrap());
            assert_eq!(found, matches, "{pattern} {server}");
        }
        for text in ["*", "imaps://a*b", "pop3://a", "imaps://a:x", "imaps://*.", "imaps://a/b"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
