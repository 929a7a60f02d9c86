//! The clock of a script: it begins where the host says, and only timers move it.

use std::cell::Cell;
use std::time::Duration;

use boa_engine::context::time::{Clock, JsInstant};

/// One script's clock.
pub(crate) struct Virtual {
    began: u64,
    passed: Cell<Duration>,
}

impl Virtual {
    /// A clock that stands at this time, in milliseconds since 1970.
    pub(crate) fn at(began: u64) -> Self {
        Self { began, passed: Cell::new(Duration::ZERO) }
    }

    /// Time since the script began.
    pub(crate) fn passed(&self) -> Duration {
        self.passed.get()
    }

    /// Moves it forward; never back.
    pub(crate) fn forward_to(&self, passed: Duration) {
        self.passed.set(self.passed.get().max(passed));
    }
}

impl Clock for Virtual {
    fn now(&self) -> JsInstant {
        let passed = self.passed.get();
        JsInstant::new(passed.as_secs(), passed.subsec_nanos())
    }

    fn system_time_millis(&self) -> i64 {
        let passed = u64::try_from(self.passed.get().as_millis()).unwrap_or(u64::MAX);
        i64::try_from(self.began.saturating_add(passed)).unwrap_or(i64::MAX)
    }
}
