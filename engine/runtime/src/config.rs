//! What the engine is told at its start. Every field has a default that fits one district on one machine.

use yiwang_core::lifecycle::Sink;
use yiwang_dsl::catalog::Processes;
use yiwang_dsl::error::TypeAliases;

use crate::limits;

/// Settings of one engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which slice of the id space this engine hands out, below 1,024.
    pub shard: u16,
    /// Before the date of a case number.
    pub case_prefix: String,
    /// How long an event waits for somebody who listens, milliseconds.
    pub buffer_millis: u64,
    /// Requests that may wait.
    pub queue_len_max: usize,
    /// Bytes of requests that may wait.
    pub queue_bytes_max: usize,
    /// Instances kept in memory between turns.
    pub hot_len_max: usize,
    /// Bytes of their snapshots.
    pub hot_bytes_max: usize,
    /// Messages that one channel sends at the same time.
    pub channel_sends_max: usize,
    /// Calls of one kind of service that are under way at the same time.
    pub service_calls_max: usize,
    /// Which spellings of an error type are equal, unless a workflow says otherwise itself.
    pub error_types: TypeAliases,
    /// Which processes workflows may run on this machine.
    pub processes: Processes,
    /// Where lifecycle events of all workflows are posted.
    pub lifecycle: Option<Sink>,
    /// Where randomness begins; none: the operating system says. Given by simulations and tests.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shard: 0,
            case_prefix: "QC".to_owned(),
            buffer_millis: limits::BUFFER_MILLIS,
            queue_len_max: limits::QUEUE_LEN_MAX,
            queue_bytes_max: limits::QUEUE_BYTES_MAX,
            hot_len_max: limits::HOT_LEN_MAX,
            hot_bytes_max: limits::HOT_BYTES_MAX,
            channel_sends_max: limits::CHANNEL_SENDS_MAX,
            service_calls_max: limits::SERVICE_CALLS_MAX,
            error_types: TypeAliases::default(),
            processes: Processes::default(),
            lifecycle: None,
            seed: None,
        }
    }
}
