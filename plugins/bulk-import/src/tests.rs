//! The logic, natively, against the fake host. The fixtures run the component.

use yiwang_sdk::fake;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_slice, from_str, json};

use crate::workbook::tests::xlsx;
use crate::{BulkImport, XLSX, cell};

const HEAD: &str =
    "来源编号,渠道,诉求类型,标题,内容,诉求人,电话,区划,地址,经度,纬度,发生时间,受理时间,紧急程度,主题标签";
const ROW: &str = "A-1,热线,投诉,路灯,路灯不亮,王某,13800000000,341602,人民路,115.779,33.8446,2024/6/4 9:05,45447.604167,紧急,城乡建设/路灯";

fn host() -> fake::Host {
    let config = json!({"channel": "import", "crs": "WGS84", "maxBytes": 1 << 20});
    fake::Host::new().config(config).secret("token", "s3cret-token")
}

fn upload(host: &fake::Host, query: &str, bytes: &[u8]) -> Result<Outcome, Failure> {
    let blob = host.put_blob("text/csv", Some("a.csv"), bytes).unwrap();
    let mut request = fake::form(&format!("/{query}"), &[], &[("file", blob)]);
    request.headers.push(Header { name: "authorization".into(), value: "Bearer s3cret-token".into() });
    BulkImport::webhook(host, &host.context(), request)
}

fn table(rows: &[&str]) -> String {
    format!("{HEAD}\n{}\n", rows.join("\n"))
}

fn body(outcome: &Outcome) -> Value {
    from_slice(outcome.response.bytes()).unwrap()
}

fn data(outcome: &Outcome, at: usize) -> Value {
    from_str(&outcome.events[at].data).unwrap()
}

/// Row, column and code of each mistake.
fn mistakes(outcome: &Outcome) -> Vec<String> {
    let body = body(outcome);
    let told = body["errors"].as_array().unwrap().iter();
    told.map(|e| format!("{} {} {}", e["row"], e["column"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn a_row_becomes_an_intake_whatever_the_encoding() {
    let host = host();
    let text = table(&[ROW]);
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend(text.as_bytes());
    for (bytes, encoding) in
        [(text.clone().into_bytes(), "UTF-8"), (marked, "UTF-8"), (gb18030(&text), "GB18030")]
    {
        let outcome = upload(&host, "", &bytes).unwrap();
        assert_eq!((outcome.response.status, body(&outcome)["encoding"].as_str()), (200, Some(encoding)));
        assert_eq!(outcome.events[0].id, "A-1");
        assert_eq!(
            data(&outcome, 0),
            json!({
                "externalId": "A-1", "channel": "import", "kind": "complaint", "title": "路灯", "content": "路灯不亮",
                "category": ["城乡建设", "路灯"], "occurredAt": "2024-06-04T09:05:00+08:00", "address": "人民路",
                "region": "341602", "location": {"lat": 33.8446, "lon": 115.779, "crs": "WGS84"},
                "petitioner": {"name": "王某", "phone": "13800000000"}, "urgency": "urgent",
                "extra": {"source": "热线", "acceptedAt": "2024-06-04T14:30:00+08:00"}
            })
        );
    }
    let tabs = text.replace(',', "\t").replace('\n', "\r\n");
    assert_eq!(upload(&host, "", tabs.as_bytes()).unwrap().events.len(), 1);
}

#[test]
fn the_export_of_petitions_is_known() {
    let text = "信访编号,登记日期,信访形式,信访人,人数,是否集体,是否重复,问题属地,内容分类,概况,去向机关,受理日期,办结期限,办理结果,满意度\n\
                XF1,2024-06-04,信,李某,5人,是,否,薛阁街道,农村农业>土地,占地补偿,区农业局,2024年6月5日,2024-08-04,,\n";
    let outcome = upload(&host(), "", text.as_bytes()).unwrap();
    assert_eq!(
        data(&outcome, 0),
        json!({
            "externalId": "XF1", "channel": "import", "kind": "complaint", "title": "占地补偿", "content": "占地补偿",
            "category": ["农村农业", "土地"], "region": "薛阁街道", "petitioner": {"name": "李某"},
            "extra": {
                "registeredAt": "2024-06-04T00:00:00+08:00", "form": "信", "persons": 5, "collective": true,
                "repeat": false, "forwardedTo": "区农业局", "acceptedAt": "2024-06-05T00:00:00+08:00",
                "replyDue": "2024-08-04T00:00:00+08:00", "petitionNo": "XF1"
            }
        })
    );
}

#[test]
fn mistakes_come_by_row_and_column_and_nothing_is_taken() {
    let host = host();
    let text = table(&[
        ROW,
        "",
        "A-1,,,,x,,,,,,,,,,",
        ",,,,x,,,,,,,,,,",
        "2.02406E+14,,,,x,,1.38E+10,,,,,,,,",
        "A-4,,骂人,,,,abc,,,200,,昨天,45447x,火急,",
        "A-5,,,,x,,,,,115.7,,,,,",
    ]);
    let outcome = upload(&host, "", text.as_bytes()).unwrap();
    assert_eq!((outcome.response.status, outcome.events.len()), (422, 0));
    assert_eq!(outcome.response.header("x-yiwang-code"), Some("import.rows"));
    let found = mistakes(&outcome);
    for expected in [
        "来源编号 twice",
        "来源编号 required",
        "来源编号 mangled-number",
        "电话 mangled-number",
        "电话 not-a-phone",
        "经度 not-a-coordinate",
        "发生时间 not-a-time",
        "受理时间 not-a-time",
        "内容 required",
    ] {
        assert!(found.iter().any(|mistake| mistake.ends_with(expected)), "{expected}: {found:?}");
    }
    let partial = upload(&host, "?partial=true", text.as_bytes()).unwrap();
    assert_eq!((partial.response.status, partial.events.len()), (200, 1));
    let words = upload(&host, "", table(&["A-6,,骂人,,x,,,,,,,,,火急,"]).as_bytes()).unwrap();
    assert_eq!(mistakes(&words), ["2 诉求类型 unreadable", "2 紧急程度 unreadable"]);
}

#[test]
fn a_dry_run_takes_nothing_and_csv_is_given_when_asked() {
    let host = host();
    let dry = upload(&host, "?dry-run=true", table(&[ROW, ",,,,x"]).as_bytes()).unwrap();
    assert_eq!((dry.response.status, dry.events.len()), (200, 0));
    assert_eq!((&body(&dry)["checked"], &body(&dry)["errorCount"]), (&json!(2), &json!(1)));
    let mut request = fake::post("/?dry-run=true", "text/csv", &table(&[",,,,x"]));
    for (name, value) in [("authorization", "Bearer s3cret-token"), ("accept", "text/csv")] {
        request.headers.push(Header { name: name.into(), value: value.into() });
    }
    let outcome = BulkImport::webhook(&host, &host.context(), request).unwrap();
    let text = String::from_utf8(outcome.response.bytes().to_vec()).unwrap();
    assert_eq!(text, "\u{FEFF}行,列,代码,说明\r\n2,来源编号,required,必填\r\n");
}

#[test]
fn more_rows_than_a_call_takes_go_on_from_where_it_ended() {
    let host = host();
    let rows: Vec<String> = (0..620).map(|n| format!("B-{n},,,,x")).collect();
    let text = table(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let first = upload(&host, "", text.as_bytes()).unwrap();
    assert_eq!((first.events.len(), &body(&first)["next"]), (500, &json!(502)));
    let second = upload(&host, "?from=502", text.as_bytes()).unwrap();
    assert_eq!((second.events.len(), &body(&second)["next"]), (120, &Value::Null));
    assert_eq!(second.events[0].id, "B-500");
    let long: Vec<String> = (0..400).map(|n| format!("C-{n},,,,{}", "长".repeat(600))).collect();
    let text = table(&long.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(upload(&host, "", text.as_bytes()).unwrap().events.len(), 400);
}

#[test]
fn formulas_are_neutralised_and_text_numbers_kept() {
    let host = host();
    let text = table(&["=\"007\",@x,,=cmd|' /C calc'!A0,+1+1,-王,+86 138 0000 0000,=A1,＝A1"]);
    let outcome = upload(&host, "", text.as_bytes()).unwrap();
    let data = data(&outcome, 0);
    assert_eq!(outcome.events[0].id, "007");
    assert_eq!(
        [&data["title"], &data["content"], &data["petitioner"]["name"], &data["region"], &data["address"]],
        ["'=cmd|' /C calc'!A0", "'+1+1", "'-王", "'=A1", "'＝A1"]
    );
    assert_eq!(
        (&data["extra"]["source"], &data["petitioner"]["phone"]),
        (&json!("'@x"), &json!("+8613800000000"))
    );
    let bad_key = upload(&host, "", table(&["=1+1,,,,x"]).as_bytes()).unwrap();
    assert_eq!(mistakes(&bad_key), ["2 来源编号 unusable-number"]);
}

#[test]
fn what_is_no_table_is_refused() {
    let host = host();
    let code = |bytes: &[u8]| upload(&host, "", bytes).unwrap_err().code;
    assert_eq!(code(b"PK\x03\x04workbook"), "import.malformed");
    assert_eq!(code(b"\xd0\xcf\x11\xe0old"), "import.workbook");
    assert_eq!(code(b"\xff\xfea\0"), "import.encoding");
    assert_eq!(code(b"a\xff\xff\xff"), "import.encoding");
    assert_eq!(code(b"a\0b"), "import.encoding");
    assert_eq!(code(b""), "import.columns");
    assert_eq!(code("标题,内容\na,b".as_bytes()), "import.columns");
    assert_eq!(code("来源编号,内容,内容\n1,a,b".as_bytes()), "import.columns");
    assert_eq!(code(vec![b'a'; (1 << 20) + 1].as_slice()), "import.too-large");
    assert_eq!(code(",".repeat(200).as_bytes()), "import.malformed");
    assert_eq!(upload(&host, "?from=x", table(&[ROW]).as_bytes()).unwrap_err().code, "import.bad-query");
    let unsigned = fake::post("/", "text/csv", &table(&[ROW]));
    assert_eq!(
        BulkImport::webhook(&host, &host.context(), unsigned).unwrap_err().code,
        "channel.missing-token"
    );
}

#[test]
fn a_workbook_is_read_as_a_text_is() {
    let host = host();
    let head: Vec<&str> = HEAD.split(',').collect();
    let good: Vec<&str> = ROW.split(',').collect();
    let by_book = upload(&host, "", &xlsx(&[&head, &good])).unwrap();
    let by_text = upload(&host, "", table(&[ROW]).as_bytes()).unwrap();
    assert_eq!((data(&by_book, 0), &body(&by_book)["encoding"]), (data(&by_text, 0), &json!("XLSX")));
    let rows: [&[&str]; 4] = [
        &head,
        &["<><v>202406040012345678</v></c>", "", "", "", "x"],
        &["A-3", "", "", "", "< t=\"e\"><v>#REF!</v></c>", "", "<><v>13800000000</v></c>"],
        &["A-4", "", "", "", "=1+1"],
    ];
    let bytes = xlsx(&rows);
    let refused = upload(&host, "", &bytes).unwrap();
    assert_eq!(refused.response.status, 422);
    assert_eq!(mistakes(&refused), ["2 来源编号 mangled-number", "3 内容 broken"]);
    assert_eq!(body(&refused)["errors"][1]["detail"], "表格公式出错：#REF!");
    let dry = upload(&host, "?dry-run=true", &bytes).unwrap();
    assert_eq!((dry.response.status, dry.events.len(), &body(&dry)["checked"]), (200, 0, &json!(3)));
    let partial = upload(&host, "?partial=true", &bytes).unwrap();
    assert_eq!(data(&partial, 0)["content"], "'=1+1");
    assert_eq!(upload(&host, "?sheet=名单", &bytes).unwrap_err().code, "import.no-sheet");
    let mut request = fake::post("/", XLSX, "");
    request.body = Payload::Bytes(xlsx(&[&head, &good]));
    request.headers.push(Header { name: "authorization".into(), value: "Bearer s3cret-token".into() });
    assert_eq!(BulkImport::webhook(&host, &host.context(), request).unwrap().events.len(), 1);
}

#[test]
fn columns_may_have_other_names() {
    let config = json!({"channel": "x", "columns": {"编号": "来源编号", "描述": "内容"}});
    let host = fake::Host::new().config(config).secret("token", "s3cret-token");
    let outcome = upload(&host, "", "编号,描述,备注\n1,x,y\n".as_bytes()).unwrap();
    assert_eq!(outcome.events[0].id, "1");
    assert_eq!(body(&outcome)["ignoredColumns"], json!(["备注"]));
}

#[test]
fn dates_of_spreadsheets() {
    for (text, expected) in [
        ("2024-06-04T14:30:00Z", Some("2024-06-04T14:30:00Z")),
        ("2024/6/4", Some("2024-06-04T00:00:00+08:00")),
        ("2024年6月4日 9:05", Some("2024-06-04T09:05:00+08:00")),
        ("2024.6.4 14:30:05", Some("2024-06-04T14:30:05+08:00")),
        ("45447", Some("2024-06-04T00:00:00+08:00")),
        ("2024/13/4", None),
        ("6/4/2024", None),
        ("NaN", None),
        ("1e300", None),
        ("", None),
    ] {
        assert_eq!(cell::date(text, "+08:00").as_deref(), expected, "{text}");
    }
}
