//! What came of a load: the times of what was done, and what was not done, apart.

use std::io;
use std::time::Duration;

use anyhow::{Result, bail};
use yiwang_bench::spread::Spread;

use crate::wire::Answer;

/// Answers of one load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// How long each that was done took.
    pub(crate) spread: Spread,
    /// Answered with 429.
    pub(crate) refused: usize,
    /// Answered otherwise, or not at all.
    pub(crate) failed: usize,
    /// The first of those.
    pub(crate) failure: Option<String>,
    /// All of it.
    pub(crate) took: Duration,
}

impl Outcome {
    /// One more, which took so long.
    pub(crate) fn add(&mut self, heard: io::Result<Answer>, took: Duration) {
        match heard {
            Ok(answer) if answer.ok() => self.spread.add(took),
            Ok(answer) if answer.refused() => self.refused += 1,
            Ok(answer) => {
                self.fail(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
            }
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn fail(&mut self, why: String) {
        self.failed += 1;
        self.failure.get_or_insert(why);
    }

    /// All of another, which ran at the same time.
    pub(crate) fn join(&mut self, other: Self) {
        self.spread.join(other.spread);
        self.refused += other.refused;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        self.took = self.took.max(other.took);
    }

    /// Done in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.spread.len() as f64 / self.took.as_secs_f64()
    }

    /// Only if all was done: a figure of a load that was refused in part means nothing.
    ///
    /// # Errors
    /// When something was refused or failed, or nothing was done.
    pub(crate) fn whole(self) -> Result<Self> {
        if let Some(failure) = self.failure {
            bail!("{} of the requests failed, the first: {failure}", self.failed);
        }
        if self.refused > 0 || self.spread.is_empty() {
            bail!("{} of the requests were refused, {} were done", self.refused, self.spread.len());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> io::Result<Answer> {
        Ok(Answer { status, body: b"why".to_vec() })
    }

    #[test]
    fn what_was_refused_is_counted_apart() {
        let mut outcome = Outcome { took: Duration::from_secs(2), ..Outcome::default() };
        for status in [201, 200, 429, 500, 429, 201, 201] {
            outcome.add(answer(status), Duration::from_millis(3));
        }
        assert_eq!((outcome.spread.len(), outcome.refused, outcome.failed), (4, 2, 1));
        assert_eq!(outcome.failure.as_deref(), Some("500: why"));
        assert_eq!(outcome.per_second(), 2.0);
        assert!(outcome.whole().is_err());
    }
}
