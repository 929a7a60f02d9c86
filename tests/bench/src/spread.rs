//! Many durations, summed up by their order.

use std::time::Duration;

/// Durations of the same thing.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// All of another.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many of a hundred took no longer, in milliseconds; 0 without any.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_follow_the_order() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile_ms(50), 0.0);
        for ms in (1..=100).rev() {
            spread.add(Duration::from_millis(ms));
        }
        assert_eq!(spread.percentile_ms(50), 51.0);
        assert_eq!(spread.percentile_ms(99), 100.0);
    }
}
