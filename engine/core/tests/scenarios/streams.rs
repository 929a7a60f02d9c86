//! Listening until something, and what is done with each event or message.

use yiwang_core::input::{EffectOutcome, OperatorCommand};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{Callee, Protocol, TaskKind};
use yiwang_dsl::expression::Template;

use crate::driver::person;
use crate::{Run, check, expect, json};

#[test]
fn until_a_condition_on_the_events_so_far() {
    check(
        r#"
        do:
          - hear:
              listen:
                to:
                  any: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1, data: '${ .n > 1 }'}}]
                  until: '(map(.n) | add) >= 6'
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!({"n": 1})).event("cn.x.b.v1", json!({"n": 1}));
            run.event("cn.x.b.v1", json!({"n": 2})).event("cn.x.a.v1", json!({"n": 3}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.b.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              = Waiting
            > event cn.x.b.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.b.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.b.v1"
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e4" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=[{"n":1},{"n":2},{"n":3}]
              * completed output=[{"n":1},{"n":2},{"n":3}]
              = Completed
        "#]],
    );
}

#[test]
fn until_events_that_are_no_part_of_the_output() {
    check(
        r#"
        do:
          - hear:
              listen:
                to:
                  any: []
                  until:
                    all:
                      - {with: {type: cn.x.stop.v1}, correlate: {k: {from: .data.k, expect: '${ .k }'}}}
                      - {with: {type: cn.x.close.v1}}
                read: envelope
              output: {as: '[.[] | .type]'}
        "#,
        |run| {
            run.start(json!({"k": "x"})).event("cn.x.close.v1", json!({})).event("cn.x.a.v1", json!(1));
            run.event("cn.x.stop.v1", json!({"k": "other"})).event("cn.x.stop.v1", json!({"k": "x"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"k":"x"}
              hear task_started
              hear listening types=["cn.x.stop.v1","cn.x.close.v1"]
              = Waiting
            > event cn.x.close.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.close.v1"
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Waiting
            > event cn.x.stop.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.stop.v1"
              = Waiting
            > event cn.x.stop.v1
              hear event_taken id="e4" source="/channels/web" type="cn.x.stop.v1"
              hear task_completed output=["cn.x.a.v1","cn.x.stop.v1"]
              * completed output=["cn.x.a.v1","cn.x.stop.v1"]
              = Completed
        "#]],
    );
}

#[test]
fn each_event_has_its_round_and_later_ones_wait() {
    let li = person("li", &["a"]);
    check(
        r#"
        do:
          - hear:
              listen: {to: {any: [{with: {type: cn.x.a.v1}}], until: {one: {with: {type: cn.x.end.v1}}}}}
              foreach:
                item: report
                at: n
                do:
                  - ask: {call: 'human-task:1.0.0@default', with: {title: '${ "\($n) \($report.t) \(.t)" }', candidateRoles: [a]}}
                output: {as: '{t: $report.t, n: $n, outcome}'}
                export: {as: '{seen: (($context.seen // 0) + 1), last: $output.t}'}
          - see: {set: '${ {all: ., context: $context} }'}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!({"t": "p"})).event("cn.x.a.v1", json!({"t": "q"}));
            run.event("cn.x.end.v1", json!({})).event("cn.x.a.v1", json!({"t": "late"}));
            run.claim(1, &li).complete(1, &li, "", json!({}), "d1");
            run.claim(2, &li).complete(2, &li, "", json!({}), "d2");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.end.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              ask task_started
              ask work_item_offered due=null item="000000000001A-1" roles=["a"] title="0 p p"
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Waiting
            > event cn.x.end.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.end.v1"
              = Waiting
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e4 of /channels/web
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > li completes #1 by d1
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              hear context_changed context={"last":"p","seen":1}
              ask task_started
              ask work_item_offered due=null item="000000000001A-2" roles=["a"] title="1 q q"
              = Waiting
            > li claims #2
              ask work_item_claimed by="li" item="000000000001A-2"
              = Waiting
            > li completes #2 by d2
              ask work_item_completed by="li" form={} item="000000000001A-2" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-2"}
              hear context_changed context={"last":"q","seen":2}
              hear task_completed output=[{"n":0,"outcome":"completed","t":"p"},{"n":1,"outcome":"completed","t":"q"}]
              see task_started
              see task_completed output={"all":[{"n":0,"outcome":"completed","t":"p"},{"n":1,"outcome":"completed","t":"q"}],"context":{"last":"q","seen":2}}
              * completed output={"all":[{"n":0,"outcome":"completed","t":"p"},{"n":1,"outcome":"completed","t":"q"}],"context":{"last":"q","seen":2}}
              = Completed
        "#]],
    );
}

#[test]
fn what_a_round_exports_may_end_the_listening() {
    check(
        r#"
        do:
          - hear:
              listen: {to: {any: [{with: {type: cn.x.a.v1}}], until: '$context.sum > 4'}}
              foreach:
                do: [{pause: {wait: PT1M}}, {add: {set: '${ $item * 10 }', export: {as: '{sum: (($context.sum // 0) + $item)}'}}}]
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(2)).event("cn.x.a.v1", json!(3));
            run.event("cn.x.a.v1", json!(4)).wake().wake().event("cn.x.a.v1", json!(5)).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Waiting, wakes 60s
            > event cn.x.a.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output=2
              add task_started
              add context_changed context={"sum":2}
              add task_completed output=20
              pause task_started
              pause timer_set due=120s purpose="wait"
              = Waiting, wakes 120s
            > wake
              pause timer_fired due=120s purpose="wait"
              pause task_completed output=3
              add task_started
              add context_changed context={"sum":5}
              add task_completed output=30
              pause task_started
              pause timer_set due=180s purpose="wait"
              = Waiting, wakes 180s
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e6 of /channels/web
            > wake
              pause timer_fired due=180s purpose="wait"
              pause task_completed output=4
              add task_started
              add context_changed context={"sum":9}
              add task_completed output=40
              hear task_completed output=[20,30,40]
              * completed output=[20,30,40]
              = Completed
        "#]],
    );
}

#[test]
fn without_tasks_each_event_is_only_transformed() {
    check(
        r#"
        do:
          - hear:
              listen: {to: {any: [{with: {type: cn.x.a.v1}}], until: '$context.n == 2'}}
              foreach: {output: {as: '{n: ., at: $index}'}, export: {as: '{n: ($index + 1)}'}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(2)).event("cn.x.a.v1", json!(3));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              hear context_changed context={"n":1}
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              hear context_changed context={"n":2}
              hear task_completed output=[{"at":0,"n":2},{"at":1,"n":3}]
              * completed output=[{"at":0,"n":2},{"at":1,"n":3}]
              = Completed
        "#]],
    );
}

#[test]
fn all_and_one_have_rounds_too() {
    check(
        r#"
        do:
          - both:
              listen: {to: {all: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1}}]}}
              foreach: {do: [{mark: {set: '${ "\($index):\($item)" }'}}]}
          - one:
              listen: {to: {one: {with: {type: cn.x.c.v1}}}}
              foreach: {do: [{mark: {wait: PT1S}}]}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.b.v1", json!("b")).event("cn.x.a.v1", json!("a"));
            run.event("cn.x.c.v1", json!("c")).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              both task_started
              both listening types=["cn.x.a.v1","cn.x.b.v1"]
              = Waiting
            > event cn.x.b.v1
              both event_taken id="e1" source="/channels/web" type="cn.x.b.v1"
              mark task_started
              mark task_completed output="0:b"
              = Waiting
            > event cn.x.a.v1
              both event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              mark task_started
              mark task_completed output="1:a"
              both task_completed output=["1:a","0:b"]
              one task_started
              one listening types=["cn.x.c.v1"]
              = Waiting
            > event cn.x.c.v1
              one event_taken id="e3" source="/channels/web" type="cn.x.c.v1"
              mark task_started
              mark timer_set due=1s purpose="wait"
              = Waiting, wakes 1s
            > wake
              mark timer_fired due=1s purpose="wait"
              mark task_completed output="c"
              one task_completed output=["c"]
              * completed output=["c"]
              = Completed
        "#]],
    );
}

#[test]
fn a_round_may_listen_itself_and_an_event_is_for_both() {
    check(
        r#"
        do:
          - outer:
              listen: {to: {any: [{with: {type: cn.x.a.v1}}], until: '(. | length) == 2'}}
              foreach: {do: [{inner: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}, output: {as: '[$item, .[0]]'}}}]}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.a.v1", json!(2));
            run.event("cn.x.a.v1", json!(3));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              outer listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              outer event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              inner task_started
              inner listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              outer event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              inner event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              inner task_completed output=[1,2]
              inner task_started
              inner listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              inner event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              inner task_completed output=[2,3]
              outer task_completed output=[[1,2],[2,3]]
              * completed output=[[1,2],[2,3]]
              = Completed
        "#]],
    );
}

#[test]
fn a_round_that_fails_fails_the_listening() {
    check(
        r#"
        do:
          - safe:
              try:
                - hear:
                    listen: {to: {any: [], until: 'false'}}
                    foreach: {do: [{pause: {wait: PT1M}}, {bad: {raise: {error: {type: 'https://x.cn/e', status: 500, detail: '${ "\($item)" }'}}}}]}
              catch: {do: [{see: {set: '${ $error.detail }'}}]}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.a.v1", json!(2)).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              hear task_started
              hear listening types=[]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output=1
              bad task_started
              bad task_faulted error={"detail":"1","instance":"/do/0/safe/try/0/hear/foreach/do/1/bad","status":500,"type":"https://x.cn/e"}
              see task_started
              see task_completed output="1"
              safe task_completed output="1"
              * completed output="1"
              = Completed
        "#]],
    );
}

#[test]
fn a_condition_that_fails_gives_up_the_round_under_way() {
    check(
        r#"
        do:
          - hear:
              listen: {to: {any: [], until: '(. | length) > 1 and error("odd")'}}
              foreach: {do: [{pause: {wait: PT1M}}]}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.a.v1", json!(2));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=[]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              hear task_faulted error={"detail":"listen.to.until: `(. | length) > 1 and error(\"odd\")`: odd","instance":"/do/0/hear","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"listen.to.until: `(. | length) > 1 and error(\"odd\")`: odd","instance":"/do/0/hear","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_timeout_ends_rounds_and_listening() {
    check(
        r#"
        do:
          - safe:
              try:
                - hear:
                    listen: {to: {any: [], until: 'false'}}
                    foreach: {do: [{pause: {wait: PT1H}}]}
                    timeout: {after: PT1M}
              catch: {errors: {with: {status: 408}}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              hear task_started
              hear timer_set due=60s purpose="timeout"
              hear listening types=[]
              = Waiting, wakes 60s
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              pause task_started
              pause timer_set due=3600s purpose="wait"
              = Waiting, wakes 60s
            > wake
              hear timer_fired due=60s purpose="timeout"
              hear task_faulted error={"detail":"task `hear` timed out","instance":"/do/0/safe/try/0/hear","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn suspended_events_wait_for_their_rounds() {
    check(
        r#"
        do:
          - hear:
              listen: {to: {any: [], until: '(. | length) == 2'}}
              foreach: {do: [{mark: {set: '${ {at: $index, it: $item} }'}}]}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).event("cn.x.a.v1", json!(1));
            run.event("cn.x.a.v1", json!(2)).event("cn.x.a.v1", json!(3)).operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=[]
              = Waiting
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Suspended
            > event cn.x.a.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              = Suspended
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e4 of /channels/web
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              mark task_started
              mark task_completed output={"at":0,"it":1}
              mark task_started
              mark task_completed output={"at":1,"it":2}
              hear task_completed output=[{"at":0,"it":1},{"at":1,"it":2}]
              * completed output=[{"at":0,"it":1},{"at":1,"it":2}]
              = Completed
        "#]],
    );
}

#[test]
fn read_says_what_the_items_are() {
    for (read, wanted) in [("data", json!({"n": 1})), ("raw", json!("{\"n\":1}"))] {
        check(
            &format!(
                "do: [{{hear: {{listen: {{to: {{one: {{with: {{type: cn.x.a.v1}}}}}}, read: {read}}}, \
                 foreach: {{do: [{{it: {{set: '${{ $item }}'}}}}]}}}}}}]\n"
            ),
            |run| {
                run.start(json!({})).event("cn.x.a.v1", json!({"n": 1})).quietly();
                let done = run.transitions.last().unwrap().history.last().unwrap();
                let line = serde_json::to_value(&done.what).unwrap();
                assert_eq!(line["output"], json!([wanted]));
            },
            expect![[""]],
        );
    }
}

/// A `listen` stands for the call: what is done with messages is told apart from how the language asks for them.
#[test]
fn each_message_of_a_subscription_has_its_round() {
    let text = r#"
        do:
          - inbox:
              listen: {to: {any: []}}
              foreach:
                item: message
                do: [{pause: {wait: PT1M}}]
                output: {as: '{n: $index, text: $message.payload}'}
                export: {as: '{last: $output.n}'}
          - none: {listen: {to: {any: []}}, foreach: {output: {as: '.'}}}
    "#;
    let mut run = Run::new(text, &[]);
    for task in &mut run.deployment.definition.tasks {
        let kind = std::mem::replace(&mut task.kind, TaskKind::Do { body: Vec::new() });
        task.kind = match kind {
            TaskKind::Listen { foreach, .. } => TaskKind::Call {
                callee: Callee::Protocol(Protocol::AsyncApi),
                with: Template::Literal(Data::object([])),
                foreach,
            },
            other => other,
        };
    }
    let messages = |messages: serde_json::Value| EffectOutcome::done(messages);
    run.start(json!({})).returned(1, 1, messages(json!([{"payload": "a"}, {"payload": "b"}])));
    run.wake().wake().returned(2, 1, messages(json!(7)));
    expect![[r#"
        > start
          * started cause={"by":"request","person":"li"} input={}
          inbox task_started
          inbox effect_requested effect="000000000001A.1" function="asyncapi"
          = Running
        > effect 1 attempt 1
          inbox effect_returned attempt=1 effect="000000000001A.1" outcome={"is":"done","output":[{"payload":"a"},{"payload":"b"}]}
          pause task_started
          pause timer_set due=60s purpose="wait"
          = Waiting, wakes 60s
        > wake
          pause timer_fired due=60s purpose="wait"
          pause task_completed output={"payload":"a"}
          inbox context_changed context={"last":0}
          pause task_started
          pause timer_set due=120s purpose="wait"
          = Waiting, wakes 120s
        > wake
          pause timer_fired due=120s purpose="wait"
          pause task_completed output={"payload":"b"}
          inbox context_changed context={"last":1}
          inbox task_completed output=[{"n":0,"text":"a"},{"n":1,"text":"b"}]
          none task_started
          none effect_requested effect="000000000001A.2" function="asyncapi"
          = Running
        > effect 2 attempt 1
          none effect_returned attempt=1 effect="000000000001A.2" outcome={"is":"done","output":7}
          none task_faulted error={"detail":"foreach: what came is not an array","instance":"/do/1/none","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
          * faulted error={"detail":"foreach: what came is not an array","instance":"/do/1/none","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
          = Faulted
    "#]].assert_eq(&run.log);
}
