//! Small words for talking to the database. Knows no table.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{DbBackend, DbErr, Statement, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use yiwang_runtime::ports::StoreError;

use crate::connection::{Column, Connection, Row};
use crate::dialect;

/// Rows of one statement: statements stay small enough to be kept prepared.
const ROWS_MAX: usize = 256;
/// Bound values of one statement: half of a server's limit.
const BINDS_MAX: usize = 32_766;

/// A text of SQL with its values, grown condition by condition. Marks in braces stand for what each database says
/// in its own way ([`dialect`]).
#[derive(Debug)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Begins with this text.
    pub(crate) fn new(text: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.into(), values: values.into_iter().collect() }
    }

    /// Goes on with this text.
    pub(crate) fn push(&mut self, text: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.text.push(' ');
        self.text.push_str(text);
        self.values.extend(values);
        self
    }

    /// Goes on with this text if there is something to compare with.
    pub(crate) fn push_some(&mut self, text: &str, value: Option<impl Into<Value>>) -> &mut Self {
        if let Some(value) = value {
            self.push(text, [value.into()]);
        }
        self
    }

    /// Puts this text before and that behind.
    pub(crate) fn wrap(self, before: &str, behind: &str) -> Self {
        Self { text: format!("{before}{} {behind}", self.text), values: self.values }
    }

    /// All rows.
    pub(crate) async fn all(self, db: &impl Connection) -> Result<Vec<Row>, DbErr> {
        db.all(self.statement(db)).await
    }

    /// The first row.
    pub(crate) async fn one(self, db: &impl Connection) -> Result<Option<Row>, DbErr> {
        Ok(db.all(self.statement(db)).await?.into_iter().next())
    }

    /// Runs it; how many rows it changed.
    pub(crate) async fn run(self, db: &impl Connection) -> Result<u64, DbErr> {
        db.run(self.statement(db)).await
    }

    fn statement(self, db: &impl Connection) -> Statement {
        let backend = db.backend();
        let values = self.values.into_iter().map(|value| dialect::value(backend, value));
        Statement::from_sql_and_values(backend, dialect::text(backend, &self.text), values)
    }
}

/// Inserts these rows: to a server by as few statements as there may be, to a file, which is no journey away, by one
/// prepared statement row by row.
pub(crate) async fn insert(
    db: &impl Connection,
    table: &'static str,
    columns: &'static [&'static str],
    conflict: Option<OnConflict>,
    rows: Vec<Vec<Value>>,
) -> Result<(), DbErr> {
    let backend = db.backend();
    let into = |rows: &mut dyn Iterator<Item = Vec<Value>>| {
        let mut insert = Query::insert();
        insert.into_table(table).columns(columns.iter().copied());
        for row in rows {
            let row = row.into_iter().map(|value| Expr::val(dialect::value(backend, value)));
            insert.values(row).map_err(|error| DbErr::Custom(error.to_string()))?;
        }
        if let Some(conflict) = &conflict {
            insert.on_conflict(conflict.clone());
        }
        // No RETURNING: nobody needs the new keys.
        Ok::<_, DbErr>(insert)
    };
    let mut rows = rows.into_iter().peekable();
    if backend == DbBackend::Sqlite {
        let Some(first) = rows.next() else { return Ok(()) };
        let first = backend.build(&into(&mut std::iter::once(first))?);
        let sql = first.sql.clone();
        db.run(first).await?;
        for row in rows {
            db.run(Statement::from_sql_and_values(backend, &*sql, row)).await?;
        }
        return Ok(());
    }
    let chunk_len = ROWS_MAX.min(BINDS_MAX / columns.len());
    while rows.peek().is_some() {
        db.run(backend.build(&into(&mut rows.by_ref().take(chunk_len))?)).await?;
    }
    Ok(())
}

/// An upsert: on a row with the same `key`, these columns are replaced.
pub(crate) fn replacing(key: &'static [&'static str], columns: &[&'static str]) -> Option<OnConflict> {
    let mut conflict = OnConflict::columns(key.iter().copied());
    conflict.update_columns(columns.iter().copied());
    Some(conflict)
}

/// The last of several rows with the same key counts: PostgreSQL refuses to touch a row twice in one statement.
pub(crate) fn last_of_each<K: Ord>(rows: impl IntoIterator<Item = (K, Vec<Value>)>) -> Vec<Vec<Value>> {
    rows.into_iter().collect::<BTreeMap<_, _>>().into_values().collect()
}

/// A list as one bound value: the statement's text does not depend on its length.
pub(crate) fn list(items: impl Serialize) -> Value {
    serde_json::to_string(&items).expect("numbers and texts can be written").into()
}

/// A JSON body.
pub(crate) fn body(value: &impl Serialize) -> Value {
    serde_json::to_string(value).expect("rows can be written as JSON").into()
}

/// The word that a plain enum is written as in JSON.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

/// The plain enum that is written as this word.
pub(crate) fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
}

/// A column of a row.
pub(crate) fn column<T: Column>(row: &Row, at: usize) -> Result<T, DbErr> {
    row.column(at)
}

/// The JSON in a column; `row_name` names the row when it is broken.
pub(crate) fn parse<T: DeserializeOwned>(
    row: &Row,
    at: usize,
    row_name: impl FnOnce() -> String,
) -> Result<T, StoreError> {
    let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new(format!("reading {}", row_name()), source)
    };
    let text: String = match column(row, at) {
        Ok(text) => text,
        Err(error) => return Err(broken(error.into())),
    };
    serde_json::from_str(&text).map_err(|error| broken(error.into()))
}

/// Says what was being done.
pub(crate) fn doing(what: &'static str) -> impl Fn(DbErr) -> StoreError {
    move |source| StoreError::new(what, source)
}

/// An id as SQL gives it back.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A limit as SQL takes it.
pub(crate) fn limit(len: usize) -> Value {
    i64::try_from(len).unwrap_or(i64::MAX).into()
}
