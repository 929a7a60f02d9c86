//! The figures of the language alone: checking, stepping, evaluating, memory, without server and store.
//!
//! `cargo xtask bench` builds it with the feature `beside`, so that another runtime of the language runs the
//! same workflows in the same minutes. Every output is compared with what is right.

#[cfg(feature = "beside")]
mod beside;
mod check;
mod contender;
mod evaluation;
mod memory;
mod ours;
mod steps;
mod working_time;

use std::path::Path;

use anyhow::{Result, bail};
use yiwang_bench::figure::print;
use yiwang_bench::process;

/// Each figure is the median of so many runs.
const RUNS: usize = 7;

/// How much is done in each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// What the figures are told for.
    Full,
    /// A fiftieth: to see that everything works. Its figures mean nothing.
    Quick,
}

impl Scale {
    /// So much of a full count.
    fn of(self, full: u32) -> u32 {
        match self {
            Self::Full => full,
            Self::Quick => (full / 50).max(1),
        }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (binary, scale) = match words.as_slice() {
        [memory::ALONE, runtime, count] => return memory::alone(runtime, count),
        [binary] => (binary, Scale::Full),
        [binary, "--quick"] => (binary, Scale::Quick),
        _ => bail!("run `cargo xtask bench`: it builds the binary and hands it over"),
    };
    print("machine", &process::machine());
    if cfg!(not(feature = "beside")) {
        print("beside us", "nobody: this program was built without the feature `beside`");
    }
    if scale == Scale::Quick || cfg!(debug_assertions) {
        print("not for showing", "the counts are too small, or this is no release build");
    }
    check::measure(Path::new(binary))?;
    evaluation::measure(scale)?;
    steps::measure(scale)?;
    working_time::measure(scale)?;
    memory::measure(scale)
}
