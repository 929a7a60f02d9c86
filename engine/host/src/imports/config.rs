//! `config`: the channel's configuration as it was checked.

use crate::bindings::yiwang::channel::config::Host;
use crate::call::CallState;

impl Host for CallState {
    async fn get(&mut self) -> wasmtime::Result<String> {
        self.saw("config.get");
        Ok(self.channel.config.clone())
    }
}
