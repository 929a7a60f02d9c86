//! Lists, loops and branches.

use crate::{check, expect, json};

#[test]
fn do_runs_its_list() {
    check(
        r#"
        do:
          - outer:
              do:
                - red: {set: {c: '${ .c + ["red"] }'}}
                - inner: {do: [{green: {set: {c: '${ .c + ["green"] }'}}}]}
              output: {as: .c}
          - last: {set: {seen: '${ . }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              red task_started
              red task_completed output={"c":["red"]}
              inner task_started
              green task_started
              green task_completed output={"c":["red","green"]}
              inner task_completed output={"c":["red","green"]}
              outer task_completed output=["red","green"]
              last task_started
              last task_completed output={"seen":["red","green"]}
              * completed output={"seen":["red","green"]}
              = Completed
        "#]],
    );
}

#[test]
fn exit_leaves_only_its_own_list() {
    check(
        r#"
        do:
          - outer:
              do:
                - a: {set: {n: 1}, then: exit}
                - b: {set: {n: 2}}
          - after: {set: {was: '${ .n }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              a task_started
              a task_completed output={"n":1}
              outer task_completed output={"n":1}
              after task_started
              after task_completed output={"was":1}
              * completed output={"was":1}
              = Completed
        "#]],
    );
}

#[test]
fn end_inside_a_list_ends_the_workflow() {
    check(
        r#"
        do:
          - outer:
              do:
                - a: {set: {n: 1}, then: end}
                - b: {set: {n: 2}}
          - after: {set: {was: '${ .n }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              outer task_started
              a task_started
              a task_completed output={"n":1}
              * completed output={"n":1}
              = Completed
        "#]],
    );
}

#[test]
fn exit_on_top_ends_the_workflow() {
    check(
        r#"
        do:
          - a: {set: {n: 1}, then: exit}
          - b: {set: {n: 2}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"n":1}
              * completed output={"n":1}
              = Completed
        "#]],
    );
}

#[test]
fn switch_takes_the_first_case_that_holds() {
    check(
        r#"
        do:
          - route:
              switch:
                - one: {when: '.n > 0', then: positive}
                - two: {when: '.n > 1', then: never}
                - other: {then: never}
          - never: {set: {got: never}, then: end}
          - positive: {set: {got: positive}}
        "#,
        |run| {
            run.start(json!({"n": 5}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":5}
              route task_started
              route switched case="one"
              route task_completed output={"n":5}
              positive task_started
              positive task_completed output={"got":"positive"}
              * completed output={"got":"positive"}
              = Completed
        "#]],
    );
}

#[test]
fn switch_falls_back_to_its_default() {
    check(
        r#"
        do:
          - route:
              switch:
                - other: {then: fallback}
                - one: {when: '.n > 0', then: never}
          - never: {set: {got: never}, then: end}
          - fallback: {set: {got: fallback}}
        "#,
        |run| {
            run.start(json!({"n": 0}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":0}
              route task_started
              route switched case="other"
              route task_completed output={"n":0}
              fallback task_started
              fallback task_completed output={"got":"fallback"}
              * completed output={"got":"fallback"}
              = Completed
        "#]],
    );
}

#[test]
fn switch_without_a_match_goes_on() {
    check(
        r#"
        do:
          - route:
              switch:
                - one: {when: '.n > 0', then: end}
          - next: {set: {got: '${ .n }'}}
        "#,
        |run| {
            run.start(json!({"n": 0}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":0}
              route task_started
              route switched
              route task_completed output={"n":0}
              next task_started
              next task_completed output={"got":0}
              * completed output={"got":0}
              = Completed
        "#]],
    );
}

#[test]
fn switch_can_end_the_workflow() {
    check(
        r#"
        do:
          - route: {switch: [{one: {when: '.n == 0', then: end}}]}
          - next: {set: {got: never}}
        "#,
        |run| {
            run.start(json!({"n": 0}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":0}
              route task_started
              route switched case="one"
              route task_completed output={"n":0}
              * completed output={"n":0}
              = Completed
        "#]],
    );
}

#[test]
fn for_carries_its_output_from_round_to_round() {
    check(
        r#"
        do:
          - loop:
              for: {each: color, in: .colors}
              do:
                - mark:
                    set:
                      done: '${ { colors: (.done.colors + [$color]), indexes: (.done.indexes + [$index]) } }'
        "#,
        |run| {
            run.start(json!({"colors": ["red", "green"]}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"colors":["red","green"]}
              loop task_started
              mark task_started
              mark task_completed output={"done":{"colors":["red"],"indexes":[0]}}
              mark task_started
              mark task_completed output={"done":{"colors":["red","green"],"indexes":[0,1]}}
              loop task_completed output={"done":{"colors":["red","green"],"indexes":[0,1]}}
              * completed output={"done":{"colors":["red","green"],"indexes":[0,1]}}
              = Completed
        "#]],
    );
}

#[test]
fn for_over_nothing_keeps_its_input() {
    check(
        r#"
        do:
          - loop: {for: {in: '[]'}, do: [{a: {set: {n: 1}}}]}
        "#,
        |run| {
            run.start(json!({"kept": true}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"kept":true}
              loop task_started
              loop task_completed output={"kept":true}
              * completed output={"kept":true}
              = Completed
        "#]],
    );
}

#[test]
fn for_over_an_inline_array() {
    check(
        r#"
        do:
          - loop: {for: {each: w, at: i, in: [{n: 2}, {n: 3}]}, do: [{a: {set: {sum: '${ (.sum // 0) + $w.n * ($i + 1) }'}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              loop task_started
              a task_started
              a task_completed output={"sum":2}
              a task_started
              a task_completed output={"sum":8}
              loop task_completed output={"sum":8}
              * completed output={"sum":8}
              = Completed
        "#]],
    );
}

#[test]
fn for_over_something_else_faults() {
    check(
        r#"
        do:
          - loop: {for: {in: .n}, do: [{a: {set: {n: 1}}}]}
        "#,
        |run| {
            run.start(json!({"n": 3}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":3}
              loop task_started
              loop task_faulted error={"detail":"for.in: the value to go over is not an array","instance":"/do/0/loop","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"for.in: the value to go over is not an array","instance":"/do/0/loop","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn while_is_asked_before_each_round() {
    check(
        r#"
        do:
          - loop:
              for: {in: '[1, 2, 3, 4]'}
              while: '(.sum // 0) < 3'
              do: [{a: {set: {sum: '${ (.sum // 0) + $item }'}}}]
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              loop task_started
              a task_started
              a task_completed output={"sum":1}
              a task_started
              a task_completed output={"sum":3}
              loop task_completed output={"sum":3}
              * completed output={"sum":3}
              = Completed
        "#]],
    );
}

#[test]
fn exit_in_a_loop_ends_the_round() {
    check(
        r#"
        do:
          - loop:
              for: {in: '[1, 2]'}
              do:
                - odd: {if: '$item == 1', set: {n: '${ (.n // 0) + 10 }'}, then: exit}
                - rest: {set: {n: '${ (.n // 0) + 1 }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              loop task_started
              odd task_started
              odd task_completed output={"n":10}
              odd task_skipped
              loop task_completed output={"n":10}
              * completed output={"n":10}
              = Completed
        "#]],
    );
}

#[test]
fn loops_inside_loops_see_both_items() {
    check(
        r#"
        do:
          - rows:
              for: {each: row, in: '[1, 2]'}
              do:
                - columns:
                    for: {each: column, in: '["a", "b"]'}
                    do: [{cell: {set: {c: '${ (.c // []) + ["\($row)\($column)"] }'}}}]
        "#,
        |run| {
            run.start(json!({}));
            let lines = run.log.lines().count();
            let last = run.log.lines().rev().nth(1).unwrap().to_owned();
            run.quietly().note(lines).note(last);
        },
        expect![[r#"
            18
              * completed output={"c":["1a","1b","2a","2b"]}
        "#]],
    );
}

#[test]
fn a_loop_waits_in_each_round() {
    check(
        r#"
        do:
          - loop: {for: {in: '[1, 2]'}, do: [{pause: {wait: PT1M}}]}
        "#,
        |run| {
            run.start(json!({})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              loop task_started
              pause task_started
              pause timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > wake
              pause timer_fired due=60s purpose="wait"
              pause task_completed output={}
              pause task_started
              pause timer_set due=120s purpose="wait"
              = Waiting, wakes 120s
            > wake
              pause timer_fired due=120s purpose="wait"
              pause task_completed output={}
              loop task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn wait_takes_its_time_and_never_ends_early() {
    check(
        r#"
        do:
          - pause: {wait: {hours: 1, minutes: 30}}
          - next: {set: {was: '${ . }'}}
        "#,
        |run| {
            run.start(json!({"n": 1})).wake_after(5_399_999).wake_after(1).wake_after(1);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":1}
              pause task_started
              pause timer_set due=5400s purpose="wait"
              = Waiting, wakes 5400s
            > wake
              = Waiting, wakes 5400s
            > wake
              pause timer_fired due=5400s purpose="wait"
              pause task_completed output={"n":1}
              next task_started
              next task_completed output={"was":{"n":1}}
              * completed output={"was":{"n":1}}
              = Completed
            > wake
              = Completed
        "#]],
    );
}

#[test]
fn wait_can_be_computed() {
    check(
        r#"
        do:
          - pause: {wait: '${ .long }'}
        "#,
        |run| {
            run.start(json!({"long": "P1DT1S"})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"long":"P1DT1S"}
              pause task_started
              pause timer_set due=86401s purpose="wait"
              = Waiting, wakes 86401s
            > wake
              pause timer_fired due=86401s purpose="wait"
              pause task_completed output={"long":"P1DT1S"}
              * completed output={"long":"P1DT1S"}
              = Completed
        "#]],
    );
}

#[test]
fn wait_for_no_duration_faults() {
    check(
        r#"
        do:
          - pause: {wait: '${ .long }'}
        "#,
        |run| {
            run.start(json!({"long": "P1M"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"long":"P1M"}
              pause task_started
              pause task_faulted error={"detail":"wait: \"P1M\" is not an ISO 8601 duration of fixed length","instance":"/do/0/pause","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"wait: \"P1M\" is not an ISO 8601 duration of fixed length","instance":"/do/0/pause","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn late_wakes_go_on_from_now() {
    check(
        r#"
        do:
          - one: {wait: PT1H}
          - two: {wait: PT1H}
        "#,
        |run| {
            run.start(json!({})).wake_after(7_200_000).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              one task_started
              one timer_set due=3600s purpose="wait"
              = Waiting, wakes 3600s
            > wake
              one timer_fired due=3600s purpose="wait"
              one task_completed output={}
              two task_started
              two timer_set due=10800s purpose="wait"
              = Waiting, wakes 10800s
            > wake
              two timer_fired due=10800s purpose="wait"
              two task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn waiting_no_time_goes_on_at_once() {
    check(
        r#"
        do:
          - one: {wait: PT0S}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              one task_started
              one timer_set due=0s purpose="wait"
              one timer_fired due=0s purpose="wait"
              one task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn an_endless_loop_is_stopped_and_cannot_be_caught() {
    check(
        r#"
        do:
          - safe:
              try:
                - a: {set: {n: 1}}
                - b: {switch: [{again: {when: '.n > 0', then: a}}]}
              catch: {do: [{caught: {set: {n: 3}}}]}
        "#,
        |run| {
            run.start(json!({}));
            let end = run.log.rfind("task_faulted").unwrap();
            run.log.drain(..end);
        },
        expect![[r#"
            task_faulted error={"detail":"over the limit of 100000 for tasks-per-step","instance":"/do/0/safe/try/1/b","status":500,"title":"limit.tasks-per-step","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
              * faulted error={"detail":"over the limit of 100000 for tasks-per-step","instance":"/do/0/safe/try/1/b","status":500,"title":"limit.tasks-per-step","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
              = Faulted
        "#]],
    );
}
