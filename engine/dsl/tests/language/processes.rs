//! `run`: workflows, scripts, commands and containers.

use expect_test::expect;
use yiwang_dsl::catalog::Processes;
use yiwang_dsl::definition::{Process, ProcessOutput, ScriptLanguage, TaskKind};

use crate::remarks::{self, check_do};

#[test]
fn workflows() {
    let definition = remarks::good(
        "
do:
  - a: { run: { workflow: { namespace: n, name: w, version: '1.0.0', input: { a: .b } }, await: false } }
  - b: { run: { workflow: { namespace: n, name: w, version: latest } } }
  - c: { run: { workflow: { namespace: n, name: w, input: '${ . }' }, return: none } }
",
    );
    let runs = definition.root.iter().map(|id| match &definition.task(*id).kind {
        TaskKind::Run { process: Process::Workflow { workflow, version, .. }, wait, output } => {
            (workflow.as_str(), version.as_deref(), *wait, *output)
        }
        _ => unreachable!("they run workflows"),
    });
    assert_eq!(
        runs.collect::<Vec<_>>(),
        [
            ("n/w", Some("1.0.0"), false, ProcessOutput::Stdout),
            ("n/w", None, true, ProcessOutput::Stdout),
            ("n/w", None, true, ProcessOutput::None),
        ]
    );
}

#[test]
fn scripts() {
    let definition = remarks::good(
        "
do:
  - a:
      run:
        script:
          language: js
          code: console.log(`${ name } ${`)
          arguments: [a, '${ .b }']
          environment: { c: 5 }
          stdin: '${ .b }'
  - b: { run: { script: { language: python, source: { endpoint: 'https://a.example/b.py' }, arguments: { n: '${ .n }' } }, return: all } }
",
    );
    let scripts = definition.root.iter().map(|id| match &definition.task(*id).kind {
        TaskKind::Run { process: Process::Script { language, with }, .. } => {
            let input = serde_json::json!({ "b": "x", "n": 1 }).into();
            (*language, with.evaluate(&input, &()).expect("it needs no variables").to_string())
        }
        _ => unreachable!("they run scripts"),
    });
    let scripts: Vec<_> = scripts.collect();
    assert_eq!([scripts[0].0, scripts[1].0], [ScriptLanguage::Js, ScriptLanguage::Python]);
    expect![[
        r#"{"code":"console.log(`${ name } ${`)","arguments":["a","x"],"environment":{"c":5},"stdin":"x"}"#
    ]]
    .assert_eq(&scripts[0].1);
    expect![[r#"{"source":{"endpoint":{"uri":"https://a.example/b.py"}},"arguments":{"n":1}}"#]]
        .assert_eq(&scripts[1].1);
}

#[test]
fn mistakes() {
    check_do(
        "- a: { run: {} }",
        expect![[r#"
        - a: { run: {} }
                    ^^ YW0203 one of `container`, `script`, `shell` and `workflow` is missing here
    "#]],
    );
    check_do(
        "- a: { run: { scrpt: {} } }",
        expect![[r#"
        - a: { run: { scrpt: {} } }
                      ^^^^^ YW0201 the key `scrpt` is not known here; did you mean `script`?
    "#]],
    );
    check_do(
        "- a: { run: { script: { language: javascript, arguments: .all }, workflow: {}, await: 'yes', return: output } }",
        expect![[r#"
            - a: { run: { script: { language: javascript, arguments: .all }, workflow: {}, await: 'yes', return: output } }
                          ^^^^^^ YW0217 only one of `container`, `script`, `shell` and `workflow` can stand here
                                                                                                  ^^^^^ YW0202 this must be true or false, and is a text
                                                                                                                 ^^^^^^ YW0210 `output` is not one of the values allowed here; known here: `stdout`, `stderr`, `code`, `all`, `none`
        "#]],
    );
    check_do(
        "- a: { run: { script: { language: ruby, code: '1', source: {} } } }",
        expect![[r#"
        - a: { run: { script: { language: ruby, code: '1', source: {} } } }
                                ^^^^^^^^ YW0217 only one of `code` and `source` can stand here
                                          ^^^^ YW0210 `ruby` is not one of the values allowed here; known here: `js`, `python`
                                                                   ^^ YW0203 the key `endpoint` is missing here
    "#]],
    );
    check_do(
        "- a: { run: { workflow: { namespace: 局, name: b, version: newest, inputs: {} } } }",
        expect![[r#"
            - a: { run: { workflow: { namespace: 局, name: b, version: newest, inputs: {} } } }
                                                 ^^ YW0112 `局` cannot be a name; letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`
                                                                       ^^^^^^ YW0208 `newest` is not a semantic version; three numbers: '1.0.0'
                                                                               ^^^^^^ YW0201 the key `inputs` is not known here; did you mean `input`?
        "#]],
    );
    check_do(
        "- a: { run: { script: { language: js, code: '1', environment: { a: [] }, stdin: 5 } } }",
        expect![[r#"
            - a: { run: { script: { language: js, code: '1', environment: { a: [] }, stdin: 5 } } }
                                                                               ^^ YW0202 this must be a text, and is a list
                                                                                            ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
        "#]],
    );
}

#[test]
fn commands_and_containers_are_refused_unless_allowed() {
    let tasks = "
- a: { run: { shell: { command: ls } } }
- b: { run: { container: { image: alpine } } }
- c: { call: mcp, with: { method: tools/list, transport: { stdio: { command: npx } } } }
";
    check_do(
        tasks,
        expect![[r#"
        - a: { run: { shell: { command: ls } } }
                      ^^^^^ YW0220 processes of the kind `shell` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
        - b: { run: { container: { image: alpine } } }
                      ^^^^^^^^^ YW0220 processes of the kind `container` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
        - c: { call: mcp, with: { method: tools/list, transport: { stdio: { command: npx } } } }
                                                                   ^^^^^ YW0220 processes of the kind `stdio` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
    "#]],
    );
    let text = remarks::with_head(&remarks::as_do(tasks));
    let mut catalog = remarks::catalog();
    catalog.allow(Processes { shell: true, container: true, stdio: true });
    assert_eq!(yiwang_dsl::check(&text, &catalog).1, []);
}

#[test]
fn commands_and_containers() {
    check_do(
        "
- a: { run: { shell: { comand: ls, arguments: ['${ .a }', 5] } } }
- b: { run: { container: { image: a, name: '${ .n }', command: c, ports: { '80': 8080 }, volumes: { /a: [] }, environment: { A: true }, arguments: [b], pullPolicy: allways } } }
- c: { run: { container: { image: a, lifetime: { cleanup: eventually } } } }
- d: { run: { container: { image: a, lifetime: { cleanup: always, after: PT1M } } } }
- e: { run: { container: { image: a, lifetime: { cleanup: eventually, after: 5 } } } }
",
        expect![[r#"
            - a: { run: { shell: { comand: ls, arguments: ['${ .a }', 5] } } }
                          ^^^^^ YW0220 processes of the kind `shell` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                   ^^^^^^ YW0201 the key `comand` is not known here; did you mean `command`?
                                                                      ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
            - b: { run: { container: { image: a, name: '${ .n }', command: c, ports: { '80': 8080 }, volumes: { /a: [] }, environment: { A: true }, arguments: [b], pullPolicy: allways } } }
                          ^^^^^^^^^ YW0220 processes of the kind `container` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                                                                                                    ^^ YW0202 this must be a text, and is a list
                                                                                                                                                                                ^^^^^^^ YW0210 `allways` is not one of the values allowed here; did you mean `always`?
            - c: { run: { container: { image: a, lifetime: { cleanup: eventually } } } }
                          ^^^^^^^^^ YW0220 processes of the kind `container` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                                             ^^^^^^^ YW0203 the key `after` is missing here
            - d: { run: { container: { image: a, lifetime: { cleanup: always, after: PT1M } } } }
                          ^^^^^^^^^ YW0220 processes of the kind `container` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                                                              ^^^^^ YW0217 `after` belongs to `cleanup: eventually`
            - e: { run: { container: { image: a, lifetime: { cleanup: eventually, after: 5 } } } }
                          ^^^^^^^^^ YW0220 processes of the kind `container` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                                                                         ^ YW0202 this must be a duration, and is a number; for example `PT30M`, or `{ minutes: 30 }`
        "#]],
    );
}
