//! What people bring, and what they are told of it.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn stations() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "kind", "longitude", "date"],
        "properties": {
            "id": { "type": "string", "title": "站址编码", "pattern": "^[A-Z0-9-]+$" },
            "kind": { "title": "类型", "oneOf": [{ "const": "new", "title": "新建" }, { "const": "upgraded", "title": "升级" }] },
            "town": { "type": "string", "title": "乡镇街道", "minLength": 2, "maxLength": 6 },
            "longitude": { "type": "number", "title": "经度", "minimum": 73, "maximum": 136 },
            "crs": { "enum": ["WGS-84", "GCJ-02"], "title": "坐标系" },
            "date": { "type": "string", "format": "date", "title": "开通日期" },
            "backfill": { "type": "boolean", "title": "补报" },
            "height": { "type": ["integer", "null"], "title": "塔高" },
        },
    })
}

fn check(table: &Table, expected: &Expect) {
    let reading = read(table, &stations()).unwrap();
    let rows = reading.rows.iter().map(ToString::to_string);
    let told = reading.mistakes.iter().map(|mistake| {
        let column = mistake.column.as_deref().unwrap_or("–");
        let (zh, en) = (mistake.wrong.said(Language::Chinese), mistake.wrong.said(Language::English));
        format!("{} {column} {}: {zh} | {en}", mistake.row, mistake.wrong.code())
    });
    expected.assert_eq(&rows.chain(told).collect::<Vec<_>>().join("\n"));
}

#[test]
fn rows_are_read_by_title_or_name_in_any_order() {
    let text = "\u{feff}类型,站址编码,经度,Date,补报,塔高,坐标系\r\n\
                新建,QC-1,115.78,2024/3/5,是,35,gcj-02\r\n\
                \r\n\
                upgraded,QC-2,116,2024年3月29日,,,\r\n\
                升级,1003,115.5,20240331,否,1e1,\r\n";
    check(
        &csv(text),
        &expect![[r#"
            {"backfill":true,"crs":"GCJ-02","date":"2024-03-05","height":35,"id":"QC-1","kind":"new","longitude":115.78}
            {"date":"2024-03-29","id":"QC-2","kind":"upgraded","longitude":116}
            {"backfill":false,"date":"2024-03-31","height":10,"id":"1003","kind":"upgraded","longitude":115.5}"#]],
    );
}

#[test]
fn every_broken_cell_is_told_and_no_row_is_taken() {
    let text = "站址编码;类型;乡镇街道;经度;开通日期;补报;塔高\n\
                QC-1;新建;薛阁街道;115.78;2024-03-05;;\n\
                qc 2;改建;薛;15;2024-02-30;也许;3.5\n\
                ;;薛阁街道办事处南关;东经;昨天;;高\n\
                =HYPERLINK(\"x\");新建;;115;2024-03-05;;;多\n";
    check(
        &csv(text),
        &expect![[r#"
        3 类型 cell.not-one-of: “改建”应为 新建、升级 之一 | `改建` is none of 新建、升级
        3 开通日期 cell.not-date: “2024-02-30”不是日期，应如 2024-03-31 | `2024-02-30` is not a day like 2024-03-31
        3 补报 cell.not-truth: “也许”应填“是”或“否” | `也许` is neither yes nor no
        3 塔高 cell.not-integer: “3.5”不是整数 | `3.5` is not a whole number
        3 站址编码 cell.pattern: 格式不符（^[A-Z0-9-]+$） | it does not have the form ^[A-Z0-9-]+$
        3 经度 cell.too-small: 小于 73 | it is less than 73
        3 乡镇街道 cell.too-short: 少于 2 个字 | it has fewer than 2 characters
        4 经度 cell.not-number: “东经”不是数字 | `东经` is not a number
        4 开通日期 cell.not-date: “昨天”不是日期，应如 2024-03-31 | `昨天` is not a day like 2024-03-31
        4 塔高 cell.not-integer: “高”不是整数 | `高` is not a whole number
        4 站址编码 cell.missing: 未填写 | a value is missing
        4 类型 cell.missing: 未填写 | a value is missing
        4 乡镇街道 cell.too-long: 超过 6 个字 | it has more than 6 characters
        5 站址编码 cell.formula: “=HYPERLINK("x")”像是公式，请填写数值或文字 | `=HYPERLINK("x")` looks like a formula; a value stands here
        5 – cell.outside: 第 8 个单元格不属于任何一列 | the cell in place 8 belongs to no column"#]],
    );
}

#[test]
fn a_wrong_head_is_told_once_and_not_in_every_row() {
    check(
        &csv("站址编号,类型,类型,开通日期\nQC-1,新建,新建,2024-03-05\nQC-2,新建,新建,2024-03-05\n"),
        &expect![[r#"
            1 站址编号 table.column-unknown: 没有这一列，是否为“站址编码”？ | there is no such column; did you mean `站址编码`?
            1 类型 table.column-twice: 这一列重复 | this column stands there twice
            1 站址编码 table.column-missing: 缺少这一列 | this column is missing
            1 经度 table.column-missing: 缺少这一列 | this column is missing"#]],
    );
    check(
        &csv(""),
        &expect![[r#"
        1 开通日期 table.column-missing: 缺少这一列 | this column is missing
        1 站址编码 table.column-missing: 缺少这一列 | this column is missing
        1 类型 table.column-missing: 缺少这一列 | this column is missing
        1 经度 table.column-missing: 缺少这一列 | this column is missing"#]],
    );
}

#[test]
fn cells_of_a_spreadsheet_have_kinds_of_their_own() {
    let head = ["站址编码", "类型", "经度", "开通日期", "补报", "塔高"].map(str::to_owned).to_vec();
    let row = |number, cells: [Cell; 6]| Row { number, cells: cells.to_vec() };
    let rows = vec![row(
        3,
        [
            Cell::Number(1001.0),
            Cell::text(" 新建 "),
            Cell::Number(115.78),
            Cell::Date("2024-03-05T08:00:00".to_owned()),
            Cell::Truth(true),
            Cell::Number(35.0),
        ],
    )];
    check(
        &Table { head: head.clone(), head_row: 2, rows },
        &expect![[
            r#"{"backfill":true,"date":"2024-03-05","height":35,"id":"1001","kind":"new","longitude":115.78}"#
        ]],
    );
    let rows = vec![row(
        3,
        [
            Cell::Broken("#REF!".to_owned()),
            Cell::Number(1.0),
            Cell::Truth(true),
            Cell::Number(45_356.0),
            Cell::Number(2.0),
            Cell::Number(3.5),
        ],
    )];
    check(
        &Table { head, head_row: 2, rows },
        &expect![[r#"
        3 站址编码 cell.broken: 表格公式出错：#REF! | the spreadsheet has an error here: #REF!
        3 类型 cell.not-one-of: “1”应为 新建、升级 之一 | `1` is none of 新建、升级
        3 经度 cell.not-number: “true”不是数字 | `true` is not a number
        3 开通日期 cell.not-date: “45356”不是日期，应如 2024-03-31 | `45356` is not a day like 2024-03-31
        3 补报 cell.not-truth: “2”应填“是”或“否” | `2` is neither yes nor no
        3 塔高 cell.not-integer: “3.5”不是整数 | `3.5` is not a whole number"#]],
    );
}

#[test]
fn line_breaks_in_a_cell_are_no_rows() {
    let table = csv("a,b\n\"one\ntwo\",x\n\nlast,y\n");
    assert_eq!(table.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn more_mistakes_than_anybody_mends_are_counted() {
    let text = format!("站址编码,类型,经度,开通日期\n{}", "QC-1,x,115,2024-03-05\n".repeat(MISTAKES_MAX + 5));
    let reading = read(&csv(&text), &stations()).unwrap();
    assert_eq!((reading.count, reading.mistakes.len(), reading.left_out), (1_005, MISTAKES_MAX, 5));
    let many = format!("站址编码,类型,经度,开通日期\n{}", "QC-1,新建,115,2024-03-05\n".repeat(ROWS_MAX + 1));
    check(&csv(&many), &expect!["1 – table.too-many-rows: 超过 10000 行 | there are more than 10000 rows"]);
}

#[test]
fn a_schema_without_columns_is_the_authors_mistake() {
    assert!(read(&csv("a\n1\n"), &json!({"type": "array"})).is_err());
    assert!(read(&csv("a\n1\n"), &json!({"properties": {"a": {"type": 3}}})).is_err());
}

#[test]
fn formulas_are_not_numbers_and_numbers_are_no_formulas() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for (text, ok) in [
        ("=1+1", false),
        ("@SUM(A1)", false),
        ("+cmd|' /C calc'!A0", false),
        ("-2+3+cmd|' /C calc'!A0", false),
        ("+8613800000000", true),
        ("0558-5550000", true),
        ("-5", true),
        ("-", true),
        ("a=b", true),
    ] {
        let table = Table {
            head: vec!["a".to_owned()],
            head_row: 1,
            rows: vec![Row { number: 2, cells: vec![Cell::text(text)] }],
        };
        let reading = read(&table, &schema).unwrap();
        assert_eq!(reading.mistakes.is_empty(), ok, "{text}");
    }
}
