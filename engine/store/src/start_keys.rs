//! Names that callers gave to starts: the same name never starts twice.

use sea_orm::DbErr;
use yiwang_core::InstanceId;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{StartKey, Started, TurnRow};

use crate::connection::Connection;
use crate::sql::{Sql, column, insert, list, unsigned};

/// Keeps the keys of first turns.
pub(crate) async fn write(tx: &impl Connection, turns: &[TurnRow]) -> Result<(), DbErr> {
    let started = turns.iter().filter_map(|turn| Some((turn.instance, turn.start.as_ref()?)));
    let rows = started.map(|(instance, (key, input_hash))| {
        vec![
            key.workflow.clone().into(),
            key.key.clone().into(),
            signed(instance.0).into(),
            input_hash.clone().into(),
        ]
    });
    insert(tx, "start_key", &["workflow", "key", "instance", "input_hash"], None, rows.collect()).await
}

/// What was started under these keys.
pub(crate) async fn find(db: &impl Connection, keys: &[StartKey]) -> Result<Vec<(StartKey, Started)>, DbErr> {
    let names: Vec<_> = keys.iter().map(|key| (&key.workflow, &key.key)).collect();
    let rows = Sql::new(
        "SELECT s.workflow, s.key, s.instance, s.input_hash FROM {rows} CROSS JOIN start_key s
          WHERE s.workflow = j.value ->> 0 AND s.key = j.value ->> 1",
        [list(names)],
    );
    let rows = rows.all(db).await?;
    let found = rows.iter().map(|row| {
        let key = StartKey { workflow: column(row, 0)?, key: column(row, 1)? };
        let instance = InstanceId(unsigned(column(row, 2)?));
        Ok((key, Started { instance, input_hash: column(row, 3)? }))
    });
    found.collect()
}
