//! Data on its way through tasks: input, output, export, then.

use crate::{check, expect, json};

#[test]
fn set_makes_the_output() {
    check(
        r#"
        do:
          - a:
              set: {x: 1, y: '${ .n + 1 }'}
        "#,
        |run| {
            run.start(json!({"n": 2}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"n":2}
              a task_started
              a task_completed output={"x":1,"y":3}
              * completed output={"x":1,"y":3}
              = Completed
        "#]],
    );
}

#[test]
fn tasks_follow_each_other() {
    check(
        r#"
        do:
          - red: {set: {colors: '${ .colors + ["red"] }'}}
          - green: {set: {colors: '${ .colors + ["green"] }'}}
        "#,
        |run| {
            run.start(json!(null));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input=null
              red task_started
              red task_completed output={"colors":["red"]}
              green task_started
              green task_completed output={"colors":["red","green"]}
              * completed output={"colors":["red","green"]}
              = Completed
        "#]],
    );
}

#[test]
fn then_goes_to_a_task_and_ends() {
    check(
        r#"
        do:
          - red: {set: {c: '${ .c + ["red"] }'}, then: green}
          - blue: {set: {c: '${ .c + ["blue"] }'}, then: end}
          - green: {set: {c: '${ .c + ["green"] }'}, then: blue}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              red task_started
              red task_completed output={"c":["red"]}
              green task_started
              green task_completed output={"c":["red","green"]}
              blue task_started
              blue task_completed output={"c":["red","green","blue"]}
              * completed output={"c":["red","green","blue"]}
              = Completed
        "#]],
    );
}

#[test]
fn a_false_if_skips_the_task_and_keeps_its_input() {
    check(
        r#"
        do:
          - a: {if: '${ .x > 1 }', set: {y: 1}}
          - b: {if: '.x > 0', set: {z: '${ .x }'}}
        "#,
        |run| {
            run.start(json!({"x": 1}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"x":1}
              a task_skipped
              b task_started
              b task_completed output={"z":1}
              * completed output={"z":1}
              = Completed
        "#]],
    );
}

#[test]
fn input_is_filtered_before_the_task_and_seen_as_input() {
    check(
        r#"
        do:
          - a:
              input: {from: .user.name}
              set: {name: '${ . }', same: '${ $input }', raw: '${ $task.input.user.id }'}
        "#,
        |run| {
            run.start(json!({"user": {"name": "王", "id": 7}}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"user":{"id":7,"name":"王"}}
              a task_started
              a task_completed output={"name":"王","raw":7,"same":"王"}
              * completed output={"name":"王","raw":7,"same":"王"}
              = Completed
        "#]],
    );
}

#[test]
fn output_is_filtered_before_the_next_task() {
    check(
        r#"
        do:
          - a: {set: {n: 3, m: 4}, output: {as: .n}}
          - b: {set: {was: '${ . }'}, output: {as: '{both: [$input, .was]}'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output=3
              b task_started
              b task_completed output={"both":[3,3]}
              * completed output={"both":[3,3]}
              = Completed
        "#]],
    );
}

#[test]
fn export_replaces_the_context() {
    check(
        r#"
        do:
          - a: {set: {n: 3}, export: {as: '{first: .n, out: $output.n}'}}
          - b: {set: {m: '${ $context.first }'}, export: {as: '$context + {second: .m}'}}
          - c: {set: '${ $context }'}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a context_changed context={"first":3,"out":3}
              a task_completed output={"n":3}
              b task_started
              b context_changed context={"first":3,"out":3,"second":3}
              b task_completed output={"m":3}
              c task_started
              c task_completed output={"first":3,"out":3,"second":3}
              * completed output={"first":3,"out":3,"second":3}
              = Completed
        "#]],
    );
}

#[test]
fn an_unchanged_context_is_not_history() {
    check(
        r#"
        do:
          - a: {set: {n: 3}, export: {as: '$context'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"n":3}
              * completed output={"n":3}
              = Completed
        "#]],
    );
}

#[test]
fn workflow_input_and_output_are_transformed() {
    check(
        r#"
        input: {from: .body}
        output: {as: '{answer: .n}'}
        do:
          - a: {set: {n: '${ .n * 2 }', raw: '${ $workflow.input.body.n }'}}
        "#,
        |run| {
            run.start(json!({"body": {"n": 4}}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"body":{"n":4}}
              a task_started
              a task_completed output={"n":8,"raw":4}
              * completed output={"answer":8}
              = Completed
        "#]],
    );
}

#[test]
fn variables_tell_about_workflow_task_and_runtime() {
    check(
        r#"
        do:
          - a:
              set:
                id: '${ $workflow.id }'
                at: '${ $workflow.startedAt.iso8601 }'
                seconds: '${ $task.startedAt.epoch.seconds }'
                name: '${ $task.name }'
                reference: '${ $task.reference }'
                runtime: '${ $runtime.name }'
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"at":"2024-06-11T01:00:00Z","id":"000000000001A","name":"a","reference":"/do/0/a","runtime":"yiwang","seconds":1718067600}
              * completed output={"at":"2024-06-11T01:00:00Z","id":"000000000001A","name":"a","reference":"/do/0/a","runtime":"yiwang","seconds":1718067600}
              = Completed
        "#]],
    );
}

#[test]
fn the_definition_can_be_read() {
    check(
        r#"
        do:
          - a:
              do:
                - b: {set: {name: '${ $workflow.definition.document.name }', own: '${ $task.definition.set.name }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              b task_started
              b task_completed output={"name":"w","own":"${ $workflow.definition.document.name }"}
              a task_completed output={"name":"w","own":"${ $workflow.definition.document.name }"}
              * completed output={"name":"w","own":"${ $workflow.definition.document.name }"}
              = Completed
        "#]],
    );
}

#[test]
fn a_bad_workflow_input_faults_with_its_place() {
    check(
        r#"
        input:
          schema:
            document: {type: object, required: [title], properties: {title: {type: string}}}
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({"title": 5}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={"title":5}
              * faulted error={"detail":"input.schema: /title: 5 is not of type \"string\"","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_bad_task_input_faults() {
    check(
        r#"
        do:
          - a:
              input: {schema: {document: {type: object, required: [n]}}}
              set: {n: 1}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_faulted error={"detail":"input.schema: \"n\" is a required property","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"input.schema: \"n\" is a required property","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_bad_output_faults_before_export() {
    check(
        r#"
        do:
          - a:
              set: {n: text}
              output: {schema: {document: {properties: {n: {type: integer}}}}}
              export: {as: '{seen: true}'}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_faulted error={"detail":"output.schema: /n: \"text\" is not of type \"integer\"","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"output.schema: /n: \"text\" is not of type \"integer\"","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_bad_context_faults() {
    check(
        r#"
        do:
          - a:
              set: {n: text}
              export: {as: '{n: .n}', schema: {document: {properties: {n: {type: integer}}}}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_faulted error={"detail":"export.schema: /n: \"text\" is not of type \"integer\"","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"export.schema: /n: \"text\" is not of type \"integer\"","instance":"/do/0/a","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn a_bad_workflow_output_faults() {
    check(
        r#"
        output: {schema: {document: {type: string}}}
        do:
          - a: {set: {n: 1}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"n":1}
              * faulted error={"detail":"output.schema: {\"n\":1} is not of type \"string\"","instance":"/","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn integral_floats_are_integers() {
    check(
        r#"
        do:
          - a: {set: {mean: '${ [80, 88] | add / length }'}, output: {schema: {document: {properties: {mean: {type: integer}}}}}}
          - b: {set: {text: '${ "\(.mean)" }'}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              a task_started
              a task_completed output={"mean":84}
              b task_started
              b task_completed output={"text":"84"}
              * completed output={"text":"84"}
              = Completed
        "#]],
    );
}

#[test]
fn too_much_data_faults() {
    check(
        r#"
        do:
          - a: {set: {x: '${ [.s, .s] }'}}
        "#,
        |run| {
            let s = "x".repeat(600_000);
            run.start(json!({"s": s}));
            let end = run.log.rfind("task_faulted").unwrap();
            run.log.drain(..end);
        },
        expect![[r#"
            task_faulted error={"detail":"over the limit of 1048576 for data-bytes","instance":"/do/0/a","status":500,"title":"limit.data-bytes","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
              * faulted error={"detail":"over the limit of 1048576 for data-bytes","instance":"/do/0/a","status":500,"title":"limit.data-bytes","type":"https://open-workflow-specification.org/spec/1.0.0/errors/runtime"}
              = Faulted
        "#]],
    );
}

#[test]
fn numbers_survive_being_stored() {
    // The driver asserts that a state reads back as it was.
    let mut run = crate::Run::new("do:\n  - a: {wait: PT1S}\n", &[]);
    let thirds: Vec<f64> = (1..500).map(|n| 1.0 / f64::from(n) + f64::from(n).sqrt() * 1e-3).collect();
    run.start(json!({"thirds": thirds, "sum": 0.1 + 0.2, "small": 5e-324, "large": 1.797e308}));
    run.wake();
}
