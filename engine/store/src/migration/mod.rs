//! The schema's versions, forward only. A text that was released is never edited; the next one goes below.
//! Each database has its own texts; tables and columns have the same names.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, TransactionTrait};

use crate::Error;
use crate::sql::{Sql, column};

/// Name and text, in order; a version is a position, counted from 1.
type Migrations = &'static [(&'static str, &'static str)];

const SQLITE: Migrations = &[
    ("first", include_str!("sqlite/0001_first.sql")),
    ("texts elsewhere", include_str!("sqlite/0002_texts_elsewhere.sql")),
    ("reference", include_str!("sqlite/0003_reference.sql")),
    ("unheld work", include_str!("sqlite/0004_unheld_work.sql")),
    ("sweeps", include_str!("sqlite/0005_sweeps.sql")),
    ("cases", include_str!("sqlite/0006_cases.sql")),
    ("next due", include_str!("sqlite/0007_next_due.sql")),
    ("archive", include_str!("sqlite/0008_archive.sql")),
    ("poll cursors", include_str!("sqlite/0009_poll_cursors.sql")),
    ("delivery reports", include_str!("sqlite/0010_delivery_reports.sql")),
];

/// Begins where SQLite's sixth version stands.
const POSTGRES: Migrations = &[
    ("first", include_str!("postgres/0001_first.sql")),
    ("next due", include_str!("postgres/0002_next_due.sql")),
    ("archive", include_str!("postgres/0003_archive.sql")),
    ("poll cursors", include_str!("postgres/0004_poll_cursors.sql")),
    ("delivery reports", include_str!("postgres/0005_delivery_reports.sql")),
];

/// Nodes that start at the same time meet here; each look finds what the others have done.
const LOOKS_MAX: usize = 20;

fn known(backend: DbBackend) -> Migrations {
    if backend == DbBackend::Postgres { POSTGRES } else { SQLITE }
}

/// Brings the schema of this store to the newest version.
pub(crate) async fn migrate(db: &DatabaseConnection, store: &str) -> Result<(), Error> {
    let migrations = known(db.get_database_backend());
    let mut looks = 0;
    loop {
        let found = found(db, store).await?;
        let next = usize::try_from(found).unwrap_or(usize::MAX);
        let Some((name, text)) = migrations.get(next) else { return Ok(()) };
        tracing::info!(version = found + 1, name, "migrating the store");
        if let Err(error) = apply(db, found + 1, name, text).await {
            looks += 1;
            // Another node was faster, unless nothing has changed.
            let failed = failed(store, "bringing its schema up to date");
            let now = version(db).await.map_err(&failed)?;
            if looks > LOOKS_MAX || now == Some(found) {
                return Err(failed(error));
            }
        }
    }
}

/// Versions that the next start brings, 0: none. Changes nothing.
pub(crate) async fn pending(db: &DatabaseConnection, store: &str) -> Result<usize, Error> {
    let found = usize::try_from(found(db, store).await?).unwrap_or(usize::MAX);
    Ok(known(db.get_database_backend()).len().saturating_sub(found))
}

/// The stored version, if it is one of ours and not of a newer program.
async fn found(db: &DatabaseConnection, store: &str) -> Result<i64, Error> {
    let known = known(db.get_database_backend()).len() as i64;
    let found = version(db).await.map_err(failed(store, "looking at its schema"))?;
    match found {
        None => Err(Error::Foreign { store: store.to_owned() }),
        Some(found) if found > known => Err(Error::Newer { store: store.to_owned(), found, known }),
        Some(found) => Ok(found),
    }
}

fn failed(store: &str, doing: &'static str) -> impl Fn(DbErr) -> Error {
    move |source| Error::Open { store: store.to_owned(), doing, source: source.into() }
}

/// The stored version, 0 for an empty database, none for one of another program.
async fn version(db: &DatabaseConnection) -> Result<Option<i64>, DbErr> {
    let Some(tables) = Sql::new("{tables}", []).one(db).await? else { return Ok(None) };
    match (column::<i64>(&tables, 0)?, column::<i64>(&tables, 1)?) {
        (0, _) => Ok(Some(0)),
        (_, 0) => Ok(None),
        _ => {
            let row = Sql::new("SELECT coalesce(max(version), 0) FROM migration", []).one(db).await?;
            row.map(|row| column(&row, 0)).transpose()
        }
    }
}

/// One version in one transaction. Of two who do it at once, the key lets one through.
async fn apply(db: &DatabaseConnection, version: i64, name: &str, text: &str) -> Result<(), DbErr> {
    let tx = db.begin_with_options(crate::writer::immediate()).await?;
    let note =
        || Sql::new("INSERT INTO migration (version, name) VALUES (?, ?)", [version.into(), name.into()]);
    if version > 1 {
        note().run(&tx).await?;
    }
    tx.execute_unprepared(text).await?;
    if version == 1 {
        note().run(&tx).await?;
    }
    tx.commit().await
}
