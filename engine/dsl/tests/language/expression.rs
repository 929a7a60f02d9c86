//! What expressions give, refuse and survive.

use expect_test::{Expect, expect};
use yiwang_dsl::Data;
use yiwang_dsl::expression::{Expression, Scope, Template};

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

/// Each expression with what becomes of it.
fn check(expressions: &[&str], expect: Expect) {
    let input = r#"{ "n": 168, "f": 84.0, "a": { "b": "好" }, "items": [1, 2, 3], "evil": "${ env }" }"#;
    let input: Data = serde_json::from_str(input).expect("JSON");
    let mut shown = String::new();
    for text in expressions {
        let outcome = match Expression::compile(text, &["context", "input", "item"]) {
            Ok(expression) => match expression.evaluate(&input, &Variables) {
                Ok(value) => value.to_string(),
                Err(error) => {
                    format!("✗ {}", error.0.rsplit_once("`: ").map_or(error.0.as_str(), |(_, why)| why))
                }
            },
            Err(problems) => {
                let problems = problems.iter().map(|problem| format!("{} {}", problem.code, problem.message));
                problems.collect::<Vec<_>>().join("; ")
            }
        };
        shown += &format!("{text}  →  {outcome}\n");
    }
    expect.assert_eq(&shown);
}

#[test]
fn paths_and_variables() {
    check(
        &[
            ".a.b",
            ".a[\"b\"]",
            ".items[1]",
            ".items[-1]",
            ".items[9]",
            ".items[1:]",
            ".missing.deep",
            ".items[].x?",
            "..|numbers",
            "$context.unit + $input.title",
            "{$context}",
            "$item",
            "getpath([\"a\",\"b\"])",
            "[paths]",
            "path(.a.b)",
            "pick(.items[1])",
            "\"中文\"[1:]",
            "\"中文中文\" | index(\"文\")",
        ],
        expect![[r#"
            .a.b  →  "好"
            .a["b"]  →  "好"
            .items[1]  →  2
            .items[-1]  →  3
            .items[9]  →  null
            .items[1:]  →  [2,3]
            .missing.deep  →  null
            .items[].x?  →  ✗ it gives no result; `// null` would give one
            ..|numbers  →  168
            $context.unit + $input.title  →  "卫健局噪音扰民"
            {$context}  →  {"context":{"round":2,"unit":"卫健局"}}
            $item  →  ✗ `$item` has no value here
            getpath(["a","b"])  →  "好"
            [paths]  →  [["n"],["f"],["a"],["a","b"],["items"],["items",0],["items",1],["items",2],["evil"]]
            path(.a.b)  →  ["a","b"]
            pick(.items[1])  →  {"items":[null,2]}
            "中文"[1:]  →  "文"
            "中文中文" | index("文")  →  1
        "#]],
    );
}

#[test]
fn whole_numbers_stay_whole() {
    check(
        &[
            ".f",
            ".n / 2",
            "\"\\(.n / 2) 件\"",
            "\"\\(.f)\"",
            "1.0",
            "[1,2,3] | add / length",
            "3.0 | tostring",
            ".f | tojson",
            "0.1 + 0.2",
            "5 / 2",
            "7 % 3",
            "1e3",
            "1.5 | floor",
            "9007199254740993 + 0",
            "123456789012345678901234567890",
            "9223372036854775807 + 1",
            "[.f, 1.0] | tojson",
            "4 | sqrt",
            "-5 | abs",
            "(.f | tostring) == \"84\"",
        ],
        expect![[r#"
            .f  →  84
            .n / 2  →  84
            "\(.n / 2) 件"  →  "84 件"
            "\(.f)"  →  "84"
            1.0  →  1
            [1,2,3] | add / length  →  2
            3.0 | tostring  →  "3"
            .f | tojson  →  "84"
            0.1 + 0.2  →  0.30000000000000004
            5 / 2  →  2.5
            7 % 3  →  1
            1e3  →  1000
            1.5 | floor  →  1
            9007199254740993 + 0  →  9007199254740993
            123456789012345678901234567890  →  1.2345678901234568e+29
            9223372036854775807 + 1  →  9.223372036854776e+18
            [.f, 1.0] | tojson  →  "[84,1]"
            4 | sqrt  →  2
            -5 | abs  →  5
            (.f | tostring) == "84"  →  true
        "#]],
    );
}

#[test]
fn what_cannot_be_data_is_an_error() {
    check(
        &[
            "nan",
            "infinite",
            "1 / 0",
            "5 % 0",
            "[nan]",
            "empty",
            "[] | first",
            "first(empty)",
            "error(\"不行\")",
            "error({a: 1})",
            ".items | .a",
            "1 + \"a\"",
        ],
        expect![[r#"
        nan  →  ✗ its result holds a number that is not finite
        infinite  →  ✗ its result holds a number that is not finite
        1 / 0  →  ✗ 1 cannot be divided by zero
        5 % 0  →  ✗ cannot calculate 5 % 0
        [nan]  →  ✗ its result holds a number that is not finite
        empty  →  ✗ it gives no result; `// null` would give one
        [] | first  →  null
        first(empty)  →  ✗ it gives no result; `// null` would give one
        error("不行")  →  ✗ 不行
        error({a: 1})  →  ✗ {"a":1}
        .items | .a  →  ✗ cannot index [1,2,3] with "a"
        1 + "a"  →  ✗ cannot calculate 1 + "a"
    "#]],
    );
}

#[test]
fn the_first_result_is_taken() {
    check(
        &[".items[]", "1, 2", "{(\"a\",\"b\"): 1}", "empty // 7", "range(5)"],
        expect![[r#"
        .items[]  →  1
        1, 2  →  1
        {("a","b"): 1}  →  {"a":1}
        empty // 7  →  7
        range(5)  →  0
    "#]],
    );
}

#[test]
fn lists_and_objects() {
    check(
        &[
            "[.items[] | select(. > 1)]",
            ".items | map(. * 2)",
            "[3,1,2] | sort",
            "[{a:2},{a:1}] | sort_by(.a)",
            "[{a:1,b:1},{a:1,b:2}] | group_by(.a)",
            "[1,1,2] | unique",
            ".items | max",
            "[[1,2],[3]] | flatten",
            "[[1,2],[3,4]] | transpose",
            "{a:{b:1}} * {a:{c:2}}",
            "{a:1} | .b.c = 3 | del(.a)",
            "{a:1,b:2,c:3} | del(.b) | keys_unsorted",
            ".a | to_entries",
            "[{k:\"x\",v:1},{name:\"y\",value:2}] | from_entries",
            ".a | with_entries(.value |= length)",
            "[1,2] | .[3] = 1",
            "[1] | .[-3] = 1",
            ".items |= reverse",
            "walk(if type == \"number\" then . + 1 else . end)",
            "[1,2,3] - [2]",
            "[1,2] | contains([1])",
            "any(.items[]; . > 2)",
            "all(.items[]; . > 2)",
            "[limit(2; .items[])]",
            "reduce .items[] as $i (0; . + $i)",
            "[foreach .items[] as $i (0; . + $i)]",
            "label $out | foreach (1,2,3) as $x (0; . + $x; if . > 2 then ., break $out else . end)",
            ".items | length",
            "[.[] | type]",
            "[.items[] as $x | $x * 10]",
            "has(\"a\")",
            "[1,[2]] | tojson",
            "nan < 1",
            "[nan, 1, nan] | sort | length",
        ],
        expect![[r#"
            [.items[] | select(. > 1)]  →  [2,3]
            .items | map(. * 2)  →  [2,4,6]
            [3,1,2] | sort  →  [1,2,3]
            [{a:2},{a:1}] | sort_by(.a)  →  [{"a":1},{"a":2}]
            [{a:1,b:1},{a:1,b:2}] | group_by(.a)  →  [[{"a":1,"b":1},{"a":1,"b":2}]]
            [1,1,2] | unique  →  [1,2]
            .items | max  →  3
            [[1,2],[3]] | flatten  →  [1,2,3]
            [[1,2],[3,4]] | transpose  →  [[1,3],[2,4]]
            {a:{b:1}} * {a:{c:2}}  →  {"a":{"b":1,"c":2}}
            {a:1} | .b.c = 3 | del(.a)  →  {"b":{"c":3}}
            {a:1,b:2,c:3} | del(.b) | keys_unsorted  →  ["a","c"]
            .a | to_entries  →  [{"key":"b","value":"好"}]
            [{k:"x",v:1},{name:"y",value:2}] | from_entries  →  {"x":1,"y":2}
            .a | with_entries(.value |= length)  →  {"b":1}
            [1,2] | .[3] = 1  →  [1,2,null,1]
            [1] | .[-3] = 1  →  ✗ there is no item -3 in a list of 1
            .items |= reverse  →  {"n":168,"f":84,"a":{"b":"好"},"items":[3,2,1],"evil":"${ env }"}
            walk(if type == "number" then . + 1 else . end)  →  {"n":169,"f":85,"a":{"b":"好"},"items":[2,3,4],"evil":"${ env }"}
            [1,2,3] - [2]  →  [1,3]
            [1,2] | contains([1])  →  true
            any(.items[]; . > 2)  →  true
            all(.items[]; . > 2)  →  false
            [limit(2; .items[])]  →  [1,2]
            reduce .items[] as $i (0; . + $i)  →  6
            [foreach .items[] as $i (0; . + $i)]  →  [1,3,6]
            label $out | foreach (1,2,3) as $x (0; . + $x; if . > 2 then ., break $out else . end)  →  1
            .items | length  →  3
            [.[] | type]  →  ["number","number","object","array","string"]
            [.items[] as $x | $x * 10]  →  [10,20,30]
            has("a")  →  true
            [1,[2]] | tojson  →  "[1,[2]]"
            nan < 1  →  true
            [nan, 1, nan] | sort | length  →  3
        "#]],
    );
}

#[test]
fn what_jaq_lacks() {
    check(
        &[
            ".items | IN([1,2,3], [2])",
            "2 | IN(1, 2)",
            "IN(.items[]; 3, 4)",
            "[{id:1},{id:2}] | INDEX(.id) | keys",
            "INDEX({id:1}; .id)",
            "1 | toarray",
            "[1] | toarray",
            "65 | ascii",
            "\"abc\" | ltrimstr(\"a\")",
            "1 | ltrimstr(1)",
            "\"xax\" | trimstr(\"x\")",
            "[1,\"a\\\"b\",null] | @csv",
            "[1,\"a\\tb\"] | @tsv",
            "[\"a\",null,1] | join(\",\")",
            "[\"a\",\"b\"] | add",
            "add(.items[])",
            "\"true\" | toboolean",
        ],
        expect![[r#"
            .items | IN([1,2,3], [2])  →  true
            2 | IN(1, 2)  →  true
            IN(.items[]; 3, 4)  →  true
            [{id:1},{id:2}] | INDEX(.id) | keys  →  ["1","2"]
            INDEX({id:1}; .id)  →  {"1":{"id":1}}
            1 | toarray  →  [1]
            [1] | toarray  →  [1]
            65 | ascii  →  "A"
            "abc" | ltrimstr("a")  →  "bc"
            1 | ltrimstr(1)  →  1
            "xax" | trimstr("x")  →  "a"
            [1,"a\"b",null] | @csv  →  "1,\"a\"\"b\","
            [1,"a\tb"] | @tsv  →  "1\ta\\tb"
            ["a",null,1] | join(",")  →  "a,,1"
            ["a","b"] | add  →  "ab"
            add(.items[])  →  6
            "true" | toboolean  →  true
        "#]],
    );
}

#[test]
fn texts() {
    check(
        &[
            "\"a,b\" | split(\",\")",
            "\"2026年1月\" | sub(\"年\"; \"-\")",
            "\"10:20\" | capture(\"(?<h>\\\\d+):(?<m>\\\\d+)\")",
            "\"漏水了\" | test(\"漏水|断电\")",
            "[\"a1b2\" | scan(\"[0-9]\")]",
            "\"x y\" | @uri",
            "@base64 \"x\\(.n)\"",
            "\"eA==\" | @base64d",
            "\"/w==\" | @base64d",
            "\"<b>\" | @html",
            "\"a b\" | @sh",
            "@json \"v=\\(.a)\"",
            "\"abc\" | explode | implode",
            "\"Ab\" | ascii_downcase",
            "\" a \" | trim",
            "\"05581234567\" | tonumber",
            "\"1.50\" | tonumber",
            "\"abc\" | tonumber",
            "\"inf\" | tonumber",
            "\"{\\\"a\\\":[1]}\" | fromjson",
            "\"[1\" | fromjson",
            "\"ab\" * 2",
            "\"ab\" * 0",
            "\"abc\" | indices(\"b\")",
            "\"中\" | length, utf8bytelength",
        ],
        expect![[r#"
            "a,b" | split(",")  →  ["a","b"]
            "2026年1月" | sub("年"; "-")  →  "2026-1月"
            "10:20" | capture("(?<h>\\d+):(?<m>\\d+)")  →  {"h":"10","m":"20"}
            "漏水了" | test("漏水|断电")  →  true
            ["a1b2" | scan("[0-9]")]  →  ["1","2"]
            "x y" | @uri  →  "x%20y"
            @base64 "x\(.n)"  →  "xMTY4"
            "eA==" | @base64d  →  "x"
            "/w==" | @base64d  →  "�"
            "<b>" | @html  →  "&lt;b&gt;"
            "a b" | @sh  →  "'a b'"
            @json "v=\(.a)"  →  "v={\"b\":\"好\"}"
            "abc" | explode | implode  →  "abc"
            "Ab" | ascii_downcase  →  "ab"
            " a " | trim  →  "a"
            "05581234567" | tonumber  →  5581234567
            "1.50" | tonumber  →  1.5
            "abc" | tonumber  →  ✗ "abc" is not a number
            "inf" | tonumber  →  ✗ "inf" is not a number
            "{\"a\":[1]}" | fromjson  →  {"a":[1]}
            "[1" | fromjson  →  ✗ "[1" is not JSON: EOF while parsing a list at line 1 column 2
            "ab" * 2  →  "abab"
            "ab" * 0  →  null
            "abc" | indices("b")  →  [1]
            "中" | length, utf8bytelength  →  1
        "#]],
    );
}

#[test]
fn times_without_a_clock() {
    check(
        &[
            "\"2026-01-05T00:00:00+08:00\" | fromdate",
            "0 | todate",
            "\"2026-01-05T00:00:00Z\" | fromdate | strftime(\"%Y年%m月\")",
            "\"2026-01-05\" | strptime(\"%Y-%m-%d\") | mktime",
            "0 | gmtime",
            "now",
            "localtime",
            "0 | strflocaltime(\"%H\")",
            "\"x\" | strptime(\"%Q\")",
        ],
        expect![[r#"
            "2026-01-05T00:00:00+08:00" | fromdate  →  1767542400
            0 | todate  →  "1970-01-01T00:00:00Z"
            "2026-01-05T00:00:00Z" | fromdate | strftime("%Y年%m月")  →  "2026年01月"
            "2026-01-05" | strptime("%Y-%m-%d") | mktime  →  1767571200
            0 | gmtime  →  [1970,0,1,0,0,0,4,0]
            now  →  YW0304 expressions may not use `now`
            localtime  →  YW0304 expressions may not use `localtime`
            0 | strflocaltime("%H")  →  YW0304 expressions may not use `strflocaltime`
            "x" | strptime("%Q")  →  ✗ `%Q` (a time zone's name) is not read
        "#]],
    );
}

#[test]
fn nothing_outside_is_reached() {
    check(
        &[
            "halt",
            "halt(1)",
            "halt_error",
            "env",
            "env.PATH",
            "$ENV.PATH",
            "input",
            "inputs",
            "debug",
            "debug(\"x\")",
            "stderr",
            "input_filename",
            "input_line_number",
            "$__loc__",
            "get_search_list",
            "import \"a\" as a; .",
            "include \"a\"; .",
            "modulemeta",
            "def f: 1 + f; f",
            "def f: f; f",
            "1 | (def f: .; f)",
            "$__prog_args",
            "std_matches(\"a\"; \"b\")",
            "spend(1)",
            "error_empty",
            "tobytes",
            "splits::a",
            "jn(1; 2)",
        ],
        expect![[r#"
            halt  →  YW0304 expressions may not use `halt`
            halt(1)  →  YW0304 expressions may not use `halt`
            halt_error  →  YW0304 expressions may not use `halt_error`
            env  →  YW0304 expressions may not use `env`
            env.PATH  →  YW0304 expressions may not use `env`
            $ENV.PATH  →  YW0304 expressions may not use `$ENV`
            input  →  YW0304 expressions may not use `input`
            inputs  →  YW0304 expressions may not use `inputs`
            debug  →  YW0304 expressions may not use `debug`
            debug("x")  →  YW0304 expressions may not use `debug`
            stderr  →  YW0304 expressions may not use `stderr`
            input_filename  →  YW0304 expressions may not use `input_filename`
            input_line_number  →  YW0304 expressions may not use `input_line_number`
            $__loc__  →  YW0304 expressions may not use `$__loc__`
            get_search_list  →  YW0304 expressions may not use `get_search_list`
            import "a" as a; .  →  YW0304 expressions may not use `import`
            include "a"; .  →  YW0304 expressions may not use `include`
            modulemeta  →  YW0304 expressions may not use `modulemeta`
            def f: 1 + f; f  →  YW0304 expressions may not use `def`
            def f: f; f  →  YW0304 expressions may not use `def`
            1 | (def f: .; f)  →  YW0304 expressions may not use `def`
            $__prog_args  →  YW0302 there is no variable `$__prog_args` at this place
            std_matches("a"; "b")  →  YW0303 there is no function `std_matches`
            spend(1)  →  YW0303 there is no function `spend`
            error_empty  →  YW0303 there is no function `error_empty`
            tobytes  →  YW0304 expressions may not use `tobytes`
            splits::a  →  YW0303 there is no function `splits::a`
            jn(1; 2)  →  YW0304 expressions may not use `jn`
        "#]],
    );
}

#[test]
fn endless_work_is_stopped() {
    check(
        &[
            "[range(1e9)] | length",
            "last(range(1e9))",
            "reduce range(1e8) as $i (0; . + 1)",
            "[recurse(.)] | length",
            "last(repeat(1))",
            "repeat(.) | empty",
            "until(false; .)",
            "[while(true; .)]",
            "isempty(repeat(empty))",
            "range(0; 1; 0) | empty",
            "last(limit(1e9; repeat(1)))",
            "[.items | combinations(20)] | length",
            "first(range(10; infinite; 1) | select(. < 0))",
            "[range(2000)] | [.[] as $a | .[] as $b | 1] | length",
            "foreach repeat(1) as $x (0; .; empty)",
            "label $out | repeat(1) | select(. > 1) | break $out",
            "all(repeat(true); .)",
            "[limit(3; repeat(1))]",
            "[range(100000)] | sort_by(-.) | .[0]",
        ],
        expect![[r#"
            [range(1e9)] | length  →  ✗ it was stopped after two million operations
            last(range(1e9))  →  ✗ it was stopped after two million operations
            reduce range(1e8) as $i (0; . + 1)  →  ✗ it was stopped after two million operations
            [recurse(.)] | length  →  ✗ it was stopped after two million operations
            last(repeat(1))  →  ✗ it was stopped after two million operations
            repeat(.) | empty  →  ✗ it was stopped after two million operations
            until(false; .)  →  ✗ it was stopped after two million operations
            [while(true; .)]  →  ✗ it was stopped after two million operations
            isempty(repeat(empty))  →  ✗ it was stopped after two million operations
            range(0; 1; 0) | empty  →  ✗ it was stopped after two million operations
            last(limit(1e9; repeat(1)))  →  ✗ it was stopped after two million operations
            [.items | combinations(20)] | length  →  ✗ it was stopped after two million operations
            first(range(10; infinite; 1) | select(. < 0))  →  ✗ it was stopped after two million operations
            [range(2000)] | [.[] as $a | .[] as $b | 1] | length  →  ✗ it was stopped after two million operations
            foreach repeat(1) as $x (0; .; empty)  →  ✗ it was stopped after two million operations
            label $out | repeat(1) | select(. > 1) | break $out  →  ✗ it was stopped after two million operations
            all(repeat(true); .)  →  ✗ it was stopped after two million operations
            [limit(3; repeat(1))]  →  [1,1,1]
            [range(100000)] | sort_by(-.) | .[0]  →  99999
        "#]],
    );
}

#[test]
fn endless_memory_is_stopped() {
    check(
        &[
            "\"a\" * 1e9",
            "\"a\" * 4194304 | . + .",
            "reduce range(1000000) as $i (\"\"; . + \"aaaaaaaaaa\") | length",
            "[limit(1e9; repeat(\"x\"))]",
            ".x[1000000000] = 1",
            "reduce range(40) as $i (\"ab\"; . + .) | length",
            "reduce range(1000) as $i (2; . * .)",
            "reduce range(40) as $i ([1]; . + .) | length",
            "[range(1e7)]",
            "[range(100000) | tostring] | join(\",\") | length",
            "\"a\" * 100000 | [scan(\"a\")] | length",
        ],
        expect![[r#"
            "a" * 1e9  →  ✗ it was stopped because it used too much memory
            "a" * 4194304 | . + .  →  ✗ it was stopped because it used too much memory
            reduce range(1000000) as $i (""; . + "aaaaaaaaaa") | length  →  ✗ it was stopped after two million operations
            [limit(1e9; repeat("x"))]  →  ✗ it was stopped after two million operations
            .x[1000000000] = 1  →  ✗ it was stopped because it used too much memory
            reduce range(40) as $i ("ab"; . + .) | length  →  ✗ it was stopped because it used too much memory
            reduce range(1000) as $i (2; . * .)  →  ✗ its result holds a number that is not finite
            reduce range(40) as $i ([1]; . + .) | length  →  ✗ it was stopped after two million operations
            [range(1e7)]  →  ✗ it was stopped after two million operations
            [range(100000) | tostring] | join(",") | length  →  588889
            "a" * 100000 | [scan("a")] | length  →  ✗ it was stopped after two million operations
        "#]],
    );
}

#[test]
fn small_values_that_are_huge_when_written() {
    check(
        &[
            "reduce range(40) as $i (1; [., .])",
            "reduce range(40) as $i (1; [., .]) | tojson | length",
            "reduce range(40) as $i (1; [., .]) | flatten | length",
            "reduce range(40) as $i (1; {a: ., b: .}) | [paths] | length",
            "reduce range(40) as $i (1; [., .]) as $x | [$x, reduce range(40) as $i (1; [., .])] | .[0] == .[1]",
            "reduce range(40) as $i (1; [., .]) | error",
            "reduce range(40) as $i ({}; {a: ., b: .}) | . * .",
            "reduce range(40) as $i (1; [., .]) | .a",
        ],
        expect![[r#"
            reduce range(40) as $i (1; [., .])  →  ✗ its result is too large
            reduce range(40) as $i (1; [., .]) | tojson | length  →  ✗ it was stopped after two million operations
            reduce range(40) as $i (1; [., .]) | flatten | length  →  ✗ it was stopped after two million operations
            reduce range(40) as $i (1; {a: ., b: .}) | [paths] | length  →  ✗ it was stopped after two million operations
            reduce range(40) as $i (1; [., .]) as $x | [$x, reduce range(40) as $i (1; [., .])] | .[0] == .[1]  →  ✗ it was stopped after two million operations
            reduce range(40) as $i (1; [., .]) | error  →  ✗ [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1,1],[1,1]],[[1,1],[1,1]]],[[[1,1],[1,1]…
            reduce range(40) as $i ({}; {a: ., b: .}) | . * .  →  ✗ it was stopped after two million operations
            reduce range(40) as $i (1; [., .]) | .a  →  ✗ cannot index [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1,1],[1,1]],[[1,1],[1,1]]],[[[1,1],[1,1]… with "a"
        "#]],
    );
}

#[test]
fn endless_depth_is_stopped() {
    check(
        &[
            "reduce range(100000) as $i (0; [.])",
            "reduce range(100000) as $i (0; {a: .})",
            "reduce range(100000) as $i ({}; .a = [.])",
            "reduce range(300) as $i (0; [.])",
            "reduce range(120) as $i (0; [.]) | [..] | length",
            "{} | recurse(.a) |= {a: 1}",
            "[recurse([.])] | length",
            "\"[\" * 100000 | fromjson",
            "(\"[\" * 200) + (\"]\" * 200) | fromjson",
            "(\"[\" * 100) + (\"]\" * 100) | fromjson | flatten",
            "reduce range(100000) as $i (.; .a) |= 1",
        ],
        expect![[r#"
            reduce range(100000) as $i (0; [.])  →  ✗ it was stopped because it builds a value nested too deeply
            reduce range(100000) as $i (0; {a: .})  →  ✗ it was stopped because it builds a value nested too deeply
            reduce range(100000) as $i ({}; .a = [.])  →  ✗ it was stopped because it builds a value nested too deeply
            reduce range(300) as $i (0; [.])  →  ✗ its result is nested too deeply
            reduce range(120) as $i (0; [.]) | [..] | length  →  121
            {} | recurse(.a) |= {a: 1}  →  ✗ it was stopped because it recurses too deeply
            [recurse([.])] | length  →  ✗ it was stopped because it builds a value nested too deeply
            "[" * 100000 | fromjson  →  ✗ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[… is not JSON: recursion limit exceeded at line 1 column 128
            ("[" * 200) + ("]" * 200) | fromjson  →  ✗ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[… is not JSON: recursion limit exceeded at line 1 column 128
            ("[" * 100) + ("]" * 100) | fromjson | flatten  →  []
            reduce range(100000) as $i (.; .a) |= 1  →  ✗ it was stopped because it recurses too deeply
        "#]],
    );
}

#[test]
fn regular_expressions_are_linear() {
    check(
        &[
            "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"(a+)+$\")",
            "\"a\" | test(\"(\")",
            "\"a\" | test(\"(?=a)\")",
            "\"a\" | test(\"(((a{1000}){1000}){1000})\")",
            "[range(1e6) | tostring | test(\"a{100}\")] | length",
        ],
        expect![[r#"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" | test("(a+)+$")  →  false
            "a" | test("(")  →  ✗ invalid regex: found open group without closing ')'
            "a" | test("(?=a)")  →  ✗ invalid regex: look-around is not supported
            "a" | test("(((a{1000}){1000}){1000})")  →  ✗ invalid regex: compiled regex exceeded size limit
            [range(1e6) | tostring | test("a{100}")] | length  →  ✗ it was stopped after two million operations
        "#]],
    );
}

#[test]
fn long_and_nested_expressions_are_refused() {
    let refused = |text: String| {
        let problems = Expression::compile(&text, &[]).expect_err("it is too much");
        assert_eq!(problems[0].code.as_str(), "YW0306", "{}", &text[..40]);
    };
    refused("(".repeat(50_000) + "1" + &")".repeat(50_000));
    refused("[".repeat(15_000));
    refused("1".to_owned() + &" + 1".repeat(1_000));
    refused(".".to_owned() + &" | .".repeat(1_000));
    refused("- ".repeat(5_000) + "1");
    refused("if ".repeat(4_000));
    refused("try ".repeat(3_000) + "1");
    refused("[1".to_owned() + &",1".repeat(1_000) + "]");
    refused("\"".to_owned() + &"\\(1)".repeat(400) + "\"");
    refused(".a".repeat(1_000));
    refused(".".to_owned() + &"[0]".repeat(1_000));
    refused(format!(".{}", "a".repeat(20_000)));
}

/// The largest expressions that are accepted, on a thread with a small stack.
#[test]
fn the_largest_expressions_fit_the_stack() {
    let texts = [
        "(".repeat(59) + "1" + &")".repeat(59),
        "1".to_owned() + &" + 1".repeat(100),
        ".".to_owned() + &" | .".repeat(99),
        "- ".repeat(99) + "1",
        "try ".repeat(99) + "1",
        "[1".to_owned() + &",1".repeat(98) + "]",
        ".a".to_owned() + &"[.a]".repeat(95),
        ".a".repeat(99),
        "map(".repeat(59) + "." + &")".repeat(59),
        "if . then ".repeat(99) + "1" + &" end".repeat(99),
        "reduce . as $x (1; ".repeat(24) + "1" + &")".repeat(24),
    ];
    let run = move || {
        for text in &texts {
            match Expression::compile(text, &[]) {
                Ok(expression) => drop(expression.evaluate(&Data::null(), &())),
                Err(problems) => unreachable!("it is within the limits: {problems:?}"),
            }
        }
    };
    // Half of what threads have by default.
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("a thread");
    thread.join().expect("no overflow, no panic");
}

#[test]
fn only_named_variables_are_asked_for() {
    struct Strict;
    impl Scope for Strict {
        fn variable(&self, name: &str) -> Option<Data> {
            assert_eq!(name, "context", "nothing else is asked for");
            Some(Data::null())
        }
    }
    let expression = Expression::compile("[$context, .]", &["context", "input", "task"]).expect("a good one");
    assert_eq!(
        expression.evaluate(&Data::null(), &Strict).map(|value| value.to_string()),
        Ok("[null,null]".into())
    );
}

#[test]
fn data_are_never_evaluated() {
    check(
        &[".evil", "\"\\(.evil)\"", "{a: .evil}"],
        expect![[r#"
        .evil  →  "${ env }"
        "\(.evil)"  →  "${ env }"
        {a: .evil}  →  {"a":"${ env }"}
    "#]],
    );
    let template = Template::Object(vec![("a".to_owned(), Template::Literal(Data::string("${ env }")))]);
    let value = template.evaluate(&Data::null(), &()).map(|value| value.to_string());
    assert_eq!(value, Ok(r#"{"a":"${ env }"}"#.into()));
}

#[test]
fn errors_name_the_expression_and_stay_short() {
    let expression = Expression::compile("${ .items[0].name }", &[]).expect("a good one");
    let long: String = "长".repeat(10_000);
    let input = serde_json::json!({ "items": [long] }).into();
    let error = expression.evaluate(&input, &()).unwrap_err();
    assert!(error.0.starts_with("`.items[0].name`: cannot index "), "{error}");
    assert!(error.0.len() < 600, "{}", error.0.len());
}

#[test]
fn evaluation_leaves_no_trace() {
    let bomb = Expression::compile("last(repeat(1))", &[]).expect("a good one");
    let good = Expression::compile(".a", &[]).expect("a good one");
    let input = serde_json::json!({ "a": 1 }).into();
    for _ in 0..3 {
        assert!(bomb.evaluate(&input, &()).is_err());
        assert_eq!(good.evaluate(&input, &()).map(|value| value.as_i64()), Ok(Some(1)));
    }
    assert_eq!(good.evaluate_bool(&input, &()), Ok(true));
}
