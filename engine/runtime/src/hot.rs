//! Instances kept in memory between turns: a cache, bounded by number and bytes, oldest use out first.
//!
//! Memory never leads the database: an instance is taken out for its turn and comes back only after the
//! commit. After a failed one it is simply gone and is read again.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use yiwang_core::{Deployment, InstanceId, State};

/// One instance as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) state: State,
    /// Turns committed.
    pub(crate) rev: u64,
    /// Length of its snapshot as JSON.
    pub(crate) bytes: usize,
}

/// The cache.
pub(crate) struct Hot {
    len_max: usize,
    bytes_max: usize,
    bytes: usize,
    uses: u64,
    slots: HashMap<InstanceId, Slot>,
    /// By last use, the oldest first.
    order: BTreeMap<u64, InstanceId>,
}

struct Slot {
    instance: Instance,
    used: u64,
}

impl Hot {
    pub(crate) fn new(len_max: usize, bytes_max: usize) -> Self {
        Self { len_max, bytes_max, bytes: 0, uses: 0, slots: HashMap::new(), order: BTreeMap::new() }
    }

    pub(crate) fn contains(&self, id: InstanceId) -> bool {
        self.slots.contains_key(&id)
    }

    /// Takes an instance out for its turn.
    pub(crate) fn take(&mut self, id: InstanceId) -> Option<Instance> {
        let slot = self.slots.remove(&id)?;
        self.order.remove(&slot.used);
        self.bytes -= slot.instance.bytes;
        Some(slot.instance)
    }

    /// Puts an instance back.
    pub(crate) fn put(&mut self, id: InstanceId, instance: Instance) {
        self.take(id);
        let bytes = instance.bytes;
        self.uses += 1;
        self.bytes += bytes;
        self.order.insert(self.uses, id);
        self.slots.insert(id, Slot { instance, used: self.uses });
        while self.slots.len() > self.len_max || self.bytes > self.bytes_max {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some(slot) = self.slots.remove(&oldest) {
                self.bytes -= slot.instance.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yiwang_dsl::definition::DefinitionHash;

    /// Instances whose states are as long as they say; the deployment plays no part here.
    fn hot(len_max: usize, bytes_max: usize, puts: &[(u64, usize)]) -> Vec<u64> {
        let mut hot = Hot::new(len_max, bytes_max);
        for (id, bytes) in puts {
            let id = InstanceId(*id);
            let instance =
                Instance { deployment: deployment(), state: State::new(id), rev: 1, bytes: *bytes };
            hot.put(id, instance);
        }
        let held = hot.slots.values().map(|slot| slot.instance.bytes).sum::<usize>();
        assert_eq!((held, hot.slots.len()), (hot.bytes, hot.order.len()));
        hot.order.values().map(|id| id.0).collect()
    }

    fn deployment() -> Arc<Deployment> {
        let definition = yiwang_dsl::Definition {
            id: yiwang_dsl::definition::DefinitionId {
                namespace: String::new(),
                name: String::new(),
                version: String::new(),
            },
            hash: DefinitionHash("".into()),
            source: "".into(),
            title: None,
            summary: None,
            policy: Default::default(),
            schedule: None,
            input: Default::default(),
            output: Default::default(),
            timeout: None,
            secrets: Vec::new(),
            resources: BTreeMap::new(),
            extensions: Vec::new(),
            root: Vec::new(),
            tasks: Vec::new(),
        };
        Arc::new(Deployment::new(definition, BTreeMap::new()))
    }

    #[test]
    fn the_oldest_use_goes_first_by_number_and_by_bytes() {
        assert_eq!(hot(2, 100, &[(1, 1), (2, 1), (3, 1)]), [2, 3]);
        assert_eq!(hot(2, 100, &[(1, 1), (2, 1), (1, 1), (3, 1)]), [1, 3], "used again");
        assert_eq!(hot(9, 100, &[(1, 40), (2, 40), (3, 40)]), [2, 3]);
        assert_eq!(hot(9, 100, &[(1, 40), (2, 400)]), Vec::<u64>::new(), "too large to keep");
    }
}
