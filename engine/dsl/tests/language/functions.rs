//! Functions of `use.functions`, of catalogs and at URIs; schemas elsewhere.

use expect_test::expect;
use yiwang_dsl::Resources;
use yiwang_dsl::definition::{Callee, TaskKind};
use yiwang_dsl::resource::{What, needed};

use crate::remarks::{self, check, check_do};

#[test]
fn functions_of_use_are_compiled_once() {
    let definition = remarks::good(
        "
use:
  functions:
    pet:
      input: { schema: { document: { type: object, required: [id], properties: { id: { type: integer } } } } }
      call: http
      with: { method: get, endpoint: 'https://a.example/pet/{id}' }
    both:
      do:
        - first: { call: pet, with: { id: 1 } }
        - second: { call: pet, with: { id: 2 } }
do:
  - a: { call: both }
  - b: { call: pet, with: { id: '${ .id }' } }
",
    );
    let callees: Vec<_> = definition
        .tasks
        .iter()
        .filter_map(|task| match &task.kind {
            TaskKind::Call { callee: Callee::Defined(id), .. } => {
                Some(format!("{} calls {}", task.reference, definition.task(*id).reference))
            }
            _ => None,
        })
        .collect();
    expect![[r#"
        /do/0/a calls /use/functions/both
        /do/1/b calls /use/functions/pet
        /use/functions/both/do/0/first calls /use/functions/pet
        /use/functions/both/do/1/second calls /use/functions/pet"#]]
    .assert_eq(&callees.join("\n"));
}

#[test]
fn functions_of_use_are_checked() {
    check(
        "
use:
  functions:
    pet:
      input: { schema: { document: { type: object, required: [id], properties: { id: { type: integer } } } } }
      call: http
      with: { method: get, endpoint: 'https://a.example/pet/{id}' }
    reads: { set: { a: '${ $context.b }', c: '${ $item }' } }
    exports: { do: [{ a: { set: { b: 1 }, export: { as: { b: '${ .b }' } } } }, { c: { set: { d: '${ $context.b }' } } }] }
    leads: { wait: PT1S, then: a }
    self: { call: self }
    ping: { call: pong }
    pong: { do: [{ a: { call: ping } }] }
    unused: { wait: soon }
do:
  - a: { call: pet, with: { id: seven } }
  - b: { call: pt }
  - c: { call: pet }
  - d: { call: reads }
  - e: { call: exports }
  - f: { call: leads }
  - g: { call: self }
  - h: { call: ping }
",
        expect![[r#"
            reads: { set: { a: '${ $context.b }', c: '${ $item }' } }
                                            ^ YW0224 the function exports no `b`, and sees no context but its own; hand it over as an argument under `with`
                                                         ^^^^^ YW0302 there is no variable `$item` at this place; available here: $context, $input, $task, $workflow, $runtime
            leads: { wait: PT1S, then: a }
                                       ^ YW0101 there is no task `a`; known here: `continue`, `exit`, `end`
            self: { call: self }
                          ^^^^ YW0223 the function `self` calls itself; repeat with `for`, or with a retry
            pong: { do: [{ a: { call: ping } }] }
                                      ^^^^ YW0223 the function `ping` calls itself through `pong`; repeat with `for`, or with a retry
            unused: { wait: soon }
                            ^^^^ YW0211 `soon` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
            - a: { call: pet, with: { id: seven } }
                                          ^^^^^ YW0215 this argument does not fit: it is not of type "integer"
            - b: { call: pt }
                         ^^ YW0105 `pt` names no function; did you mean `pet`?
            - c: { call: pet }
                         ^^^ YW0215 `with` lacks `id`
        "#]],
    );
}

#[test]
fn functions_elsewhere() {
    let definition = remarks::good(
        "
use: { catalogs: { here: { endpoint: 'https://example.org' } } }
do:
  - a: { call: 'https://example.org/functions/log/1.0.0/function.yaml', with: { message: a } }
  - b: { call: 'log:1.0.0@here', with: { message: b } }
  - c: { call: 'https://example.org/functions/log@1.0.0', with: { message: c } }
  - d: { call: 'deep:1.0.0@here' }
",
    );
    let callees: Vec<_> = definition
        .tasks
        .iter()
        .filter_map(|task| match &task.kind {
            TaskKind::Call { callee: Callee::Defined(id), .. } => {
                Some(format!("{} calls {}", task.reference, definition.task(*id).reference))
            }
            _ => None,
        })
        .collect();
    expect![[r#"
        /do/0/a calls https://example.org/functions/log/1.0.0/function.yaml#
        /do/1/b calls https://example.org/functions/log/1.0.0/function.yaml#
        /do/2/c calls https://example.org/functions/log/1.0.0/function.yaml#
        /do/3/d calls https://example.org/functions/deep/1.0.0/function.yaml#
        https://example.org/functions/deep/1.0.0/function.yaml#/do/0/log calls https://example.org/functions/log/1.0.0/function.yaml#"#]].assert_eq(&callees.join("\n"));
    let resources: Vec<&String> = definition.resources.keys().collect();
    expect![[r#"
        [
            "https://example.org/functions/deep/1.0.0/function.yaml",
            "https://example.org/functions/log/1.0.0/function.yaml",
            "https://example.org/schemas/person.json",
        ]
    "#]]
    .assert_debug_eq(&resources);
    for task in &definition.tasks {
        assert!(definition.source.get(task.span.clone()).is_some(), "{} is in the text", task.reference);
    }
}

#[test]
fn mistakes_elsewhere_are_told_where_it_is_called() {
    check(
        "
use: { catalogs: { here: { endpoint: 'https://example.org/' }, there: { endpoint: '${ .a }' }, nowhere: {} } }
do:
  - a: { call: 'broken:1.0.0@here' }
  - b: { call: 'https://example.org/functions/broken/1.0.0/function.yaml' }
  - c: { call: 'log:1.0.0@here', with: { mesage: a } }
  - d: { call: 'log@here' }
  - e: { call: 'log:1.0.0@there' }
  - f: { call: 'log:1.0.0@her' }
  - g: { call: 'round:1.0.0@here' }
  - h: { call: 'curious:1.0.0@here' }
  - i: { call: 'gone:1.0.0@here' }
  - j: { call: 'absent:1.0.0@here' }
",
        expect![[r#"
            use: { catalogs: { here: { endpoint: 'https://example.org/' }, there: { endpoint: '${ .a }' }, nowhere: {} } }
                                                                                              ^^^^^^^^^ YW0210 this is read when the workflow is deployed, before there is any data for expressions; write it out; credentials come from `use: secret`
                                                                                                                    ^^ YW0203 the key `endpoint` is missing here
            - a: { call: 'broken:1.0.0@here' }
                         ^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/broken/1.0.0/function.yaml`, line 1, column 1: the task `https://example.org/functions/broken/1.0.0/function.yaml` does nothing that is known (YW0206); `cal`: did you mean `call`?
            - b: { call: 'https://example.org/functions/broken/1.0.0/function.yaml' }
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/broken/1.0.0/function.yaml`, line 1, column 1: the task `https://example.org/functions/broken/1.0.0/function.yaml` does nothing that is known (YW0206); `cal`: did you mean `call`?
            - c: { call: 'log:1.0.0@here', with: { mesage: a } }
                         ^^^^^^^^^^^^^^^^ YW0215 `with` lacks `message`
            - d: { call: 'log@here' }
                         ^^^^^^^^^^ YW0208 `log@here` names no version of a function; a function of this catalog is named `log:1.0.0@here`
            - f: { call: 'log:1.0.0@her' }
                         ^^^^^^^^^^^^^^^ YW0107 there is no catalog or channel `her`; did you mean `here`?
            - g: { call: 'round:1.0.0@here' }
                         ^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/round/1.0.0/function.yaml`, line 2, column 16: the function `https://example.org/functions/round/1.0.0/function.yaml` calls itself (YW0223); repeat with `for`, or with a retry
            - h: { call: 'curious:1.0.0@here' }
                         ^^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/curious/1.0.0/function.yaml`, line 3, column 33: the function exports no `caller`, and sees no context but its own (YW0224); hand it over as an argument under `with`
                         ^^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/curious/1.0.0/function.yaml`, line 3, column 52: there is no task `other` (YW0101); known here: `a`, `c`, `d`, `continue`, `exit`, `end`
                         ^^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/curious/1.0.0/function.yaml`, line 4, column 16: `mine` names no function (YW0105); a function is named `name:1.0.0@catalog`, or stands in `use.functions`
                         ^^^^^^^^^^^^^^^^^^^^ YW0222 `https://example.org/functions/curious/1.0.0/function.yaml`, line 5, column 89: a function from elsewhere has no `use`, so that `mine` names nothing (YW0109); write it out here
            - i: { call: 'gone:1.0.0@here' }
                         ^^^^^^^^^^^^^^^^^ YW0221 `https://example.org/functions/gone/1.0.0/function.yaml` could not be fetched: the server answered 404
            - j: { call: 'absent:1.0.0@here' }
                         ^^^^^^^^^^^^^^^^^^^ YW0221 `https://example.org/functions/absent/1.0.0/function.yaml` was not fetched; it is fetched when the workflow is deployed; its text is kept from then on
        "#]],
    );
}

#[test]
fn the_default_catalog_can_be_replaced() {
    check(
        "
use: { catalogs: { default: { endpoint: 'https://example.org' } } }
do:
  - a: { call: 'log:1.0.0@default', with: { message: a } }
  - b: { call: 'human-task:1.0.0@default', with: { title: a } }
",
        expect![[r#"
            - b: { call: 'human-task:1.0.0@default', with: { title: a } }
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0221 `https://example.org/functions/human-task/1.0.0/function.yaml` was not fetched; it is fetched when the workflow is deployed; its text is kept from then on
        "#]],
    );
}

#[test]
fn what_is_needed_is_asked_for() {
    let text = remarks::with_head(
        "
use:
  secrets: [login]
  catalogs:
    here: { endpoint: { uri: 'https://example.org', authentication: { basic: { use: login } } } }
input: { schema: { resource: { endpoint: 'https://github.com/o/r/blob/main/schema.json' } } }
do:
  - a: { call: 'deep:1.0.0@here' }
  - b: { call: 'deep:1.0.0@here' }
",
    );
    let mut resources = Resources::new();
    let mut rounds = Vec::new();
    loop {
        let needed = needed(&text, &resources);
        if needed.is_empty() {
            break;
        }
        for needed in &needed {
            let authentication = needed.authentication.as_ref().map(ToString::to_string);
            let asked = &text[needed.span.clone()];
            rounds.push(format!("{:?} {} {asked} {authentication:?}", needed.what, needed.uri));
            match remarks::resources().iter().find(|(uri, _)| *uri == needed.uri) {
                Some((uri, Ok(found))) => resources.add(uri, std::sync::Arc::clone(found)),
                _ => resources.refuse(&needed.uri, "it is not there"),
            }
            assert!(needed.what == What::Function || needed.uri.ends_with(".json"));
        }
        rounds.push("---".to_owned());
    }
    expect![[r#"
        Schema https://raw.githubusercontent.com/o/r/refs/heads/main/schema.json 'https://github.com/o/r/blob/main/schema.json' None
        Function https://example.org/functions/deep/1.0.0/function.yaml 'deep:1.0.0@here' Some("{\"basic\":{\"use\":\"login\"}}")
        ---
        Schema https://example.org/schemas/person.json 'deep:1.0.0@here' None
        Function https://example.org/functions/log/1.0.0/function.yaml 'deep:1.0.0@here' Some("{\"basic\":{\"use\":\"login\"}}")
        ---"#]].assert_eq(&rounds.join("\n"));
}

#[test]
fn the_hash_covers_what_was_used() {
    let text = remarks::with_head("do: [{ a: { call: 'https://a.example/f.yaml' } }]\n");
    let hash = |function: &str| {
        let mut resources = Resources::new();
        resources.add("https://a.example/f.yaml", function);
        resources.add("https://a.example/unused.yaml", "a: 1");
        let (definition, _) = yiwang_dsl::check_with(&text, &remarks::catalog(), &resources);
        definition.expect("the text is good").hash
    };
    assert_eq!(hash("wait: PT1S"), hash("wait: PT1S"));
    assert_ne!(hash("wait: PT1S"), hash("wait: PT2S"));
}

#[test]
fn schemas() {
    remarks::good(
        "
input: { schema: { format: json, resource: { name: person, endpoint: 'https://example.org/schemas/person.json' } } }
output: { schema: { format: 'json:draft-07', document: { type: object, dependencies: { a: [b] } } } }
do: [{ a: { wait: PT1S, output: { schema: { format: 'json:2020-12', document: true } } } }]
",
    );
    check(
        "
input: { schema: { resource: { endpoint: 'https://example.org/schemas/wrong.json' } } }
output: { schema: { resource: { endpoint: 'https://example.org/schemas/open.json' } } }
do:
  - a: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/schemas/absent.json' } } } }
  - b: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/{a}.json' }, document: {} } } }
  - c: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/{a}.json' } } } }
  - d: { wait: PT1S, input: { schema: { format: avro, document: {} } } }
  - e: { wait: PT1S, input: { schema: { format: 'json:draft-12', document: {} } } }
  - f: { wait: PT1S, input: { schema: { format: json } } }
  - g: { wait: PT1S, input: { schema: { format: json, doc: {} } } }
",
        expect![[r#"
            input: { schema: { resource: { endpoint: 'https://example.org/schemas/wrong.json' } } }
                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0214 `https://example.org/schemas/wrong.json` is no valid schema, at `/properties/a/type`: `objekt` is no JSON type
            output: { schema: { resource: { endpoint: 'https://example.org/schemas/open.json' } } }
                                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0214 `https://example.org/schemas/open.json`, line 1, column 11: this is not YAML: while parsing a node, did not find expected node content
            - a: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/schemas/absent.json' } } } }
                                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0221 `https://example.org/schemas/absent.json` was not fetched; it is fetched when the workflow is deployed; its text is kept from then on
            - b: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/{a}.json' }, document: {} } } }
                                                  ^^^^^^^^ YW0217 only one of `document` and `resource` can stand here
            - c: { wait: PT1S, input: { schema: { resource: { endpoint: 'https://example.org/{a}.json' } } } }
                                                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0210 this is read when the workflow is deployed, before there is any data for expressions; write it out; credentials come from `use: secret`
            - d: { wait: PT1S, input: { schema: { format: avro, document: {} } } }
                                                          ^^^^ YW0227 schemas of the format `avro` are not read here; JSON Schema: `format: json`
            - e: { wait: PT1S, input: { schema: { format: 'json:draft-12', document: {} } } }
                                                          ^^^^^^^^^^^^^^^ YW0227 there is no draft `draft-12` of JSON Schema; drafts are 2020-12, 2019-09, draft-07, draft-06 and draft-04
            - f: { wait: PT1S, input: { schema: { format: json } } }
                                                  ^^^^^^ YW0203 one of `document` and `resource` is missing here
            - g: { wait: PT1S, input: { schema: { format: json, doc: {} } } }
                                                                ^^^ YW0201 the key `doc` is not known here; did you mean `document`?
        "#]],
    );
}

#[test]
fn a_schema_is_read_as_the_draft_it_names() {
    // Where `items` is a list, draft 7 checks item by item; later drafts refuse it.
    let schema = |format: &str| {
        format!(
            "input: {{ schema: {{ format: '{format}', document: {{ items: [{{ type: string }}] }} }} }}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"
        )
    };
    let definition = remarks::good(&schema("json:draft-07"));
    let schema_7 = definition.input.schema.as_ref().expect("a schema");
    assert!(!schema_7.validator.is_valid(&serde_json::json!([1])));
    check(
        &schema("json:2020-12"),
        expect![[r#"
        input: { schema: { format: 'json:2020-12', document: { items: [{ type: string }] } } }
                                                               ^^^^^ YW0214 this is no valid schema: [{"type":"string"}] is not of types "boolean", "object"
    "#]],
    );
}

#[test]
fn a_protocol_or_function_that_was_meant_is_told() {
    check_do(
        "- a: { call: https, with: {} }",
        expect![[r#"
        - a: { call: https, with: {} }
                     ^^^^^ YW0105 `https` names no function; did you mean `http`?
    "#]],
    );
}
