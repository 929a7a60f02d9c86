//! Reads a table of promises: all its mistakes at once.

use yiwang_dsl::diagnostic::{Code, Text};
use yiwang_dsl::yaml::{self, Node, Value};
use yiwang_dsl::{Diagnostic, text};

use super::{Matter, Row, Table};
use crate::calendar::{Amount, Calendars};
use crate::catalog;

const KEYS: [&str; 7] = ["clock", "channel", "kind", "urgency", "goal", "thresholds", "note"];

pub(super) fn read(id: &str, document: &str, calendars: &Calendars) -> Result<Table, Vec<Diagnostic>> {
    let root = yaml::parse(document)?;
    let mut found = Vec::new();
    let mut table = Table::default();
    let remark = |code, node: &Node, pointer: &str, message: Text| {
        let mut remark = Diagnostic::new(code, node.span.clone(), message);
        pointer.clone_into(&mut remark.pointer);
        remark
    };
    unknown(&root, "", &["schema", "id", "rows", "note"], &mut found);
    match root.get("schema").and_then(Node::as_str) {
        Some("yiwang.sla/v1") => {}
        _ => {
            let mut remark = remark(Code::BadValue, &root, "", text!("this is no table of promises"));
            remark.help(text!("its `schema` is `yiwang.sla/v1`"));
            found.push(remark);
        }
    }
    if let Some(own) = root.get("id").filter(|own| own.as_str() != Some(id)) {
        let own_id = own.as_str().unwrap_or_default();
        found.push(remark(
            Code::BadName,
            own,
            "/id",
            text!("the document is the table `{}`, not `{}`", own_id, id),
        ));
    }
    let rows = match root.get("rows").map(|rows| &rows.value) {
        Some(Value::List(rows)) => rows.as_slice(),
        _ => {
            found.push(remark(Code::MissingKey, &root, "", text!("the key `{}` is missing here", "rows")));
            &[]
        }
    };
    for (n, row) in rows.iter().enumerate() {
        let pointer = format!("/rows/{n}");
        unknown(row, &pointer, &KEYS, &mut found);
        // A row is a clock to be started, said of some cases.
        let mut clock = row.to_json();
        if let Some(members) = clock.as_object_mut() {
            members.retain(|name, _| ["clock", "goal", "thresholds"].contains(&name.as_str()));
        }
        for (inner, problem) in catalog::clock_problems(&clock) {
            let place = row.at(&inner).unwrap_or(row);
            let message = text!("this argument does not fit: {}", problem);
            found.push(remark(Code::With, place, &format!("{pointer}{inner}"), message));
        }
        let calendar = row.at("/goal/calendar").and_then(Node::as_str);
        if let Some(name) = calendar.filter(|name| calendars.newest(name).is_none()) {
            let place = row.at("/goal/calendar").unwrap_or(row);
            let mut remark = remark(
                Code::CalendarExtends,
                place,
                &format!("{pointer}/goal/calendar"),
                text!("there is no calendar `{}`", name),
            );
            remark.meant(name, calendars.ids());
            found.push(remark);
        }
        let goal = serde_json::from_value::<Amount>(clock["goal"].clone());
        let word = |key: &str| row.get(key).and_then(Node::as_str).map(str::to_owned);
        if let (Ok(goal), Some(clock)) = (goal, word("clock")) {
            table.rows.push(Row {
                clock,
                matter: Matter { channel: word("channel"), kind: word("kind"), urgency: word("urgency") },
                goal,
                calendar: calendar.map(str::to_owned),
                thresholds: match row.get("thresholds").map(Node::to_json) {
                    Some(serde_json::Value::Array(thresholds)) => thresholds,
                    _ => Vec::new(),
                },
            });
        } else if found.iter().all(|remark| !remark.pointer.starts_with(&pointer)) {
            let message = text!("this is not a duration of fixed length");
            found.push(remark(
                Code::Duration,
                row.get("goal").unwrap_or(row),
                &format!("{pointer}/goal"),
                message,
            ));
        }
    }
    if found.is_empty() { Ok(table) } else { Err(found) }
}

fn unknown(node: &Node, pointer: &str, known: &[&str], found: &mut Vec<Diagnostic>) {
    let Value::Map(entries) = &node.value else {
        let message = text!("this must be {}, and is {}", Text::from("a mapping"), Text::from(node.kind()));
        let mut remark = Diagnostic::new(Code::WrongType, node.span.clone(), message);
        pointer.clone_into(&mut remark.pointer);
        found.push(remark);
        return;
    };
    for entry in entries.iter().filter(|entry| !known.contains(&entry.key.text.as_str())) {
        let message = text!("the key `{}` is not known here", entry.key.text);
        let mut remark = Diagnostic::new(Code::UnknownKey, entry.key.span.clone(), message);
        remark.pointer = format!("{pointer}/{}", entry.key.text);
        remark.meant(&entry.key.text, known.iter().copied());
        found.push(remark);
    }
}
