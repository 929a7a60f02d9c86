//! Who waits for which events: hashed keys, looked up by the event's own.

use sea_orm::DbErr;
use yiwang_core::InstanceId;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::TurnRow;

use crate::connection::Connection;
use crate::sql::{Sql, column, insert, list, unsigned};

/// Replaces the subscriptions of the instances whose subscriptions changed.
pub(crate) async fn write(tx: &impl Connection, turns: &[TurnRow]) -> Result<(), DbErr> {
    let changed: Vec<_> = turns
        .iter()
        .filter_map(|turn| Some((signed(turn.instance.0), turn.rev, turn.subscriptions.as_ref()?)))
        .collect();
    // At the first turn there are none to take away.
    let old: Vec<_> = changed.iter().filter(|(_, rev, _)| *rev > 1).map(|(id, _, _)| *id).collect();
    if !old.is_empty() {
        let delete = "DELETE FROM subscription WHERE instance {in numbers}";
        Sql::new(delete, [list(old)]).run(tx).await?;
    }
    let rows = changed.iter().flat_map(|(id, _, keys)| {
        let keys: std::collections::BTreeSet<_> = keys.iter().collect();
        keys.into_iter().map(|key| vec![key.0.into(), (*id).into()])
    });
    insert(tx, "subscription", &["key", "instance"], None, rows.collect()).await
}

/// Who subscribes to these keys.
pub(crate) async fn find(
    db: &impl Connection,
    keys: &[SubscriptionKey],
) -> Result<Vec<(SubscriptionKey, InstanceId)>, DbErr> {
    let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let rows = Sql::new(
        "SELECT s.key, s.instance FROM {numbers} CROSS JOIN subscription s
          WHERE s.key = CAST(j.value AS BIGINT) ORDER BY j.key, s.instance",
        [list(keys)],
    );
    let rows = rows.all(db).await?;
    rows.iter()
        .map(|row| Ok((SubscriptionKey(column(row, 0)?), InstanceId(unsigned(column(row, 1)?)))))
        .collect()
}
