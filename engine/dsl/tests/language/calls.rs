//! `call` of protocols: what may stand under `with`, and what becomes of it.

use expect_test::{Expect, expect};
use yiwang_dsl::definition::{Callee, TaskKind};

use crate::remarks::{self, check, check_do, clean_do};

/// The request that the first task of a good list makes on an input without variables.
fn requests(body: &str, input: serde_json::Value, expect: Expect) {
    let definition = remarks::good(body);
    let TaskKind::Call { callee: Callee::Protocol(_), with, .. } = &definition.task(definition.root[0]).kind
    else {
        unreachable!("the first task calls a protocol")
    };
    let (value, deferred) = with.request(&input.into(), &()).expect("it needs no variables");
    let deferred: Vec<String> =
        deferred.into_iter().map(|found| format!("\n{}: {}", found.pointer, found.text)).collect();
    expect.assert_eq(&format!("{value}{}", deferred.concat()));
}

#[test]
fn http_is_normalised() {
    requests(
        "do: [{ a: { call: http, with: { method: get, endpoint: 'https://a.example/pet/{id}/{name}' } } }]",
        serde_json::json!({ "id": 7, "name": "小 白" }),
        expect![[r#"{"method":"get","endpoint":{"uri":"https://a.example/pet/7/%E5%B0%8F%20%E7%99%BD"}}"#]],
    );
    requests(
        "do: [{ a: { call: http, with: { method: POST, endpoint: { uri: '${ .to }' }, headers: { a: '${ .h }', b: c }, query: '${ .q }', body: [1, '${ .h }'], output: response, redirect: true } } }]",
        serde_json::json!({ "to": "https://a.example", "h": "x", "q": { "p": "1" } }),
        expect![[
            r#"{"method":"POST","endpoint":{"uri":"https://a.example"},"headers":{"a":"x","b":"c"},"query":{"p":"1"},"body":[1,"x"],"output":"response","redirect":true}"#
        ]],
    );
}

#[test]
fn http_mistakes() {
    check_do(
        "- a: { call: http }",
        expect![[r#"
        - a: { call: http }
               ^^^^ YW0203 `call: http` needs its arguments under `with`
    "#]],
    );
    check_do(
        "- a: { call: htpp, with: {} }",
        expect![[r#"
        - a: { call: htpp, with: {} }
                     ^^^^ YW0105 `htpp` names no function; did you mean `http`?
    "#]],
    );
    check_do(
        "- a: { call: http, with: { methd: get } }",
        expect![[r#"
        - a: { call: http, with: { methd: get } }
                                   ^^^^^ YW0201 the key `methd` is not known here; did you mean `method`?
                                   ^^^^^ YW0203 the key `endpoint` is missing here
    "#]],
    );
    check_do(
        "- a: { call: http, with: { method: gett, endpoint: 'https://a.example', headers: { x-count: 5 }, query: { page: 2, q: '${ .q }' }, output: contnt, redirect: 'no' } }",
        expect![[r#"
            - a: { call: http, with: { method: gett, endpoint: 'https://a.example', headers: { x-count: 5 }, query: { page: 2, q: '${ .q }' }, output: contnt, redirect: 'no' } }
                                               ^^^^ YW0210 `gett` is no method of HTTP; did you mean `get`?
                                                                                                        ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
                                                                                                                            ^ YW0202 this must be a text, and is a number; put it in quotes: '2'
                                                                                                                                                       ^^^^^^ YW0210 `contnt` is not one of the values allowed here; did you mean `content`?
                                                                                                                                                                         ^^^^ YW0202 this must be true or false, and is a text
        "#]],
    );
    check_do(
        "- a: { call: http, with: { method: get, endpoint: { url: 'https://a.example' }, headers: .headers, query: [] } }",
        expect![[r#"
            - a: { call: http, with: { method: get, endpoint: { url: 'https://a.example' }, headers: .headers, query: [] } }
                                                                ^^^ YW0201 the key `url` is not known here; did you mean `uri`?
                                                                                                     ^^^^^^^^ YW0202 this must be a mapping or an expression, and is a text; an expression stands in `${ .headers }`
                                                                                                                      ^^ YW0202 this must be a mapping, and is a list
        "#]],
    );
    check_do(
        "- a: { call: http, with: { method: get, endpoint: 5, timeout: PT1S } }",
        expect![[r#"
        - a: { call: http, with: { method: get, endpoint: 5, timeout: PT1S } }
                                                          ^ YW0202 this must be a URI or a mapping, and is a number
                                                             ^^^^^^^ YW0201 the key `timeout` is not known here; known here: `headers`, `query`, `body`, `output`, `redirect`
    "#]],
    );
}

#[test]
fn uris() {
    clean_do(&[
        "- a: { call: http, with: { method: get, endpoint: 'https://a.example/{a.b}?q={q}' } }",
        "- a: { call: http, with: { method: get, endpoint: '{base}/pets' } }",
        "- a: { call: http, with: { method: PROPFIND, endpoint: 'https://a.example' } }",
        "- a: { call: http, with: { method: '${ .method }', endpoint: '${ .uri }' } }",
    ]);
    check_do(
        "
- a: { call: http, with: { method: get, endpoint: 'https://a.example/{' } }
- b: { call: http, with: { method: get, endpoint: 'https://a.example/}x{' } }
- c: { call: http, with: { method: get, endpoint: 'https://a.example/{?q}' } }
- d: { call: http, with: { method: get, endpoint: 'https://a.example/{a,b}' } }
- e: { call: http, with: { method: get, endpoint: 'https://a.example/{}' } }
- f: { call: http, with: { method: get, endpoint: 'https://a.example/a b' } }
- g: { call: http, with: { method: get, endpoint: a.example/pets } }
- h: { call: http, with: { method: get, endpoint: '' } }
",
        expect![[r#"
            - a: { call: http, with: { method: get, endpoint: 'https://a.example/{' } }
                                                                                 ^ YW0225 a `{` or `}` stands alone here; a member of the input is inserted by `{name}`
            - b: { call: http, with: { method: get, endpoint: 'https://a.example/}x{' } }
                                                                                 ^ YW0225 a `{` or `}` stands alone here; a member of the input is inserted by `{name}`
            - c: { call: http, with: { method: get, endpoint: 'https://a.example/{?q}' } }
                                                                                 ^^^^ YW0225 `{?q}` is no simple member of the input; only `{name}` is expanded; an expression can do more: `${ "…\(.a.b)…" }`
            - d: { call: http, with: { method: get, endpoint: 'https://a.example/{a,b}' } }
                                                                                 ^^^^^ YW0225 `{a,b}` is no simple member of the input; only `{name}` is expanded; an expression can do more: `${ "…\(.a.b)…" }`
            - e: { call: http, with: { method: get, endpoint: 'https://a.example/{}' } }
                                                                                 ^^ YW0225 `{}` is no simple member of the input; only `{name}` is expanded; an expression can do more: `${ "…\(.a.b)…" }`
            - f: { call: http, with: { method: get, endpoint: 'https://a.example/a b' } }
                                                                                  ^ YW0225 a URI has no spaces; a space is written `%20`
            - g: { call: http, with: { method: get, endpoint: a.example/pets } }
                                                              ^^^^^^^^^^^^^^ YW0226 this URI has no scheme, and there is nothing to complete it; for example `https://a.example/pets`
            - h: { call: http, with: { method: get, endpoint: '' } }
                                                              ^^ YW0225 a URI is missing here; for example `https://example.org/a`
        "#]],
    );
}

#[test]
fn authentications() {
    requests(
        "
use:
  secrets: [login]
  authentications:
    mine: { basic: { use: login } }
do:
  - a: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { use: mine } } } }
",
        serde_json::json!({}),
        expect![[r#"{"method":"get","endpoint":{"uri":"https://a.example","authentication":{"basic":{"use":"login"}}}}"#]],
    );
    requests(
        "
use: { secrets: [client] }
do:
  - a:
      call: http
      with:
        method: get
        endpoint:
          uri: https://a.example
          authentication:
            oauth2:
              authority: https://id.example/{realm}
              endpoints: { token: /auth/token }
              grant: client_credentials
              client: { id: me, secret: '${ $secrets.client.secret }', authentication: client_secret_basic }
              request: { encoding: application/json }
              scopes: [read, '${ .scope }']
              subject: { token: '${ .token }', type: jwt }
",
        serde_json::json!({ "realm": "r", "scope": "write", "token": "t" }),
        expect![[r#"
            {"method":"get","endpoint":{"uri":"https://a.example","authentication":{"oauth2":{"authority":"https://id.example/r","grant":"client_credentials","endpoints":{"token":"/auth/token"},"client":{"id":"me","secret":null,"authentication":"client_secret_basic"},"request":{"encoding":"application/json"},"scopes":["read","write"],"subject":{"token":"t","type":"jwt"}}}}}
            /endpoint/authentication/oauth2/client/secret: $secrets.client.secret"#]],
    );
}

#[test]
fn authentication_mistakes() {
    check(
        "
use:
  secrets: [login]
  authentications:
    mine: { basic: { username: a } }
    yours: { use: mine }
    theirs: { oauth2: { authority: 'https://id.example', grant: client-credentials, client: { secret: a } } }
do:
  - a: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { use: min } } } }
  - b: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: mine } } }
  - c: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: {} } } }
  - d: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { barer: {} } } } }
  - e: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { bearer: '${ .token }' } } } }
  - f: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { use: logon } } } } }
  - g: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { username: a, password: 123 } } } } }
  - h: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { use: login }, digest: { use: login } } } } }
  - i: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { use: mine, digest: { use: login } } } } }
  - j: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { oidc: { authority: 'https://id.example', endpoints: {}, client: { authentication: private_key_jwt } } } } } }
",
        expect![[r#"
            mine: { basic: { username: a } }
                             ^^^^^^^^ YW0203 the key `password` is missing here
            yours: { use: mine }
                     ^^^ YW0201 the key `use` is not known here; known here: `basic`, `bearer`, `digest`, `oauth2`, `oidc`
            theirs: { oauth2: { authority: 'https://id.example', grant: client-credentials, client: { secret: a } } }
                                                                        ^^^^^^^^^^^^^^^^^^ YW0210 `client-credentials` is not one of the values allowed here; did you mean `client_credentials`?
                                                                                                      ^^^^^^ YW0203 the key `id` is missing here
            - a: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { use: min } } } }
                                                                                                                 ^^^ YW0109 `use.authentications` does not define `min`; did you mean `mine`?
            - b: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: mine } } }
                                                                                                          ^^^^ YW0202 this must be a mapping, and is a text; for one of `use.authentications`: `{ use: mine }`
            - c: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: {} } } }
                                                                                                          ^^ YW0203 one of `basic`, `bearer`, `digest`, `oauth2` and `oidc` is missing here
            - d: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { barer: {} } } } }
                                                                                                            ^^^^^ YW0201 the key `barer` is not known here; did you mean `bearer`?
            - e: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { bearer: '${ .token }' } } } }
                                                                                                                    ^^^^^^^^^^^^^ YW0202 this must be a mapping, and is a text; for example `bearer: { token: … }`, or `{ use: secret }`
            - f: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { use: logon } } } } }
                                                                                                                          ^^^^^ YW0218 `use.secrets` does not list `logon`; did you mean `login`?
            - g: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { username: a, password: 123 } } } } }
                                                                                                                                            ^^^ YW0202 this must be a text, and is a number; put it in quotes: '123'
            - h: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { basic: { use: login }, digest: { use: login } } } } }
                                                                                                            ^^^^^ YW0217 only one of `basic`, `bearer`, `digest`, `oauth2` and `oidc` can stand here
            - i: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { use: mine, digest: { use: login } } } } }
                                                                                                                       ^^^^^^ YW0217 `use` takes a whole authentication, so that `digest` cannot stand beside it
            - j: { call: http, with: { method: get, endpoint: { uri: 'https://a.example', authentication: { oidc: { authority: 'https://id.example', endpoints: {}, client: { authentication: private_key_jwt } } } } } }
                                                                                                                    ^^^^^^^^^ YW0203 the key `grant` is missing here
                                                                                                                                                     ^^^^^^^^^ YW0201 the key `endpoints` is not known here; known here: `use`, `grant`, `request`, `issuers`, `scopes`, `audiences`, `username`, `password`, `subject`, `actor`
                                                                                                                                                                              ^^^^^^^^^^^^^^ YW0203 the key `assertion` is missing here
                                                                                                                                                                              ^^^^^^^^^^^^^^ YW0203 the key `id` is missing here
        "#]],
    );
}

#[test]
fn openapi() {
    requests(
        "do: [{ a: { call: openapi, with: { document: { name: pets, endpoint: 'https://a.example/{v}/openapi.json' }, operationId: findPets, parameters: { status: '${ .s }', limit: 5 }, authentication: { bearer: { token: t } } } } }]",
        serde_json::json!({ "v": "v2", "s": "sold" }),
        expect![[
            r#"{"document":{"name":"pets","endpoint":{"uri":"https://a.example/v2/openapi.json"}},"operationId":"findPets","parameters":{"status":"sold","limit":5},"authentication":{"bearer":{"token":"t"}}}"#
        ]],
    );
    check_do(
        "- a: { call: openapi, with: { document: 'https://a.example', operation: b, parameters: .all } }",
        expect![[r#"
            - a: { call: openapi, with: { document: 'https://a.example', operation: b, parameters: .all } }
                                                    ^^^^^^^^^^^^^^^^^^^ YW0202 this must be a mapping, and is a text; a resource is `{ endpoint: … }`
                                                                         ^^^^^^^^^ YW0201 the key `operation` is not known here; did you mean `operationId`?
                                                                                                   ^^^^ YW0202 this must be a mapping, and is a text
        "#]],
    );
}

#[test]
fn grpc() {
    requests(
        "do: [{ a: { call: grpc, with: { proto: { endpoint: 'file:///srv/greet.proto' }, service: { name: greet.Greeter, host: localhost, port: 5011 }, method: Hello, arguments: { name: '${ .n }' } } } }]",
        serde_json::json!({ "n": "王" }),
        expect![[
            r#"{"proto":{"endpoint":{"uri":"file:///srv/greet.proto"}},"service":{"name":"greet.Greeter","host":"localhost","port":5011},"method":"Hello","arguments":{"name":"王"}}"#
        ]],
    );
    check_do(
        "- a: { call: grpc, with: { proto: { endpoint: a.proto }, service: { name: a, host: 'https://b.example', port: 70000 } } }",
        expect![[r#"
            - a: { call: grpc, with: { proto: { endpoint: a.proto }, service: { name: a, host: 'https://b.example', port: 70000 } } }
                                       ^^^^^ YW0203 the key `method` is missing here
                                                                                               ^^^^^^^^^^^^^^^^^^^ YW0210 `https://b.example` is not the name of a host; without `https://` and path: `host: api.example.org`
                                                                                                                          ^^^^^ YW0210 this must be between 0 and 65535
        "#]],
    );
    check_do(
        "- a: { call: grpc, with: { proto: { endpoint: a.proto }, service: { name: a, host: 'b.example:443', prt: 1 }, method: b } }",
        expect![[r#"
            - a: { call: grpc, with: { proto: { endpoint: a.proto }, service: { name: a, host: 'b.example:443', prt: 1 }, method: b } }
                                                                                               ^^^^^^^^^^^^^^^ YW0210 `b.example:443` is not the name of a host; the port stands beside it: `port: 443`
                                                                                                                ^^^ YW0201 the key `prt` is not known here; did you mean `port`?
        "#]],
    );
}

#[test]
fn mcp() {
    requests(
        "do: [{ a: { call: mcp, with: { method: tools/call, parameters: { name: b, arguments: '${ . }' }, timeout: PT10S, transport: { http: { endpoint: 'https://mcp.example', headers: { x: y } }, options: { z: w } }, client: { name: me, version: '1' } } } }]",
        serde_json::json!({ "c": 1 }),
        expect![[
            r#"{"method":"tools/call","parameters":{"name":"b","arguments":{"c":1}},"timeout":"PT10S","transport":{"http":{"endpoint":{"uri":"https://mcp.example"},"headers":{"x":"y"}},"options":{"z":"w"}},"client":{"name":"me","version":"1"}}"#
        ]],
    );
    check_do(
        "- a: { call: mcp, with: { method: tool/call, parameters: all, timeout: 5, transport: { stdio: { command: npx, arguments: [1] } }, client: { name: me } } }",
        expect![[r#"
            - a: { call: mcp, with: { method: tool/call, parameters: all, timeout: 5, transport: { stdio: { command: npx, arguments: [1] } }, client: { name: me } } }
                                              ^^^^^^^^^ YW0210 `tool/call` is not one of the values allowed here; did you mean `tools/call`?
                                                                     ^^^ YW0202 this must be a mapping or an expression, and is a text; an expression stands in `${ all }`
                                                                                   ^ YW0202 this must be a duration, and is a number; for example `PT30M`, or `{ minutes: 30 }`
                                                                                                   ^^^^^ YW0220 processes of the kind `stdio` are not allowed on this server; who operates the server can allow them in its configuration; they run with its rights
                                                                                                                                      ^ YW0202 this must be a text, and is a number; put it in quotes: '1'
                                                                                                                                                        ^^^^ YW0203 the key `version` is missing here
        "#]],
    );
    check_do(
        "- a: { call: mcp, with: { method: tools/list, transport: { http: { endpoint: 'https://a.example' }, stdio: { command: a } } } }",
        expect![[r#"
            - a: { call: mcp, with: { method: tools/list, transport: { http: { endpoint: 'https://a.example' }, stdio: { command: a } } } }
                                                                       ^^^^ YW0217 only one of `http` and `stdio` can stand here
        "#]],
    );
}

#[test]
fn a2a() {
    requests(
        "do: [{ a: { call: a2a, with: { method: message/send, agentCard: { endpoint: 'https://a.example/card.json' }, parameters: { message: { parts: [{ kind: text, text: '${ .t }' }] } } } } }]",
        serde_json::json!({ "t": "报告" }),
        expect![[
            r#"{"method":"message/send","agentCard":{"endpoint":{"uri":"https://a.example/card.json"}},"parameters":{"message":{"parts":[{"kind":"text","text":"报告"}]}}}"#
        ]],
    );
    check_do(
        "- a: { call: a2a, with: { method: message/sent, parameters: {} } }",
        expect![[r#"
        - a: { call: a2a, with: { method: message/sent, parameters: {} } }
                                  ^^^^^^ YW0203 one of `agentCard` and `server` is missing here
    "#]],
    );
}

#[test]
fn asyncapi() {
    requests(
        "do: [{ a: { call: asyncapi, with: { document: { endpoint: 'https://a.example/asyncapi.json' }, operation: greet, server: { name: s, variables: { e: dev } }, message: { payload: { g: '${ .g }' }, headers: { h: i } } } } }]",
        serde_json::json!({ "g": "你好" }),
        expect![[
            r#"{"document":{"endpoint":{"uri":"https://a.example/asyncapi.json"}},"operation":"greet","server":{"name":"s","variables":{"e":"dev"}},"message":{"payload":{"g":"你好"},"headers":{"h":"i"}}}"#
        ]],
    );
    requests(
        "do: [{ a: { call: asyncapi, with: { document: { endpoint: 'https://a.example/asyncapi.json' }, channel: /rooms, protocol: nats, subscription: { filter: '${ .payload.room == 5 }', consume: { until: .payload.last, for: { seconds: 10 } } } } } }]",
        serde_json::json!({}),
        expect![[r#"
            {"document":{"endpoint":{"uri":"https://a.example/asyncapi.json"}},"channel":"/rooms","protocol":"nats","subscription":{"filter":null,"consume":{"until":null,"for":{"seconds":10}}}}
            /subscription/filter: .payload.room == 5
            /subscription/consume/until: .payload.last"#]],
    );
    check_do(
        "- a: { call: asyncapi, with: { document: { endpoint: 'https://a.example' }, protocol: natz, message: { payload: '${ . }' }, subscription: { consume: { amount: 0, while: . } } } }",
        expect![[r#"
            - a: { call: asyncapi, with: { document: { endpoint: 'https://a.example' }, protocol: natz, message: { payload: '${ . }' }, subscription: { consume: { amount: 0, while: . } } } }
                                           ^^^^^^^^ YW0203 one of `channel` and `operation` is missing here
                                           ^^^^^^^^ YW0217 only one of `message` and `subscription` can stand here
                                                                                                  ^^^^ YW0210 `natz` is not one of the values allowed here; did you mean `nats`?
                                                                                                                            ^^^^^^^^ YW0202 this must be a mapping, and is a text
                                                                                                                                                                   ^^^^^^ YW0217 only one of `amount`, `while` and `until` can stand here
        "#]],
    );
    check_do(
        "- a: { call: asyncapi, with: { document: { endpoint: 'https://a.example' }, operation: b, subscription: { filter: .a ==, consume: {} } } }",
        expect![[r#"
            - a: { call: asyncapi, with: { document: { endpoint: 'https://a.example' }, operation: b, subscription: { filter: .a ==, consume: {} } } }
                                                                                                                              ^^^^^ YW0301 the expression ends where it needs a term
                                                                                                                                              ^^ YW0203 one of `amount`, `while` and `until` is missing here
        "#]],
    );
}

#[test]
fn authorization_is_known_after_a_call() {
    clean_do(&[
        "- a: { call: http, with: { method: get, endpoint: 'https://a.example', headers: { x: '${ $authorization.scheme }' } }, output: { as: '${ { s: $authorization.scheme } }' }, export: { as: '${ { s: $authorization.scheme } }' } }",
    ]);
    check_do(
        "- a: { set: { b: 1 }, output: { as: $authorization.scheme } }\n- c: { call: http, if: $authorization.scheme, with: { method: get, endpoint: 'https://a.example' } }",
        expect![[r#"
            - a: { set: { b: 1 }, output: { as: $authorization.scheme } }
                                                ^^^^^^^^^^^^^^ YW0302 there is no variable `$authorization` at this place; available here: $context, $input, $task, $workflow, $runtime
            - c: { call: http, if: $authorization.scheme, with: { method: get, endpoint: 'https://a.example' } }
                                   ^^^^^^^^^^^^^^ YW0302 there is no variable `$authorization` at this place; available here: $context, $task, $workflow, $runtime
        "#]],
    );
}
