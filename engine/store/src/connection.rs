//! What statements go through: a pool or a transaction of sea-orm, or SQLite itself. And the rows that come back.
//!
//! Knows no table and no SQL.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use sea_orm::{QueryResult, TransactionTrait as _, TryGetable};

use crate::native::Native;

/// Longest wait for a server's answer to one statement.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Something that runs statements.
pub(crate) trait Connection: Sync {
    /// Which SQL it reads.
    fn backend(&self) -> DbBackend;

    /// Runs a statement and gives its rows.
    fn all(&self, statement: Statement) -> impl Future<Output = Result<Vec<Row>, DbErr>> + Send;

    /// Runs a statement; how many rows it changed.
    fn run(&self, statement: Statement) -> impl Future<Output = Result<u64, DbErr>> + Send;
}

/// A row of an answer.
#[derive(Debug)]
pub(crate) enum Row {
    /// Read by sea-orm.
    Sea(QueryResult),
    /// Read from SQLite itself, column by column.
    Native(Vec<Value>),
}

impl Row {
    /// A column, counted from 0.
    pub(crate) fn column<T: Column>(&self, at: usize) -> Result<T, DbErr> {
        match self {
            Self::Sea(row) => row.try_get_by_index(at),
            Self::Native(values) => {
                let value =
                    values.get(at).ok_or_else(|| DbErr::Custom(format!("there is no column {at}")))?;
                let kind = || DbErr::Type(format!("column {at} is not of the kind that is wanted"));
                T::of(value).ok_or_else(kind)
            }
        }
    }
}

/// What a column is read as.
pub(crate) trait Column: TryGetable {
    /// None: it is something else.
    fn of(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        if let Value::BigInt(value) = value { *value } else { None }
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        if let Value::String(value) = value { value.clone() } else { None }
    }
}

impl Column for Vec<u8> {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Bytes(value) = value { value.clone() } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        if let Value::BigInt(None) = value { Some(None) } else { T::of(value).map(Some) }
    }
}

/// A server that does not answer has failed: nobody waits for it for ever. A file always answers.
pub(crate) async fn within<T>(
    backend: DbBackend,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    match backend {
        DbBackend::Postgres => tokio::time::timeout(ANSWER_WITHIN, work)
            .await
            .unwrap_or_else(|_| Err(DbErr::Custom(format!("no answer within {ANSWER_WITHIN:?}")))),
        _ => work.await,
    }
}

async fn all(db: &impl ConnectionTrait, statement: Statement) -> Result<Vec<Row>, DbErr> {
    let rows = within(db.get_database_backend(), db.query_all_raw(statement)).await?;
    Ok(rows.into_iter().map(Row::Sea).collect())
}

async fn run(db: &impl ConnectionTrait, statement: Statement) -> Result<u64, DbErr> {
    Ok(within(db.get_database_backend(), db.execute_raw(statement)).await?.rows_affected())
}

impl Connection for DatabaseConnection {
    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        all(self, statement).await
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        run(self, statement).await
    }
}

impl Connection for DatabaseTransaction {
    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        all(self, statement).await
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        run(self, statement).await
    }
}

/// A server's pool, or a file.
#[derive(Debug)]
pub(crate) enum Link {
    /// Connections to a server.
    Pool(DatabaseConnection),
    /// The file.
    File(Native),
}

impl Link {
    /// Begins to write.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
        match self {
            Self::Pool(pool) => {
                within(pool.get_database_backend(), pool.begin()).await.map(Transaction::Pool)
            }
            // It takes the lock at once instead of failing half-way.
            Self::File(file) => file.execute("BEGIN IMMEDIATE").map(|()| Transaction::File(file.clone())),
        }
    }

    /// What comes after it fails.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match self {
            Self::Pool(pool) => pool.close_by_ref().await,
            Self::File(file) => {
                file.close();
                Ok(())
            }
        }
    }
}

impl Connection for Link {
    fn backend(&self) -> DbBackend {
        match self {
            Self::Pool(pool) => pool.get_database_backend(),
            Self::File(file) => file.backend(),
        }
    }

    async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        match self {
            Self::Pool(pool) => all(pool, statement).await,
            Self::File(file) => file.all(statement).await,
        }
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        match self {
            Self::Pool(pool) => run(pool, statement).await,
            Self::File(file) => file.run(statement).await,
        }
    }
}

/// Statements that happen together or not at all. One that is dropped has not happened; of a file, only once the
/// next one begins: end it by one of the two methods.
pub(crate) enum Transaction {
    /// On a server.
    Pool(DatabaseTransaction),
    /// In the file, whose only connection that writes this is.
    File(Native),
}

impl Transaction {
    /// Makes it happen.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Pool(tx) => within(tx.get_database_backend(), tx.commit()).await,
            Self::File(file) => file.execute("COMMIT").inspect_err(|_| {
                // SQLite leaves some of them open, to be tried again.
                if let Err(error) = file.execute("ROLLBACK") {
                    tracing::debug!(%error, "rolling back after a failed commit");
                }
            }),
        }
    }

    /// Takes it back.
    pub(crate) async fn roll_back(self) {
        let done = match self {
            // Dropping it would roll back too; doing it here keeps the connection free of a half-open transaction.
            Self::Pool(tx) => within(tx.get_database_backend(), tx.rollback()).await,
            Self::File(file) => file.execute("ROLLBACK"),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "rolling back");
        }
    }
}

impl Connection for Transaction {
    fn backend(&self) -> DbBackend {
        match self {
            Self::Pool(tx) => tx.get_database_backend(),
            Self::File(file) => file.backend(),
        }
    }

    async fn all(&self, statement: Statement) -> Result<Vec<Row>, DbErr> {
        match self {
            Self::Pool(tx) => all(tx, statement).await,
            Self::File(file) => file.all(statement).await,
        }
    }

    async fn run(&self, statement: Statement) -> Result<u64, DbErr> {
        match self {
            Self::Pool(tx) => run(tx, statement).await,
            Self::File(file) => file.run(statement).await,
        }
    }
}
