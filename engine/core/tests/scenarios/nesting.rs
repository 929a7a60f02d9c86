//! Tasks nested at random: whatever stands in what, an instance ends once, owes nothing to tasks that are
//! gone, and does the same again. The driver asserts the rest at every input.

use std::fmt::Write as _;

use yiwang_core::history::What;
use yiwang_core::input::OperatorCommand;
use yiwang_core::transition::Status;

use crate::chance::{Dice, Seed};
use crate::{Run, json};

const SEEDS: u64 = 200;
const INPUTS: usize = 120;

#[test]
fn any_nesting_ends_once_and_does_the_same_again() {
    let mut ends = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..SEEDS {
        let shown = Seed(seed, 0);
        let first = run(seed);
        let second = run(seed);
        assert_eq!(first.log, second.log, "the same seed does the same");
        *ends.entry(format!("{:?}", first.state.status())).or_default() += 1;
        drop(shown);
    }
    assert!(ends.get("Completed").is_some_and(|count| *count > 20), "most end as meant: {ends:?}");
    assert!(ends.contains_key("Faulted"), "some fail: {ends:?}");
}

fn run(seed: u64) -> Run {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED);
    let mut author = Author { dice: &mut dice, tasks: 0, text: String::new() };
    author.text.push_str("do:\n");
    author.list(2, 4);
    let text = author.text;
    let mut run = Run::new(&text, &[]);
    run.start(json!({"n": 0}));
    for _ in 0..INPUTS {
        match run.state.status() {
            Status::Completed | Status::Cancelled => break,
            Status::Suspended => drop(run.operator(OperatorCommand::Resume)),
            Status::Faulted if dice.roll(4) == 0 => break,
            Status::Faulted => drop(run.operator(OperatorCommand::Retry)),
            Status::Pending | Status::Running | Status::Waiting => any_input(&mut run, &mut dice),
        }
    }
    ends_once(&run);
    run
}

fn any_input(run: &mut Run, dice: &mut Dice) {
    match dice.roll(10) {
        0 => drop(
            run.operator(OperatorCommand::Suspend).event("cn.x.a.v1", json!(dice.roll(3))).wake_after(30_000),
        ),
        1..=3 => {
            let r#type = if dice.roll(3) == 0 { "cn.x.b.v1" } else { "cn.x.a.v1" };
            run.event(r#type, json!(dice.roll(3)));
        }
        _ => match run.state.wake_at() {
            Some(_) => drop(run.wake()),
            None => drop(run.event("cn.x.b.v1", json!(0))),
        },
    }
}

fn ends_once(run: &Run) {
    let history: Vec<_> = run.transitions.iter().flat_map(|transition| &transition.history).collect();
    let ends = history.iter().filter(|event| matches!(event.what, What::Completed { .. } | What::Cancelled));
    let ended = matches!(run.state.status(), Status::Completed | Status::Cancelled);
    assert_eq!(ends.count(), usize::from(ended), "an instance ends once");
    let begun = history.iter().filter(|event| matches!(event.what, What::TaskStarted)).count();
    let over = history.iter().filter(|event| matches!(event.what, What::TaskCompleted { .. })).count();
    assert!(over <= begun, "only what began can end");
}

/// Writes a workflow.
struct Author<'d> {
    dice: &'d mut Dice,
    tasks: u64,
    text: String,
}

impl Author<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn list(&mut self, indent: usize, depth: u64) {
        for _ in 0..=self.dice.roll(3) {
            self.task(indent, depth);
        }
    }

    fn task(&mut self, indent: usize, depth: u64) {
        self.tasks += 1;
        let name = format!("- t{}:", self.tasks);
        self.line(indent, &name);
        let inside = indent + 4;
        let kind = self.dice.roll(if depth == 0 || self.tasks > 60 { 7 } else { 13 });
        match kind {
            0 | 1 => {
                let minutes = self.dice.roll(4);
                self.line(inside, &format!("wait: PT{minutes}M"));
            }
            2 => self.line(inside, "set: '${ {n: ((.n? // 0) + 1)} }'"),
            3 => {
                self.line(inside, "set: '${ . }'");
                let key = self.dice.roll(4);
                self.line(inside, &format!("export: {{as: '$context + {{k{key}: \"{}\"}}'}}", self.tasks));
            }
            4 => {
                let seconds = 1_718_067_600 + self.dice.roll(600);
                self.line(inside, &format!("if: '$task.startedAt.epoch.seconds < {seconds}'"));
                self.line(inside, "raise: {error: {type: 'https://x.cn/e', status: 500}}");
            }
            5 => {
                self.line(inside, "listen: {to: {one: {with: {type: cn.x.a.v1}}}}");
                self.timeout(inside);
            }
            6 => {
                let count = self.dice.roll(3);
                let case = format!("switch: [{{some: {{when: '(.n? // 0) > {count}', then: exit}}}}]");
                self.line(inside, &case);
            }
            7 => self.block(inside, "do:", depth),
            8 => {
                self.line(inside, "for: {in: '[1, 2]'}");
                self.block(inside, "do:", depth);
            }
            9 | 10 => {
                self.line(inside, "fork:");
                let compete = self.dice.roll(3) == 0;
                self.line(inside + 2, &format!("compete: {compete}"));
                self.block(inside + 2, "branches:", depth);
                self.timeout(inside);
            }
            11 => {
                self.block(inside, "try:", depth);
                self.line(inside, "catch:");
                match self.dice.roll(3) {
                    0 => self.line(inside + 2, "errors: {with: {status: 408}}"),
                    1 => self.line(
                        inside + 2,
                        "retry: {delay: PT1M, limit: {attempt: {count: 2, duration: PT7M}}}",
                    ),
                    _ => self.block(inside + 2, "do:", depth),
                }
            }
            _ => {
                let until = ["'(. | length) > 1'", "{one: {with: {type: cn.x.b.v1}}}"]
                    [usize::from(self.dice.roll(2) == 0)];
                let to = format!("listen: {{to: {{any: [{{with: {{type: cn.x.a.v1}}}}], until: {until}}}}}");
                self.line(inside, &to);
                self.line(inside, "foreach:");
                self.block(inside + 2, "do:", depth);
                self.timeout(inside);
            }
        }
        if self.dice.roll(12) == 0 && kind != 6 {
            let then = ["exit", "end"][usize::from(self.dice.roll(4) == 0)];
            self.line(inside, &format!("then: {then}"));
        }
    }

    fn block(&mut self, indent: usize, key: &str, depth: u64) {
        self.line(indent, key);
        self.list(indent + 2, depth - 1);
    }

    fn timeout(&mut self, indent: usize) {
        if self.dice.roll(2) == 0 {
            let minutes = 1 + self.dice.roll(5);
            self.line(indent, &format!("timeout: {{after: PT{minutes}M}}"));
        }
    }
}
