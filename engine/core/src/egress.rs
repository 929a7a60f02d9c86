//! Which network addresses are outside: the rule for all that leaves, from plugins and from workflows.
//!
//! Nothing here resolves a name or opens a connection. What is not plainly of the public network is taken
//! for inside.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The public network.
    Outside,
    /// A network of one's own, or this machine.
    Inside,
    /// Neither: link-local (where clouds keep their credentials), multicast, reserved, for examples.
    Special,
}

/// Where this address leads.
pub fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

/// Is it an address of the public network?
pub fn is_outside(address: IpAddr) -> bool {
    place(address) == Place::Outside
}

/// Is this host an address, with or without brackets, and not of the public network?
pub fn is_literal_inside(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().is_ok_and(|address: IpAddr| !is_outside(address))
}

fn place_v4(address: Ipv4Addr) -> Place {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    if address.is_private() || address.is_loopback() || shared {
        return Place::Inside;
    }
    let special = address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    if special { Place::Special } else { Place::Outside }
}

fn place_v6(address: Ipv6Addr) -> Place {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return place_v4(mapped);
    }
    if address.is_loopback() || address.is_unique_local() {
        return Place::Inside;
    }
    let segments = address.segments();
    // Global unicast only, without the ranges in it that lead to IPv4 addresses or are for examples.
    let global = segments[0] & 0xe000 == 0x2000;
    let leads_elsewhere =
        segments[0] == 0x2002 || (segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8));
    if global && !leads_elsewhere { Place::Outside } else { Place::Special }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_place() {
        let of = |text: &str| place(text.parse().unwrap());
        for text in ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fd00::1"] {
            assert_eq!(of(text), Place::Inside, "{text}");
            assert!(is_literal_inside(text), "{text}");
        }
        for text in ["::ffff:127.0.0.1", "::ffff:10.0.0.1"] {
            assert_eq!(of(text), Place::Inside, "{text}");
        }
        for text in [
            "169.254.169.254",
            "0.0.0.0",
            "::",
            "fe80::1",
            "::127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert_eq!(of(text), Place::Special, "{text}");
        }
        for text in ["8.8.8.8", "2606:4700:4700::1111"] {
            assert_eq!(of(text), Place::Outside, "{text}");
            assert!(!is_literal_inside(text), "{text}");
        }
        assert!(is_literal_inside("[::1]"));
        assert!(!is_literal_inside("example.cn"));
    }
}
