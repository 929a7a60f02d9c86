//! What expressions give, refuse and survive.

use expect_test::{Expect, expect};
use yiwang_dsl::Data;
use yiwang_dsl::expression::{Expression, Scope};

/// `$context` and `$input` for all tests.
struct Variables;

impl Scope for Variables {
    fn variable(&self, name: &str) -> Option<Data> {
        let value = match name {
            "context" => serde_json::json!({ "round": 2, "unit": "卫健局" }),
            "input" => serde_json::json!({ "title": "噪音扰民" }),
            _ => return None,
        };
        Some(value.into())
    }
}

fn outcome(text: &str, input: &str) -> String {
    let input: Data = serde_json::from_str(input).unwrap();
    match Expression::compile(text, &["context", "input", "item"]) {
        Ok(expression) => match expression.evaluate(&input, &Variables) {
            Ok(value) => value.to_string(),
            Err(error) => format!("fails: {error}"),
        },
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{} {}", problem.code, problem.message))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn check(text: &str, input: &str, expect: Expect) {
    expect.assert_eq(&outcome(text, input));
}

#[test]
fn try_all() {
    for line in [
        ".",
        ".a.b",
        ".items[]",
        "${ .n / 2 }",
        "\"\\(.n / 2) 件\"",
        "\"\\(.f)\"",
        "1.0",
        "[1,2,3] | add / length",
        "$context.unit + $input.title",
        "[.items[] | select(. > 1)]",
        "halt",
        "env",
        "$ENV.PATH",
        "def f: f; f",
        "input",
        "now",
        "debug",
        "$__loc__",
        "import \"a\" as a; .",
        "[range(1e9)] | length",
        "[recurse(.)] | length",
        "\"a\" * 1e9",
        "reduce range(1e8) as $i (0; . + 1)",
        "repeat(.) | empty",
        "last(repeat(1))",
        "[limit(3; repeat(1))]",
        "until(false; .)",
        "{} | recurse(.a) |= 1",
        "reduce range(100000) as $i (0; [.])",
        "reduce range(40) as $i (1; [., .])",
        "reduce range(40) as $i (1; [., .]) | tojson | length",
        "reduce range(40) as $i (1; [., .]) | . == [1]",
        "reduce range(1000) as $i (2; . * .)",
        "\"[[[[\" * 100000 | fromjson",
        "(\"[\" * 200) + (\"]\" * 200) | fromjson",
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"(a+)+$\")",
        ".items | IN([1,2,3], [2])",
        "[{id: 1},{id: 2}] | INDEX(.id) | keys",
        "1 | toarray",
        "\"x\" | tojson | fromjson",
        "nope(1)",
        ".a | selct(.b)",
        "$contxt.a",
        ".a.",
        "{a: 1",
        "1 / 0",
        "[3,1,2] | sort",
        "[\"a\",null,1] | join(\",\")",
        "[1,\"a\\\"b\",null] | @csv",
        "\"2026-01-05T00:00:00+08:00\" | fromdate | todate",
        "empty",
        "nan",
        "[nan, 1, nan] | sort | length",
        "{a:1} | .b.c = 3 | del(.a)",
        "[[1,2],[3]] | flatten",
        "\"a,b\" | split(\",\")",
        "\"2026年1月\" | sub(\"年\"; \"-\")",
        "path(..)",
        "[paths]",
        "to_entries",
        "with_entries(.value |= tostring)",
        "{a:{b:1}} * {a:{c:2}}",
        "group_by(.a)?",
        "\"05581234567\" | tonumber",
        "@base64 \"x\\(.n)\"",
        "\"eA==\" | @base64d",
        ".items | min, max",
        "error(\"不行\")",
        "[.[] | tostring]",
        "try error(\"x\") catch .",
        "label $out | foreach (1,2,3) as $x (0; . + $x; if . > 2 then ., break $out else . end)",
        "break $x",
        "[splits(\"a\")]?",
        "ltrimstr(1)",
        "9007199254740993 + 0",
        "123456789012345678901234567890",
        "0.1 + 0.2",
        "3.0 | tostring",
        "infinite",
        "[1,2] | .[5] = 1",
        "[1] | .[-3] = 1",
        ".x[1000000000] = 1",
        "getpath([\"q\",\"r\"])",
        "setpath([\"q\",\"r\"]; 1) | .q",
        "walk(if type == \"number\" then . + 1 else . end)",
        "reduce range(1000000) as $i (\"\"; . + \"aaaaaaaaaa\")|length",
        "[range(300000)]|length",
        "[range(100000)] | sort_by(-.) | .[0]",
        "[range(100000)|tostring]|join(\",\")|length",
        "path(limit(2; .[]))",
        "[combinations]?",
        "\"x\" | ascii_upcase | @uri",
        "[1,2] | contains([1])",
        "\"abc\" | indices(\"b\")",
        "\"中文中文\" | index(\"文\")",
        "\"中文\"[1:]",
        "[1,2,3][1:]",
        "now|todate",
        "strptime(\"%Q\")",
        "1 | strftime(\"%Y-%m-%dT%H:%M:%SZ\")",
        "\"10:20\" | capture(\"(?<h>\\\\d+):(?<m>\\\\d+)\")",
        "[.items[] as [$a] ?// $a | $a]",
        "$context | keys",
        "{$context}",
        "{(\"a\",\"b\"): 1}",
        "\"\\u4e2d\"",
        "@json \"v=\\(.)\"",
        "[limit(3; range(10))]",
        "isvalid(.a)",
        "splits(1)",
        "pick(.items[0])",
        "[match(\"a\";\"g\")]?",
        "gsub(\"a\";\"b\")?",
        "ascii(65)",
        "65|ascii",
        "\"a b\"|@sh",
        "abs",
        "-5|abs",
        "[1,2,3]|IN(2)",
        "2|IN(1,2)",
        "any(.items[]; . > 2)",
        "input_line_number",
        "getpath([1])",
        "tojson",
        "(.items|length) as $n | $n",
        "if . then 1 end",
        ".. |= .",
        "[..] | length",
        "\"abc\" | explode | implode",
        "@text",
        "ltrimstr(\"a\")",
        "significand",
        "4|sqrt",
        "[2,10]|pow(.[0];.[1])",
        "bsearch(1)?",
        "[1,2]|bsearch(2)",
        "[[1,2],[3,4]]|transpose",
        "limit(0; 1)",
        "first(empty)",
        "tostream?",
        "env.PATH",
        "halt_error",
    ] {
        println!(
            "{line:60} → {}",
            outcome(line, r#"{ "n": 168, "f": 84.0, "a": { "b": "好" }, "items": [1, 2, 3] }"#)
        );
    }
    check(".", "1", expect!["1"]);
}
