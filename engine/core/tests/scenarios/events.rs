//! Listening and emitting.

use crate::{check, expect, json};

#[test]
fn the_first_matching_event_is_taken() {
    check(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
        "#,
        |run| {
            run.start(json!({}))
                .event("cn.x.b.v1", json!(1))
                .event("cn.x.a.v1", json!({"n": 1}))
                .event("cn.x.a.v1", json!({"n": 2}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.b.v1 is not routed here
            > event cn.x.b.v1
              refused not_expected: the instance does not wait for event e1 of /channels/web
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=[{"n":1}]
              * completed output=[{"n":1}]
              = Completed
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e3 of /channels/web
        "#]],
    );
}

#[test]
fn a_predicate_looks_at_the_data() {
    check(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.a.v1, data: '${ .t > 38 }'}}}}}
        "#,
        |run| {
            run.start(json!({}))
                .event("cn.x.a.v1", json!({"t": 37}))
                .event("cn.x.a.v1", json!("broken"))
                .event("cn.x.a.v1", json!({"t": 39}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e1 of /channels/web
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.a.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=[{"t":39}]
              * completed output=[{"t":39}]
              = Completed
        "#]],
    );
}

#[test]
fn attributes_and_parts_of_data_must_be_equal() {
    check(
        r#"
        do:
          - hear: {listen: {to: {one: {with: {type: cn.x.a.v1, source: /channels/web, data: {kind: complaint}}}}}}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.event_from("1", "/channels/sms", "cn.x.a.v1", json!({"kind": "complaint"}));
            run.event("cn.x.a.v1", json!({"kind": "praise"}))
                .event("cn.x.a.v1", json!({"kind": "complaint", "n": 1}));
        },
        expect![[r#"
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event 1 of /channels/sms
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.a.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=[{"kind":"complaint","n":1}]
              * completed output=[{"kind":"complaint","n":1}]
              = Completed
        "#]],
    );
}

#[test]
fn any_takes_one_of_several() {
    check(
        r#"
        do:
          - hear: {listen: {to: {any: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1}}]}}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.b.v1", json!("b"));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.b.v1"]
              = Waiting
            > event cn.x.b.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.b.v1"
              hear task_completed output=["b"]
              * completed output=["b"]
              = Completed
        "#]],
    );
}

#[test]
fn any_of_nothing_takes_everything() {
    check(
        r#"
        do:
          - hear: {listen: {to: {any: []}}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.zzz.v1", json!(null));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=[]
              = Waiting
            > event cn.x.zzz.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.zzz.v1"
              hear task_completed output=[null]
              * completed output=[null]
              = Completed
        "#]],
    );
}

#[test]
fn all_waits_for_each_and_keeps_their_order() {
    check(
        r#"
        do:
          - hear: {listen: {to: {all: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1}}]}}}
        "#,
        |run| {
            run.start(json!({}))
                .event("cn.x.b.v1", json!("b"))
                .event("cn.x.b.v1", json!("b2"))
                .event("cn.x.a.v1", json!("a"));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.b.v1"]
              = Waiting
            > event cn.x.b.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.b.v1"
              = Waiting
            > event cn.x.b.v1 is not routed here
            > event cn.x.b.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.a.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=["a","b"]
              * completed output=["a","b"]
              = Completed
        "#]],
    );
}

#[test]
fn one_event_fulfils_one_filter_of_all() {
    check(
        r#"
        do:
          - hear: {listen: {to: {all: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.a.v1}}]}}}
        "#,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.a.v1", json!(2));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              hear task_completed output=[1,2]
              * completed output=[1,2]
              = Completed
        "#]],
    );
}

#[test]
fn envelopes_and_raw_text_can_be_read() {
    check(
        r#"
        do:
          - one: {listen: {to: {one: {with: {type: cn.x.a.v1}}}, read: envelope}}
          - two: {listen: {to: {one: {with: {type: cn.x.a.v1}}}, read: raw}}
          - three: {listen: {to: {one: {with: {type: cn.x.a.v1}}}, read: raw}}
        "#,
        |run| {
            run.start(json!({})).quietly();
            run.event("cn.x.a.v1", json!({"n": 1}))
                .event("cn.x.a.v1", json!({"n": 1}))
                .event("cn.x.a.v1", json!("text"));
        },
        expect![[r#"
            > event cn.x.a.v1
              one event_taken id="e1" source="/channels/web" type="cn.x.a.v1"
              one task_completed output=[{"data":{"n":1},"id":"e1","source":"/channels/web","specversion":"1.0","time":"2024-06-11T01:00:00Z","type":"cn.x.a.v1"}]
              two task_started
              two listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              two event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              two task_completed output=["{\"n\":1}"]
              three task_started
              three listening types=["cn.x.a.v1"]
              = Waiting
            > event cn.x.a.v1
              three event_taken id="e3" source="/channels/web" type="cn.x.a.v1"
              three task_completed output=["text"]
              * completed output=["text"]
              = Completed
        "#]],
    );
}

#[test]
fn an_event_is_published_with_what_was_left_out() {
    check(
        r#"
        do:
          - tell: {emit: {event: {with: {type: cn.x.a.v1, data: {hello: '${ "您好 \(.name)" }'}}}}}
        "#,
        |run| {
            run.start(json!({"name": "王"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"name":"王"}
              tell task_started
              tell event_published id="019004cf-1a80-7bf9-8421-fe25372ebb57" source="/test/w/1.0.0" type="cn.x.a.v1"
              tell task_completed output={"data":{"hello":"您好 王"},"id":"019004cf-1a80-7bf9-8421-fe25372ebb57","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:00:00Z","type":"cn.x.a.v1"}
              * completed output={"data":{"hello":"您好 王"},"id":"019004cf-1a80-7bf9-8421-fe25372ebb57","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:00:00Z","type":"cn.x.a.v1"}
              => published cn.x.a.v1 {"hello":"您好 王"}
              = Completed
        "#]],
    );
}

#[test]
fn an_event_is_published_as_written() {
    check(
        r#"
        do:
          - tell: {emit: {event: {with: {id: i1, source: 'https://x.cn/s', type: cn.x.a.v1, subject: s, time: '2024-01-01T00:00:00+08:00', roomid: r7, data: null}}}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              tell task_started
              tell event_published id="i1" source="https://x.cn/s" type="cn.x.a.v1"
              tell task_completed output={"data":null,"id":"i1","roomid":"r7","source":"https://x.cn/s","specversion":"1.0","subject":"s","time":"2023-12-31T16:00:00Z","type":"cn.x.a.v1"}
              * completed output={"data":null,"id":"i1","roomid":"r7","source":"https://x.cn/s","specversion":"1.0","subject":"s","time":"2023-12-31T16:00:00Z","type":"cn.x.a.v1"}
              => published cn.x.a.v1 null
              = Completed
        "#]],
    );
}

#[test]
fn an_event_without_a_type_faults() {
    check(
        r#"
        do:
          - tell: {emit: {event: {with: {type: '${ .t }'}}}}
        "#,
        |run| {
            run.start(json!({"t": 5}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"t":5}
              tell task_started
              tell task_faulted error={"detail":"emit.event.with: `type` is not a string but 5","instance":"/do/0/tell","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"emit.event.with: `type` is not a string but 5","instance":"/do/0/tell","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn an_instance_that_does_not_listen_refuses() {
    check(
        r#"
        do:
          - pause: {wait: PT1H}
        "#,
        |run| {
            run.start(json!({})).quietly().event("cn.x.a.v1", json!(1)).wake().event("cn.x.a.v1", json!(1));
        },
        expect![[r#"
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e1 of /channels/web
            > wake
              pause timer_fired due=3600s purpose="wait"
              pause task_completed output={}
              * completed output={}
              = Completed
            > event cn.x.a.v1 is not routed here
            > event cn.x.a.v1
              refused not_expected: the instance does not wait for event e3 of /channels/web
        "#]],
    );
}
