//! Text to values: what is read, what is refused, and where.

use expect_test::{Expect, expect};
use yiwang_dsl::yaml;

use crate::remarks::{check, under_lines};

/// A text as JSON, or the remarks about it.
fn read(text: &str, expect: Expect) {
    expect.assert_eq(&match yaml::parse(text) {
        Ok(node) => node.to_json().to_string(),
        Err(diagnostics) => under_lines(text, &diagnostics),
    });
}

#[test]
fn norway_is_a_country() {
    read("[no, yes, on, off, y, n, NO]", expect![[r#"["no","yes","on","off","y","n","NO"]"#]]);
}

#[test]
fn booleans_and_nothing() {
    read(
        "[true, False, TRUE, null, ~, Null, , 'null']",
        expect![[r#"
            [true, False, TRUE, null, ~, Null, , 'null']
                                               ^ YW0001 this is not YAML: while parsing a node, did not find expected node content
        "#]],
    );
    read("[true, False, null, ~, 'null', \"true\"]", expect![[r#"[true,false,null,null,"null","true"]"#]]);
}

#[test]
fn numbers_are_numbers() {
    read(
        "[0, -1, 42, 0x1F, 0o17, 1.5, -0.25, .5, 1., 1e3, 1E-2]",
        expect!["[0,-1,42,31,15,1.5,-0.25,0.5,1.0,1000.0,0.01]"],
    );
}

#[test]
fn codes_and_telephone_numbers_stay_texts() {
    read(
        "[012, 05581234567, 00, -012, 007.5, +8613812345678, 1_000, 0b11, 1.0.3, 12:30, 2026-11-24]",
        expect![[
            r#"["012","05581234567","00","-012","007.5","+8613812345678","1_000","0b11","1.0.3","12:30","2026-11-24"]"#
        ]],
    );
}

#[test]
fn huge_numbers_are_refused() {
    read("a: 9223372036854775807", expect![[r#"{"a":9223372036854775807}"#]]);
    read(
        "a: 9223372036854775808",
        expect![[r#"
        a: 9223372036854775808
           ^^^^^^^^^^^^^^^^^^^ YW0009 the number 9223372036854775808 is too large to be kept exactly; as a text: '9223372036854775808'
    "#]],
    );
    read(
        "a: 123456789012345678901234567890",
        expect![[r#"
        a: 123456789012345678901234567890
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ YW0009 the number 123456789012345678901234567890 is too large to be kept exactly; as a text: '123456789012345678901234567890'
    "#]],
    );
    read(
        "a: 1e400",
        expect![[r#"
        a: 1e400
           ^^^^^ YW0009 the number 1e400 is too large to be kept exactly; as a text: '1e400'
    "#]],
    );
}

#[test]
fn infinities_are_refused() {
    read(
        "a: .inf\nb: -.Inf\nc: .nan",
        expect![[r#"
        a: .inf
           ^^^^ YW0009 `.inf` is not a number that data can hold; as a text: '.inf'
        b: -.Inf
           ^^^^^ YW0009 `-.Inf` is not a number that data can hold; as a text: '-.Inf'
        c: .nan
           ^^^^ YW0009 `.nan` is not a number that data can hold; as a text: '.nan'
    "#]],
    );
}

#[test]
fn quotes_make_texts() {
    read("['1', \"2\", 'it''s', \"\\u4e2d\\n\", !!str 3]", expect![[r#"["1","2","it's","中\n","3"]"#]]);
}

#[test]
fn duplicate_keys() {
    read(
        "a: 1\nb: 2\na: 3\n",
        expect![[r#"
        a: 3
        ^ YW0004 the key `a` stands twice
    "#]],
    );
    read(
        "{ 名: 1, 名: 2 }",
        expect![[r#"
        { 名: 1, 名: 2 }
                 ^^ YW0004 the key `名` stands twice
    "#]],
    );
}

#[test]
fn duplicate_keys_show_both_places() {
    let text = "名: 1\n名: 2\n";
    let diagnostics = yaml::parse(text).unwrap_err();
    assert_eq!(diagnostics[0].span, 7..10);
    assert_eq!(diagnostics[0].related, [(0..3, "it stands here already".into())]);
}

#[test]
fn keys_are_texts() {
    read(
        "1: a\ntrue: b\n~: c\non: d\n012: e\n",
        expect![[r#"
        1: a
        ^ YW0005 a key must be a text, this is a number; put it in quotes: '1'
        true: b
        ^^^^ YW0005 a key must be a text, this is true or false; put it in quotes: 'true'
        ~: c
        ^ YW0005 a key must be a text, this is nothing; put it in quotes: '~'
    "#]],
    );
    read(
        "? [a]\n: b\n",
        expect![[r#"
        ? [a]
          ^^^ YW0005 a key must be a text, this is a list
    "#]],
    );
}

#[test]
fn merge_keys() {
    read(
        "a: &a { x: 1 }\nb: { <<: *a, y: 2 }\n",
        expect![[r#"
        b: { <<: *a, y: 2 }
             ^^ YW0006 merge keys (`<<`) are not read; repeat the members, or move them into `use`
    "#]],
    );
    read("'<<': 1", expect![[r#"{"<<":1}"#]]);
}

#[test]
fn tags() {
    read(
        "a: !secret b\nc: !!int '1'\nd: !!binary aGk=\n",
        expect![[r#"
        a: !secret b
           ^^^^^^^^^ YW0007 the tag `!secret` is not read; only `!!str` is, and quotes do the same
        c: !!int '1'
           ^^^^^^^^^ YW0007 the tag `tag:yaml.org,2002:int` is not read; only `!!str` is, and quotes do the same
        d: !!binary aGk=
           ^^^^^^^^^^^^^ YW0007 the tag `tag:yaml.org,2002:binary` is not read; only `!!str` is, and quotes do the same
    "#]],
    );
}

#[test]
fn aliases() {
    read("a: &a [1, 2]\nb: *a\n", expect![[r#"{"a":[1,2],"b":[1,2]}"#]]);
    read(
        "a: *nowhere\n",
        expect![[r#"
            a: *nowhere
               ^^^^^^^^ YW0008 there is no anchor of this name before
        "#]],
    );
    read(
        "a: &a [*a]\n",
        expect![[r#"
        a: &a [*a]
               ^^ YW0008 this alias repeats something that it is part of itself
    "#]],
    );
}

#[test]
fn one_document() {
    read(
        "a: 1\n---\nb: 2\n",
        expect![[r#"
        b: 2
        ^ YW0010 a second document begins here; a file holds one
    "#]],
    );
    read("---\na: 1\n...\n", expect![[r#"{"a":1}"#]]);
}

#[test]
fn nothing_at_all() {
    read(
        "",
        expect![[r#"

        ^ YW0011 there is nothing in this text
    "#]],
    );
    read(
        "# only a comment\n",
        expect![[r#"
        # only a comment
        ^ YW0011 there is nothing in this text
    "#]],
    );
}

#[test]
fn tabs() {
    read(
        "a:\n\tb: 1\n",
        expect![[r#"
        b: 1
        ^ YW0001 this is not YAML: tabs disallowed within this context (block indentation); indent with spaces, not with tabs
    "#]],
    );
}

#[test]
fn unquoted_commas_in_braces() {
    read(
        "schedule: { cron: 0 9 1 1,4,7,10 * }\n",
        expect![[r#"
            schedule: { cron: 0 9 1 1,4,7,10 * }
                                      ^ YW0005 a key must be a text, this is a number; inside `{ }` a comma ends a text: put the whole text in quotes
                                        ^ YW0005 a key must be a text, this is a number; inside `{ }` a comma ends a text: put the whole text in quotes
        "#]],
    );
}

#[test]
fn unquoted_expression_in_braces() {
    read(
        "with: { a: ${ .a } }\n",
        expect![[r#"
        with: { a: ${ .a } }
                    ^ YW0001 this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'; inside `{ }` and `[ ]`, put a text with `,`, `:` or `${ }` in quotes
    "#]],
    );
}

#[test]
fn unquoted_colon() {
    read(
        "title: 投诉: 噪音\n",
        expect![[r#"
            title: 投诉: 噪音
                       ^ YW0001 this is not YAML: mapping values are not allowed in this context; put a text that contains `: ` in quotes
        "#]],
    );
}

#[test]
fn unclosed() {
    read(
        "a: [1, 2\n",
        expect![[r#"

        ^ YW0001 this is not YAML: while parsing a flow sequence, expected ',' or ']'
    "#]],
    );
    read(
        "a: \"b\n",
        expect![[r#"
            a: "b
               ^ YW0001 this is not YAML: while scanning a quoted scalar, found unexpected end of stream; a quote may not be closed
        "#]],
    );
    read(
        "a: 'b\nc: d\n",
        expect![[r#"
            a: 'b
               ^ YW0001 this is not YAML: invalid indentation in quoted scalar; a quote may not be closed
        "#]],
    );
}

#[test]
fn bad_indentation() {
    read(
        "a:\n  b: 1\n c: 2\n",
        expect![[r#"
            c: 2
            ^ YW0001 this is not YAML: while parsing a block mapping, did not find expected key; look at the indentation of this line and of the one before
        "#]],
    );
}

#[test]
fn byte_order_mark() {
    read("\u{feff}a: 中\n", expect![[r#"{"a":"中"}"#]]);
    let node = yaml::parse("\u{feff}a: 中\n").unwrap();
    assert_eq!(node.at("/a").map(|node| node.span.clone()), Some(6..9));
}

#[test]
fn windows_line_ends() {
    read("a: 1\r\nb:\r\n  - 中\r\n", expect![[r#"{"a":1,"b":["中"]}"#]]);
}

#[test]
fn spans_are_bytes() {
    let text =
        "标题: 噪音扰民 # 备注\n列表:\n  - 甲\n  - \"乙\"\n映射: { 键: 值 }\n块: |\n  第一行\n  第二行\n";
    let node = yaml::parse(text).unwrap();
    let shown = |pointer: &str| &text[node.at(pointer).unwrap().span.clone()];
    assert_eq!(shown("/标题"), "噪音扰民");
    assert_eq!(shown("/列表"), "- 甲\n  - \"乙\"");
    assert_eq!(shown("/列表/1"), "\"乙\"");
    assert_eq!(shown("/映射"), "{ 键: 值 }");
    assert_eq!(shown("/块"), "第一行\n  第二行");
    assert_eq!(&text[node.key_span("/映射/键").unwrap()], "键");
}

#[test]
fn pointers_escape() {
    let node = yaml::parse("a/b: { c~d: [1, 2] }").unwrap();
    assert_eq!(node.at("/a~1b/c~0d/1").map(yaml::Node::to_json), Some(2.into()));
    assert_eq!(node.at("/a~1b/x"), None);
    assert_eq!(node.at(""), Some(&node));
}

/// The source behind a part of a text.
#[track_caller]
fn behind(text: &str, part: &str, expected: &str) {
    let node = yaml::parse(text).expect("good YAML");
    let node = node.at("/a").expect("a member `a`");
    let start = node.as_str().and_then(|text| text.find(part)).expect("a text with this part");
    let span = node.text_span(text, start..start + part.len());
    assert_eq!(&text[span.clone()], expected);
    assert!(node.span.start <= span.start && span.end <= node.span.end);
}

#[test]
fn parts_of_texts_are_found_in_every_style() {
    behind("a: 请 .x 处理\n", ".x", ".x");
    behind("a: 'it''s 中 .x'\n", ".x", ".x");
    behind("a: \"\\u4e2d\\t.x \\\" y\"\n", ".x", ".x");
    behind("a: \"\\u4e2d\\t.x \\\" y\"\n", "\" y", "\\\" y");
    behind("a: |\n    第一\n      .x\n    y\n", ".x", ".x");
    behind("a: |-\n    第一\n      .x\n    y\n", "y", "y");
    behind("a: >\n    第一\n    第二 .x\n\n    y\n", ".x", ".x");
    behind("a: >-\n    第一\n    第二 .x\n\n    y\n", "y", "y");
    behind("a: 一\n  二 .x\n", ".x", ".x");
    behind("a: 'one\n  two .x'\n", ".x", ".x");
    behind("a: \"one \\\n  two .x\"\n", ".x", ".x");
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only their reading is tested")]
struct Settings {
    listen: String,
    limits: Limits,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only their reading is tested")]
struct Limits {
    body: u32,
    hosts: Vec<String>,
}

fn settings(text: &str, expect: Expect) {
    expect.assert_eq(&match yaml::from_str::<Settings>(text) {
        Ok(settings) => format!("{settings:?}"),
        Err(diagnostics) => under_lines(text, &diagnostics),
    });
}

#[test]
fn configuration_is_read_with_places() {
    settings(
        "listen: a\nlimits: { body: 1, hosts: [x] }\n",
        expect![[r#"Settings { listen: "a", limits: Limits { body: 1, hosts: ["x"] } }"#]],
    );
    settings(
        "listen: a\nlimits: { body: 一, hosts: [] }\n",
        expect![[r#"
        limits: { body: 一, hosts: [] }
                        ^^ YW0012 invalid type: string "一", expected u32
    "#]],
    );
    settings(
        "listen: a\nlimits:\n  body: 1\n  hosts:\n    - x\n    - 2\n",
        expect![[r#"
        - 2
          ^ YW0012 invalid type: integer `2`, expected a string
    "#]],
    );
    settings(
        "listen: a\nlimits:\n  body: 1\n  host: []\n",
        expect![[r#"
            host: []
            ^^^^ YW0012 unknown field `host`, expected `body` or `hosts`
        "#]],
    );
    settings(
        "limits:\n  body: 1\n  hosts: []\n",
        expect![[r#"
            limits:
            ^^^^^^ YW0012 missing field `listen`
        "#]],
    );
    settings(
        "listen: a\nlisten: b\n",
        expect![[r#"
        listen: b
        ^^^^^^ YW0004 the key `listen` stands twice
    "#]],
    );
}

#[test]
fn all_mistakes_of_a_text_at_once() {
    check(
        "do:\n  - a: { set: { x: 1, x: 2, 3: 4, <<: { y: 1 } } }\n",
        expect![[r#"
        - a: { set: { x: 1, x: 2, 3: 4, <<: { y: 1 } } }
                            ^ YW0004 the key `x` stands twice
                                  ^ YW0005 a key must be a text, this is a number; put it in quotes: '3'
                                        ^^ YW0006 merge keys (`<<`) are not read; repeat the members, or move them into `use`
    "#]],
    );
}

#[test]
fn documents_of_others_may_have_plain_keys_of_any_kind() {
    let text = "responses:\n  200: {true: ok}\n  '404': none";
    let node = yaml::parse_foreign(text).map_err(|remarks| under_lines(text, &remarks)).unwrap();
    assert_eq!(node.to_json().to_string(), r#"{"responses":{"200":{"true":"ok"},"404":"none"}}"#);
    assert!(yaml::parse_foreign("200: a\n'200': b").is_err());
    assert!(yaml::parse_foreign("? [a]\n: b").is_err());
}
