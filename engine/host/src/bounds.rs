//! What one store of wasmtime may grow to, whatever runs in it.

use wasmtime::ResourceLimiter;

use crate::limits;

/// The bounds, and whether they were met.
pub(crate) struct Bounds {
    pub(crate) memory_max: usize,
    table_elements_max: usize,
    instances_max: usize,
    memories_max: usize,
    tables_max: usize,
    /// What all its memories have.
    memory_now: usize,
    /// More memory was wanted than there is.
    pub(crate) memory_refused: bool,
    /// The most that it had.
    pub(crate) memory_peak: usize,
}

impl Bounds {
    /// So much linear memory, and what a plugin needs of the rest.
    pub(crate) fn new(memory_max: usize) -> Self {
        Self {
            memory_max,
            table_elements_max: limits::TABLE_ELEMENTS_MAX,
            instances_max: limits::INSTANCES_MAX,
            memories_max: limits::MEMORIES_MAX,
            tables_max: limits::TABLES_MAX,
            memory_now: 0,
            memory_refused: false,
            memory_peak: 0,
        }
    }

    /// The same for an interpreter, which is made of more parts and has more functions.
    pub(crate) fn of_interpreter(memory_max: usize) -> Self {
        Self {
            table_elements_max: limits::SCRIPT_TABLE_ELEMENTS_MAX,
            instances_max: limits::SCRIPT_INSTANCES_MAX,
            memories_max: limits::SCRIPT_INSTANCES_MAX,
            tables_max: limits::SCRIPT_INSTANCES_MAX,
            ..Self::new(memory_max)
        }
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        // A component may have several memories: the limit is for all of them.
        let together = self.memory_now.saturating_add(wanted.saturating_sub(now));
        let granted = together <= self.memory_max;
        self.memory_refused |= !granted;
        if granted {
            self.memory_now = together;
            self.memory_peak = self.memory_peak.max(together);
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(wanted <= self.table_elements_max)
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_memories_share_one_limit() {
        let mut bounds = Bounds::new(100);
        assert!(bounds.memory_growing(0, 60, None).unwrap());
        assert!(bounds.memory_growing(0, 30, None).unwrap(), "a second one");
        assert!(!bounds.memory_growing(60, 80, None).unwrap(), "110 together");
        assert!(bounds.memory_growing(60, 70, None).unwrap());
        assert_eq!((bounds.memory_peak, bounds.memory_refused), (100, true));
    }
}
