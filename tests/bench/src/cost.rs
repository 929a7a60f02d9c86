//! What a piece of work cost the thread that did it: time on the wall, and time on the processor.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The two times of one piece of work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// On the wall: what a user waits for.
    pub wall: Duration,
    /// On the processor, by this thread alone: what does not depend on its neighbours.
    pub cpu: Duration,
}

impl Cost {
    /// Does it, and says what it cost.
    pub fn of<T>(work: impl FnOnce() -> T) -> (Self, T) {
        let (began, cpu) = (Instant::now(), thread_cpu());
        let result = work();
        let cost = Self { cpu: thread_cpu().saturating_sub(cpu), wall: began.elapsed() };
        (cost, result)
    }

    /// The median of several runs of the same work, of each time by itself.
    pub fn median(costs: &[Self]) -> Self {
        let middle = |time: fn(&Self) -> Duration| {
            let mut times: Vec<_> = costs.iter().map(time).collect();
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default()
        };
        Self { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu) }
    }
}

/// Processor time of this thread so far.
fn thread_cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_has_its_own_median() {
        let ms = Duration::from_millis;
        let costs = [(9, 1), (1, 9), (5, 5)].map(|(wall, cpu)| Cost { wall: ms(wall), cpu: ms(cpu) });
        let median = Cost::median(&costs);
        assert_eq!((median.wall, median.cpu), (ms(5), ms(5)));
        assert_eq!(Cost::median(&[]).wall, Duration::ZERO);
    }

    #[test]
    fn work_costs_the_processor_something() {
        let (cost, sum) = Cost::of(|| (0..1_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert_eq!(sum, 499_999_500_000);
        assert!(cost.cpu > Duration::ZERO);
    }
}
