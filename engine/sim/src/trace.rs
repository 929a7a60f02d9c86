//! What happened, line by line: the last lines for people, a digest of all of them for comparing two runs.

use std::collections::VecDeque;

/// Lines kept when not all are wanted.
const LINES_KEPT: usize = 40;

/// The lines of one run.
pub(crate) struct Trace {
    lines: VecDeque<String>,
    digest: u64,
    all: bool,
}

impl Trace {
    pub(crate) fn new(all: bool) -> Self {
        Self { lines: VecDeque::new(), digest: 0xcbf2_9ce4_8422_2325, all }
    }

    pub(crate) fn line(&mut self, step: usize, line: String) {
        // FNV-1a: two runs are compared, nobody is kept out.
        for byte in line.bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if !self.all && self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{step:>5} {line}"));
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}
