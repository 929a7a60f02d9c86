//! Deployed definitions, each with its source and forms.

use sea_orm::DbErr;
use yiwang_core::Timestamp;
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_runtime::ports::{DeploymentRow, StoreError};

use crate::connection::{Connection, Row};
use crate::sql::{Sql, body, column, doing, insert, parse};
use crate::writer::Numbers;

const COLUMNS: &[&str] =
    &["number", "hash", "namespace", "name", "version", "source", "forms", "resources", "at", "by"];

/// Keeps these.
pub(crate) async fn write(
    tx: &impl Connection,
    deployments: &[DeploymentRow],
    numbers: &mut Numbers,
) -> Result<(), DbErr> {
    let rows = deployments.iter().map(|row| {
        vec![
            numbers.next().into(),
            row.hash.0.to_string().into(),
            row.id.namespace.clone().into(),
            row.id.name.clone().into(),
            row.id.version.clone().into(),
            row.source.to_string().into(),
            body(&row.forms),
            body(&row.resources),
            row.at.0.into(),
            row.by.clone().into(),
        ]
    });
    insert(tx, "deployment", COLUMNS, None, rows.collect()).await
}

/// All of them, oldest first.
pub(crate) async fn all(db: &impl Connection) -> Result<Vec<DeploymentRow>, StoreError> {
    let rows = Sql::new(
        "SELECT hash, namespace, name, version, source, at, by, forms, resources FROM deployment ORDER BY number",
        [],
    );
    let rows = rows.all(db).await.map_err(doing("reading deployments"))?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<DeploymentRow, StoreError> {
    let text = |at| column::<String>(row, at).map_err(doing("reading a deployment"));
    let hash = text(0)?;
    let forms = parse(row, 7, || format!("the forms of deployment {hash}"))?;
    let resources = parse(row, 8, || format!("the texts that deployment {hash} uses"))?;
    Ok(DeploymentRow {
        id: DefinitionId { namespace: text(1)?, name: text(2)?, version: text(3)? },
        source: text(4)?.into(),
        at: Timestamp(column(row, 5).map_err(doing("reading a deployment"))?),
        by: text(6)?,
        hash: DefinitionHash(hash.into()),
        forms,
        resources,
    })
}
