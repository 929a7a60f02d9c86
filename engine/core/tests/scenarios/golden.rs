//! What outsiders rely on: the form of a stored state and of every kind of history event.
//!
//! A change here needs a migration, or breaks whoever reads the records. `UPDATE_EXPECT=1` rewrites.

use std::collections::BTreeSet;

use expect_test::expect_file;
use yiwang_core::case::CaseCommand;
use yiwang_core::history::What;
use yiwang_core::input::OperatorCommand;
use yiwang_core::{CaseNo, EffectId, HistoryEvent, Input, InstanceId, State};

use crate::driver::person;
use crate::{Run, json};

/// Waits inside a loop inside a try for an event, with timers, messages, a case and a decision behind it.
const DEEP: &str = r#"
    timeout: {after: P30D}
    do:
      - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: '${ . }', channel: wechat}, export: {as: '{no: .caseNo}'}}
      - sign: {call: 'human-task:1.0.0@default', with: {title: 签收, candidateRoles: [unit_liaison]}}
      - safe:
          try:
            - rounds:
                for: {in: '[1, 2]'}
                do:
                  - hear:
                      input: {from: '{round: $item}'}
                      listen:
                        to:
                          all:
                            - {with: {type: cn.x.a.v1}, correlate: {no: {from: .data.no, expect: '${ $context.no }'}}}
                            - {with: {type: cn.x.b.v1}}
                      timeout: {after: P7D}
          catch: {retry: {delay: PT1M}}
"#;

#[test]
fn a_stored_state_keeps_its_form() {
    let li = person("li", &["unit_liaison"]);
    let mut run = Run::new(DEEP, &[]);
    run.start(json!({"text": "三天了"})).claim(1, &li).complete(1, &li, "", json!({}), "d1");
    run.event("cn.x.b.v1", json!({"n": 1}));
    expect_file!["../golden/state-listening.json"].assert_eq(&pretty(&run.state));

    let mut run = Run::new(
        r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: 1, channel: wechat}}
          - ask:
              call: human-task:1.0.0@default
              with:
                title: 办理
                candidateRoles: [handler]
                due: {after: PT8H}
                form: {schema: {type: object}, data: {a: 1}}
                escalation:
                  - {at: 50%, flag: warned, note: n, notify: {channel: sms, to: {kind: mobile, address: '1'}, body: late}}
                  - {after: P1D, addCandidateRoles: [supervisor], raisePriority: true}
        "#,
        &[],
    );
    run.start(json!({})).wake().busy(1, 1);
    expect_file!["../golden/state-working.json"].assert_eq(&pretty(&run.state));
}

#[test]
fn stored_states_of_before_are_read() {
    for text in [include_str!("../golden/state-listening.json"), include_str!("../golden/state-working.json")]
    {
        let state: State = serde_json::from_str(text).unwrap();
        assert_eq!(pretty(&state), text);
    }
}

fn pretty(state: &State) -> String {
    serde_json::to_string_pretty(state).unwrap() + "\n"
}

#[test]
fn every_kind_of_history_keeps_its_form() {
    let mut seen = BTreeSet::new();
    let mut lines = String::new();
    for event in histories() {
        if seen.insert(kind(&event.what)) {
            lines.push_str(&serde_json::to_string(&event).unwrap());
            lines.push('\n');
        }
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<HistoryEvent>(&text).unwrap(), event);
    }
    expect_file!["../golden/history.jsonl"].assert_eq(&lines);
    assert_eq!(seen.len(), KINDS, "a kind of history is missing in the golden file");
}

/// As many as `What` has variants.
const KINDS: usize = 36;

/// The name of the variant in the record.
fn kind(what: &What) -> String {
    serde_json::to_value(what).unwrap()["event"].as_str().unwrap().to_owned()
}

fn histories() -> Vec<HistoryEvent> {
    let (li, wang) = (person("li", &["handler"]), person("wang", &["handler"]));
    let mut all = Vec::new();
    let mut run = Run::new(
        r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: {text: 三天了}, channel: wechat}, export: {as: '{no: .caseNo}'}}
          - triage: {call: 'case-update:1.0.0@default', with: {state: triaged, category: lamp}}
          - skipped: {if: 'false', set: {n: 1}}
          - note: {call: 'case-note:1.0.0@default', with: {text: 已现场查看}}
          - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler], due: {after: PT8H}}}
          - tell: {call: 'notify:1.0.0@default', with: {channel: wechat, to: {kind: openid, address: o1}, body: 已办理}}
          - emit: {emit: {event: {with: {type: cn.x.done.v1}}}}
          - hear: {listen: {to: {one: {with: {type: cn.x.feedback.v1}}}}}
          - safe: {try: [{fail: {raise: {error: {type: 'https://x.cn/e', status: 409, title: T}}}}], catch: {retry: {delay: PT1M, limit: {attempt: {count: 1}}}}}
          - close: {call: 'case-close:1.0.0@default', with: {outcome: resolved}}
        "#,
        &[],
    );
    run.start(json!({"text": "三天了"})).claim(1, &li).release(1, &li).wake().claim(1, &wang);
    run.complete(1, &wang, "", json!({"reply": "好"}), "d1").busy(1, 1).sent(1, 1).wake().sent(1, 2);
    run.event("cn.x.feedback.v1", json!({"satisfied": true})).wake();
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));

    let mut run = Run::new(
        "do:\n  - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [a]}}\n",
        &[],
    );
    run.start(json!({})).operator(OperatorCommand::Cancel);
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));

    let mut run = Run::new(
        "do: [{race: {fork: {compete: true, branches: [{slow: {wait: PT1H}}, {fast: {wait: PT1M}}]}}}]\n",
        &[],
    );
    run.start(json!({})).wake();
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));

    let child = "run: {workflow: {namespace: test, name: c, version: '1.0.0', input: {}}}";
    let mut run = Run::new(&format!("do:\n  - child: {{{child}}}\n"), &[]);
    run.start(json!({}));
    let effect = EffectId { instance: InstanceId(42), n: 1 };
    run.input("child begins", Input::ChildStarted { effect, instance: InstanceId(77) });
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));

    let mut run = Run::new("do:\n  - fail: {raise: {error: {type: 'https://x.cn/e', status: 409}}}\n", &[]);
    run.start(json!({}));
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));

    let mut run = Run::new(
        r#"
        do:
          - open: {call: 'case-open:1.0.0@default', with: {type: complaint, title: 路灯不亮, content: {petitioner: {phone: '13800000001'}}, channel: wechat}}
          - ask: {call: 'human-task:1.0.0@default', with: {title: 办理, candidateRoles: [handler], due: {after: PT8H}}}
        "#,
        &[],
    );
    let boss = person("chen", &["supervisor"]);
    run.start(json!({})).on_case(&boss, CaseCommand::Suspend).pass(1000).on_case(&boss, CaseCommand::Resume);
    let mut other = run.state.case().unwrap().clone();
    other.no = CaseNo("QC-20240610-000009".into());
    run.input("repeats", Input::Repeats { cases: vec![other] });
    all.extend(run.transitions.into_iter().flat_map(|transition| transition.history));
    all
}
