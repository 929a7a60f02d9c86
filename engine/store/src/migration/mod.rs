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
    let failed = |source: DbErr| Error::Open {
        store: store.to_owned(),
        doing: "bringing its schema up to date",
        source: source.into(),
    };
    let mut looks = 0;
    loop {
        let found = version(db).await.map_err(failed)?;
        let Some(found) = found else { return Err(Error::Foreign { store: store.to_owned() }) };
        let next = usize::try_from(found).unwrap_or(usize::MAX);
        if next > migrations.len() {
            let known = migrations.len() as i64;
            return Err(Error::Newer { store: store.to_owned(), found, known });
        }
        let Some((name, text)) = migrations.get(next) else { return Ok(()) };
        tracing::info!(version = found + 1, name, "migrating the store");
        if let Err(error) = apply(db, found + 1, name, text).await {
            looks += 1;
            // Another node was faster, unless nothing has changed.
            if looks > LOOKS_MAX || version(db).await.map_err(failed)? == Some(found) {
                return Err(failed(error));
            }
        }
    }
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
