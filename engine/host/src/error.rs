//! What can keep the host itself from starting. A broken plugin or channel is not among it: that is listed
//! with its problem, and the others work.

use std::path::PathBuf;

/// The host could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No engine for WebAssembly on this machine.
    #[error("setting up the WebAssembly engine")]
    Engine(#[source] wasmtime::Error),
    /// The interfaces could not be linked.
    #[error("linking the host's interfaces")]
    Link(#[source] wasmtime::Error),
    /// A folder could not be made or read.
    #[error("opening the folder {path}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The threads for plugins could not be started.
    #[error("starting the threads for plugins")]
    Threads(#[source] std::io::Error),
    /// The client for outgoing requests could not be made.
    #[error("setting up the HTTP client")]
    Client(#[source] reqwest::Error),
}
