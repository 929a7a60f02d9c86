//! What one store of wasmtime may grow to, whatever runs in it.

use wasmtime::ResourceLimiter;

use crate::limits;

/// The bounds, and whether they were met.
pub(crate) struct Bounds {
    pub(crate) memory_max: usize,
    table_elements_max: usize,
    instances_max: usize,
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
            memory_refused: false,
            memory_peak: 0,
        }
    }

    /// The same for an interpreter, which is made of more parts and has more functions.
    pub(crate) fn of_interpreter(memory_max: usize) -> Self {
        Self {
            table_elements_max: limits::SCRIPT_TABLE_ELEMENTS_MAX,
            instances_max: limits::SCRIPT_INSTANCES_MAX,
            ..Self::new(memory_max)
        }
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        let granted = wanted <= self.memory_max;
        self.memory_refused |= !granted;
        if granted {
            self.memory_peak = self.memory_peak.max(wanted);
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
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.instances_max
    }
}
