//! Numbers for names that many rows say: workflows and definitions. The writer remembers them.

use std::collections::HashMap;

use sea_orm::DbErr;
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_runtime::ports::TurnRow;

use crate::connection::Connection;
use crate::sql::{Sql, column};

/// A definition's number and its workflow's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    pub(crate) definition: i64,
    pub(crate) workflow: i64,
}

/// The numbers known so far.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: HashMap<(DefinitionHash, DefinitionId), Named>,
}

impl Names {
    /// After a transaction that did not happen.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// The numbers of what this turn is pinned to.
    pub(crate) async fn number(&mut self, db: &impl Connection, row: &TurnRow) -> Result<Named, DbErr> {
        let key = (row.deployment.clone(), row.workflow.clone());
        if let Some(named) = self.known.get(&key) {
            return Ok(*named);
        }
        let DefinitionId { namespace, name, version } = &row.workflow;
        let workflow = format!("{namespace}/{name}");
        // Numbers are given here, by the only writer: a sequence is not what every database has.
        Sql::new(
            "INSERT INTO workflow (id, name) SELECT coalesce(max(id), 0) + 1, ? FROM workflow WHERE TRUE
               ON CONFLICT DO NOTHING",
            [workflow.as_str().into()],
        )
        .run(db)
        .await?;
        let definition = [&*row.deployment.0, namespace, name, version].map(|text| text.into());
        Sql::new(
            "INSERT INTO definition (id, hash, namespace, name, version, workflow)
             SELECT (SELECT coalesce(max(id), 0) + 1 FROM definition), ?, ?, ?, ?, id FROM workflow
              WHERE name = ? ON CONFLICT DO NOTHING",
            definition.clone().into_iter().chain([workflow.as_str().into()]),
        )
        .run(db)
        .await?;
        let numbers = Sql::new(
            "SELECT id, workflow FROM definition
             WHERE hash = ? AND namespace = ? AND name = ? AND version = ?",
            definition,
        );
        let found = numbers.one(db).await?;
        let found = found.ok_or_else(|| DbErr::Custom("a definition just inserted is missing".to_owned()))?;
        let named = Named { definition: column(&found, 0)?, workflow: column(&found, 1)? };
        self.known.insert(key, named);
        Ok(named)
    }
}
