//! What the language has and we have not yet: refused by name, never ignored.

use expect_test::expect;

use crate::remarks::{check, check_do};

#[test]
fn tasks() {
    check_do(
        "- a: { run: { workflow: { namespace: a, name: b, version: '1.0.0' } } }",
        expect![[r#"
        - a: { run: { workflow: { namespace: a, name: b, version: '1.0.0' } } }
               ^^^ YW0401 tasks that `run` are not supported yet
    "#]],
    );
}

#[test]
fn protocols() {
    for protocol in ["http", "grpc", "openapi", "asyncapi", "mcp", "a2a"] {
        let (_, found) = yiwang_dsl::check(
            &format!(
                "document: {{ dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }}\ndo: [{{ a: {{ call: {protocol}, with: {{}} }} }}]\n"
            ),
            &crate::remarks::catalog(),
        );
        assert_eq!(found.len(), 1, "{protocol}");
        assert_eq!(found[0].code.as_str(), "YW0402");
        assert_eq!(found[0].message.to_string(), format!("`call: {protocol}` is not supported yet"));
    }
}

#[test]
fn reuse() {
    check(
        "
use:
  authentications: {}
  catalogs: {}
  functions: {}
  secrets: [a]
  secret: [b]
do: [{ a: { wait: PT1S } }]
",
        expect![[r#"
            authentications: {}
            ^^^^^^^^^^^^^^^ YW0405 `use.authentications` is not supported yet
            catalogs: {}
            ^^^^^^^^ YW0405 `use.catalogs` is not supported yet
            functions: {}
            ^^^^^^^^^ YW0405 `use.functions` is not supported yet
            secrets: [a]
            ^^^^^^^ YW0405 `use.secrets` is not supported yet
            secret: [b]
            ^^^^^^ YW0201 the key `secret` is not known here; known here: `errors`, `retries`, `timeouts`, `extensions`
        "#]],
    );
}

#[test]
fn schemas_elsewhere() {
    check(
        "input: { schema: { resource: { endpoint: 'https://a.b/c' } } }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        input: { schema: { resource: { endpoint: 'https://a.b/c' } } }
                           ^^^^^^^^ YW0407 a schema from an external resource is not supported yet; write it under `document`
    "#]],
    );
}

#[test]
fn secrets() {
    check_do(
        "- a: { set: { b: '${ $secrets.token }' } }",
        expect![[r#"
        - a: { set: { b: '${ $secrets.token }' } }
                             ^^^^^^^^ YW0408 secrets in expressions are not supported yet
    "#]],
    );
}
