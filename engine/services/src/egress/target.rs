//! What an operator writes to name a part of the network: hosts, networks, ports.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;

/// `host`, `*.domain`, an address, a network `10.0.0.0/8`, or `*`; each with `:port` or without.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Target {
    who: Who,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Anyone,
    Name(String),
    /// All names below this one, which begins with a dot.
    Below(String),
    Network(IpNet),
}

/// A text that names nothing on a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no host, `*.domain`, address or network such as `10.0.0.0/8`, each with `:port` or without; \
     an IPv6 address with a port stands in brackets"
)]
pub struct NotATarget(String);

impl Target {
    /// Everything, on every port.
    pub fn everything() -> Self {
        Self { who: Who::Anyone, port: None }
    }

    pub(super) fn is_everything(&self) -> bool {
        *self == Self::everything()
    }

    /// Does it name this host (in lower case) itself?
    pub(super) fn names(&self, host: &str, port: u16) -> bool {
        let named = match &self.who {
            Who::Anyone => true,
            Who::Name(name) => name == host,
            Who::Below(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
            Who::Network(_) => false,
        };
        named && self.port.is_none_or(|own| own == port)
    }

    /// Does it name this address by a network?
    pub(super) fn holds(&self, address: IpAddr, port: u16) -> bool {
        let held = match &self.who {
            Who::Anyone => true,
            Who::Name(_) | Who::Below(_) => false,
            Who::Network(network) => network.contains(&address.to_canonical()),
        };
        held && self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let wrong = || NotATarget(text.to_owned());
        // An IPv6 address or network without a port is all colons.
        if let Ok(network) = network(text) {
            return Ok(Self { who: Who::Network(network), port: None });
        }
        let (who, port) = match text.rsplit_once(':') {
            Some((who, port)) => (who, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let bare = who.strip_prefix('[').and_then(|rest| {
            let (address, rest) = rest.split_once(']')?;
            Some(format!("{address}{rest}"))
        });
        let who = bare.as_deref().unwrap_or(who);
        if let Ok(network) = network(who) {
            return Ok(Self { who: Who::Network(network), port });
        }
        let name = who.to_lowercase();
        let who = match name.strip_prefix('*') {
            Some("") => Who::Anyone,
            Some(below) if below.starts_with('.') && is_name(&below[1..]) => Who::Below(below.to_owned()),
            Some(_) => return Err(wrong()),
            None if is_name(&name) => Who::Name(name),
            None => return Err(wrong()),
        };
        Ok(Self { who, port })
    }
}

impl TryFrom<String> for Target {
    type Error = NotATarget;

    fn try_from(text: String) -> Result<Self, NotATarget> {
        text.parse()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Anyone => f.write_str("*")?,
            Who::Name(name) => f.write_str(name)?,
            Who::Below(domain) => write!(f, "*{domain}")?,
            Who::Network(network) if self.port.is_some() && network.addr().is_ipv6() => {
                write!(f, "[{}]/{}", network.addr(), network.prefix_len())?;
            }
            Who::Network(network) => write!(f, "{network}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Where a name leads instead of where the name service says: `host[:port]` to `address[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    host: String,
    port: Option<u16>,
    address: IpAddr,
    to_port: Option<u16>,
}

/// A line of the host map that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAMapping {
    /// The left side.
    #[error("`{0}` is no host, with `:port` or without")]
    Host(String),
    /// The right side.
    #[error("`{0}` is no address, with `:port` or without; a name would have to be resolved")]
    Address(String),
}

impl Mapping {
    /// Reads one line of the map.
    ///
    /// # Errors
    /// When a side is not what it must be.
    pub fn new(host: &str, address: &str) -> Result<Self, NotAMapping> {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| NotAMapping::Host(host.to_owned()))?)),
            None => (host, None),
        };
        if !is_name(&name.to_lowercase()) {
            return Err(NotAMapping::Host(host.to_owned()));
        }
        let (to, to_port) = match (address.parse::<SocketAddr>(), address.parse::<IpAddr>()) {
            (Ok(socket), _) => (socket.ip(), Some(socket.port())),
            (Err(_), Ok(ip)) => (ip, None),
            (Err(_), Err(_)) => return Err(NotAMapping::Address(address.to_owned())),
        };
        Ok(Self { host: name.to_lowercase(), port, address: to, to_port })
    }

    pub(super) fn is_for_one_port(&self) -> bool {
        self.port.is_some()
    }

    /// Where this host and port lead, if this line is about them.
    pub(super) fn leads(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let meant = self.host == host && self.port.is_none_or(|own| own == port);
        meant.then(|| SocketAddr::new(self.address, self.to_port.unwrap_or(port)))
    }
}

fn network(text: &str) -> Result<IpNet, ()> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| ())
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.len() < 254 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written_alike() {
        for text in [
            "example.cn",
            "*.example.cn:8443",
            "10.0.0.0/8",
            "10.0.0.0/8:443",
            "fd00::/8",
            "[fd00::]/8:443",
            "*",
            "*:25",
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
        assert_eq!("127.0.0.1:80".parse::<Target>().unwrap().to_string(), "127.0.0.1/32:80");
        assert_eq!("[::1]:80".parse::<Target>().unwrap().to_string(), "[::1]/128:80");
        assert_eq!("10.9.8.7/8".parse::<Target>().unwrap().to_string(), "10.0.0.0/8");
        for text in ["", "*a", "a b", "http://a", "a:b", "a:99999", "10.0.0.0/33", "a/8", ".a"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mapping_may_be_for_one_port() {
        let line = Mapping::new("Example.cn:443", "127.0.0.1:8443").unwrap();
        assert_eq!(line.leads("example.cn", 443), Some("127.0.0.1:8443".parse().unwrap()));
        assert_eq!(line.leads("example.cn", 80), None);
        let line = Mapping::new("example.cn", "::1").unwrap();
        assert_eq!(line.leads("example.cn", 80), Some("[::1]:80".parse().unwrap()));
        assert!(Mapping::new("example.cn", "localhost").is_err());
        assert!(Mapping::new("https://example.cn", "::1").is_err());
    }
}
