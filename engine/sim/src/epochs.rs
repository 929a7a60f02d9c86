//! Who owned the instances when: one stay after the other, as the rows of the nodes said it at each claim.
//!
//! It is told by the store at the moment of a claim and of each write, and by channels and services when something
//! begins. What nodes believe of themselves does not count here.

use yiwang_runtime::nodes::Stay;

/// The owners, one after the other.
#[derive(Default)]
pub(crate) struct Epochs(Vec<Stay>);

impl Epochs {
    /// This stay owns the instances from now on.
    pub(crate) fn claimed(&mut self, stay: &Stay) {
        self.0.push(stay.clone());
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The last one.
    pub(crate) fn owner(&self) -> Option<&Stay> {
        self.0.last()
    }

    /// Says what is wrong when this stay does something now that only the owner may.
    pub(crate) fn wrong(&self, stay: &Stay, does: &str) -> Option<String> {
        let owner = self.owner();
        if owner == Some(stay) {
            return None;
        }
        let name = |stay: &Stay| format!("{} in its stay {}", stay.name, stay.incarnation);
        let owner = owner.map_or("nobody".to_owned(), name);
        Some(format!("{} {does} in epoch {}, which is that of {owner}", name(stay), self.count()))
    }
}
