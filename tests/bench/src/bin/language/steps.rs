//! Ten steps with expressions over a context of 2 KB, from the input to the end, on one thread.
//!
//! Once all in one transition, which whoever is beside us runs too; once with a message before each step, so
//! that every step is a transition of its own.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use yiwang_bench::cost::Cost;
use yiwang_bench::figure::print;
use yiwang_core::history::What;

use crate::contender::{Contender, Runtime};
use crate::ours::Ours;
use crate::{RUNS, Scale};

const TEN_STEPS: &str = include_str!("ten-steps.yaml");
/// Workflows in one run.
const WORKFLOWS: u32 = 1_000;

/// Measures all that.
///
/// # Errors
/// When a runtime does not come to the output that is right.
pub(crate) fn measure(scale: Scale) -> Result<()> {
    let count = scale.of(WORKFLOWS);
    let input = input();
    let (steps, tasks, context) = shape(&mut Ours::load(TEN_STEPS, &input)?)?;
    ensure!(steps == 1, "without an effect all steps are one transition");
    print("ten steps", &format!("{tasks} tasks run, 7 of them in a loop; the context has {context} B"));

    let mut contenders: Vec<Box<dyn Contender>> =
        Runtime::ALL.iter().map(|runtime| runtime.load(TEN_STEPS, &input)).collect::<Result<_>>()?;
    let mut costs = vec![Vec::new(); contenders.len()];
    // By turns, so that a change of the machine meets all alike.
    for _ in 0..RUNS {
        for (at, contender) in contenders.iter_mut().enumerate() {
            costs[at].push(run(contender.as_mut(), count).with_context(|| Runtime::ALL[at].name())?);
        }
    }
    let each: Vec<f64> = costs.iter().map(|costs| micros(&Cost::median(costs), count)).collect();
    for (at, runtime) in Runtime::ALL.iter().enumerate() {
        print(
            &format!("ten steps, {}", runtime.name()),
            &format!(
                "{:.0} workflows/s, {:.1} µs of processor each{}",
                rate(&Cost::median(&costs[at]), count),
                each[at],
                if at == 0 { String::new() } else { format!(", {:.1} times ours", each[at] / each[0]) }
            ),
        );
    }
    split(&input, count)
}

/// Every step in a transition of its own.
fn split(input: &Value, count: u32) -> Result<()> {
    let mut ours = Ours::load(&with_messages(), input)?;
    let (transitions, tasks, _) = shape(&mut ours)?;
    let costs: Vec<Cost> = (0..RUNS).map(|_| run(&mut ours, count)).collect::<Result<_>>()?;
    let cost = Cost::median(&costs);
    print(
        "ten steps, each its own transition",
        &format!(
            "{:.0} transitions/s of core alone, {:.1} µs of processor each; {transitions} transitions and {tasks} \
             tasks a workflow, {:.0} workflows/s",
            rate(&cost, count) * f64::from(transitions),
            micros(&cost, count) / f64::from(transitions),
            rate(&cost, count)
        ),
    );
    Ok(())
}

/// One run of many workflows. The output is looked at when the clock has stopped.
fn run(contender: &mut dyn Contender, count: u32) -> Result<Cost> {
    let (cost, done) = Cost::of(|| (0..count).try_for_each(|_| contender.run()));
    done?;
    let (is, should) = (contender.output(), output());
    ensure!(is == should, "the output is {is}, and should be {should}");
    Ok(cost)
}

/// (transitions, tasks run, bytes of the largest context) of one instance.
fn shape(ours: &mut Ours) -> Result<(u32, usize, usize)> {
    let (mut transitions, mut tasks, mut context_len) = (0, 0, 0);
    ours.each(|transition| {
        transitions += 1;
        for event in &transition.history {
            if let What::TaskCompleted { .. } = &event.what {
                tasks += 1;
            }
            if let What::ContextChanged { context } = &event.what {
                context_len = context_len.max(context.to_json().to_string().len());
            }
        }
    })?;
    Ok((transitions, tasks, context_len))
}

/// The same steps, before each a message; what it answers changes nothing.
fn with_messages() -> String {
    let mut text = String::new();
    for line in TEN_STEPS.lines() {
        if let Some(name) = line.strip_prefix("  - ") {
            text.push_str(&format!(
                "  - tell-{}
      call: notify:1.0.0@default
      with:
        channel: sms
        to: {{ kind: mobile, address: '13800000000' }}
        body: '${{ \"办理进度：\" + ($context.title // \"\") }}'
      output: {{ as: '${{ $input }}' }}
",
                name
            ));
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// A complaint of 2 KB.
fn input() -> Value {
    let sentence = "The lamp at the corner of the east gate has been dark for two weeks and nobody came. ";
    let reviews: Vec<Value> = (0..7)
        .map(|at| json!({ "by": format!("reviewer-{at}"), "points": at + 1, "valid": at % 3 != 2, "note": "seen on the spot" }))
        .collect();
    json!({
        "number": 20_240_611,
        "title": "Street lamp",
        "urgent": false,
        "text": sentence.repeat(14).trim_end(),
        "contact": { "name": "Li Lei", "mail": "li.lei@example.org", "mobile": "13800000000" },
        "reviews": reviews,
    })
}

/// What everyone must come to: 1 + 2 + 4 + 5 + 7 points in five valid reviews, 14 sentences of 18 words.
fn output() -> Value {
    json!({
        "number": 20_240_611,
        "days": 15,
        "score": 442,
        "subject": "[high] Street lamp",
        "to": "Li Lei <li.lei@example.org>",
    })
}

fn rate(cost: &Cost, count: u32) -> f64 {
    f64::from(count) / cost.wall.as_secs_f64()
}

fn micros(cost: &Cost, count: u32) -> f64 {
    cost.cpu.as_secs_f64() * 1e6 / f64::from(count)
}
