//! Selections as SQL. `core` says what each test means; a test of the stores holds both to the same answers.
//!
//! SQL has three truth values and a selection has two: every comparison is made false where it would be
//! unknown, before `NOT` can see it.

use sea_orm::Value;
use yiwang_core::selector::{Field, Of, Selection, Test};
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::keys::signed;

use crate::sql::{Sql, list};

/// The tables that a selection is made from, without conditions.
pub(crate) fn tables(of: Of) -> &'static str {
    match of {
        Of::Cases => {
            "FROM case_ c JOIN instance i ON i.id = c.instance JOIN workflow w ON w.id = i.workflow
             JOIN definition d ON d.id = i.definition"
        }
        Of::WorkItems => {
            "FROM work_item k JOIN instance i ON i.id = k.instance JOIN workflow w ON w.id = i.workflow
             JOIN definition d ON d.id = i.definition LEFT JOIN case_ c ON c.instance = k.instance"
        }
        Of::Instances => {
            "FROM instance i JOIN workflow w ON w.id = i.workflow JOIN definition d ON d.id = i.definition
             LEFT JOIN case_ c ON c.instance = i.id"
        }
    }
}

/// The instance of what is selected.
pub(crate) fn instance(of: Of) -> &'static str {
    match of {
        Of::Cases => "c.instance",
        Of::WorkItems => "k.instance",
        Of::Instances => "i.id",
    }
}

/// The key in whose order selections are gone through.
pub(crate) fn key(of: Of) -> &'static str {
    match of {
        Of::Cases => "c.instance",
        Of::WorkItems => "k.instance, k.n",
        Of::Instances => "i.id",
    }
}

/// Adds the condition of a selection.
pub(crate) fn condition(sql: &mut Sql, selection: &Selection) {
    test(sql, selection.of, &selection.test);
}

fn test(sql: &mut Sql, of: Of, it: &Test<Timestamp>) {
    match it {
        Test::All(tests) => joined(sql, of, tests, "AND", "TRUE"),
        Test::Any(tests) => joined(sql, of, tests, "OR", "FALSE"),
        Test::Not(inner) => {
            sql.push("NOT (", []);
            test(sql, of, inner);
            sql.push(")", []);
        }
        Test::OneOf(Field::Instance, ids) => {
            let ids = ids.iter().filter_map(|id| id.parse().ok()).map(|id: InstanceId| signed(id.0));
            sql.push("(i.id {in numbers})", [list(ids.collect::<Vec<_>>())]);
        }
        Test::OneOf(field, values) => match set(field) {
            Some(members) => {
                sql.push("EXISTS (SELECT 1 FROM", []).push(members, []);
                sql.push("AND m.value {in texts})", [list(values)]);
            }
            None => {
                sql.push("coalesce(", []);
                value(sql, of, field);
                sql.push("{in texts}, FALSE)", [list(values)]);
            }
        },
        Test::Present(field) => match set(field) {
            Some(members) => {
                sql.push("EXISTS (SELECT 1 FROM", []).push(members, []).push(")", []);
            }
            None => {
                sql.push("(", []);
                value(sql, of, field);
                sql.push("IS NOT NULL)", []);
            }
        },
        Test::Contains(field, part) => {
            sql.push("coalesce({position}(", []);
            value(sql, of, field);
            sql.push(", ?) > 0, FALSE)", [part.clone().into()]);
        }
        Test::Before(field, at) => compared(sql, of, field, "< ?", at.0),
        Test::From(field, at) => compared(sql, of, field, ">= ?", at.0),
        Test::BeforeField(field, other) => related(sql, of, field, "<", other),
        Test::FromField(field, other) => related(sql, of, field, ">=", other),
        Test::AtLeast(field, number) => numbered(sql, of, field, ">= ?", *number),
        Test::AtMost(field, number) => numbered(sql, of, field, "<= ?", *number),
    }
}

fn joined(sql: &mut Sql, of: Of, tests: &[Test<Timestamp>], word: &str, none: &str) {
    sql.push("(", []);
    if tests.is_empty() {
        sql.push(none, []);
    }
    for (at, one) in tests.iter().enumerate() {
        if at > 0 {
            sql.push(word, []);
        }
        test(sql, of, one);
    }
    sql.push(")", []);
}

fn compared(sql: &mut Sql, of: Of, field: &Field, how: &str, with: i64) {
    sql.push("coalesce(", []);
    value(sql, of, field);
    sql.push(how, [with.into()]).push(", FALSE)", []);
}

fn related(sql: &mut Sql, of: Of, field: &Field, how: &str, other: &Field) {
    sql.push("coalesce(", []);
    value(sql, of, field);
    sql.push(how, []);
    value(sql, of, other);
    sql.push(", FALSE)", []);
}

fn numbered(sql: &mut Sql, of: Of, field: &Field, how: &str, with: i64) {
    let Field::Free(path) = field else { return compared(sql, of, field, how, with) };
    let path = Value::from(free_path(path));
    sql.push("coalesce({free number}", [path.clone(), path]);
    sql.push(how, [with.into()]).push(", FALSE)", []);
}

/// The members of a set, as a table with a condition.
fn set(field: &Field) -> Option<&'static str> {
    match field {
        Field::Flags => {
            Some("(SELECT f.flag AS value FROM case_flag f WHERE f.instance = c.instance) m WHERE TRUE")
        }
        Field::Roles => Some("{roles} WHERE TRUE"),
        _ => None,
    }
}

/// The one value of a field, or null.
pub(crate) fn value(sql: &mut Sql, of: Of, field: &Field) {
    let text = match field {
        Field::CaseNo => match of {
            Of::Cases | Of::Instances => "c.no",
            Of::WorkItems => "k.case_no",
        },
        Field::CaseType => "{case} ->> 'type'",
        Field::Channel => "c.channel",
        Field::SourceRef => "{case} ->> 'source_ref'",
        Field::CaseTitle => "{case} ->> 'title'",
        Field::CaseState => "c.state",
        Field::Outcome => "c.outcome",
        Field::Category => "{case} ->> 'category'",
        Field::Urgency => "{case} ->> 'urgency'",
        Field::Unit => "c.unit",
        Field::CaseDue => "CAST({case} ->> 'due' AS BIGINT)",
        Field::Opened => "CAST({case} ->> 'opened' AS BIGINT)",
        Field::Closed => "CAST({case} ->> 'closed' AS BIGINT)",
        Field::Reworks => "CAST({case} ->> 'reworks' AS BIGINT)",
        // A case that nobody has urged does not write that down.
        Field::Urged => {
            "CASE WHEN c.instance IS NOT NULL THEN coalesce(CAST({case} ->> 'urged' AS BIGINT), 0) END"
        }
        Field::UrgedAt => "CAST({case} ->> 'urged_at' AS BIGINT)",
        Field::Free(path) => {
            let path = Value::from(free_path(path));
            sql.push("{free text}", [path.clone(), path]);
            return;
        }
        Field::Task => "{item} ->> 'task'",
        Field::ItemTitle => "{item} ->> 'title'",
        Field::ItemState => "k.state",
        Field::Priority => "{item} ->> 'priority'",
        Field::Assignee => "{item} ->> 'assignee'",
        // The greatest number stands for none: it sorts last in lists.
        Field::ItemDue => "nullif(k.due_at, 9223372036854775807)",
        Field::Created => "CAST({item} ->> 'created' AS BIGINT)",
        Field::Workflow => "w.name",
        Field::Status => "i.status",
        Field::Touched => "i.touched",
        Field::Instance => "i.id",
        Field::Version => "d.version",
        Field::Flags | Field::Roles => "NULL",
    };
    sql.push(text, []);
}

/// `"fields"."a"."b"`. Names have no quotes and no backslashes: the language refuses them.
fn free_path(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("\"fields\".{}", quoted.join("."))
}
