//! Workbooks as spreadsheets write them, and as nobody should.

use std::io::Write as _;

use super::*;

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="字典" sheetId="1" state="hidden" r:id="r1"/><sheet name="信访" sheetId="2" r:id="r2"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="r3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="r4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;

fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}

/// A workbook with these rows on its visible sheet, and these shared texts.
fn book(rows: &str, shared: &str) -> Vec<u8> {
    let shared = format!(
        r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{shared}</sst>"#
    );
    let parts = [
        ("[Content_Types].xml", TYPES.to_owned()),
        ("_rels/.rels", RELS.to_owned()),
        ("xl/workbook.xml", BOOK.to_owned()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS.to_owned()),
        ("xl/styles.xml", STYLES.to_owned()),
        ("xl/sharedStrings.xml", shared),
        ("xl/worksheets/sheet1.xml", sheet("")),
        ("xl/worksheets/sheet2.xml", sheet(rows)),
    ];
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        file.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    file.finish().unwrap().into_inner()
}

/// A row of texts; a cell that begins with `<` is written as it is.
fn row(number: usize, cells: &[&str]) -> String {
    let cells = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(|(at, cell)| {
        let place = format!("{}{number}", char::from(b'A' + u8::try_from(at).unwrap()));
        match cell.strip_prefix('<') {
            Some(inner) => format!("<c r=\"{place}\" {inner}"),
            None => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
        }
    });
    format!("<row r=\"{number}\">{}</row>", cells.collect::<String>())
}

/// A workbook with these rows, from the first one on.
pub(crate) fn xlsx(rows: &[&[&str]]) -> Vec<u8> {
    book(&rows.iter().zip(1..).map(|(cells, number)| row(number, cells)).collect::<String>(), "")
}

fn why(bytes: &[u8]) -> (String, String) {
    let failure = read(bytes, None).unwrap_err();
    (failure.code, failure.message)
}

#[test]
fn cells_of_the_first_visible_sheet_are_texts() {
    let rows = [
        row(2, &["信访编号", "< t=\"s\"><v>0</v></c>", "登记日期", "人数", "是否集体", "电话"]),
        row(
            4,
            &[
                "<><v>1001</v></c>",
                " 占地 ",
                "< s=\"1\"><v>45447.604166666664</v></c>",
                "<><v>5</v></c>",
                "< t=\"b\"><v>1</v></c>",
                "<><v>13800000000</v></c>",
            ],
        ),
        row(5, &["<><v>202406040012345678</v></c>", "< t=\"e\"><v>#REF!</v></c>", "", "<><v>1.5</v></c>"]),
        row(6, &["", " "]),
    ];
    let bytes = book(&rows.concat(), "<si><t>概况</t></si>");
    let cells = read(&bytes, None).unwrap();
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(texts(&cells.head), ["信访编号", "概况", "登记日期", "人数", "是否集体", "电话"]);
    assert_eq!(cells.rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(texts(&cells.rows[0].1), ["1001", "占地", "2024-06-04 14:30:00", "5", "true", "13800000000"]);
    assert_eq!(texts(&cells.rows[1].1), ["2.02406E+17", "", "", "1.5"]);
    assert_eq!(cells.broken.into_iter().collect::<Vec<_>>(), [((5, 1), "#REF!".to_owned())]);
    let missing = read(&bytes, Some("名单")).unwrap_err();
    assert_eq!(
        (missing.code.as_str(), missing.message.as_str()),
        ("import.no-sheet", "there is no sheet `名单`; there are 字典、信访")
    );
    assert!(read(&bytes, Some("字典")).unwrap().rows.is_empty());
}

#[test]
fn what_is_too_large_ends_before_it_is_in_memory() {
    let padded = format!("{}{}", row(1, &["a"]), " ".repeat(25 << 20));
    let (code, message) = why(&book(&padded, ""));
    assert_eq!(code, "import.too-large");
    assert!(message.contains("unpacked"), "{message}");
    let shared = "<si><t>x</t></si>".repeat(400_000);
    assert!(why(&book(&row(1, &["a"]), &shared)).1.contains("shared texts"));
    // One text of 30 KiB, which is shown some hundred times.
    let long = format!("<si><t>{}</t></si>", "x".repeat(30_000));
    let shown: String = (1..400).map(|n| row(n, &["< t=\"s\"><v>0</v></c>"])).collect();
    assert!(why(&book(&shown, &long)).1.contains("bytes of cells"));
    let wide: String =
        (1..5_000).map(|n| format!("<row r=\"{n}\"><c r=\"CV{n}\"><v>1</v></c></row>")).collect();
    assert!(why(&book(&wide, "")).1.contains("cells"));
    let far = r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    assert_eq!(why(&book(far, "")).0, "import.too-many-rows");
    let many: String =
        (1..=20_002).map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\"><v>1</v></c></row>")).collect();
    assert_eq!(why(&book(&many, "")).0, "import.too-many-rows");
}

#[test]
fn what_is_no_workbook_says_so() {
    let whole = book(&row(1, &["a"]), "");
    for bytes in [b"PK\x03\x04 and then nothing".as_slice(), &whole[..400], &whole[..whole.len() - 30]] {
        let (code, message) = why(bytes);
        assert_eq!(code, "import.malformed");
        assert!(message.contains("cannot be read"), "{message}");
    }
    assert!(read(&book("", ""), None).unwrap().head.is_empty());
    let entity = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>&b;</t></is></c></row>";
    assert!(
        read(&book(entity, ""), None)
            .map_or(true, |cells| !cells.head.iter().any(|cell| cell.contains("bbbb")))
    );
}
