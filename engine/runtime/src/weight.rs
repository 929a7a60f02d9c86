//! How many bytes a value takes as JSON, without keeping them: for the bounds of queues and caches.

use std::io;

use serde::Serialize;

/// Length of the value's JSON.
pub(crate) fn weight(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        // A value that is not JSON is refused where it is used; here it must only not count as nothing.
        Err(_) => counter.0.max(1),
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
