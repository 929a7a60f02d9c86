//! When people come who do not wait for each other: a Poisson process, the same for the same seed.

use std::time::Duration;

use yiwang_e2e::random::Random;

/// The times of arrival within `time`, in order, at so many a second on average.
pub(crate) fn poisson(seed: u64, per_second: f64, time: Duration) -> Vec<Duration> {
    let mut random = Random::new(seed);
    let mut arrivals = Vec::new();
    let mut at = 0.0;
    loop {
        // In (0, 1]: the logarithm of 0 is none.
        let share = ((random.number() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        at -= share.ln() / per_second;
        if at >= time.as_secs_f64() {
            return arrivals;
        }
        arrivals.push(Duration::from_secs_f64(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_arrivals_at_the_wanted_rate() {
        let time = Duration::from_secs(100);
        let arrivals = poisson(7, 200.0, time);
        assert_eq!(arrivals, poisson(7, 200.0, time));
        assert_ne!(arrivals, poisson(8, 200.0, time));
        assert!(arrivals.is_sorted());
        // 20,000 on average, and a standard deviation of 141.
        assert!((19_300..20_700).contains(&arrivals.len()), "{}", arrivals.len());
        // Of exponential gaps 37 % are longer than the mean.
        let long = arrivals.windows(2).filter(|two| two[1] - two[0] > Duration::from_millis(5)).count();
        assert!((6_900..7_900).contains(&long), "{long}");
    }
}
