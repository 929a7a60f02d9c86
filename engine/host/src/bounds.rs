//! What one store of wasmtime may grow to, whatever runs in it.

use wasmtime::ResourceLimiter;

use crate::limits;

/// The bounds, and whether they were met.
pub(crate) struct Bounds {
    pub(crate) memory_max: usize,
    /// More memory was wanted than there is.
    pub(crate) memory_refused: bool,
}

impl Bounds {
    /// So much linear memory.
    pub(crate) fn new(memory_max: usize) -> Self {
        Self { memory_max, memory_refused: false }
    }
}

impl ResourceLimiter for Bounds {
    fn memory_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        let granted = wanted <= self.memory_max;
        self.memory_refused |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(wanted <= limits::TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        limits::INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        limits::INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        limits::INSTANCES_MAX
    }
}
