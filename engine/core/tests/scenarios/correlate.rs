//! Which instance an event is for; which workflow it starts.

use crate::Run;
use crate::{check, expect, json};
use yiwang_core::correlation::shapes;
use yiwang_core::schedule::{next_fire, start_input};

#[test]
fn only_the_event_with_the_wanted_value_is_taken() {
    check(
        r#"
        do:
          - hear:
              listen:
                to:
                  one:
                    with: {type: cn.x.feedback.v1}
                    correlate: {case: {from: .data.caseNo, expect: '${ .no }'}}
        "#,
        |run| {
            run.start(json!({"no": "QC-1"}));
            run.event("cn.x.feedback.v1", json!({"caseNo": "QC-2"})).event("cn.x.feedback.v1", json!({}));
            run.event("cn.x.feedback.v1", json!({"caseNo": "QC-1", "satisfied": true}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"no":"QC-1"}
              hear task_started
              hear listening types=["cn.x.feedback.v1"]
              = Waiting
            > event cn.x.feedback.v1 is not routed here
            > event cn.x.feedback.v1
              refused not_expected: the instance does not wait for event e1 of /channels/web
            > event cn.x.feedback.v1 is not routed here
            > event cn.x.feedback.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.feedback.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.feedback.v1"
              hear task_completed output=[{"caseNo":"QC-1","satisfied":true}]
              * completed output=[{"caseNo":"QC-1","satisfied":true}]
              = Completed
        "#]],
    );
}

#[test]
fn to_correlate_with_nothing_faults() {
    check(
        r#"
        do:
          - hear:
              listen:
                to:
                  one:
                    with: {type: cn.x.feedback.v1}
                    correlate: {case: {from: .data.caseNo, expect: '${ .no }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear task_faulted error={"detail":"listen.to.correlate.case.expect: the value to correlate with is null","instance":"/do/0/hear","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"listen.to.correlate.case.expect: the value to correlate with is null","instance":"/do/0/hear","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn the_first_event_of_all_fixes_the_value() {
    check(
        r#"
        do:
          - hear:
              listen:
                to:
                  all:
                    - {with: {type: cn.x.temperature.v1}, correlate: {room: {from: .data.room}}}
                    - {with: {type: cn.x.humidity.v1}, correlate: {room: {from: .data.roomId}}}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.event("cn.x.humidity.v1", json!({"roomId": 7}));
            run.event("cn.x.temperature.v1", json!({"room": 8}))
                .event("cn.x.temperature.v1", json!({"room": 7}));
        },
        expect![[r#"
            > event cn.x.humidity.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.humidity.v1"
              = Waiting
            > event cn.x.temperature.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.temperature.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.temperature.v1"
              hear task_completed output=[{"room":7},{"roomId":7}]
              * completed output=[{"room":7},{"roomId":7}]
              = Completed
        "#]],
    );
}

#[test]
fn numbers_correlate_whatever_their_form() {
    check(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.v1}, correlate: {n: {from: .data.n, expect: '${ .n / 1 }'}}}}}}
        "#,
        |run| {
            run.start(json!({"n": 3})).quietly().event("cn.x.v1", json!({"n": 3}));
        },
        expect![[r#"
            > event cn.x.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[{"n":3}]
              * completed output=[{"n":3}]
              = Completed
        "#]],
    );
}

#[test]
fn a_definition_has_each_shape_once() {
    let run = Run::new(
        r#"
        do:
          - a: {listen: {to: {one: {with: {type: cn.x.v1}, correlate: {n: {from: .data.n, expect: 1}, m: {from: .data.m}}}}}}
          - b: {listen: {to: {any: [{with: {type: cn.x.v1}, correlate: {o: {from: .data.n, expect: 2}}}, {with: {type: cn.y.v1}}]}}}
          - c: {listen: {to: {any: []}}}
        "#,
        &[],
    );
    let shapes: Vec<_> = shapes(&run.deployment.definition)
        .into_iter()
        .map(|shape| (shape.event_type, shape.from.into_iter().map(|from| from.text.clone()).collect()))
        .collect::<Vec<(_, Vec<_>)>>();
    let data = vec![".data.n".to_owned()];
    assert_eq!(shapes, [(Some("cn.x.v1"), data), (Some("cn.y.v1"), vec![]), (None, vec![])]);
}

#[test]
fn an_event_starts_the_workflows_that_want_it() {
    let input = |schedule: &str, data| {
        let run = Run::new(&format!("schedule: {schedule}\ndo:\n  - a: {{set: {{x: 1}}}}\n"), &[]);
        let event = run.make_event("1", "/channels/web", "cn.x.v1", data);
        start_input(&run.deployment.definition, &event).map(|input| input.to_json())
    };
    let complaint = json!({"kind": "complaint"});
    let one = "{on: {one: {with: {type: cn.x.v1, data: '${ .kind == \"complaint\" }'}}}}";
    assert_eq!(input(one, complaint.clone()), Some(json!([complaint])));
    assert_eq!(input(one, json!({"kind": "praise"})), None);
    let any = "{on: {any: [{with: {type: cn.y.v1}}, {with: {type: cn.x.v1}}]}}";
    assert_eq!(input(any, complaint.clone()), Some(json!([complaint])));
    assert_eq!(input("{on: {one: {with: {type: cn.y.v1}}}}", complaint.clone()), None);
    assert_eq!(input("{cron: '0 9 * * *'}", complaint.clone()), None);
    let envelope = input("{on: {one: {with: {type: cn.x.v1}}}, read: envelope}", complaint.clone());
    let envelope = envelope.unwrap();
    assert_eq!(envelope[0]["data"], complaint);
    assert_eq!(envelope[0]["type"], json!("cn.x.v1"));
}

#[test]
fn a_schedule_names_its_next_time() {
    let next = |head: &str| {
        let run = Run::new(&format!("{head}\ndo:\n  - a: {{set: {{x: 1}}}}\n"), &[]);
        let definition = &run.deployment.definition;
        next_fire(definition, None, run.now, run.now.plus_millis(1)).map(|at| at.rfc3339())
    };
    assert_eq!(next("schedule: {cron: '30 17 * * *'}").as_deref(), Some("2024-06-11T09:30:00Z"));
    assert_eq!(next("schedule: {every: {minutes: 15}}").as_deref(), Some("2024-06-11T01:15:00Z"));
    assert_eq!(next("schedule: {on: {one: {with: {type: cn.x.v1}}}}"), None);
}
