//! Lists before and after tasks.

use yiwang_core::input::OperatorCommand;

use crate::{check, expect, json};

#[test]
fn lists_run_around_the_task_the_outer_first() {
    check(
        r#"
        use:
          extensions:
            - outer:
                extend: set
                before: [{b1: {emit: {event: {with: {type: cn.x.v1, data: '${ ["before", $task.name, .] }'}}}}}]
                after: [{a1: {emit: {event: {with: {type: cn.x.v1, data: '${ ["after", $task.output, ., $context] }'}}}}}]
            - inner:
                extend: all
                when: '$task.input.n == 1 and .n == 1'
                before: [{b2: {wait: PT1M}}]
                after: [{a2: {wait: PT2M}}]
        do:
          - first: {set: {n: 2}, output: {as: '{out: .n}'}, export: {as: '.'}}
          - second: {if: 'false', set: {n: 3}}
          - third: {switch: [{go: {then: last}}]}
          - last: {set: {n: 4}}
        "#,
        |run| {
            run.start(json!({"n": 1})).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":1}
              first task_started
              b1 task_started
              b1 event_published id="019004cf-1a80-7bf9-8421-fe25372ebb57" source="/test/w/1.0.0" type="cn.x.v1"
              b1 task_completed output={"data":["before","first",{"n":1}],"id":"019004cf-1a80-7bf9-8421-fe25372ebb57","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:00:00Z","type":"cn.x.v1"}
              b2 task_started
              b2 timer_set due=60s purpose="wait"
              => published cn.x.v1 ["before","first",{"n":1}]
              = Waiting, wakes 60s
            > wake
              b2 timer_fired due=60s purpose="wait"
              b2 task_completed output={"n":1}
              first context_changed context={"out":2}
              a2 task_started
              a2 timer_set due=180s purpose="wait"
              = Waiting, wakes 180s
            > wake
              a2 timer_fired due=180s purpose="wait"
              a2 task_completed output={"out":2}
              a1 task_started
              a1 event_published id="019004d1-d9a0-76f3-a514-c41f3856ad69" source="/test/w/1.0.0" type="cn.x.v1"
              a1 task_completed output={"data":["after",{"n":2},{"out":2},{"out":2}],"id":"019004d1-d9a0-76f3-a514-c41f3856ad69","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:03:00Z","type":"cn.x.v1"}
              first task_completed output={"out":2}
              second task_skipped
              third task_started
              third switched case="go"
              third task_completed output={"out":2}
              last task_started
              b1 task_started
              b1 event_published id="019004d1-d9a0-7e1c-bed0-30c4669b6a53" source="/test/w/1.0.0" type="cn.x.v1"
              b1 task_completed output={"data":["before","last",{"out":2}],"id":"019004d1-d9a0-7e1c-bed0-30c4669b6a53","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:03:00Z","type":"cn.x.v1"}
              a1 task_started
              a1 event_published id="019004d1-d9a0-794c-a8f1-ec744f3ebec3" source="/test/w/1.0.0" type="cn.x.v1"
              a1 task_completed output={"data":["after",{"n":4},{"n":4},{"out":2}],"id":"019004d1-d9a0-794c-a8f1-ec744f3ebec3","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:03:00Z","type":"cn.x.v1"}
              last task_completed output={"n":4}
              * completed output={"n":4}
              => published cn.x.v1 ["after",{"n":2},{"out":2},{"out":2}]
              => published cn.x.v1 ["before","last",{"out":2}]
              => published cn.x.v1 ["after",{"n":4},{"n":4},{"out":2}]
              = Completed
        "#]],
    );
}

#[test]
fn exit_before_skips_the_task_and_what_is_further_in() {
    check(
        r#"
        use:
          extensions:
            - log: {extend: all, after: [{note: {emit: {event: {with: {type: cn.x.log.v1, data: '${ . }'}}}}}]}
            - mock:
                extend: wait
                when: '$task.definition.wait != null'
                before: [{inject: {set: {content: 1}, then: exit}}, {never: {set: {content: 2}}}]
                after: [{no: {wait: PT9M}}]
            - deep: {extend: wait, before: [{nor: {wait: PT9M}}]}
        do:
          - call: {wait: PT1H, input: {from: '{x: 5}'}, output: {as: '{got: .content, x: $input.x}'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              call task_started
              inject task_started
              inject task_completed output={"content":1}
              note task_started
              note event_published id="019004cf-1a80-7bf9-8421-fe25372ebb57" source="/test/w/1.0.0" type="cn.x.log.v1"
              note task_completed output={"data":{"got":1,"x":5},"id":"019004cf-1a80-7bf9-8421-fe25372ebb57","source":"/test/w/1.0.0","specversion":"1.0","time":"2024-06-11T01:00:00Z","type":"cn.x.log.v1"}
              call task_completed output={"got":1,"x":5}
              * completed output={"got":1,"x":5}
              => published cn.x.log.v1 {"got":1,"x":5}
              = Completed
        "#]],
    );
}

#[test]
fn what_fails_around_a_task_is_its_fault() {
    check(
        r#"
        use:
          extensions:
            - guard: {extend: try, before: [{bad: {if: '.n == 1', raise: {error: {type: 'https://x.cn/b', status: 500}}}}], after: [{worse: {raise: {error: {type: 'https://x.cn/a', status: 501}}}}]}
        do:
          - outer:
              do:
                - one: {set: {n: 1}}
                - in: {do: [{safe: {try: [{x: {set: {n: 2}}}], catch: {}}}]}
        "#,
        |run| {
            run.start(json!({"n": 1})).operator(OperatorCommand::Retry);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":1}
              outer task_started
              one task_started
              one task_completed output={"n":1}
              in task_started
              safe task_started
              bad task_started
              bad task_faulted error={"instance":"/use/extensions/0/guard/before/0/bad","status":500,"type":"https://x.cn/b"}
              * faulted error={"instance":"/use/extensions/0/guard/before/0/bad","status":500,"type":"https://x.cn/b"}
              = Faulted
            > Retry
              * operator_acted by="admin" command="retry" reason=null
              bad task_started
              bad task_faulted error={"instance":"/use/extensions/0/guard/before/0/bad","status":500,"type":"https://x.cn/b"}
              * faulted error={"instance":"/use/extensions/0/guard/before/0/bad","status":500,"type":"https://x.cn/b"}
              = Faulted
        "#]],
    );
}

#[test]
fn extensions_come_again_with_every_retry_and_wait_while_suspended() {
    check(
        r#"
        use:
          extensions:
            - slow: {extend: raise, before: [{b: {wait: PT1M}}]}
        do:
          - safe:
              try: [{bad: {raise: {error: {type: 'https://x.cn/b', status: 500}}}}]
              catch: {retry: {delay: PT1S, limit: {attempt: {count: 1}}}}
        "#,
        |run| {
            run.start(json!({})).operator(OperatorCommand::Suspend).wake_after(60_000);
            run.operator(OperatorCommand::Resume).wake().wake();
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              safe task_started
              bad task_started
              b task_started
              b timer_set due=60s purpose="wait"
              = Waiting, wakes 60s
            > Suspend
              * operator_acted by="admin" command="suspend" reason=null
              = Suspended
            > wake
              = Suspended
            > Resume
              * operator_acted by="admin" command="resume" reason=null
              b timer_fired due=60s purpose="wait"
              b task_completed output={}
              bad task_faulted error={"instance":"/do/0/safe/try/0/bad","status":500,"type":"https://x.cn/b"}
              safe task_retried attempt=1 due=61s
              = Waiting, wakes 61s
            > wake
              bad task_started
              b task_started
              b timer_set due=121s purpose="wait"
              = Waiting, wakes 121s
            > wake
              b timer_fired due=121s purpose="wait"
              b task_completed output={}
              bad task_faulted error={"instance":"/do/0/safe/try/0/bad","status":500,"type":"https://x.cn/b"}
              safe task_completed output={}
              * completed output={}
              = Completed
        "#]],
    );
}
