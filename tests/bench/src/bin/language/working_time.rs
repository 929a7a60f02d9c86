//! What a question to a calendar costs: `add` and `elapsed` in working time, over three years of random times.

use std::hint::black_box;

use anyhow::{Result, anyhow, ensure};
use yiwang_bench::cost::Cost;
use yiwang_bench::figure::print;
use yiwang_core::Timestamp;
use yiwang_core::calendar::{Calendar, Calendars, DEFAULT};

use crate::{RUNS, Scale};

/// Questions of one run.
const QUESTIONS: u32 = 200_000;

/// Measures both, and that they agree with each other.
///
/// # Errors
/// When what was added has not elapsed.
pub(crate) fn measure(scale: Scale) -> Result<()> {
    let calendars = Calendars::built_in();
    let calendar = calendars.newest(DEFAULT).ok_or_else(|| anyhow!("the built-in calendar is gone"))?;
    let count = scale.of(QUESTIONS);
    let questions = questions(count);
    for (from, millis) in &questions {
        let due = calendar.add(*from, *millis).map_err(|beyond| anyhow!("{beyond}"))?;
        let elapsed = calendar.elapsed(*from, due).map_err(|beyond| anyhow!("{beyond}"))?;
        ensure!(i64::try_from(*millis) == Ok(elapsed), "{from} and {millis} ms give {due}: {elapsed} ms");
    }
    let add = |(from, millis): &(Timestamp, u64)| calendar.add(*from, *millis).map(|due| due.0);
    let elapsed = |(from, millis): &(Timestamp, u64)| calendar.elapsed(*from, from.plus_millis(*millis * 4));
    let days = |(from, millis): &(Timestamp, u64)| {
        calendar.add_days(*from, u32::try_from(*millis % 60).unwrap_or_default()).map(|due| due.0)
    };
    let figures = [
        ("add", cost(&questions, add)),
        ("elapsed", cost(&questions, elapsed)),
        ("working days", cost(&questions, days)),
    ];
    let figures: Vec<String> = figures.iter().map(|(name, nanos)| format!("{name} {nanos:.0} ns")).collect();
    print("working time", &figures.join(", "));
    let built = Cost::median(&(0..RUNS).map(|_| build(calendar)).collect::<Vec<_>>());
    print("a calendar, compiled", &format!("{:.2} ms", built.cpu.as_secs_f64() * 1e3));
    Ok(())
}

fn cost<T, E>(questions: &[(Timestamp, u64)], ask: impl Fn(&(Timestamp, u64)) -> Result<T, E>) -> f64 {
    let costs: Vec<Cost> = (0..RUNS)
        .map(|_| {
            let (cost, ()) = Cost::of(|| {
                for question in questions {
                    drop(black_box(ask(black_box(question))));
                }
            });
            cost
        })
        .collect();
    Cost::median(&costs).cpu.as_secs_f64() * 1e9 / questions.len() as f64
}

/// The holidays and an overlay, from their texts.
fn build(calendar: &Calendar) -> Cost {
    let mut calendars = Calendars::built_in();
    let text = format!("id: overlay\nextends: [{}]\ndaysOff: [2024-07-10]\n", calendar.id);
    let (cost, done) = Cost::of(|| calendars.put("overlay", &text, 1));
    assert!(done.is_ok(), "an overlay of one day is valid");
    cost
}

/// Times from 2024 to 2026 and up to thirty working hours, the same in every run.
fn questions(count: u32) -> Vec<(Timestamp, u64)> {
    let mut state = 20_240_611_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    let from = Timestamp(1_704_038_400_000);
    (0..count).map(|_| (from.plus_millis(next() % (1_090 * 86_400_000)), next() % (30 * 3_600_000))).collect()
}
