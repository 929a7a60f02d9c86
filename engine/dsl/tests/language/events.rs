//! Filters and strategies.

use expect_test::expect;

use crate::remarks::check_do;

#[test]
fn strategies() {
    check_do(
        "- a: { listen: { to: { one: { with: { type: x } } } } }",
        expect![[r#"
            - a: { listen: { to: { one: { with: { type: x } } } } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] } } }",
        expect![[r#"
            - a: { listen: { to: { any: [] } } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { all: [] } } }",
        expect![[r#"
        - a: { listen: { to: { all: [] } } }
                                    ^^ YW0209 `all` needs at least one filter
    "#]],
    );
    check_do(
        "- a: { listen: { to: {} } }",
        expect![[r#"
        - a: { listen: { to: {} } }
                             ^^ YW0203 one of `one`, `any` and `all` is missing here
    "#]],
    );
    check_do(
        "- a: { listen: { to: { one: { with: { type: x } }, any: [] } } }",
        expect![[r#"
        - a: { listen: { to: { one: { with: { type: x } }, any: [] } } }
                               ^^^ YW0217 only one of `one`, `any` and `all` can stand here
    "#]],
    );
    check_do(
        "- a: { listen: {} }",
        expect![[r#"
        - a: { listen: {} }
                       ^^ YW0203 the key `to` is missing here
    "#]],
    );
    check_do(
        "- a: { listen: { to: { on: { with: { type: x } } } } }",
        expect![[r#"
            - a: { listen: { to: { on: { with: { type: x } } } } }
                                   ^^ YW0201 the key `on` is not known here; did you mean `one`?
        "#]],
    );
}

#[test]
fn filters() {
    check_do(
        "- a: { listen: { to: { one: { with: { source: x } } } } }",
        expect![[r#"
            - a: { listen: { to: { one: { with: { source: x } } } } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
                                                  ^^^^^^ YW0216 this filter names no event `type`, so that it is tried on every event; name the type, for example `type: cn.yiwang.intake.received.v1`
        "#]],
    );
    check_do(
        "- a: { listen: { to: { one: { with: {} } } } }",
        expect![[r#"
        - a: { listen: { to: { one: { with: {} } } } }
                                            ^^ YW0209 a filter needs at least one attribute
    "#]],
    );
    check_do(
        "- a: { listen: { to: { one: { type: x } } } }",
        expect![[r#"
        - a: { listen: { to: { one: { type: x } } } }
                                      ^^^^ YW0201 the key `type` is not known here; known here: `with`, `correlate`
                                      ^^^^ YW0203 the key `with` is missing here
    "#]],
    );
    check_do(
        "- a: { listen: { to: { one: { with: { type: [x] } } } } }",
        expect![[r#"
        - a: { listen: { to: { one: { with: { type: [x] } } } } }
                                                    ^^^ YW0202 this must be a text, and is a list
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: { with: { type: x } } } } }",
        expect![[r#"
        - a: { listen: { to: { any: { with: { type: x } } } } }
                                    ^^^^^^^^^^^^^^^^^^^^^ YW0202 this must be a list, and is a mapping
    "#]],
    );
}

#[test]
fn reading() {
    check_do(
        "- a: { listen: { to: { any: [] }, read: envelop } }",
        expect![[r#"
        - a: { listen: { to: { any: [] }, read: envelop } }
                                                ^^^^^^^ YW0210 `envelop` is not one of the values allowed here; did you mean `envelope`?
    "#]],
    );
    check_do(
        "- a: { listen: { to: { any: [] }, read: raw } }",
        expect![[r#"
            - a: { listen: { to: { any: [] }, read: raw } }
                   ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
        "#]],
    );
}

#[test]
fn correlation() {
    check_do(
        "
- a:
    listen:
      to:
        all:
          - with: { type: x }
            correlate:
              case: { from: .data.caseId, expect: '${ $workflow.input.id }' }
              room: { from: .roomid }
",
        expect![[r#"
            listen:
            ^^^^^^ YW0118 nothing ends `a` if no such event ever comes; give it a `timeout`, here or around it, or let it compete with a `wait` in a `fork`
            room: { from: .roomid }
            ^^^^ YW0241 `room` has no `expect`, and no other event to be compared with; say what it must be: `expect: ${ … }`
        "#]],
    );
    check_do(
        "
- a:
    listen:
      to:
        one:
          with: { type: x, data: '${ .amount > $input.limit }' }
          correlate:
            case: { from: $context.caseId, expect: $context.caseId }
            room: { form: .roomid }
",
        expect![[r#"
            case: { from: $context.caseId, expect: $context.caseId }
                          ^^^^^^^^ YW0302 there is no variable `$context` at this place; no variables are available here, only `.`
                                                   ^^^^^^^^^^^^^^^ YW0309 this text looks like an expression, but is none; as an expression: `${ $context.caseId }`
            room: { form: .roomid }
                    ^^^^ YW0201 the key `form` is not known here; did you mean `from`?
        "#]],
    );
}
