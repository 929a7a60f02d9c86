//! The versions of `sdk/wit` that there have been. All of them are served.

use serde::Deserialize;
use serde::de::Error as _;

/// A published version of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contract {
    /// The first: no `updates` beside events.
    V0_1,
    /// What the host speaks.
    V1_0,
}

/// The name of the package, which all versions share.
pub(crate) const PACKAGE: &str = "yiwang:channel";

/// As a manifest names it, `yiwang:channel@1.0.0`.
impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        Self::ALL.into_iter().find(|contract| contract.package() == name).ok_or_else(|| {
            D::Error::custom(format!(
                "it is made for `{name}`; this server offers {}: update the server or rebuild the plugin",
                Self::offered()
            ))
        })
    }
}

impl Contract {
    /// All, oldest first.
    pub(crate) const ALL: [Self; 2] = [Self::V0_1, Self::V1_0];

    /// As the names of interfaces end.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V1_0 => "1.0.0",
        }
    }

    /// Which one this version is.
    pub(crate) fn of(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|contract| contract.version() == version)
    }

    /// As a manifest names it.
    pub(crate) fn package(self) -> String {
        format!("{PACKAGE}@{}", self.version())
    }

    /// What an interface is called in a component.
    pub(crate) fn interface(self, interface: &str) -> String {
        format!("{PACKAGE}/{interface}@{}", self.version())
    }

    /// What this server offers, for people.
    pub(crate) fn offered() -> String {
        Self::ALL.map(Self::package).join(" and ")
    }
}
