//! Functions written in the language: their input, their context, and how they fail.

use expect_test::Expect;
use yiwang_core::input::OperatorCommand;
use yiwang_dsl::definition::{Callee, TaskKind};

use crate::{Run, expect, json};

/// The first task of the workflow is taken as the function `f`, and each `set` named `call` as a call of it with
/// that value: what a function does is told apart from how the language names it.
fn check(text: &str, script: impl FnOnce(&mut Run), expect: Expect) {
    let mut run = Run::new(text, &[]);
    let definition = &mut run.deployment.definition;
    let function = definition.root.remove(0);
    for task in definition.tasks.iter_mut().filter(|task| task.name == "call") {
        let kind = std::mem::replace(&mut task.kind, TaskKind::Do { body: Vec::new() });
        let TaskKind::Set { value } = kind else { panic!("`call` is written as a `set`") };
        task.kind = TaskKind::Call { callee: Callee::Defined(function), with: value, foreach: None };
    }
    script(&mut run);
    expect.assert_eq(&run.log);
}

#[test]
fn a_function_has_its_own_input_and_context() {
    check(
        r#"
        do:
          - greet:
              input: {schema: {document: {required: [name]}}, from: '{who: .name}'}
              do:
                - count: {set: '${ {text: "\($input.who)", before: $context} }', export: {as: '{inner: 1}'}}
                - see: {set: '${ . + {after: $context} }'}
              output: {as: '. + {given: $input}'}
          - first: {set: '${ {} }', export: {as: '{outer: 1}'}}
          - call: {set: {name: '${ "li" }'}}
          - see: {set: '${ {got: ., context: $context} }'}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"outer":1}
              first task_completed output={}
              call task_started
              greet task_started
              count task_started
              count context_changed context={"inner":1}
              count task_completed output={"before":{},"text":"li"}
              see task_started
              see task_completed output={"after":{"inner":1},"before":{},"text":"li"}
              greet task_completed output={"after":{"inner":1},"before":{},"given":{"who":"li"},"text":"li"}
              call task_completed output={"after":{"inner":1},"before":{},"given":{"who":"li"},"text":"li"}
              see task_started
              see task_completed output={"context":{"outer":1},"got":{"after":{"inner":1},"before":{},"given":{"who":"li"},"text":"li"}}
              * completed output={"context":{"outer":1},"got":{"after":{"inner":1},"before":{},"given":{"who":"li"},"text":"li"}}
              = Completed
        "#]],
    );
}

#[test]
fn the_callers_context_is_back_after_a_failure() {
    check(
        r#"
        do:
          - fails:
              do:
                - put: {set: '${ {} }', export: {as: '{inner: 1}'}}
                - bad: {raise: {error: {type: 'https://x.cn/e', status: 500}}}
          - first: {set: '${ {} }', export: {as: '{outer: 1}'}}
          - safe:
              try: [{call: {set: '${ {} }'}}]
              catch: {when: '$context.outer == 1', do: [{see: {set: '${ $context }'}}]}
          - slow: {try: [{call: {set: '${ {} }'}}], catch: {when: '$context.inner == 1'}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"outer":1}
              first task_completed output={}
              safe task_started
              call task_started
              fails task_started
              put task_started
              put context_changed context={"inner":1}
              put task_completed output={}
              bad task_started
              bad task_faulted error={"instance":"/do/0/fails/do/1/bad","status":500,"type":"https://x.cn/e"}
              see task_started
              see task_completed output={"outer":1}
              safe task_completed output={"outer":1}
              slow task_started
              call task_started
              fails task_started
              put task_started
              put context_changed context={"inner":1}
              put task_completed output={}
              bad task_started
              bad task_faulted error={"instance":"/do/0/fails/do/1/bad","status":500,"type":"https://x.cn/e"}
              * faulted error={"instance":"/do/0/fails/do/1/bad","status":500,"type":"https://x.cn/e"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              bad task_started
              bad task_faulted error={"instance":"/do/0/fails/do/1/bad","status":500,"type":"https://x.cn/e"}
              * faulted error={"instance":"/do/0/fails/do/1/bad","status":500,"type":"https://x.cn/e"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_timeout_ends_a_function_that_waits() {
    check(
        r#"
        do:
          - slow: {do: [{put: {set: '${ {} }', export: {as: '{inner: 1}'}}}, {hear: {listen: {to: {one: {with: {type: cn.x.v1, data: '${ . == $context.inner }'}}}}}}]}
          - safe: {try: [{call: {set: '${ {} }', timeout: {after: PT1M}}}], catch: {errors: {with: {status: 408}}}}
          - see: {set: '${ $context }'}
          - call: {set: '${ {} }'}
          - last: {set: '${ {got: ., context: $context} }'}
        "#,
        |run| {
            run.start(json!({})).wake().event("cn.x.v1", json!(2)).event("cn.x.v1", json!(1));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              call task_started
              call timer_set due=60s purpose="timeout"
              slow task_started
              put task_started
              put context_changed context={"inner":1}
              put task_completed output={}
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting, wakes 60s
            > wake
              call timer_fired due=60s purpose="timeout"
              call task_faulted error={"detail":"task `call` timed out","instance":"/do/1/safe/try/0/call","status":408,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/timeout"}
              safe task_completed output={}
              see task_started
              see task_completed output={}
              call task_started
              slow task_started
              put task_started
              put context_changed context={"inner":1}
              put task_completed output={}
              hear task_started
              hear listening types=["cn.x.v1"]
              = Waiting
            > event cn.x.v1
              refused not_expected: the instance does not wait for event e2 of /channels/web
            > event cn.x.v1
              hear event_taken id="e3" source="/channels/web" type="cn.x.v1"
              hear task_completed output=[1]
              slow task_completed output=[1]
              call task_completed output=[1]
              last task_started
              last task_completed output={"context":{},"got":[1]}
              * completed output={"context":{},"got":[1]}
              = Completed
        "#]],
    );
}

#[test]
fn end_in_a_function_ends_the_workflow_and_its_output_sees_the_callers_context() {
    check(
        r#"
        do:
          - stop: {do: [{put: {set: '${ 7 }', export: {as: '{inner: 1}'}, then: end}}]}
          - first: {set: '${ {} }', export: {as: '{outer: 1}'}}
          - call: {set: '${ {} }'}
          - never: {set: '${ 8 }'}
        output: {as: '{out: ., context: $context}'}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              first task_started
              first context_changed context={"outer":1}
              first task_completed output={}
              call task_started
              stop task_started
              put task_started
              put context_changed context={"inner":1}
              put task_completed output=7
              * completed output={"context":{"outer":1},"out":7}
              = Completed
        "#]],
    );
}
