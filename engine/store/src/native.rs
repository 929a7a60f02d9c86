//! A connection to a file without a thread in between: SQLite is called where the caller is.
//!
//! sea-orm's driver for SQLite hands each statement to a thread of its own and waits. A commit of a dozen
//! statements would change threads two dozen times, which takes longer than its fsync (ADR 0036). So the loop and
//! the writer, whose statements are short, call SQLite themselves; lists for people keep sea-orm's driver, where
//! nobody is held up by a slow one. What the statements say is not known here.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};
use sea_orm::{DbBackend, DbErr, RuntimeErr, Statement, Value};

use crate::connection::Row;

/// Statements that stay prepared: more than there are different ones in the loop and the writer.
const PREPARED_MAX: usize = 256;

/// A connection, or none any more.
#[derive(Clone, Debug)]
pub(crate) struct Native(Arc<Mutex<Option<Connection>>>);

impl Native {
    /// Opens a file that is there, with these settings: `PRAGMA` statements.
    pub(crate) fn open(path: &Path, settings: &str) -> Result<Self, DbErr> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
        connection.execute_batch(settings).map_err(failed)?;
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Runs a statement without values.
    pub(crate) fn execute(&self, statement: &str) -> Result<(), DbErr> {
        self.with(|connection| connection.prepare_cached(statement)?.raw_execute().map(drop))
    }

    /// Closes it. What comes after it fails.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DbErr> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || DbErr::Conn(RuntimeErr::Internal("it is closed".to_owned()));
        work(connection.as_ref().ok_or_else(closed)?).map_err(failed)
    }
}

impl crate::connection::Connection for Native {
    fn backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        self.with(|connection| {
            let mut prepared = prepared(connection, &statement)?;
            let len = prepared.column_count();
            let mut rows = prepared.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let columns = (0..len).map(|at| value(row.get_ref(at)?));
                found.push(Row::Native(columns.collect::<Result<_, _>>()?));
            }
            Ok(found)
        })
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        self.with(|connection| prepared(connection, &statement)?.raw_execute().map(|changed| changed as u64))
    }
}

fn prepared<'c>(connection: &'c Connection, statement: &Statement) -> rusqlite::Result<CachedStatement<'c>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let values = statement.values.iter().flat_map(|values| &values.0);
    for (at, value) in values.enumerate() {
        prepared.raw_bind_parameter(at + 1, bound(value))?;
    }
    Ok(prepared)
}

/// A value as SQLite takes it. The kinds are those that the statements of this crate bind.
fn bound(value: &Value) -> ToSqlOutput<'_> {
    let value = match value {
        Value::Bool(value) => value.map(|value| ValueRef::Integer(value.into())),
        Value::Int(value) => value.map(|value| ValueRef::Integer(value.into())),
        Value::BigInt(value) => value.map(ValueRef::Integer),
        Value::String(value) => value.as_ref().map(|value| ValueRef::Text(value.as_bytes())),
        Value::Bytes(value) => value.as_ref().map(|value| ValueRef::Blob(value)),
        other => unreachable!("no statement binds {other:?}"),
    };
    ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null))
}

/// What SQLite gives as a value. A null has no kind: whoever reads it knows.
fn value(given: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match given {
        ValueRef::Null => Value::BigInt(None),
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) => value.into(),
        ValueRef::Text(_) => given.as_str()?.to_owned().into(),
        ValueRef::Blob(value) => value.to_vec().into(),
    })
}

fn failed(error: rusqlite::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::Internal(match error.sqlite_error() {
        Some(told) => format!("{error} (SQLite's code {})", told.extended_code),
        None => error.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Sql, column};

    #[test]
    fn values_go_in_and_come_out_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        drop(Connection::open(&path).unwrap());
        let native = Native::open(&path, "PRAGMA journal_mode = WAL").unwrap();
        let db = &native;
        futures::executor::block_on(async {
            Sql::new("CREATE TABLE t (n INTEGER, s TEXT, b BLOB, z TEXT)", []).run(db).await.unwrap();
            let values =
                [i64::MIN.into(), "市民\0诉求".into(), vec![0_u8, 255].into(), None::<String>.into()];
            let insert = || Sql::new("INSERT INTO t VALUES (?, ?, ?, ?)", values.clone());
            assert_eq!(insert().run(db).await.unwrap(), 1);
            Sql::new("BEGIN IMMEDIATE", []).run(db).await.unwrap();
            insert().run(db).await.unwrap();
            Sql::new("ROLLBACK", []).run(db).await.unwrap();
            let rows =
                Sql::new("SELECT n, s, b, z, NULL, count(*) OVER () FROM t", []).all(db).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(column::<i64>(&rows[0], 0).unwrap(), i64::MIN);
            assert_eq!(column::<String>(&rows[0], 1).unwrap(), "市民\0诉求");
            assert_eq!(column::<Vec<u8>>(&rows[0], 2).unwrap(), [0, 255]);
            assert_eq!(column::<Option<String>>(&rows[0], 3).unwrap(), None);
            assert_eq!(column::<Option<Vec<u8>>>(&rows[0], 4).unwrap(), None);
            assert!(column::<i64>(&rows[0], 4).is_err(), "a null is no number");
            assert_eq!(column::<Option<i64>>(&rows[0], 5).unwrap(), Some(1));
            let error = Sql::new("SELECT x FROM t", []).all(db).await.unwrap_err().to_string();
            assert!(error.contains("no such column: x"), "{error}");
            native.close();
            let error = Sql::new("SELECT 1", []).one(db).await.unwrap_err().to_string();
            assert!(error.contains("closed"), "{error}");
        });
    }
}
