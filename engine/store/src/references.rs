//! Reference documents: calendars, the organisation. Append only.

use sea_orm::DbErr;
use yiwang_core::Timestamp;
use yiwang_core::reference::{Kind, Reference};
use yiwang_runtime::keys::signed;

use crate::connection::{Connection, Row};
use crate::sql::{Sql, column, insert, unsigned};

const COLUMNS: &[&str] = &["number", "kind", "name", "version", "at", "by", "reason", "body"];

/// Keeps these.
pub(crate) async fn write(tx: &impl Connection, references: &[Reference]) -> Result<(), DbErr> {
    let rows = references.iter().map(|row| {
        vec![
            signed(row.number).into(),
            row.kind.word().into(),
            row.name.clone().into(),
            i64::from(row.version).into(),
            row.at.0.into(),
            row.by.clone().into(),
            row.reason.clone().into(),
            row.body.to_string().into(),
        ]
    });
    insert(tx, "reference", COLUMNS, None, rows.collect()).await
}

/// All of them, in order.
pub(crate) async fn all(db: &impl Connection) -> Result<Vec<Reference>, DbErr> {
    let sql = format!("SELECT {} FROM reference ORDER BY number", COLUMNS.join(", "));
    read(&Sql::new(sql, []).all(db).await?)
}

/// The versions of one document, newest first.
pub(crate) async fn versions(
    db: &impl Connection,
    kind: Kind,
    name: String,
) -> Result<Vec<Reference>, DbErr> {
    let columns = COLUMNS.join(", ");
    let sql = format!("SELECT {columns} FROM reference WHERE kind = ? AND name = ? ORDER BY version DESC");
    read(&Sql::new(sql, [kind.word().into(), name.into()]).all(db).await?)
}

fn read(rows: &[Row]) -> Result<Vec<Reference>, DbErr> {
    // A kind that only a later version of the program knows is nothing to this one.
    let known = rows.iter().filter_map(|row| match column::<String>(row, 1) {
        Ok(word) => Some(one(row, Kind::of_word(&word)?)),
        Err(error) => Some(Err(error)),
    });
    known.collect()
}

fn one(row: &Row, kind: Kind) -> Result<Reference, DbErr> {
    let version: i64 = column(row, 3)?;
    Ok(Reference {
        number: unsigned(column(row, 0)?),
        kind,
        name: column(row, 2)?,
        version: u32::try_from(version).map_err(|error| DbErr::Custom(error.to_string()))?,
        at: Timestamp(column(row, 4)?),
        by: column(row, 5)?,
        reason: column(row, 6)?,
        body: column::<String>(row, 7)?.into(),
    })
}
