//! The wasmtime engine, with the defaults changed that would let a plugin take more than its share.

use std::num::NonZeroUsize;
use std::thread;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;
use crate::limits;

/// An engine whose epoch moves every [`limits::TICK`] while it lives.
pub(crate) fn start(pooling: bool) -> Result<Engine, Error> {
    let engine = if pooling { pooled().or_else(|error| on_demand(Some(error))) } else { on_demand(None) };
    ticking(engine.map_err(Error::Engine)?)
}

/// The same for scripts. Their memory is made on demand, because few run at a time and each may need much;
/// their stacks are deep, because interpreters recurse.
pub(crate) fn for_scripts() -> Result<Engine, Error> {
    let mut config = base();
    config
        .max_wasm_stack(limits::SCRIPT_STACK_BYTES_MAX)
        .async_stack_size(limits::SCRIPT_STACK_BYTES_MAX + (1 << 20));
    ticking(Engine::new(&config).map_err(Error::Engine)?)
}

fn ticking(engine: Engine) -> Result<Engine, Error> {
    let weak = engine.weak();
    thread::Builder::new()
        .name("wasm-clock".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(limits::TICK);
            }
        })
        .map_err(Error::Threads)?;
    Ok(engine)
}

fn pooled() -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    let count = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
    let (instances, memories) = (count(limits::INSTANCES_MAX), count(limits::MEMORIES_MAX));
    let tables = count(limits::TABLES_MAX);
    pool.total_memories(limits::CALLS_MAX * memories)
        .total_tables(limits::CALLS_MAX * tables)
        .total_stacks(limits::CALLS_MAX)
        .total_core_instances(limits::CALLS_MAX * instances)
        .total_component_instances(limits::CALLS_MAX)
        .max_core_instances_per_component(instances)
        .max_memories_per_component(memories)
        .max_tables_per_component(tables)
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .max_memory_size(limits::MEMORY_BYTES_MAX)
        .pagemap_scan(Enabled::Auto);
    // Keeping pages costs more than it gives unless the kernel tells which of them were written.
    pool.linear_memory_keep_resident(if PoolingAllocationConfig::is_pagemap_scan_available() {
        1 << 20
    } else {
        0
    });
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

fn on_demand(pool_error: Option<wasmtime::Error>) -> wasmtime::Result<Engine> {
    if let Some(error) = pool_error {
        tracing::warn!(
            error = format!("{error:#}"),
            "the pool for plugins does not fit into the address space (ulimit -v, overcommit?); plugins run without it, slower"
        );
    }
    Engine::new(&base())
}

fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .wasm_memory64(false)
        // What wasmtime puts between two components that call each other inside of one has the memories of both;
        // where it may not, wasmtime panics at such a component instead of refusing it.
        .wasm_multi_memory(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20));
    config
}
