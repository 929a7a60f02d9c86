//! When workflows start by themselves.

use expect_test::{Expect, expect};

use crate::remarks::{catalog, check, check_text};

fn schedule(text: &str, expect: Expect) {
    check(&format!("schedule: {text}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"), expect);
}

#[test]
fn every() {
    schedule(
        "{ every: PT15M }",
        expect![[r#"
        clean
    "#]],
    );
    schedule(
        "{ every: { minutes: 15 } }",
        expect![[r#"
        clean
    "#]],
    );
    schedule(
        "{ every: PT0.5S }",
        expect![[r#"
        schedule: { every: PT0.5S }
                           ^^^^^^ YW0210 an interval must be at least one second
    "#]],
    );
    schedule(
        "{ every: '${ .x }' }",
        expect![[r#"
        schedule: { every: '${ .x }' }
                           ^^^^^^^^^ YW0211 `${ .x }` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
}

#[test]
fn cron() {
    for good in ["0 9 * * 1-5", "*/15 * * * *", "0 9 1 1,4,7,10 *", "0 0 * * SUN"] {
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }}\nschedule: {{ cron: '{good}' }}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"
        );
        assert_eq!(yiwang_dsl::check(&text, &catalog()).1, []);
    }
}

#[test]
fn bad_cron() {
    schedule(
        "{ cron: '0 9 * *' }",
        expect![[r#"
        schedule: { cron: '0 9 * *' }
                          ^^^^^^^^^ YW0212 a cron expression has five fields, this one has 4; minute, hour, day of month, month, day of week (0 and 7 are Sunday)
    "#]],
    );
    schedule(
        "{ cron: '0 0 9 * * *' }",
        expect![[r#"
        schedule: { cron: '0 0 9 * * *' }
                          ^^^^^^^^^^^^^ YW0212 a cron expression has five fields, this one has 6; minute, hour, day of month, month, day of week (0 and 7 are Sunday)
    "#]],
    );
    schedule(
        "{ cron: '61 9 * * *' }",
        expect![[r#"
        schedule: { cron: '61 9 * * *' }
                          ^^^^^^^^^^^^ YW0212 `61 9 * * *` is not a cron expression: Component error: Number out of bounds.
    "#]],
    );
    schedule(
        "{ cron: '0 9 * * FOO' }",
        expect![[r#"
        schedule: { cron: '0 9 * * FOO' }
                          ^^^^^^^^^^^^^ YW0212 `0 9 * * FOO` is not a cron expression: Pattern contains illegal characters: CronPattern contains illegal character 'F' in part 'FOO'
    "#]],
    );
    schedule(
        "{ cron: '0 0 30 2 *' }",
        expect![[r#"
        schedule: { cron: '0 0 30 2 *' }
                          ^^^^^^^^^^^^ YW0212 there is never a time that fits `0 0 30 2 *`
    "#]],
    );
    schedule(
        "{ cron: 每天九点 }",
        expect![[r#"
        schedule: { cron: 每天九点 }
                          ^^^^^^^^ YW0212 a cron expression has five fields, this one has 1; minute, hour, day of month, month, day of week (0 and 7 are Sunday)
    "#]],
    );
}

#[test]
fn on_events() {
    schedule(
        "{ on: { one: { with: { type: x, data: '${ .kind == \"a\" }' } } }, read: envelope }",
        expect![[r#"
        clean
    "#]],
    );
    schedule(
        "{ on: { any: [{ with: { type: x } }, { with: { type: y } }] } }",
        expect![[r#"
        clean
    "#]],
    );
    schedule(
        "{ on: { one: { with: { type: x, data: '${ $context.a }' } } } }",
        expect![[r#"
        schedule: { on: { one: { with: { type: x, data: '${ $context.a }' } } } }
                                                            ^^^^^^^^ YW0302 there is no variable `$context` at this place; no variables are available here, only `.`
    "#]],
    );
}

#[test]
fn after() {
    schedule(
        "{ after: PT1M }",
        expect![[r#"
        clean
    "#]],
    );
    schedule(
        "{ after: { milliseconds: 5 } }",
        expect![[r#"
        schedule: { after: { milliseconds: 5 } }
                           ^^^^^^^^^^^^^^^^^^^ YW0210 an interval must be at least one second
    "#]],
    );
    schedule(
        "{ after: PT1M, every: PT1M }",
        expect![[r#"
        schedule: { after: PT1M, every: PT1M }
                    ^^^^^ YW0217 only one of `on`, `cron`, `every` and `after` can stand here
    "#]],
    );
}

#[test]
fn on_sets_of_events() {
    schedule(
        "{ on: { all: [{ with: { type: x }, correlate: { k: { from: .data.k } } }, { with: { type: y }, correlate: { k: { from: .k } } }] } }",
        expect![[r#"
            clean
        "#]],
    );
    schedule(
        "{ on: { one: { with: { type: x }, correlate: { k: { from: .k, expect: 5 } } } } }",
        expect![[r#"
            clean
        "#]],
    );
    schedule(
        "{ on: { any: [{ with: { type: x }, correlate: { k: { from: .k } } }] } }",
        expect![[r#"
        schedule: { on: { any: [{ with: { type: x }, correlate: { k: { from: .k } } }] } }
                                                                  ^ YW0241 `k` has no `expect`, and no other event to be compared with; say what it must be: `expect: ${ … }`
    "#]],
    );
    schedule(
        "{ on: { one: { with: { type: x }, correlate: { k: { from: .k, expect: '${ $context.k }' } } } } }",
        expect![[r#"
            schedule: { on: { one: { with: { type: x }, correlate: { k: { from: .k, expect: '${ $context.k }' } } } } }
                                                                                                ^^^^^^^^ YW0302 there is no variable `$context` at this place; no variables are available here, only `.`
        "#]],
    );
    schedule(
        "{ on: { any: [{ with: { type: x } }], until: '. | length > 3' } }",
        expect![[r#"
        schedule: { on: { any: [{ with: { type: x } }], until: '. | length > 3' } }
                                                        ^^^^^ YW0240 nothing is listened to here that could go on until then; to go on with several events, listen `to: { any: […], until: … }`
    "#]],
    );
}

#[test]
fn one_of_them() {
    schedule(
        "{}",
        expect![[r#"
            schedule: {}
                      ^^ YW0203 one of `on`, `cron`, `every` and `after` is missing here
        "#]],
    );
    schedule(
        "{ every: PT1M, cron: '* * * * *' }",
        expect![[r#"
            schedule: { every: PT1M, cron: '* * * * *' }
                        ^^^^^ YW0217 only one of `on`, `cron`, `every` and `after` can stand here
        "#]],
    );
    schedule(
        "{ cron: '* * * * *', read: data }",
        expect![[r#"
        schedule: { cron: '* * * * *', read: data }
                                       ^^^^ YW0203 `read` belongs to `on`, which is missing here
    "#]],
    );
    schedule(
        "{ corn: '* * * * *' }",
        expect![[r#"
            schedule: { corn: '* * * * *' }
                        ^^^^ YW0201 the key `corn` is not known here; did you mean `cron`?
        "#]],
    );
    schedule(
        "daily",
        expect![[r#"
        schedule: daily
                  ^^^^^ YW0202 this must be a mapping, and is a text
    "#]],
    );
}

#[test]
fn days_off_are_of_a_cron_expression() {
    let text = "
document:
  dsl: '1.0.3'
  namespace: a
  name: b
  version: '1.0.0'
  metadata: { yiwang: { schedule: { daysOff: next } } }
schedule: { every: PT1H }
do: [{ a: { wait: PT1S } }]
";
    check_text(
        text,
        expect![[r#"
        metadata: { yiwang: { schedule: { daysOff: next } } }
                                                   ^^^^ YW0203 `daysOff` says what becomes of the times of `schedule.cron`, which is missing here
    "#]],
    );
    check_text(
        &text.replace("every: PT1H", "cron: 0 9 1 * *"),
        expect![[r#"
        clean
    "#]],
    );
}
