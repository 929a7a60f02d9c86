//! An organisation from text: YAML, JSON or tables. Mistakes get the line they stand in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use yiwang_dsl::diagnostic::Code;
use yiwang_dsl::{Diagnostic, yaml};

use super::csv::{self, Row, Table, Tables};
use super::{Mistake, Organisation, check};

/// Reads YAML, and so JSON.
///
/// # Errors
/// All mistakes, with their places in the text.
pub fn read_yaml(text: &str) -> Result<Organisation, Vec<Mistake>> {
    let in_text = |remark: Diagnostic| {
        let line = Some(line_at(text, remark.span.start));
        Mistake { remark, table: None, line }
    };
    let node = yaml::parse(text).map_err(|remarks| remarks.into_iter().map(in_text).collect::<Vec<_>>())?;
    check(&node.to_json()).map_err(|remarks| {
        let place = |mut remark: Diagnostic| {
            let mut pointer = remark.pointer.as_str();
            loop {
                if let Some(found) = node.at(pointer) {
                    remark.span = found.span.clone();
                    return in_text(remark);
                }
                match pointer.rfind('/') {
                    Some(end) => pointer = &pointer[..end],
                    None => return in_text(remark),
                }
            }
        };
        remarks.into_iter().map(place).collect()
    })
}

/// Reads tables. What has no table stays as `before` has it: people can be replaced alone.
///
/// # Errors
/// All mistakes of all tables, with their lines.
pub fn read_tables(before: &super::Document, tables: &Tables<'_>) -> Result<Organisation, Vec<Mistake>> {
    let mut document = match serde_json::to_value(before) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    };
    let mut mistakes = Vec::new();
    let mut lines = BTreeMap::new();
    for (table, text) in tables {
        match csv::rows(*table, text) {
            Err(troubles) => mistakes.extend(troubles.into_iter().map(|(line, message)| Mistake {
                remark: Diagnostic::new(Code::OrganisationForm, 0..0, message),
                table: Some(table.name()),
                line: Some(line),
            })),
            Ok(rows) => fill(&mut document, &mut lines, *table, rows),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    check(&Value::Object(document)).map_err(|remarks| {
        let place = |remark: Diagnostic| {
            let around = lines.iter().filter(|(at, _)| remark.pointer.starts_with(at.as_str()));
            // `/people/1` is the beginning of `/people/10`, which is longer.
            let found = around.max_by_key(|(at, _)| at.len()).map(|(_, found)| *found);
            Mistake { remark, table: found.map(|(table, _)| table), line: found.map(|(_, line)| line) }
        };
        remarks.into_iter().map(place).collect()
    })
}

/// Puts the rows of a table into the document, and notes where each came from.
fn fill(
    document: &mut Map<String, Value>,
    lines: &mut BTreeMap<String, (&'static str, usize)>,
    table: Table,
    rows: Vec<Row>,
) {
    if table != Table::Experts {
        let mut list = Vec::new();
        for row in rows {
            lines.insert(format!("/{}/{}", table.name(), list.len()), (table.name(), row.line));
            list.push(Value::Object(row.value));
        }
        document.insert(table.name().to_owned(), Value::Array(list));
        return;
    }
    let mut pools: Vec<(String, String, Vec<Value>)> = Vec::new();
    for Row { line, mut value } in rows {
        let mut text = |name: &str| value.remove(name).and_then(|text| Some(text.as_str()?.to_owned()));
        let (id, name) = (text("pool").unwrap_or_default(), text("name"));
        let at = pools.iter().position(|pool| pool.0 == id).unwrap_or_else(|| {
            pools.push((id.clone(), id.clone(), Vec::new()));
            pools.len() - 1
        });
        if let Some(name) = name {
            pools[at].1 = name;
        }
        lines.insert(format!("/pools/{at}/experts/{}", pools[at].2.len()), (table.name(), line));
        lines.entry(format!("/pools/{at}")).or_insert((table.name(), line));
        pools[at].2.push(Value::Object(value));
    }
    let pools =
        pools.into_iter().map(|(id, name, experts)| json!({"id": id, "name": name, "experts": experts}));
    document.insert("pools".to_owned(), pools.collect());
}

fn line_at(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1
}
