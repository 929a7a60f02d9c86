//! The schema's versions, forward only. A text that was released is never edited; the next one goes below.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};

use crate::Error;
use crate::sql::{Sql, column};

/// Name and text, in order; a version is a position, counted from 1.
const MIGRATIONS: &[(&str, &str)] = &[
    ("first", include_str!("0001_first.sql")),
    ("texts elsewhere", include_str!("0002_texts_elsewhere.sql")),
    ("reference", include_str!("0003_reference.sql")),
    ("unheld work", include_str!("0004_unheld_work.sql")),
    ("sweeps", include_str!("0005_sweeps.sql")),
    ("cases", include_str!("0006_cases.sql")),
];

/// The newest schema known here.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Brings the schema to the newest version.
pub(crate) async fn migrate(db: &DatabaseConnection, path: &Path) -> Result<(), Error> {
    let failed = |source: DbErr| Error::Open {
        path: path.to_owned(),
        doing: "bringing its schema up to date",
        source: source.into(),
    };
    let found = match version(db).await.map_err(failed)? {
        Some(found) if found > KNOWN => {
            return Err(Error::Newer { path: path.to_owned(), found, known: KNOWN });
        }
        Some(found) => found,
        None => return Err(Error::Foreign { path: path.to_owned() }),
    };
    for (version, (name, text)) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        tracing::info!(version, name, "migrating the store");
        apply(db, version, name, text).await.map_err(failed)?;
    }
    Ok(())
}

/// The stored version, 0 for an empty database, none for one of another program.
async fn version(db: &DatabaseConnection) -> Result<Option<i64>, DbErr> {
    let tables = "SELECT count(*), count(*) FILTER (WHERE name = 'migration') FROM sqlite_schema";
    let tables = Sql::new(tables, []).one(db).await?;
    let Some(tables) = tables else { return Ok(None) };
    match (column::<i64>(&tables, 0)?, column::<i64>(&tables, 1)?) {
        (0, _) => Ok(Some(0)),
        (_, 0) => Ok(None),
        _ => {
            let row = Sql::new("SELECT coalesce(max(version), 0) FROM migration", []).one(db).await?;
            row.map(|row| column(&row, 0)).transpose()
        }
    }
}

/// One version in one transaction.
async fn apply(db: &DatabaseConnection, version: i64, name: &str, text: &str) -> Result<(), DbErr> {
    let tx = db.begin_with_options(crate::writer::immediate()).await?;
    tx.execute_unprepared(text).await?;
    Sql::new("INSERT INTO migration (version, name) VALUES (?, ?)", [version.into(), name.into()])
        .run(&tx)
        .await?;
    tx.commit().await
}
