//! Instances that go on by another version of their workflow.

use yiwang_core::input::OperatorCommand;

use crate::driver::person;
use crate::{check, expect, json};

const OLD: &str = r#"
    do:
      - first: {set: {n: 1}}
      - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
      - last: {set: '${ {was: .outcome} }'}
"#;

#[test]
fn tasks_before_and_after_move_nothing() {
    check(
        OLD,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.migrate(
                r#"
                do:
                  - zeroth: {set: {z: 1}}
                  - first: {set: {n: 1}}
                  - ask: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
                  - more: {set: '${ {was: .outcome, more: true} }'}
                  - last: {set: '${ . }'}
                "#,
                json!({}),
            );
            run.complete(1, &li, "", json!({}), "d");
        },
        expect![[r#"
            > migrate
              Safe passed-over /do/0/zeroth: the new task `zeroth` stands before it, and does not run for this instance
              Safe ahead /do/3/more: the new task `more` is still ahead
            > by 2.0.0
              * repaired by="admin" decision="m2" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              = Waiting, wakes 3600s
            > li completes #1 by d
              ask work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              ask task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              more task_started
              more task_completed output={"more":true,"was":"completed"}
              last task_started
              last task_completed output={"more":true,"was":"completed"}
              * completed output={"more":true,"was":"completed"}
              = Completed
        "#]],
    );
}

#[test]
fn a_renamed_task_is_mapped_and_keeps_its_work() {
    let new = r#"
    do:
      - begin: {set: {n: 1}}
      - review: {call: 'human-task:1.0.0@default', with: {title: t, candidateRoles: [a], due: {after: PT1H}}}
      - last: {set: '${ {was: .outcome} }'}
    "#;
    check(
        OLD,
        |run| {
            let li = person("li", &["a"]);
            run.start(json!({})).claim(1, &li).quietly();
            run.migrate(new, json!({}));
            run.migrate(new, json!({"mapping": {"ask": "nowhere"}}));
            run.migrate(new, json!({"mapping": {"ask": "review"}}));
            run.complete(1, &li, "", json!({}), "d");
        },
        expect![[r#"
            > migrate
              NeedsMapping task.removed /do/1/ask: there is no such task any more: map it to what takes its place
            > by 2.0.0
              refused conflict migration.mapping: it cannot go on by 2.0.0: `/do/1/ask`: there is no such task any more: map it to what takes its place
            > migrate
              NeedsMapping mapping.unknown *: the new version has no task `nowhere`, or several: give the pointer
              NeedsMapping task.removed /do/1/ask: there is no such task any more: map it to what takes its place
            > by 2.0.0
              refused conflict migration.mapping: it cannot go on by 2.0.0: the new version has no task `nowhere`, or several: give the pointer; `/do/1/ask`: there is no such task any more: map it to what takes its place
            > migrate
              Safe renamed /do/1/ask: it goes on as `review`
              Safe passed-over /do/0/begin: the new task `begin` stands before it, and does not run for this instance
            > by 2.0.0
              * repaired by="admin" decision="m4" reason="原因" repair={"do":"migrate","mapping":{"ask":"review"},"version":"2.0.0"}
              = Waiting, wakes 3600s
            > li completes #1 by d
              review work_item_completed by="li" form={} item="000000000001A-1" outcome="completed"
              review task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              last task_started
              last task_completed output={"was":"completed"}
              * completed output={"was":"completed"}
              = Completed
        "#]],
    );
}

#[test]
fn a_removed_task_gives_way_to_what_is_named() {
    check(
        OLD,
        |run| {
            run.start(json!({})).quietly();
            run.migrate(
                r#"
                do:
                  - first: {set: {n: 1}}
                  - last: {set: '${ {got: .} }'}
                "#,
                json!({"mapping": {"ask": "last"}}),
            );
        },
        expect![[r#"
            > migrate
              Safe renewed /do/1/ask: it is given up, and `last` begins in its place
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","mapping":{"ask":"last"},"version":"2.0.0"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              last task_started
              last task_completed output={"got":{"n":1}}
              * completed output={"got":{"n":1}}
              = Completed
        "#]],
    );
}

#[test]
fn changed_work_is_kept_or_offered_anew() {
    let new = r#"
    do:
      - first: {set: {n: 1}}
      - ask: {call: 'human-task:1.0.0@default', with: {title: u, candidateRoles: [b], due: {after: PT3H}}}
      - last: {set: '${ {was: .outcome} }'}
    "#;
    check(
        OLD,
        |run| {
            run.start(json!({})).pass(60_000).quietly();
            run.migrate(new, json!({})).claim(1, &person("li", &["a"]));
        },
        expect![[r#"
            > migrate
              Safe work-item.kept /do/1/ask: the open work stays as it was offered, with the old candidateRoles, due, title: `renew` offers it anew
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              = Waiting, wakes 3600s
            > li claims #1
              ask work_item_claimed by="li" item="000000000001A-1"
              = Waiting, wakes 3600s
        "#]],
    );
    check(
        OLD,
        |run| {
            run.start(json!({})).pass(60_000).quietly();
            run.migrate(new, json!({"renew": true})).claim(2, &person("bo", &["b"]));
        },
        expect![[r#"
            > migrate
              Safe renewed /do/1/ask: its work is withdrawn and offered anew, with the new candidateRoles, due, title
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","renew":true,"version":"2.0.0"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              ask task_started
              ask work_item_offered due=10860s item="000000000001A-2" roles=["b"] title="u"
              = Waiting, wakes 10860s
            > bo claims #2
              ask work_item_claimed by="bo" item="000000000001A-2"
              = Waiting, wakes 10860s
        "#]],
    );
}

#[test]
fn deadlines_count_from_the_beginning() {
    check(
        r#"
        timeout: {after: P1D}
        do:
          - group:
              timeout: {after: PT5H}
              do:
                - rest: {wait: PT2H}
        "#,
        |run| {
            run.start(json!({})).pass(1_800_000).quietly();
            run.migrate(
                r#"
                timeout: {after: P2D}
                do:
                  - group:
                      timeout: {after: PT6H}
                      do:
                        - rest: {wait: PT1H}
                "#,
                json!({}),
            );
            run.wake();
        },
        expect![[r#"
            > migrate
              Safe deadline /do/0/group: its timeout has changed: it counts from when the task began
              Safe deadline /do/0/group/do/0/rest: it waits as long as is written now, from when it began
              Safe deadline *: the workflow's timeout has changed: it counts from when the instance began
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              group timer_set due=21600s purpose="timeout"
              rest timer_set due=3600s purpose="wait"
              * timer_set due=172800s purpose="workflow timeout"
              = Waiting, wakes 3600s
            > wake
              rest timer_fired due=3600s purpose="wait"
              rest task_completed output={}
              group task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn branches_are_known_by_their_names() {
    let old = r#"
    do:
      - both:
          fork:
            branches:
              - a: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
              - b: {listen: {to: {one: {with: {type: cn.x.b.v1}}}}}
      - end: {set: '${ {all: .} }'}
    "#;
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!("a")).quietly();
            run.migrate(
                r#"
                do:
                  - before: {set: {x: 1}}
                  - both:
                      fork:
                        branches:
                          - b: {listen: {to: {one: {with: {type: cn.x.b.v1}}}}}
                          - a: {listen: {to: {one: {with: {type: cn.x.a.v1}}}}}
                  - end: {set: '${ {all: .} }'}
                "#,
                json!({}),
            );
            run.event("cn.x.b.v1", json!("b"));
        },
        expect![[r#"
            > migrate
              Safe passed-over /do/0/before: the new task `before` stands before it, and does not run for this instance
            > by 2.0.0
              * repaired by="admin" decision="m2" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              = Waiting
            > event cn.x.b.v1
              b event_taken id="e3" source="/channels/web" type="cn.x.b.v1"
              b task_completed output=["b"]
              both task_completed output=[["b"],["a"]]
              end task_started
              end task_completed output={"all":[["b"],["a"]]}
              * completed output={"all":[["b"],["a"]]}
              = Completed
        "#]],
    );
    check(
        old,
        |run| {
            run.start(json!({})).quietly();
            let more = old.replace(
                "          - b:",
                "          - c: {listen: {to: {one: {with: {type: cn.x.c.v1}}}}}\n              - b:",
            );
            run.migrate(&more, json!({}));
            run.migrate(&more, json!({"mapping": {"both": "end"}}));
        },
        expect![[r#"
            > migrate
              Blocked branches.changed /do/0/both: the fork has other branches now: move from it, or map the fork to what takes its place
            > by 2.0.0
              refused conflict migration.blocked: it cannot go on by 2.0.0: `/do/0/both`: the fork has other branches now: move from it, or map the fork to what takes its place
            > migrate
              Safe renewed /do/0/both: it is given up, and `end` begins in its place
            > by 2.0.0
              * repaired by="admin" decision="m2" reason="原因" repair={"do":"migrate","mapping":{"both":"end"},"version":"2.0.0"}
              a task_cancelled
              b task_cancelled
              both task_cancelled
              end task_started
              end task_completed output={"all":{}}
              * completed output={"all":{}}
              = Completed
        "#]],
    );
}

#[test]
fn a_loop_goes_on_over_its_items() {
    let old = r#"
    do:
      - each:
          for: {each: n, in: '${ [1, 2] }'}
          do:
            - hear: {listen: {to: {one: {with: {type: cn.x.v1}}}}}
            - note: {set: '${ {n: $n} }'}
    "#;
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.v1", json!(1)).quietly();
            let new = old.replace("[1, 2]", "[7, 8, 9]").replace("{n: $n}", "{n: $n, new: true}");
            run.migrate(&new, json!({}));
            run.event("cn.x.v1", json!(2));
        },
        expect![[r#"
            > migrate
              Safe items.kept /do/0/each: it goes on over the items that it began with
            > by 2.0.0
              * repaired by="admin" decision="m2" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              = Waiting
            > event cn.x.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[2]
              note task_started
              note task_completed output={"n":2,"new":true}
              each task_completed output={"n":2,"new":true}
              * completed output={"n":2,"new":true}
              = Completed
        "#]],
    );
}

#[test]
fn what_is_listened_for_changes_before_anything_was_taken() {
    let old = r#"
    do:
      - hear: {listen: {to: {all: [{with: {type: cn.x.a.v1}}, {with: {type: cn.x.b.v1}}]}}}
    "#;
    let new = old.replace("cn.x.b.v1", "cn.x.c.v1");
    check(
        old,
        |run| {
            run.start(json!({})).quietly();
            run.migrate(&new, json!({})).event("cn.x.a.v1", json!(1)).event("cn.x.c.v1", json!(2));
        },
        expect![[r#"
            > migrate
              Safe renewed /do/0/hear: it listens anew, for what is written now
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              hear task_cancelled
              hear task_started
              hear listening types=["cn.x.a.v1","cn.x.c.v1"]
              = Waiting
            > event cn.x.a.v1
              hear event_taken id="e2" source="/channels/web" type="cn.x.a.v1"
              = Waiting
            > event cn.x.c.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.c.v1"
              hear task_completed output=[1,2]
              * completed output=[1,2]
              = Completed
        "#]],
    );
    check(
        old,
        |run| {
            run.start(json!({})).event("cn.x.a.v1", json!(1)).quietly();
            run.migrate(&new, json!({}));
        },
        expect![[r#"
            > migrate
              Blocked events.taken /do/0/hear: it waits for other events now, and has taken some already
            > by 2.0.0
              refused conflict migration.blocked: it cannot go on by 2.0.0: `/do/0/hear`: it waits for other events now, and has taken some already
        "#]],
    );
}

#[test]
fn a_failed_task_is_tried_by_the_new_text() {
    let old = "
    do:
      - work: {set: '${ error(\"no\") }'}
    ";
    check(
        old,
        |run| {
            run.start(json!({"n": 1})).quietly();
            run.migrate(&old.replace("error(\"no\")", "{n: .n}"), json!({}));
            run.operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > migrate
            > by 2.0.0
              * repaired by="admin" decision="m1" reason="原因" repair={"do":"migrate","version":"2.0.0"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              work task_started
              work task_completed output={"n":1}
              * completed output={"n":1}
              = Completed
        "#]],
    );
}

#[test]
fn a_suspended_instance_begins_anew_when_it_is_resumed() {
    check(
        OLD,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).quietly();
            run.migrate(&OLD.replace("title: t", "title: u"), json!({"renew": true}));
            run.operator(OperatorCommand::Resume);
        },
        expect![[r#"
            > migrate
              Safe renewed /do/1/ask: its work is withdrawn and offered anew, with the new title
            > by 2.0.0
              * repaired by="admin" decision="m2" reason="原因" repair={"do":"migrate","renew":true,"version":"2.0.0"}
              ask work_item_cancelled item="000000000001A-1"
              ask task_cancelled
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              ask task_started
              ask work_item_offered due=3600s item="000000000001A-2" roles=["a"] title="u"
              = Waiting, wakes 3600s
        "#]],
    );
}
