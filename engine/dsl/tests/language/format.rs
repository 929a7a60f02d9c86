//! The usual layout: comments stay, nothing that is said changes, and it is reached in one step.

use expect_test::{Expect, expect};

#[expect(clippy::needless_pass_by_value, reason = "as `expect!` gives it")]
fn check(text: &str, expected: Expect) {
    let formatted = yiwang_dsl::format(text).expect("the text is YAML");
    assert_eq!(
        yiwang_dsl::format(&formatted).expect("the text is YAML"),
        formatted,
        "laying it out twice changes it"
    );
    expected.assert_eq(&formatted);
}

#[test]
fn comments_quotes_and_brackets() {
    check(
        "# 头\ndocument:   {dsl: \"1.0.3\",   namespace: a}   # 尾\n\n\n\ndo:\n- 甲:\n      set: {a: [1,2], b: \"${ .x }\"}\n      # 说明\n      if:  \".a == 'x'\"\n",
        expect![[r#"
            # 头
            document: { dsl: '1.0.3', namespace: a } # 尾

            do:
              - 甲:
                  set: { a: [ 1, 2 ], b: '${ .x }' }
                  # 说明
                  if: ".a == 'x'"
        "#]],
    );
}

#[test]
fn long_lines_are_broken() {
    let texts: Vec<String> = (0..20).map(|n| format!("第{n}项")).collect();
    let formatted = yiwang_dsl::format(&format!("do: [{}]\n", texts.join(", "))).unwrap();
    assert!(formatted.lines().count() > 20, "{formatted}");
}

#[test]
fn block_texts_keep_every_character() {
    let text = "a: |\n  一  \n   二\n\n  三\nb: >-\n  x\n  y\n\n  z\n";
    assert_eq!(yiwang_dsl::format(text).unwrap(), text);
}

#[test]
fn what_is_no_yaml_is_told_and_not_touched() {
    let problems = yiwang_dsl::format("a: [1\nb: 2\n").unwrap_err();
    assert_eq!(problems[0].code.as_str(), "YW0001");
}
