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
use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, RuntimeErr,
    Statement, Value,
};

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

    /// The same as sea-orm's statements take it. Transactions are statements of their own: `BEGIN`, `COMMIT`.
    pub(crate) fn connection(&self) -> Result<DatabaseConnection, DbErr> {
        let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(self.clone());
        sea_orm::ProxyDatabaseConnector::connect(DbBackend::Sqlite, Arc::new(proxy))
    }

    /// Closes it. What comes after it fails.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = || DbErr::Conn(RuntimeErr::Internal("it is closed".to_owned()));
        work(connection.as_ref().ok_or_else(closed)?)
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Native {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        self.with(|connection| {
            let mut prepared = prepared(connection, &statement)?;
            let len = prepared.column_count();
            let mut rows = prepared.raw_query();
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(failed)? {
                let column = |at| Ok((name(at), value(row.get_ref(at).map_err(failed)?)?));
                let columns: Result<_, DbErr> = (0..len).map(column).collect();
                found.push(ProxyRow { values: columns? });
            }
            Ok(found)
        })
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        self.with(|connection| {
            let changed = prepared(connection, &statement)?.raw_execute().map_err(failed)?;
            Ok(ProxyExecResult::new(0, changed as u64))
        })
    }
}

fn prepared<'c>(connection: &'c Connection, statement: &Statement) -> Result<CachedStatement<'c>, DbErr> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(failed)?;
    let values = statement.values.iter().flat_map(|values| &values.0);
    for (at, value) in values.enumerate() {
        prepared.raw_bind_parameter(at + 1, bound(value)?).map_err(failed)?;
    }
    Ok(prepared)
}

/// A value as SQLite takes it. The kinds are those that the statements of this crate bind.
fn bound(value: &Value) -> Result<ToSqlOutput<'_>, DbErr> {
    let value = match value {
        Value::Bool(value) => value.map(|value| ValueRef::Integer(value.into())),
        Value::Int(value) => value.map(|value| ValueRef::Integer(value.into())),
        Value::Unsigned(value) => value.map(|value| ValueRef::Integer(value.into())),
        Value::BigInt(value) => value.map(ValueRef::Integer),
        Value::Double(value) => value.map(ValueRef::Real),
        Value::String(value) => value.as_ref().map(|value| ValueRef::Text(value.as_bytes())),
        Value::Bytes(value) => value.as_ref().map(|value| ValueRef::Blob(value)),
        other => return Err(DbErr::Custom(format!("a value of another kind was to be bound: {other:?}"))),
    };
    Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
}

/// What SQLite gives as a value. A null has no kind: whoever reads it knows.
fn value(given: ValueRef<'_>) -> Result<Value, DbErr> {
    Ok(match given {
        ValueRef::Null => Value::BigInt(None),
        ValueRef::Integer(value) => value.into(),
        ValueRef::Real(value) => value.into(),
        ValueRef::Text(_) => given.as_str().map_err(|error| failed(error.into()))?.to_owned().into(),
        ValueRef::Blob(value) => value.to_vec().into(),
    })
}

/// Columns are read by their places, in the order of these names.
fn name(at: usize) -> String {
    format!("{at:03}")
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
        let db = native.connection().unwrap();
        futures::executor::block_on(async {
            Sql::new("CREATE TABLE t (n INTEGER, s TEXT, b BLOB, z TEXT)", []).run(&db).await.unwrap();
            let values =
                [i64::MIN.into(), "市民\0诉求".into(), vec![0_u8, 255].into(), None::<String>.into()];
            let insert = || Sql::new("INSERT INTO t VALUES (?, ?, ?, ?)", values.clone());
            assert_eq!(insert().run(&db).await.unwrap(), 1);
            Sql::new("BEGIN IMMEDIATE", []).run(&db).await.unwrap();
            insert().run(&db).await.unwrap();
            Sql::new("ROLLBACK", []).run(&db).await.unwrap();
            let rows =
                Sql::new("SELECT n, s, b, z, NULL, count(*) OVER () FROM t", []).all(&db).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(column::<i64>(&rows[0], 0).unwrap(), i64::MIN);
            assert_eq!(column::<String>(&rows[0], 1).unwrap(), "市民\0诉求");
            assert_eq!(column::<Vec<u8>>(&rows[0], 2).unwrap(), [0, 255]);
            assert_eq!(column::<Option<String>>(&rows[0], 3).unwrap(), None);
            assert_eq!(column::<Option<Vec<u8>>>(&rows[0], 4).unwrap(), None);
            assert!(column::<i64>(&rows[0], 4).is_err(), "a null is no number");
            assert_eq!(column::<Option<i64>>(&rows[0], 5).unwrap(), Some(1));
            let error = Sql::new("SELECT x FROM t", []).all(&db).await.unwrap_err().to_string();
            assert!(error.contains("no such column: x"), "{error}");
            native.close();
            let error = Sql::new("SELECT 1", []).one(&db).await.unwrap_err().to_string();
            assert!(error.contains("closed"), "{error}");
        });
    }
}
