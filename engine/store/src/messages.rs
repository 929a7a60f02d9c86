//! Outbound messages, for lists and proofs. The sending itself is driven by the instance's state.

use sea_orm::DbErr;
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{MessageRow, Page, PageRequest, StoreError, TurnRow};

use crate::connection::Connection;
use crate::sql::{Sql, body, column, doing, insert, last_of_each, limit, parse, replacing, word};
use crate::writer::Numbers;

const COLUMNS: &[&str] = &["instance", "n", "number", "channel", "state", "body", "provider_id"];

/// Writes the changed messages; a message keeps its place in the list.
pub(crate) async fn write(
    tx: &impl Connection,
    turns: &[TurnRow],
    numbers: &mut Numbers,
) -> Result<(), DbErr> {
    let rows = turns.iter().flat_map(|turn| &turn.messages).map(|message| {
        let row = vec![
            signed(message.effect.instance.0).into(),
            i64::from(message.effect.n).into(),
            numbers.next().into(),
            message.channel.clone().into(),
            word(&message.state).into(),
            body(message),
            message.provider_id.clone().into(),
        ];
        (message.effect, row)
    });
    insert(tx, "message", COLUMNS, replacing(&["instance", "n"], &COLUMNS[3..]), last_of_each(rows)).await
}

/// A page of messages, the last requested first.
pub(crate) async fn page(
    db: &impl Connection,
    channel: Option<String>,
    page: PageRequest,
) -> Result<Page<MessageRow>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new(
        "SELECT m.number, m.body, r.body FROM message m LEFT JOIN delivery_report r
           ON r.channel = m.channel AND r.provider_id = m.provider_id WHERE m.number < ?",
        [before.into()],
    );
    sql.push_some("AND m.channel = ?", channel);
    sql.push("ORDER BY m.number DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing messages"))?;
    let items: Result<Vec<(i64, MessageRow)>, StoreError> = rows
        .iter()
        .map(|row| {
            let number = column(row, 0).map_err(doing("listing messages"))?;
            let message: MessageRow = parse(row, 1, || format!("message {number}"))?;
            let report: Option<String> = column(row, 2).map_err(doing("listing messages"))?;
            let report = report.map(|text| serde_json::from_str(&text)).transpose();
            let report = report
                .map_err(|error| StoreError::new(format!("reading the report on message {number}"), error))?;
            Ok((number, MessageRow { report, ..message }))
        })
        .collect();
    let Page { items, next_cursor } = cursor::page(items?, page.size(), |(number, _)| [*number]);
    Ok(Page { items: items.into_iter().map(|(_, message)| message).collect(), next_cursor })
}
