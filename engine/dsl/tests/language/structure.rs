//! Keys, types, names and values of the document and of each task kind.

use expect_test::expect;

use crate::remarks::{catalog, check, check_do, check_text, clean_do};

#[test]
fn a_good_one() {
    check_do(
        "- hello: { set: { greeting: 你好 } }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn nothing_but_a_list() {
    check_text(
        "- a\n- b\n",
        expect![[r#"
        - a
        ^^^ YW0202 this must be a mapping, and is a list
    "#]],
    );
    check_text(
        "hello\n",
        expect![[r#"
        hello
        ^^^^^ YW0202 this must be a mapping, and is a text
    "#]],
    );
}

#[test]
fn missing_parts() {
    check_text(
        "document: {}\n",
        expect![[r#"
            document: {}
            ^^^^^^^^ YW0203 the key `do` is missing here
                      ^^ YW0203 the key `dsl` is missing here
                      ^^ YW0203 the key `name` is missing here
                      ^^ YW0203 the key `namespace` is missing here
                      ^^ YW0203 the key `version` is missing here
        "#]],
    );
    check_text(
        "do: []\n",
        expect![[r#"
        do: []
        ^^ YW0203 the key `document` is missing here
            ^^ YW0209 a list of tasks needs at least one task
    "#]],
    );
}

#[test]
fn keys_at_the_root() {
    check(
        "do: [{ a: { wait: PT1S } }]\ntimeouts: {}\nouput: { as: . }\n",
        expect![[r#"
        timeouts: {}
        ^^^^^^^^ YW0201 the key `timeouts` is not known here; did you mean `timeout`?
        ouput: { as: . }
        ^^^^^ YW0201 the key `ouput` is not known here; did you mean `output`?
    "#]],
    );
}

#[test]
fn near_keys_are_reported_once() {
    check_text(
        "documents: { dsl: '1.0.3' }\ndo: [{ a: { wait: PT1S } }]\n",
        expect![[r#"
        documents: { dsl: '1.0.3' }
        ^^^^^^^^^ YW0201 the key `documents` is not known here; did you mean `document`?
    "#]],
    );
}

#[test]
fn versions_of_the_language() {
    for dsl in ["1.0.0", "1.0.1", "1.0.2"] {
        let text = format!(
            "document: {{ dsl: '{dsl}', namespace: a, name: b, version: '1.0.0' }}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"
        );
        assert_eq!(yiwang_dsl::check(&text, &catalog()).1, []);
    }
    let text =
        "document: { dsl: '0.8', namespace: a, name: b, version: '1.0.0' }\ndo: [{ a: { wait: PT1S } }]\n";
    check_text(
        text,
        expect![[r#"
        document: { dsl: '0.8', namespace: a, name: b, version: '1.0.0' }
                         ^^^^^ YW0207 version `0.8` of the language is not read here; versions 1.0.0 to 1.0.3 are; write '1.0.3'
    "#]],
    );
    let text =
        "document: { dsl: 1.0, namespace: a, name: b, version: '1.0.0' }\ndo: [{ a: { wait: PT1S } }]\n";
    check_text(
        text,
        expect![[r#"
            document: { dsl: 1.0, namespace: a, name: b, version: '1.0.0' }
                             ^^^ YW0202 this must be a text, and is a number with a fraction; put it in quotes: '1.0'
        "#]],
    );
}

#[test]
fn names() {
    let text = "
document:
  dsl: '1.0.3'
  namespace: gov.cases
  name: 投诉办理
  version: '1.0'
  title: 投诉办理
  tags: [a]
do:
  - 登记: { set: { a: 1 } }
";
    check_text(
        text,
        expect![[r#"
        namespace: gov.cases
                   ^^^^^^^^^ YW0112 `gov.cases` cannot be a name; letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`
        name: 投诉办理
              ^^^^^^^^ YW0112 `投诉办理` cannot be a name; letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`
        version: '1.0'
                 ^^^^^ YW0208 `1.0` is not a semantic version; three numbers: '1.0.0'
        tags: [a]
              ^^^ YW0202 this must be a mapping, and is a list
    "#]],
    );
    let text = "
document: { dsl: '1.0.3', namespace: -a, name: a_b, version: 1.0 }
do: [{ a: { wait: PT1S } }]
";
    check_text(
        text,
        expect![[r#"
            document: { dsl: '1.0.3', namespace: -a, name: a_b, version: 1.0 }
                                                 ^^ YW0112 `-a` cannot be a name; letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`
                                                           ^^^ YW0112 `a_b` cannot be a name; letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`
                                                                         ^^^ YW0202 this must be a text, and is a number with a fraction; put it in quotes: '1.0'
        "#]],
    );
}

#[test]
fn semantic_versions() {
    let version = |version: &str, expect| {
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: a, name: b, version: '{version}' }}\ndo: [{{ a: {{ wait: PT1S }} }}]\n"
        );
        check_text(&text, expect);
    };
    version(
        "1.0.0-rc.1+build.5",
        expect![[r#"
        clean
    "#]],
    );
    version(
        "01.0.0",
        expect![[r#"
        document: { dsl: '1.0.3', namespace: a, name: b, version: '01.0.0' }
                                                                  ^^^^^^^^ YW0208 `01.0.0` is not a semantic version; three numbers: '1.0.0'
    "#]],
    );
    version(
        "1.0.0-01",
        expect![[r#"
        document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0-01' }
                                                                  ^^^^^^^^^^ YW0208 `1.0.0-01` is not a semantic version; three numbers: '1.0.0'
    "#]],
    );
    version(
        "v1.0.0",
        expect![[r#"
        document: { dsl: '1.0.3', namespace: a, name: b, version: 'v1.0.0' }
                                                                  ^^^^^^^^ YW0208 `v1.0.0` is not a semantic version; three numbers: '1.0.0'
    "#]],
    );
}

#[test]
fn policy() {
    let text = "
document:
  dsl: '1.0.3'
  namespace: a
  name: b
  version: '1.0.0'
  metadata:
    owner: { anything: goes }
    yiwang:
      timezone: Asia/Shangai
      caseType: complaint
      calendar: 5
      overlap: skip
      schedule:
        overlap: never
        misfire: skip
        missfire: skip
        daysOff: nxt
do: [{ a: { wait: PT1S } }]
";
    check_text(
        text,
        expect![[r#"
            timezone: Asia/Shangai
                      ^^^^^^^^^^^^ YW0213 the time zone `Asia/Shangai` is not known; did you mean `Asia/Shanghai`?
            calendar: 5
                      ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
            overlap: skip
            ^^^^^^^ YW0201 the key `overlap` is not known here; known here: `errors`, `lifecycle`, `retention`, `classification`
            overlap: never
                     ^^^^^ YW0210 `never` is not one of the values allowed here; known here: `allow`, `skip`
            missfire: skip
            ^^^^^^^^ YW0201 the key `missfire` is not known here
            daysOff: nxt
                     ^^^ YW0203 `daysOff` says what becomes of the times of `schedule.cron`, which is missing here
                     ^^^ YW0210 `nxt` is not one of the values allowed here; did you mean `next`?
        "#]],
    );
}

#[test]
fn items_are_single_keys() {
    check_do(
        "- a: { wait: PT1S }\n  b: { wait: PT1S }",
        expect![[r#"
        b: { wait: PT1S }
        ^ YW0204 an item of this list must be one name with one task; begin a new item (`- `) after `a`
    "#]],
    );
    check_do(
        "- a:\n  wait: PT1S",
        expect![[r#"
        wait: PT1S
        ^^^^ YW0204 an item of this list must be one name with one task; indent the keys below `a` by two more spaces
    "#]],
    );
    check_do(
        "- wait\n- {}\n- a: { wait: PT1S }",
        expect![[r#"
        - wait
          ^^^^ YW0204 an item of this list must be one name with one task
        - {}
          ^^ YW0204 an item of this list must be one name with one task
    "#]],
    );
    check(
        "do:\n  a: { wait: PT1S }\n",
        expect![[r#"
        a: { wait: PT1S }
        ^^^^^^^^^^^^^^^^^ YW0202 this must be a list, and is a mapping
    "#]],
    );
}

#[test]
fn kinds() {
    check_do(
        "- a: { cal: http }",
        expect![[r#"
        - a: { cal: http }
          ^ YW0206 the task `a` does nothing that is known; `cal`: did you mean `call`?
    "#]],
    );
    check_do(
        "- a: { if: 'true' }",
        expect![[r#"
        - a: { if: 'true' }
          ^ YW0206 the task `a` does nothing that is known; it needs one of: call, do, emit, for, fork, listen, raise, run, set, switch, try, wait
    "#]],
    );
    check_do(
        "- a:",
        expect![[r#"
        - a:
          ^ YW0206 the task `a` does nothing that is known; it needs one of: call, do, emit, for, fork, listen, raise, run, set, switch, try, wait
    "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, wait: PT1S }",
        expect![[r#"
        - a: { set: { b: 1 }, wait: PT1S }
                              ^^^^ YW0205 the task `a` has both `set` and `wait`; a task does one thing; make two tasks of it
    "#]],
    );
    check_do(
        "- a: 5",
        expect![[r#"
        - a: 5
             ^ YW0202 this must be a mapping, and is a number
    "#]],
    );
}

#[test]
fn keys_of_tasks() {
    check_do(
        "- a: { set: { b: 1 }, thn: end, with: {} }",
        expect![[r#"
        - a: { set: { b: 1 }, thn: end, with: {} }
                              ^^^ YW0201 the key `thn` is not known here; did you mean `then`?
                                        ^^^^ YW0201 the key `with` is not known here; known here: `if`, `input`, `output`, `export`, `timeout`, `then`, `metadata`
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, while: 'true' }",
        expect![[r#"
        - a: { wait: PT1S, while: 'true' }
                           ^^^^^ YW0201 the key `while` is not known here; known here: `if`, `input`, `output`, `export`, `timeout`, `then`, `metadata`
    "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, input: { form: . }, output: { is: . }, export: { as: ., schem: 1 } }",
        expect![[r#"
        - a: { set: { b: 1 }, input: { form: . }, output: { is: . }, export: { as: ., schem: 1 } }
                                       ^^^^ YW0201 the key `form` is not known here; did you mean `from`?
                                                            ^^ YW0201 the key `is` is not known here; did you mean `as`?
                                                                                      ^^^^^ YW0201 the key `schem` is not known here; did you mean `schema`?
    "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, metadata: 5 }",
        expect![[r#"
        - a: { set: { b: 1 }, metadata: 5 }
                                        ^ YW0202 this must be a mapping, and is a number
    "#]],
    );
}

#[test]
fn set() {
    check_do(
        "- a: { set: {} }",
        expect![[r#"
        - a: { set: {} }
                    ^^ YW0209 `set` must set something; an empty object: `set: ${ {} }`
    "#]],
    );
    check_do(
        "- a: { set: [1] }",
        expect![[r#"
        - a: { set: [1] }
                    ^^^ YW0202 this must be a mapping or an expression, and is a list
    "#]],
    );
    check_do(
        "- a: { set: '${ . }' }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn switch() {
    check_do(
        "- a: { switch: [] }",
        expect![[r#"
        - a: { switch: [] }
                       ^^ YW0209 `switch` needs at least one case
    "#]],
    );
    check_do(
        "
- a:
    switch:
      - one: { when: .x, then: end }
      - two: { then: end }
      - three: { then: exit }
",
        expect![[r#"
            - three: { then: exit }
              ^^^^^ YW0110 a switch has one case without `when`; this is the second
        "#]],
    );
    check_do(
        "- a: { switch: [{ one: { when: .x } }, { two: { wen: .y, then: end } }, 3] }",
        expect![[r#"
        - a: { switch: [{ one: { when: .x } }, { two: { wen: .y, then: end } }, 3] }
                                 ^^^^ YW0203 the key `then` is missing here
                                                        ^^^ YW0201 the key `wen` is not known here; did you mean `when`?
                                                                                ^ YW0204 an item of this list must be one name with one case
    "#]],
    );
}

#[test]
fn for_each() {
    check_do(
        "- a: { for: { each: x, in: .list }, do: [{ b: { set: { y: '${ $x }' } } }] }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { for: { each: x }, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { each: x }, do: [{ b: { wait: PT1S } }] }
                      ^^^^ YW0203 the key `in` is missing here
    "#]],
    );
    check_do(
        "- a: { for: { in: .list } }",
        expect![[r#"
        - a: { for: { in: .list } }
               ^^^ YW0203 the key `do` is missing here
    "#]],
    );
    check_do(
        "- a: { for: { in: .list, each: 条目, at: context }, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { in: .list, each: 条目, at: context }, do: [{ b: { wait: PT1S } }] }
                                       ^^^^ YW0112 `条目` cannot be a variable's name; letters a–z, digits and `_`, not beginning with a digit
                                                 ^^^^^^^ YW0112 `$context` is a variable of the language; choose another name
    "#]],
    );
    check_do(
        "- a: { for: { in: .list, each: x, at: x }, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { in: .list, each: x, at: x }, do: [{ b: { wait: PT1S } }] }
                                              ^ YW0112 item and index cannot both be called `$x`
    "#]],
    );
    check_do(
        "- a: { for: { in: 5 }, do: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { for: { in: 5 }, do: [{ b: { wait: PT1S } }] }
                          ^ YW0202 this must be an expression or a list, and is a number
    "#]],
    );
}

#[test]
fn raise() {
    check_do(
        "- a: { raise: { error: { type: 'https://a.b/c', status: 409, title: 用尽 } } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { raise: { error: { type: 5, status: 99, detials: x } } }",
        expect![[r#"
        - a: { raise: { error: { type: 5, status: 99, detials: x } } }
                                       ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
                                                  ^^ YW0210 this must be between 100 and 599
                                                      ^^^^^^^ YW0201 the key `detials` is not known here; did you mean `detail`?
    "#]],
    );
    check_do(
        "- a: { raise: { error: { title: x } } }",
        expect![[r#"
            - a: { raise: { error: { title: x } } }
                                     ^^^^^ YW0203 the key `status` is missing here
                                     ^^^^^ YW0203 the key `type` is missing here
        "#]],
    );
    check_do(
        "- a: { raise: { error: { type: x, status: '409' } } }",
        expect![[r#"
        - a: { raise: { error: { type: x, status: '409' } } }
                                                  ^^^^^ YW0202 this must be a whole number, and is a text
    "#]],
    );
    check_do(
        "- a: { raise: { error: { type: x, status: '${ .status }' } } }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn reuse() {
    check(
        "
use:
  errors: { exhausted: { type: x, status: 409 } }
  retries: { transient: { delay: PT5S } }
  timeouts: { week: { after: P7D } }
do:
  - a:
      try:
        - b: { raise: { error: exausted } }
      catch: { retry: transiet }
      timeout: weak
",
        expect![[r#"
            - b: { raise: { error: exausted } }
                                   ^^^^^^^^ YW0109 `use.errors` does not define `exausted`; did you mean `exhausted`?
            catch: { retry: transiet }
                            ^^^^^^^^ YW0109 `use.retries` does not define `transiet`; did you mean `transient`?
            timeout: weak
                     ^^^^ YW0109 `use.timeouts` does not define `weak`; did you mean `week`?
        "#]],
    );
}

#[test]
fn unused_definitions_are_checked_too() {
    check(
        "
use:
  errors: { a: { type: x } }
  retries: { b: { delay: soon, when: $error.status == 503 } }
  timeouts: { c: {} }
do:
  - a: { wait: PT1S }
",
        expect![[r#"
            errors: { a: { type: x } }
                      ^ YW0124 nothing uses `a` of `use.errors`; remove it, or use it
                           ^^^^ YW0203 the key `status` is missing here
            retries: { b: { delay: soon, when: $error.status == 503 } }
                                   ^^^^ YW0211 `soon` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
            timeouts: { c: {} }
                           ^^ YW0203 the key `after` is missing here
        "#]],
    );
}

#[test]
fn used_definitions_are_reported_once() {
    check(
        "
use:
  errors: { a: { type: x } }
do:
  - a: { raise: { error: a }, if: .x }
  - b: { raise: { error: a } }
",
        expect![[r#"
            errors: { a: { type: x } }
                           ^^^^ YW0203 the key `status` is missing here
        "#]],
    );
}

#[test]
fn timeouts() {
    check_do(
        "- a: { wait: PT1S, timeout: { after: PT5M } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, timeout: PT5M }",
        expect![[r#"
        - a: { wait: PT1S, timeout: PT5M }
                                    ^^^^ YW0109 `use.timeouts` does not define `PT5M`; a duration stands under `after`: `timeout: { after: PT5M }`
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, timeout: {} }",
        expect![[r#"
        - a: { wait: PT1S, timeout: {} }
                                    ^^ YW0203 the key `after` is missing here
    "#]],
    );
    check_do(
        "- a: { wait: PT1S, timeout: { after: '${ $context.left }' }, export: { as: '${ {left: 1} }' } }",
        expect![[r#"
            - a: { wait: PT1S, timeout: { after: '${ $context.left }' }, export: { as: '${ {left: 1} }' } }
                                                              ^^^^ YW0117 `$context.left` is read before anything exports it; it is null here: a task exports only when it has ended
        "#]],
    );
}

#[test]
fn durations() {
    for good in
        ["PT1S", "P1D", "P1W", "P1DT2H3M4.5S", "PT0.25S", "{ days: 1, hours: 2 }", "{ milliseconds: 5 }"]
    {
        clean_do(&[&format!("- a: {{ wait: {good} }}")]);
    }
}

#[test]
fn bad_durations() {
    check_do(
        "- a: { wait: 五分钟 }",
        expect![[r#"
        - a: { wait: 五分钟 }
                     ^^^^^^ YW0211 `五分钟` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: P1Y }",
        expect![[r#"
        - a: { wait: P1Y }
                     ^^^ YW0211 `P1Y` is not a duration; years and months have no fixed length; give it in days
    "#]],
    );
    check_do(
        "- a: { wait: P1M }",
        expect![[r#"
        - a: { wait: P1M }
                     ^^^ YW0211 `P1M` is not a duration; years and months have no fixed length; give it in days
    "#]],
    );
    check_do(
        "- a: { wait: P }",
        expect![[r#"
        - a: { wait: P }
                     ^ YW0211 `P` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: P1DT }",
        expect![[r#"
        - a: { wait: P1DT }
                     ^^^^ YW0211 `P1DT` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: PT1M1H }",
        expect![[r#"
        - a: { wait: PT1M1H }
                     ^^^^^^ YW0211 `PT1M1H` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: PT-1S }",
        expect![[r#"
        - a: { wait: PT-1S }
                     ^^^^^ YW0211 `PT-1S` is not a duration; for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: 5 }",
        expect![[r#"
        - a: { wait: 5 }
                     ^ YW0202 this must be a duration, and is a number; for example `PT30M`, or `{ minutes: 30 }`
    "#]],
    );
    check_do(
        "- a: { wait: {} }",
        expect![[r#"
        - a: { wait: {} }
                     ^^ YW0209 a duration needs at least one unit
    "#]],
    );
    check_do(
        "- a: { wait: { months: 1 } }",
        expect![[r#"
            - a: { wait: { months: 1 } }
                           ^^^^^^ YW0211 a duration cannot be given in `months`; give it in days
        "#]],
    );
    check_do(
        "- a: { wait: { minuets: 1 } }",
        expect![[r#"
        - a: { wait: { minuets: 1 } }
                       ^^^^^^^ YW0201 the key `minuets` is not known here; did you mean `minutes`?
    "#]],
    );
    check_do(
        "- a: { wait: { days: -1 } }",
        expect![[r#"
        - a: { wait: { days: -1 } }
                             ^^ YW0210 this must be between 0 and 106751991167
    "#]],
    );
    check_do(
        "- a: { wait: { days: 1.5 } }",
        expect![[r#"
            - a: { wait: { days: 1.5 } }
                                 ^^^ YW0202 this must be a whole number, and is a number with a fraction
        "#]],
    );
    check_do(
        "- a: { wait: P999999D }",
        expect![[r#"
        - a: { wait: P999999D }
                     ^^^^^^^^ YW0211 a duration cannot be longer than a hundred years
    "#]],
    );
}

#[test]
fn try_catch() {
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }] }",
        expect![[r#"
        - a: { try: [{ b: { wait: PT1S } }] }
               ^^^ YW0203 the key `catch` is missing here
    "#]],
    );
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: {} }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { try: [], catch: { errors: { with: {} }, as: $err, do: [] } }",
        expect![[r#"
        - a: { try: [], catch: { errors: { with: {} }, as: $err, do: [] } }
                    ^^ YW0209 a list of tasks needs at least one task
                                                 ^^ YW0209 a filter of errors needs at least one member; without `errors`, every error is caught
                                                                     ^^ YW0209 a list of tasks needs at least one task
    "#]],
    );
    check_do(
        "
- a:
    try: [{ b: { wait: PT1S } }]
    catch:
      errors: { with: { type: x, status: '404', statuss: 1 } }
      retry:
        delay: { seconds: 1 }
        backoff: { exponential: {}, linear: {} }
        jitter: { from: PT2S, to: PT1S }
        limit: { attempt: { count: many }, duratoin: PT1M }
",
        expect![[r#"
            errors: { with: { type: x, status: '404', statuss: 1 } }
                                               ^^^^^ YW0202 this must be a whole number, and is a text
                                                      ^^^^^^^ YW0201 the key `statuss` is not known here; known here: `instance`, `title`, `detail`, `details`
            backoff: { exponential: {}, linear: {} }
                       ^^^^^^^^^^^ YW0217 only one of `constant`, `linear` and `exponential` can stand here
            jitter: { from: PT2S, to: PT1S }
                    ^^^^^^^^^^^^^^^^^^^^^^^^ YW0210 `from` is longer than `to`
            limit: { attempt: { count: many }, duratoin: PT1M }
                                       ^^^^ YW0202 this must be a whole number, and is a text
                                               ^^^^^^^^ YW0201 the key `duratoin` is not known here; did you mean `duration`?
        "#]],
    );
    check_do(
        "- a: { try: [{ b: { wait: PT1S } }], catch: { retry: { backoff: {} } } }",
        expect![[r#"
        - a: { try: [{ b: { wait: PT1S } }], catch: { retry: { backoff: {} } } }
                                                                        ^^ YW0203 one of `constant`, `linear` and `exponential` is missing here
    "#]],
    );
}

#[test]
fn schemas() {
    check_do(
        "- a: { set: { b: 1 }, input: { schema: { document: { type: object, required: [x] } } } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, output: { schema: { document: { type: objekt } } } }",
        expect![[r#"
            - a: { set: { b: 1 }, output: { schema: { document: { type: objekt } } } }
                                                                  ^^^^ YW0214 this is no valid schema: `objekt` is no JSON type
        "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, output: { schema: { document: { properties: { x: { pattern: '(' } } } } } }",
        expect![[r#"
            - a: { set: { b: 1 }, output: { schema: { document: { properties: { x: { pattern: '(' } } } } } }
                                                                                     ^^^^^^^ YW0214 this is no valid schema: `(` is no regular expression
        "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, output: { schema: { document: { $ref: 'https://example.org/s.json' } } } }",
        expect![[r#"
        - a: { set: { b: 1 }, output: { schema: { document: { $ref: 'https://example.org/s.json' } } } }
                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0214 this is no valid schema: Resource 'https://example.org/s.json' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch https://example.org/s.json
    "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, output: { schema: {} } }",
        expect![[r#"
            - a: { set: { b: 1 }, output: { schema: {} } }
                                                    ^^ YW0203 one of `document` and `resource` is missing here
        "#]],
    );
    check_do(
        "- a: { set: { b: 1 }, output: { schema: { format: avro, document: {} } } }",
        expect![[r#"
            - a: { set: { b: 1 }, output: { schema: { format: avro, document: {} } } }
                                                              ^^^^ YW0227 schemas of the format `avro` are not read here; JSON Schema: `format: json`
        "#]],
    );
}

#[test]
fn functions() {
    check_do(
        "- a: { call: human-task:1.0.0@default, with: { title: 处理 } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { call: human-tsk:1.0.0@default, with: { title: 处理 } }",
        expect![[r#"
        - a: { call: human-tsk:1.0.0@default, with: { title: 处理 } }
                     ^^^^^^^^^^^^^^^^^^^^^^^ YW0105 the catalog `default` has no function `human-tsk`; did you mean `human-task`?
    "#]],
    );
    check_do(
        "- a: { call: human-task:2.0.0@default, with: { title: 处理 } }",
        expect![[r#"
        - a: { call: human-task:2.0.0@default, with: { title: 处理 } }
                     ^^^^^^^^^^^^^^^^^^^^^^^^ YW0106 the function `human-task` has no version 2.0.0; it has 1.0.0, 1.1.0
    "#]],
    );
    check_do(
        "- a: { call: human-task:1.0.0@defualt, with: { title: 处理 } }",
        expect![[r#"
        - a: { call: human-task:1.0.0@defualt, with: { title: 处理 } }
                     ^^^^^^^^^^^^^^^^^^^^^^^^ YW0107 there is no catalog or channel `defualt`; did you mean `default`?
    "#]],
    );
    check_do(
        "- a: { call: send:1.0.0@wechatt }",
        expect![[r#"
        - a: { call: send:1.0.0@wechatt }
                     ^^^^^^^^^^^^^^^^^^ YW0107 there is no catalog or channel `wechatt`; did you mean `wechat`?
    "#]],
    );
    check_do(
        "- a: { call: send:1.0.0@web-form }",
        expect![[r#"
        - a: { call: send:1.0.0@web-form }
                     ^^^^^^^^^^^^^^^^^^^ YW0105 the catalog `web-form` has no function `send`
    "#]],
    );
    check_do(
        "- a: { call: human-task }",
        expect![[r#"
            - a: { call: human-task }
                         ^^^^^^^^^^ YW0105 `human-task` names no function; did you mean `human-task:1.0.0@default`?
        "#]],
    );
    check_do(
        "- a: { call: human-task:1@default }",
        expect![[r#"
        - a: { call: human-task:1@default }
                     ^^^^^^^^^^^^^^^^^^^^ YW0208 `1` is not a semantic version; a function is named `name:1.0.0@catalog`
    "#]],
    );
    check_do(
        "- a: { call: 5 }",
        expect![[r#"
        - a: { call: 5 }
                     ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
    "#]],
    );
    check_do(
        "- a: { call: send:1.0.0@wechat, with: 5 }",
        expect![[r#"
        - a: { call: send:1.0.0@wechat, with: 5 }
                                              ^ YW0202 this must be a mapping, and is a number
    "#]],
    );
}

#[test]
fn arguments() {
    check_do(
        "- a: { call: human-task:1.0.0@default }",
        expect![[r#"
        - a: { call: human-task:1.0.0@default }
                     ^^^^^^^^^^^^^^^^^^^^^^^^ YW0215 `with` lacks `title`
    "#]],
    );
    check_do(
        "- a: { call: human-task:1.0.0@default, with: { titel: 处理 } }",
        expect![[r#"
            - a: { call: human-task:1.0.0@default, with: { titel: 处理 } }
                                                           ^^^^^ YW0215 the function takes no `titel` here; did you mean `title`?
        "#]],
    );
    check_do(
        "- a: { call: human-task:1.0.0@default, with: { title: 5, priority: hihg, due: { hour: 1 } } }",
        expect![[r#"
            - a: { call: human-task:1.0.0@default, with: { title: 5, priority: hihg, due: { hour: 1 } } }
                                                                  ^ YW0215 this argument does not fit: it is not of type "string"
                                                                               ^^^^ YW0215 `hihg` is not one of `low`, `high`; did you mean `high`?
                                                                                            ^^^^ YW0215 the function takes no `hour` here; did you mean `hours`?
        "#]],
    );
    check_do(
        "- a: { call: human-task:1.0.0@default, with: { title: x, candidateGroups: [] } }",
        expect![[r#"
            - a: { call: human-task:1.0.0@default, with: { title: x, candidateGroups: [] } }
                                                                                      ^^ YW0215 this argument does not fit: it has less than 1 item
        "#]],
    );
}

#[test]
fn expressions_are_not_held_against_schemas() {
    check_do(
        "
- a:
    call: human-task:1.0.0@default
    with:
      title: ${ .title }
      priority: ${ .priority }
      candidateGroups: [ '${ .group }', 5 ]
      due: ${ .due }
",
        expect![[r#"
            candidateGroups: [ '${ .group }', 5 ]
                                              ^ YW0215 this argument does not fit: it is not of type "string"
        "#]],
    );
}

#[test]
fn channels() {
    check_do(
        "- a: { call: notify:1.0.0@default, with: { channel: wechat, text: 您好 } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { call: notify:1.0.0@default, with: { channel: wecaht, text: 您好 } }",
        expect![[r#"
        - a: { call: notify:1.0.0@default, with: { channel: wecaht, text: 您好 } }
                                                            ^^^^^^ YW0108 there is no channel `wecaht`; did you mean `wechat`?
    "#]],
    );
    check_do(
        "- a: { call: notify:1.0.0@default, with: { channel: '${ .channel }', text: 您好 } }",
        expect![[r#"
        clean
    "#]],
    );
}

#[test]
fn emit() {
    check_do(
        "- a: { emit: { event: { with: { type: cn.yiwang.done.v1, data: { id: '${ .id }' } } } } }",
        expect![[r#"
        clean
    "#]],
    );
    check_do(
        "- a: { emit: { event: { with: { typ: x } } } }",
        expect![[r#"
        - a: { emit: { event: { with: { typ: x } } } }
                                        ^^^ YW0203 the key `type` is missing here; every event has a type
    "#]],
    );
    check_do(
        "- a: { emit: { with: { type: x } } }",
        expect![[r#"
        - a: { emit: { with: { type: x } } }
                       ^^^^ YW0201 the key `with` is not known here; known here: `event`
                       ^^^^ YW0203 the key `event` is missing here
    "#]],
    );
    check_do(
        "- a: { emit: { event: { with: { type: 5, source: 6, extra: 7 } } } }",
        expect![[r#"
        - a: { emit: { event: { with: { type: 5, source: 6, extra: 7 } } } }
                                              ^ YW0202 this must be a text, and is a number; put it in quotes: '5'
                                                         ^ YW0202 this must be a text, and is a number; put it in quotes: '6'
    "#]],
    );
}
