//! Inputs in every order: whatever comes when, a step neither panics nor depends on being reloaded.
//! The driver asserts the rest at every input.

use yiwang_core::input::{EffectOutcome, OperatorCommand};
use yiwang_core::transition::Status;
use yiwang_core::work_item::WorkItemCommand;

use crate::driver::person;
use crate::{Run, json};

const SEEDS: u64 = 150;
const INPUTS: u64 = 40;

/// Shows the seed of a run that went wrong.
pub(crate) struct Seed(pub(crate) u64, pub(crate) usize);

impl Drop for Seed {
    #[expect(clippy::print_stderr, reason = "the seed is what one needs to see it again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} of workflow {}", self.0, self.1);
        }
    }
}

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const WORKFLOWS: [&str; 5] = [
    r#"
    timeout: {after: P20D}
    do:
      - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: t, content: '${ . }', channel: wechat}, export: {as: '{no: .caseNo, round: 0}'}}
      - handle:
          call: human-task:1.0.0@default
          with:
            title: 办理
            candidateRoles: [handler]
            outcomes: [done, return]
            due: {after: PT8H}
            form: {schema: {type: object, properties: {n: {type: integer}}}}
            escalation:
              - {at: 50%, flag: warned}
              - {at: 100%, addCandidateRoles: [supervisor], notify: {channel: sms, to: {kind: mobile, address: '1'}, body: late}}
              - {after: P1D, flag: supervised, raisePriority: true}
          timeout: {after: P3D}
          export: {as: '$context + {round: ($context.round + 1)}'}
      - again: {switch: [{back: {when: '.outcome == "return" and $context.round < 3', then: handle}}]}
      - tell:
          try: [{send: {call: 'send:1.0.0@wechat', with: {to: {kind: openid, address: o}, body: done}}}]
          catch: {errors: {with: {status: 500}}, do: [{note: {call: 'case-note:1.0.0@default', with: {text: '${ $error.detail }'}}}]}
      - hear:
          try:
            - wait:
                listen: {to: {one: {with: {type: cn.x.feedback.v1}, correlate: {no: {from: .data.no, expect: '${ $context.no }'}}}}}
                timeout: {after: P7D}
          catch: {errors: {with: {status: 408}}}
      - close: {call: 'case-close:1.0.0@default', with: {outcome: resolved}}
    "#,
    r#"
    do:
      - outer:
          try:
            - first: {listen: {to: {all: [{with: {type: cn.x.a.v1}, correlate: {k: {from: .data.no}}}, {with: {type: cn.x.b.v1}, correlate: {k: {from: .data.no}}}]}}, timeout: {after: PT6H}}
            - second: {wait: PT30M}
            - third: {raise: {error: {type: 'https://x.cn/e', status: 503}}}
          catch:
            retry: {delay: PT10M, backoff: {exponential: {}}, jitter: {from: PT0S, to: PT5M}, limit: {attempt: {count: 3, duration: PT5H}, duration: P2D}}
            do: [{gave: {emit: {event: {with: {type: cn.x.gave-up.v1}}}}}]
            then: last
      - skipped: {set: {n: 1}}
      - last: {listen: {to: {any: []}}}
    "#,
    r#"
    do:
      - rounds:
          for: {each: who, in: '["a", "b", "c"]'}
          while: '.stop != true'
          do:
            - ask:
                call: human-task:1.0.0@default
                with: {title: '${ "for \($who)" }', candidateRoles: [handler], outcomes: [done, return], due: {after: PT2H}}
            - tell:
                call: notify:1.0.0@default
                with: {channel: sms, to: {kind: mobile, address: '${ $who }'}, body: '${ $who + "!" }', retry: '${ if $index == 1 then "none" else "default" end }'}
            - end: {set: {stop: '${ .attempts > 2 }'}}
          timeout: {after: P1D}
    "#,
    r#"
    do:
      - a: {wait: PT1H}
      - b: {if: '(.n // 0) < 5', set: {n: '${ (.n // 0) + 1 }'}, output: {as: '{n, half: (.n / 2)}'}}
      - c: {switch: [{more: {when: '.n < 5', then: a}}]}
      - d: {do: [{e: {listen: {to: {one: {with: {type: cn.x.a.v1, data: '${ .n > 1 }'}}}}}}], timeout: {after: PT10H}}
      - f: {set: {out: '${ .[0].n / 3 }'}, output: {schema: {document: {required: [out]}}}}
    "#,
    r#"
    timeout: {after: P9D}
    do:
      - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: t, content: '${ . }', channel: wechat}, export: {as: '{no: .caseNo}'}}
      - safe:
          try:
            - all:
                fork:
                  branches:
                    - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [handler], outcomes: [done, return], due: {after: PT2H}}}
                    - tell: {call: 'send:1.0.0@wechat', with: {to: {kind: openid, address: o}, body: b}}
                    - race:
                        fork:
                          compete: true
                          branches:
                            - hear: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
                            - late: {do: [{pause: {wait: PT3H}}, {fail: {if: '$task.startedAt.epoch.seconds > 1718100000', raise: {error: {type: 'https://x.cn/e', status: 503}}}}]}
                            - also: {call: 'human-task:1.0.0@default', with: {title: u, candidateRoles: [handler]}}
                    - stream:
                        listen: {to: {any: [{with: {type: cn.x.b.v1}}], until: '(. | length) > 2'}}
                        foreach: {do: [{pause: {wait: PT1H}}, {ask: {call: 'human-task:1.0.0@default', with: {title: v, candidateRoles: [handler]}}}], export: {as: '$context + {n: $index}'}}
          catch: {errors: {with: {status: 503}}, retry: {delay: PT1H, limit: {attempt: {count: 2}}}}
    "#,
];

#[test]
fn inputs_in_any_order_do_no_harm() {
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for (workflow, text) in WORKFLOWS.iter().enumerate() {
        for seed in 0..SEEDS {
            let shown = Seed(seed, workflow);
            let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9) ^ workflow as u64);
            let mut run = Run::new(text, &[]);
            run.start(json!({"text": "路灯不亮"}));
            for _ in 0..INPUTS {
                any_input(&mut run, &mut dice);
            }
            let status = run.state.status();
            *seen.entry(name(status)).or_default() += 1;
            drop(shown);
        }
    }
    // The dice reach every end there is.
    for status in ["waiting", "running", "suspended", "cancelled", "faulted", "completed"] {
        assert!(seen.contains_key(status), "no run is {status}: {seen:?}");
    }
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Suspended => "suspended",
        Status::Cancelled => "cancelled",
        Status::Faulted => "faulted",
        Status::Completed => "completed",
    }
}

fn any_input(run: &mut Run, dice: &mut Dice) {
    let people = [person("li", &["handler@城管局"]), person("zhou", &["supervisor"]), person("nobody", &[])];
    let by = people[usize::try_from(dice.roll(3)).unwrap()].clone();
    // Mostly the newest item and effect, now and then another one.
    let newest = run.state.open_work_items().next().map_or(1, |item| item.id.n);
    let n = if dice.roll(8) == 0 { newest + 1 } else { newest };
    let effect =
        run.state.outstanding_effects().last().map_or((1, 1), |effect| (effect.id.n, effect.attempt));
    match dice.roll(23) {
        0..=3 => {
            let millis =
                [0, 1, 60_000, 3_600_000, 86_400_000, 864_000_000][usize::try_from(dice.roll(6)).unwrap()];
            run.wake_after(millis);
        }
        4..=6 => match run.state.wake_at() {
            Some(_) => drop(run.wake()),
            None => drop(run.wake_after(1)),
        },
        7..=8 => drop(run.claim(n, &by)),
        9..=10 => {
            let outcome = ["done", "return", "", "other"][usize::try_from(dice.roll(4)).unwrap()];
            let form = if dice.roll(5) == 0 { json!({"n": "x"}) } else { json!({"n": 1}) };
            let decision = format!("d{}", dice.roll(3));
            run.complete(n, &by, outcome, form, &decision);
        }
        11 => {
            let version = Some(u32::try_from(dice.roll(4)).unwrap());
            let command = if dice.roll(2) == 0 { WorkItemCommand::Claim } else { WorkItemCommand::Release };
            run.work(n, &by, version, command);
        }
        12 => drop(run.sent(effect.0, effect.1)),
        13 => drop(run.busy(effect.0, effect.1)),
        14 => {
            let (code, message) = ("x".to_owned(), String::new());
            let outcome = EffectOutcome::Retryable { code, message, retry_after: Some(dice.roll(1 << 40)) };
            run.returned(effect.0, effect.1 + 1 - u32::try_from(dice.roll(2)).unwrap(), outcome);
        }
        15 => drop(run.failed(effect.0, effect.1)),
        16..=18 => {
            let types = ["cn.x.a.v1", "cn.x.b.v1", "cn.x.feedback.v1"];
            let no = run.state.case().map_or("k".to_owned(), |case| case.no.to_string());
            let data = json!({"no": no, "n": dice.roll(4)});
            run.event(types[usize::try_from(dice.roll(3)).unwrap()], data);
        }
        19 => {
            let standing = yiwang_core::repair::standing(&run.deployment, &run.state);
            let Some(at) = standing.get(usize::try_from(dice.roll(3)).unwrap()) else { return };
            let to = &at.targets[usize::try_from(dice.roll(at.targets.len() as u64)).unwrap()];
            run.repair(match dice.roll(4) {
                0 => json!({"do": "skip", "task": at.task}),
                1 => json!({"do": "skip", "task": at.inside.last().unwrap_or(&at.task), "output": {"n": 1}}),
                2 => json!({"do": "move", "from": at.task, "to": to, "input": [1, 2]}),
                _ => json!({"do": "patch", "task": at.task, "context": {"merge": {"n": 2}},
                            "input": {"merge": {"n": 3}}}),
            });
        }
        20 => {
            // One more task in front, or that one taken away again: everything stands in another place.
            const MORE: &str = "do:\n  - zeroth: {set: {z: 1}}\n";
            let source = run.deployment.definition.source.to_string();
            let (_, text) = source.split_once('\n').unwrap();
            let text = match text.split_once(MORE) {
                Some((before, after)) => format!("{before}do:\n{after}"),
                None => text.replacen("\ndo:\n", &format!("\n{MORE}"), 1),
            };
            run.migrate(&text, json!({"renew": dice.roll(2) == 0}));
        }
        _ => {
            let commands = [
                OperatorCommand::Suspend,
                OperatorCommand::Resume,
                OperatorCommand::Resume,
                OperatorCommand::Retry,
                OperatorCommand::Retry,
                OperatorCommand::Cancel,
            ];
            run.operator(commands[usize::try_from(dice.roll(6)).unwrap()]);
        }
    }
}
