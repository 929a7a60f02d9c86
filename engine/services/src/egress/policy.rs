//! May this host, at this address and port, be reached? The operator's rules over the general one.
//!
//! ```text
//! deny names it                          no
//! allow names its address                yes
//! allow names its host                   yes, inside too; a special address never by a name
//! deny is `*`                            no
//! its address is outside                 yes
//! ```
//!
//! Pure: names are resolved by the caller, who asks for the name first and then for each address.

use std::net::{IpAddr, SocketAddr};

use yiwang_core::egress::{Place, place};

use super::target::{Mapping, Target};

/// The rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    pub(super) allow: Vec<Target>,
    pub(super) deny: Vec<Target>,
    pub(super) hosts: Vec<Mapping>,
}

impl Policy {
    /// May the name be resolved at all?
    pub(super) fn admits_name(&self, host: &str, port: u16) -> bool {
        !self.denials().any(|target| target.names(host, port))
    }

    /// May this host be reached at this address?
    pub(super) fn admits(&self, host: &str, address: SocketAddr) -> bool {
        let (ip, port) = (address.ip(), address.port());
        if self.denials().any(|target| target.names(host, port) || target.holds(ip, port)) {
            return false;
        }
        if self.allow.iter().any(|target| target.holds(ip, port)) {
            return true;
        }
        let named = self.allow.iter().any(|target| target.names(host, port));
        let rest = !self.deny.iter().any(Target::is_everything);
        match place(ip) {
            Place::Outside => named || rest,
            Place::Inside => named,
            // Whoever answers for a name could lead it to a cloud's credentials.
            Place::Special => false,
        }
    }

    /// Where the host map leads a name. What the operator wrote there is allowed.
    pub(super) fn mapped(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let exact = self.hosts.iter().find_map(|line| line.leads(host, port));
        exact.filter(|_| self.admits_name(host, port))
    }

    /// `*` is not one of them: it is about all that `allow` does not name.
    fn denials(&self) -> impl Iterator<Item = &Target> {
        self.deny.iter().filter(|target| !target.is_everything())
    }
}

/// The address that a host is, if it is one. In brackets or not.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(allow: &[&str], deny: &[&str]) -> Policy {
        let read = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Policy { allow: read(allow), deny: read(deny), hosts: Vec::new() }
    }

    #[test]
    fn only_the_public_network_is_open_at_first() {
        let policy = policy(&[], &[]);
        assert!(policy.admits("a.cn", "8.8.8.8:443".parse().unwrap()));
        for inside in
            ["10.0.0.1:80", "127.0.0.1:80", "169.254.169.254:80", "[::1]:80", "[::ffff:10.0.0.1]:80"]
        {
            assert!(!policy.admits("a.cn", inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn names_open_networks_of_ones_own_and_addresses_open_all() {
        let by_name = policy(&["*.gov.cn:8080"], &[]);
        assert!(by_name.admits("a.gov.cn", "10.0.0.1:8080".parse().unwrap()));
        assert!(!by_name.admits("a.gov.cn", "10.0.0.1:80".parse().unwrap()));
        assert!(!by_name.admits("gov.cn", "10.0.0.1:8080".parse().unwrap()));
        assert!(!by_name.admits("a.gov.cn", "169.254.169.254:8080".parse().unwrap()));
        let by_address = policy(&["169.254.169.254", "10.0.0.0/8"], &["10.0.0.5"]);
        assert!(by_address.admits("x", "169.254.169.254:80".parse().unwrap()));
        assert!(by_address.admits("x", "[::ffff:10.0.0.1]:80".parse().unwrap()));
        assert!(!by_address.admits("x", "10.0.0.5:80".parse().unwrap()));
    }

    #[test]
    fn a_star_denies_all_that_is_not_allowed() {
        let policy = policy(&["a.cn", "10.0.0.0/8:443"], &["*", "b.a.cn", "*:25"]);
        assert!(policy.admits("a.cn", "8.8.8.8:443".parse().unwrap()));
        assert!(!policy.admits("a.cn", "8.8.8.8:25".parse().unwrap()));
        assert!(!policy.admits("c.cn", "8.8.8.8:443".parse().unwrap()));
        assert!(policy.admits("c.cn", "10.0.0.1:443".parse().unwrap()));
        assert!(!policy.admits_name("b.a.cn", 443));
    }
}
