//! What a plugin may call, one file for each interface. All of it is linked for everybody; what the channel
//! may not use answers `denied` with the line to add.

pub(crate) mod blobs;
mod config;
mod http;
mod kv;
mod log;
pub(crate) mod mail;
mod older;
mod secrets;
mod system;

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::bindings::yiwang::channel as import;
use crate::call::CallState;
use crate::contract::Contract;

/// A linker with everything.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    import::log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::config::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::secrets::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::system::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::kv::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::blobs::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::http::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    import::mail::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    older::add_to_linker(&mut linker, Contract::V0_1)?;
    Ok(linker)
}

impl import::types::Host for CallState {}
