//! Where SQLite and PostgreSQL differ. Everywhere else, statements are of the subset that both read.
//!
//! A statement is written once, with `?` for a bound value and a mark in braces for what each database says in
//! its own way. The table below is all there is. What a database that speaks PostgreSQL's protocol need not have
//! (advisory locks, NOTIFY, triggers, sequences, temporary tables, COPY) is not used.

use sea_orm::{DbBackend, DbErr, RuntimeErr, SqlxError, Value};

/// A mark, what SQLite reads there, and what PostgreSQL reads. Both have as many `?`.
const MARKS: &[(&str, &str, &str)] = &[
    // A list of numbers or texts, bound as one JSON text: the statement does not depend on its length.
    (
        "in numbers",
        "IN (SELECT value FROM json_each(?))",
        "= ANY (ARRAY(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(? AS json)) AS l (value)))",
    ),
    (
        "in texts",
        "IN (SELECT value FROM json_each(?))",
        "= ANY (ARRAY(SELECT value FROM json_array_elements_text(CAST(? AS json)) AS l (value)))",
    ),
    // The same as a table `j` with `key` and `value`. Rows are JSON arrays or objects, read by `->>`.
    (
        "numbers",
        "json_each(?) j",
        "json_array_elements_text(CAST(? AS json)) WITH ORDINALITY AS j (value, key)",
    ),
    ("rows", "json_each(?) j", "json_array_elements(CAST(? AS json)) WITH ORDINALITY AS j (value, key)"),
    // Bodies, which are texts, as JSON.
    ("case", "c.body", "CAST(c.body AS json)"),
    ("item", "k.body", "CAST(k.body AS json)"),
    ("message", "m.body", "CAST(m.body AS json)"),
    (
        "roles",
        "json_each(k.body, '$.candidate_roles') m",
        "json_array_elements_text(CAST(k.body AS json) -> 'candidate_roles') AS m (value)",
    ),
    // A free field of a case by its path, `"fields"."a"."b"`, bound twice: a text or a whole number, as text; a
    // whole number alone. Anything else is null.
    (
        "free text",
        "CASE WHEN json_type(c.body, '$.' || ?) IN ('text', 'integer')
           THEN CAST(c.body ->> ('$.' || ?) AS TEXT) END",
        r#"CASE WHEN CAST(CAST(c.body AS json) #> string_to_array(trim(BOTH '"' FROM ?), '"."') AS TEXT)
             ~ '^("|(-|)[0-9]+$)'
           THEN CAST(c.body AS json) #>> string_to_array(trim(BOTH '"' FROM ?), '"."') END"#,
    ),
    (
        "free number",
        "CASE json_type(c.body, '$.' || ?) WHEN 'integer' THEN c.body ->> ('$.' || ?) END",
        r#"CASE WHEN CAST(CAST(c.body AS json) #> string_to_array(trim(BOTH '"' FROM ?), '"."') AS TEXT)
             ~ '^(-|)[0-9]+$'
           THEN CAST(CAST(c.body AS json) #>> string_to_array(trim(BOTH '"' FROM ?), '"."') AS NUMERIC) END"#,
    ),
    ("position", "instr", "strpos"),
    // The index of words: a table of FTS5, or an array with an inverted index. Words have no spaces, no quotes.
    ("text id", "rowid", "instance"),
    ("text words", "j.value ->> 1", "string_to_array(j.value ->> 1, ' ')"),
    ("text match", "t.case_text MATCH ?", r#"t.words @> string_to_array(replace(?, '"', ''), ' ')"#),
    // How many tables there are, and how many of them are ours.
    (
        "tables",
        "SELECT count(*), count(*) FILTER (WHERE name = 'migration') FROM sqlite_schema",
        "SELECT count(*), count(*) FILTER (WHERE table_name = 'migration') FROM information_schema.tables
          WHERE table_schema = current_schema()",
    ),
];

/// The text as this database reads it.
pub(crate) fn text(backend: DbBackend, text: &str) -> String {
    let postgres = backend == DbBackend::Postgres;
    let mut done = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, behind) = behind.split_once('}').expect("a mark ends");
        let mark = MARKS.iter().find(|(known, ..)| *known == name);
        let (_, sqlite, server) = mark.unwrap_or_else(|| unreachable!("there is no mark {{{name}}}"));
        done.push_str(before);
        done.push_str(if postgres { server } else { sqlite });
        rest = behind;
    }
    done.push_str(rest);
    if postgres { numbered(&done) } else { done }
}

/// `?` is `$1`, `$2`, … there.
fn numbered(text: &str) -> String {
    let mut parts = text.split('?');
    let mut done = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        done.push_str(&format!("${}", at + 1));
        done.push_str(part);
    }
    done
}

/// The value as this database can keep it. PostgreSQL has no U+0000 in texts: it is kept as U+FFFD.
pub(crate) fn value(backend: DbBackend, value: Value) -> Value {
    match value {
        Value::String(Some(text)) if backend == DbBackend::Postgres && has_zero(&text) => {
            Value::String(Some(without_zero(&text)))
        }
        value => value,
    }
}

fn has_zero(text: &str) -> bool {
    text.contains('\0') || text.contains("\\u0000")
}

/// As it stands, and as JSON writes it: a backslash that is itself escaped begins no escape.
fn without_zero(text: &str) -> String {
    let text = text.replace('\0', "\u{fffd}");
    let mut done = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        let (before, behind) = rest.split_at(at);
        done.push_str(before);
        let (escape, behind) = match behind.strip_prefix("\\u0000") {
            Some(behind) => ("\\ufffd", behind),
            None => {
                let len = 1 + behind.chars().nth(1).map_or(0, char::len_utf8);
                behind.split_at(len)
            }
        };
        done.push_str(escape);
        rest = behind;
    }
    done.push_str(rest);
    done
}

/// Did the server itself say that it has taken the transaction back? Serialization failures, deadlocks and broken
/// keys; not `statement_completion_unknown`, and no lost connection. A file never says so at its commit.
pub(crate) fn is_taken_back(backend: DbBackend, error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let SqlxError::Database(error) = &**error else { return false };
    let code = error.code().unwrap_or_default();
    backend == DbBackend::Postgres && code != "40003" && (code.starts_with("40") || code.starts_with("23"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_written_once_and_read_by_both() {
        let written = "SELECT body FROM case_ c WHERE no = ? AND id {in numbers} AND {position}(x, ?) > 0";
        assert_eq!(
            text(DbBackend::Sqlite, written),
            "SELECT body FROM case_ c WHERE no = ? AND id IN (SELECT value FROM json_each(?)) AND instr(x, ?) > 0"
        );
        assert_eq!(
            text(DbBackend::Postgres, written),
            "SELECT body FROM case_ c WHERE no = $1 AND id = ANY (ARRAY(SELECT CAST(value AS BIGINT) FROM \
             json_array_elements_text(CAST($2 AS json)) AS l (value))) AND strpos(x, $3) > 0"
        );
    }

    #[test]
    fn both_sides_of_a_mark_bind_the_same() {
        for (name, sqlite, server) in MARKS {
            assert_eq!(sqlite.matches('?').count(), server.matches("?").count(), "{name}");
        }
    }

    #[test]
    fn what_postgres_cannot_keep_is_replaced_and_nothing_else() {
        let kept = |text: &str| value(DbBackend::Postgres, text.into());
        assert_eq!(kept("a\0b"), "a\u{fffd}b".into());
        assert_eq!(kept(r#"{"a":"\u0000\\u0000\\\u0000"}"#), r#"{"a":"\ufffd\\u0000\\\ufffd"}"#.into());
        assert_eq!(kept(r"\n\u0001 市民"), r"\n\u0001 市民".into());
        assert_eq!(value(DbBackend::Sqlite, "a\0b".into()), "a\0b".into());
    }
}
