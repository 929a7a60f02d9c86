//! `system`: the time of the call and random bytes.

use crate::bindings::yiwang::channel::system::Host;
use crate::call::CallState;
use crate::limits;

impl Host for CallState {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.saw("system.now-ms");
        let told = self.channel.environment.watch.as_ref().and_then(|watch| watch.clock());
        let millis = told.unwrap_or_else(|| CallState::now_ms(self));
        if let Some(tape) = &mut self.noted.tape {
            tape.told_time(millis);
        }
        Ok(millis)
    }

    async fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.saw("system.monotonic-ns");
        let told = self.channel.environment.watch.as_ref().and_then(|watch| watch.monotonic());
        let nanos = told.unwrap_or_else(|| u64::try_from(self.passed().as_nanos()).unwrap_or(u64::MAX));
        if let Some(tape) = &mut self.noted.tape {
            tape.told_monotonic(nanos);
        }
        Ok(nanos)
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
        match &self.channel.environment.watch {
            Some(watch) => watch.random(&mut bytes),
            None => getrandom::fill(&mut bytes)
                .map_err(|error| wasmtime::format_err!("no random numbers: {error}"))?,
        }
        if let Some(tape) = &mut self.noted.tape {
            tape.told_random(&bytes);
        }
        Ok(bytes)
    }
}
