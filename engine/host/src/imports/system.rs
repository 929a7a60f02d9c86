//! `system`: the time of the call and random bytes.

use crate::bindings::yiwang::channel::system::Host;
use crate::call::CallState;
use crate::limits;

impl Host for CallState {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.saw("system.now-ms");
        Ok(CallState::now_ms(self))
    }

    async fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.saw("system.monotonic-ns");
        Ok(u64::try_from(self.passed().as_nanos()).unwrap_or(u64::MAX))
    }

    async fn random_bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        if len > limits::RANDOM_BYTES_MAX {
            return Err(wasmtime::format_err!(
                "random-bytes: {len} bytes asked for, at most {}",
                limits::RANDOM_BYTES_MAX
            ));
        }
        self.saw("system.random-bytes");
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        if let Some(watch) = &self.channel.environment.watch {
            watch.random(&mut bytes);
            return Ok(bytes);
        }
        getrandom::fill(&mut bytes).map_err(|error| wasmtime::format_err!("no random numbers: {error}"))?;
        Ok(bytes)
    }
}
