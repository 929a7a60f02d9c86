//! Secrets: read only in what goes outside, and put in there.

use expect_test::expect;
use yiwang_dsl::definition::TaskKind;

use crate::remarks::{self, check};

#[test]
fn the_names_are_kept() {
    let definition = remarks::good("use: { secrets: [a, b] }\ndo: [{ c: { wait: PT1S } }]\n");
    assert_eq!(definition.secrets, ["a", "b"]);
}

#[test]
fn they_are_left_to_who_performs_the_call() {
    let definition = remarks::good(
        "
use: { secrets: [token] }
do:
  - a:
      call: http
      with:
        method: get
        endpoint: https://a.example
        headers: { authorization: '${ \"Token \" + $secrets.token.value + .suffix }', plain: '${ .suffix }' }
",
    );
    let TaskKind::Call { with, .. } = &definition.task(definition.root[0]).kind else {
        unreachable!("a call")
    };
    let input = serde_json::json!({ "suffix": "!" }).into();
    let (value, deferred) = with.request(&input, &()).expect("it needs no variables");
    expect![[r#"{"method":"get","endpoint":{"uri":"https://a.example"},"headers":{"authorization":null,"plain":"!"}}"#]].assert_eq(&value.to_string());
    assert_eq!(deferred[0].pointer, "/headers/authorization");
    let secrets = serde_json::json!({ "token": { "value": "x" } }).into();
    assert_eq!(deferred[0].evaluate(&secrets).expect("it is there").as_str(), Some("Token x!"));
}

#[test]
fn everywhere_else_they_are_refused() {
    check(
        "
use: { secrets: [token, token, 5] }
input: { from: $secrets.token }
do:
  - a: { set: { b: '${ $secrets.token }' } }
  - c: { if: $secrets.token, wait: PT1S, export: { as: '${ $secrets }' } }
  - d: { call: notify:1.0.0@default, with: { channel: sms-gov, text: '${ $secrets.token }' } }
  - e: { run: { workflow: { namespace: a, name: b, input: { c: '${ $secrets.token }' } } } }
",
        expect![[r#"
            use: { secrets: [token, token, 5] }
                                    ^^^^^ YW0210 the secret `token` stands twice
                                           ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
            input: { from: $secrets.token }
                           ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
            - a: { set: { b: '${ $secrets.token }' } }
                                 ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
            - c: { if: $secrets.token, wait: PT1S, export: { as: '${ $secrets }' } }
                       ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
                                                                     ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
            - d: { call: notify:1.0.0@default, with: { channel: sms-gov, text: '${ $secrets.token }' } }
                                                                                   ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
            - e: { run: { workflow: { namespace: a, name: b, input: { c: '${ $secrets.token }' } } } }
                                                                             ^^^^^^^^ YW0219 secrets cannot be read here, where their values would be stored; read them in the arguments of a call, a script, a command or a container
        "#]],
    );
}

#[test]
fn unknown_names_are_told() {
    check(
        "
use: { secrets: [token] }
do:
  - a: { call: http, with: { method: get, endpoint: 'https://a.example', body: '${ $secrets.tokn }' } }
",
        expect![[r#"
            - a: { call: http, with: { method: get, endpoint: 'https://a.example', body: '${ $secrets.tokn }' } }
                                                                                                      ^^^^ YW0218 `use.secrets` does not list `tokn`; did you mean `token`?
        "#]],
    );
    check(
        "do: [{ a: { run: { script: { language: js, code: '1', environment: { a: '${ $secrets.token }' } } } } }]\n",
        expect![[r#"
            do: [{ a: { run: { script: { language: js, code: '1', environment: { a: '${ $secrets.token }' } } } } }]
                                                                                                 ^^^^^ YW0218 `use.secrets` does not list `token`; a workflow names the secrets it reads: `use: { secrets: [token] }`
        "#]],
    );
}
