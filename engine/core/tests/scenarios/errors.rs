//! Raising, catching, retrying.

use crate::{check, expect, json};
use yiwang_core::input::OperatorCommand;

#[test]
fn raise_names_the_raising_task() {
    check(
        r#"
        do:
          - outer:
              do:
                - fail: {raise: {error: {type: 'https://x.cn/errors/compliance', status: 400, title: Compliance, detail: '${ "no \(.what)" }'}}}
        "#,
        |run| {
            run.start(json!({"what": "papers"}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"what":"papers"}
              outer task_started
              fail task_started
              fail task_faulted error={"detail":"no papers","instance":"/do/0/outer/do/0/fail","status":400,"title":"Compliance","type":"https://x.cn/errors/compliance"}
              * faulted error={"detail":"no papers","instance":"/do/0/outer/do/0/fail","status":400,"title":"Compliance","type":"https://x.cn/errors/compliance"}
              = Faulted
        "#]],
    );
}

#[test]
fn an_error_is_caught_by_its_type_on_both_hosts() {
    check(
        r#"
        do:
          - safe:
              try:
                - fail: {raise: {error: {type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: 500}}}
              catch:
                errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication'}}
                do: [{note: {set: {caught: '${ $error.status }', at: '${ $error.instance }'}}}]
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":500,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/communication"}
              note task_started
              note task_completed output={"at":"/do/0/safe/try/0/fail","caught":500}
              safe task_completed output={"at":"/do/0/safe/try/0/fail","caught":500}
              * completed output={"at":"/do/0/safe/try/0/fail","caught":500}
              = Completed
        "#]],
    );
}

#[test]
fn another_error_is_not_caught() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
              catch: {errors: {with: {status: 408}}, do: [{note: {set: {n: 1}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":409,"type":"https://x.cn/a"}
              * faulted error={"instance":"/do/0/safe/try/0/fail","status":409,"type":"https://x.cn/a"}
              = Faulted
        "#]],
    );
}

#[test]
fn catch_looks_at_title_detail_and_instance() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409, title: T, detail: D}}}}]
              catch: {errors: {with: {title: T, detail: D, instance: /do/0/safe/try/0/fail}}}
        "#,
        |run| {
            run.start(json!({"kept": 1}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"kept":1}
              safe task_started
              fail task_started
              fail task_faulted error={"detail":"D","instance":"/do/0/safe/try/0/fail","status":409,"title":"T","type":"https://x.cn/a"}
              safe task_completed output={"kept":1}
              * completed output={"kept":1}
              = Completed
        "#]],
    );
}

#[test]
fn when_and_except_when_decide() {
    check(
        r#"
        do:
          - outer:
              try:
                - inner:
                    try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
                    catch: {as: problem, when: '$problem.status == 409', exceptWhen: .strict}
              catch: {do: [{note: {set: {outer: true}}}]}
        "#,
        |run| {
            run.start(json!({"strict": false}));
            let mut other = crate::Run::new(
                r#"
            do:
              - outer:
                  try:
                    - inner:
                        try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
                        catch: {as: problem, when: '$problem.status == 409', exceptWhen: .strict}
                  catch: {do: [{note: {set: {outer: true}}}]}
            "#,
                &[],
            );
            other.start(json!({"strict": true}));
            run.note(other.log);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"strict":false}
              outer task_started
              inner task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/outer/try/0/inner/try/0/fail","status":409,"type":"https://x.cn/a"}
              inner task_completed output={"strict":false}
              outer task_completed output={"strict":false}
              * completed output={"strict":false}
              = Completed
            > start
              * started cause={"by":"request","person":"li"} input={"strict":true}
              outer task_started
              inner task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/outer/try/0/inner/try/0/fail","status":409,"type":"https://x.cn/a"}
              note task_started
              note task_completed output={"outer":true}
              outer task_completed output={"outer":true}
              * completed output={"outer":true}
              = Completed

        "#]],
    );
}

#[test]
fn a_failing_filter_is_an_error_of_the_try() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
              catch: {when: '.a.b.c > ($error | error)'}
        "#,
        |run| {
            run.start(json!({"a": 1}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"a":1}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":409,"type":"https://x.cn/a"}
              safe task_faulted error={"detail":"catch.when: `.a.b.c > ($error | error)`: cannot index 1 with \"b\"","instance":"/do/0/safe","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"catch.when: `.a.b.c > ($error | error)`: cannot index 1 with \"b\"","instance":"/do/0/safe","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn exports_before_the_error_are_kept() {
    check(
        r#"
        do:
          - safe:
              try:
                - a: {set: {n: 1}, export: {as: '{done: ["a"]}'}}
                - fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}
              catch: {do: [{undo: {set: '${ $context.done }'}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              a task_started
              a context_changed context={"done":["a"]}
              a task_completed output={"n":1}
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/1/fail","status":409,"type":"https://x.cn/a"}
              undo task_started
              undo task_completed output=["a"]
              safe task_completed output=["a"]
              * completed output=["a"]
              = Completed
        "#]],
    );
}

#[test]
fn an_error_in_catch_is_not_caught_again() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
              catch: {do: [{again: {raise: {error: {type: 'https://x.cn/b', status: '${ $error.status + 1 }'}}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":409,"type":"https://x.cn/a"}
              again task_started
              again task_faulted error={"instance":"/do/0/safe/catch/do/0/again","status":410,"type":"https://x.cn/b"}
              * faulted error={"instance":"/do/0/safe/catch/do/0/again","status":410,"type":"https://x.cn/b"}
              = Faulted
        "#]],
    );
}

#[test]
fn catch_then_goes_elsewhere() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 409}}}}]
              catch: {do: [{note: {set: {n: 1}}}], then: last}
          - skipped: {set: {n: 2}}
          - last: {set: {got: '${ .n }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":409,"type":"https://x.cn/a"}
              note task_started
              note task_completed output={"n":1}
              safe task_completed output={"n":1}
              last task_started
              last task_completed output={"got":1}
              * completed output={"got":1}
              = Completed
        "#]],
    );
}

#[test]
fn retry_waits_grows_and_gives_up() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 503}}}}]
              catch:
                retry: {delay: PT2S, backoff: {exponential: {}}, limit: {attempt: {count: 3}}}
                do: [{note: {set: {gave: up}}}]
        "#,
        |run| {
            run.start(json!({})).wake().wake_after(3_999).wake_after(1).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=1 due=2s
              = Waiting, wakes 2s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=2 due=6s
              = Waiting, wakes 6s
            > wake
              = Waiting, wakes 6s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=3 due=14s
              = Waiting, wakes 14s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              note task_started
              note task_completed output={"gave":"up"}
              safe task_completed output={"gave":"up"}
              * completed output={"gave":"up"}
              = Completed
        "#]],
    );
}

#[test]
fn retry_grows_linearly() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 503}}}}]
              catch: {retry: {delay: PT2S, backoff: {linear: {}}, limit: {attempt: {count: 2}}}}
        "#,
        |run| {
            run.start(json!({})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=1 due=2s
              = Waiting, wakes 2s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=2 due=6s
              = Waiting, wakes 6s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn retry_stays_constant_within_its_duration() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 503}}}}]
              catch: {retry: {delay: PT10S, limit: {duration: PT25S}}}
        "#,
        |run| {
            run.start(json!({})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=1 due=10s
              = Waiting, wakes 10s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=2 due=20s
              = Waiting, wakes 20s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn retry_succeeds_when_the_world_has_changed() {
    check(
        r#"
        do:
          - safe:
              try:
                - once:
                    if: '$context.tried != true'
                    do:
                      - mark: {set: '${ {} }', export: {as: '{tried: true}'}}
                      - fail: {raise: {error: {type: 'https://x.cn/a', status: 503}}}
                - ok: {set: {done: true}}
              catch: {retry: {delay: PT1S}}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              once task_started
              mark task_started
              mark context_changed context={"tried":true}
              mark task_completed output={}
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/once/do/1/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=1 due=1s
              = Waiting, wakes 1s
            > wake
              once task_skipped
              ok task_started
              ok task_completed output={"done":true}
              safe task_completed output={"done":true}
              * completed output={"done":true}
              = Completed
        "#]],
    );
}

#[test]
fn jitter_comes_from_the_entropy() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 503}}}}]
              catch: {retry: {delay: PT1S, jitter: {from: PT0.1S, to: PT0.5S}, limit: {attempt: {count: 1}}}}
        "#,
        |run| {
            run.start(json!({})).wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_retried attempt=1 due=1.360s
              = Waiting, wakes 1.360s
            > wake
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":503,"type":"https://x.cn/a"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}

#[test]
fn retry_when_can_refuse() {
    check(
        r#"
        do:
          - safe:
              try: [{fail: {raise: {error: {type: 'https://x.cn/a', status: 400}}}}]
              catch:
                retry: {when: '$error.status >= 500', delay: PT1S}
                do: [{note: {set: {no: retry}}}]
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              fail task_started
              fail task_faulted error={"instance":"/do/0/safe/try/0/fail","status":400,"type":"https://x.cn/a"}
              note task_started
              note task_completed output={"no":"retry"}
              safe task_completed output={"no":"retry"}
              * completed output={"no":"retry"}
              = Completed
        "#]],
    );
}

#[test]
fn an_attempt_has_its_own_limit() {
    check(
        r#"
        do:
          - safe:
              try: [{slow: {wait: PT1H}}]
              catch:
                errors: {with: {status: 408}}
                retry: {delay: PT1S, limit: {attempt: {count: 1, duration: PT10S}}}
                do: [{note: {set: {too: slow}}}]
        "#,
        |run| {
            run.start(json!({})).wake().wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              safe timer_set due=10s purpose="attempt timeout"
              slow task_started
              slow timer_set due=3600s purpose="wait"
              = Waiting, wakes 10s
            > wake
              safe timer_fired due=10s purpose="attempt timeout"
              safe task_faulted error={"detail":"an attempt of `safe` timed out","instance":"/do/0/safe","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              safe task_retried attempt=1 due=11s
              = Waiting, wakes 11s
            > wake
              safe timer_set due=21s purpose="attempt timeout"
              slow task_started
              slow timer_set due=3611s purpose="wait"
              = Waiting, wakes 21s
            > wake
              safe timer_fired due=21s purpose="attempt timeout"
              safe task_faulted error={"detail":"an attempt of `safe` timed out","instance":"/do/0/safe","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              note task_started
              note task_completed output={"too":"slow"}
              safe task_completed output={"too":"slow"}
              * completed output={"too":"slow"}
              = Completed
        "#]],
    );
}

#[test]
fn an_expression_error_can_be_caught() {
    check(
        r#"
        do:
          - safe:
              try: [{bad: {set: {n: '${ .a.b | error("no b") }'}}}]
              catch: {do: [{note: {set: {detail: '${ $error.detail }', type: '${ $error.type }'}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              bad task_started
              bad task_faulted error={"detail":"set: `.a.b | error(\"no b\")`: no b","instance":"/do/0/safe/try/0/bad","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              note task_started
              note task_completed output={"detail":"set: `.a.b | error(\"no b\")`: no b","type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              safe task_completed output={"detail":"set: `.a.b | error(\"no b\")`: no b","type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * completed output={"detail":"set: `.a.b | error(\"no b\")`: no b","type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Completed
        "#]],
    );
}

#[test]
fn an_uncaught_error_can_be_retried_by_an_operator() {
    check(
        r#"
        do:
          - outer:
              do:
                - wait: {wait: PT1S}
                - risky: {set: {n: '${ .a | if . then error("bad") else 1 end }'}}
        "#,
        |run| {
            run.start(json!({"a": 1}))
                .wake()
                .operator(OperatorCommand::Retry)
                .operator(OperatorCommand::Cancel);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"a":1}
              outer task_started
              wait task_started
              wait timer_set due=1s purpose="wait"
              = Waiting, wakes 1s
            > wake
              wait timer_fired due=1s purpose="wait"
              wait task_completed output={"a":1}
              risky task_started
              risky task_faulted error={"detail":"set: `.a | if . then error(\"bad\") else 1 end`: bad","instance":"/do/0/outer/do/1/risky","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `.a | if . then error(\"bad\") else 1 end`: bad","instance":"/do/0/outer/do/1/risky","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              risky task_started
              risky task_faulted error={"detail":"set: `.a | if . then error(\"bad\") else 1 end`: bad","instance":"/do/0/outer/do/1/risky","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              * faulted error={"detail":"set: `.a | if . then error(\"bad\") else 1 end`: bad","instance":"/do/0/outer/do/1/risky","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > Cancel
              * operator_acted by="admin" command="cancel" reason=null
              * cancelled
              = Cancelled
        "#]],
    );
}

#[test]
fn an_operator_can_retry_the_output_of_the_workflow() {
    check(
        r#"
        output: {as: '.n | error'}
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"n":1}
              * faulted error={"detail":"output.as: `.n | error`: 1","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              * faulted error={"detail":"output.as: `.n | error`: 1","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}

#[test]
fn an_operator_can_retry_the_input_of_the_workflow() {
    check(
        r#"
        input: {from: '.n | error'}
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              * faulted error={"detail":"input.from: `.n | error`: null","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              * faulted error={"detail":"input.from: `.n | error`: null","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/expression"}
              = Faulted
        "#]],
    );
}
