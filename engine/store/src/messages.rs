//! Outbound messages, for lists and proofs. The sending itself is driven by the instance's state.

use sea_orm::DbErr;
use yiwang_core::EffectId;
use yiwang_runtime::cursor;
use yiwang_runtime::keys::signed;
use yiwang_runtime::ports::{MessageFilter, MessageRow, Page, PageRequest, StoreError, TurnRow};

use crate::connection::{Connection, Row};
use crate::sql::{Sql, body, column, doing, insert, last_of_each, limit, list, parse, replacing, word};
use crate::writer::Numbers;

const COLUMNS: &[&str] = &["instance", "n", "number", "channel", "state", "body", "provider_id"];

/// Messages, each with what its provider said since.
const WITH_REPORT: &str = "FROM message m LEFT JOIN delivery_report r
  ON r.channel = m.channel AND r.provider_id = m.provider_id";

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
    filter: MessageFilter,
    page: PageRequest,
) -> Result<Page<MessageRow>, StoreError> {
    let [before] = cursor::read::<1>(&page)?.unwrap_or([i64::MAX]);
    let mut sql = Sql::new(
        format!("SELECT m.body, r.body, m.number {WITH_REPORT} WHERE m.number < ?"),
        [before.into()],
    );
    let MessageFilter { channel, states, code, instance, case_no, before } = filter;
    sql.push_some("AND m.instance = ?", instance.map(|id| signed(id.0)));
    sql.push_some("AND m.channel = ?", channel);
    if !states.is_empty() {
        let words: Vec<String> = states.iter().map(word).collect();
        sql.push("AND m.state {in texts}", [list(words)]);
    }
    sql.push_some("AND {message} ->> 'code' = ?", code);
    sql.push_some("AND {message} ->> 'case_no' = ?", case_no.map(|no| no.to_string()));
    let asked = "AND CAST(COALESCE({message} ->> 'requested', {message} ->> 'at') AS BIGINT) < ?";
    sql.push_some(asked, before.map(|at| at.0));
    sql.push("ORDER BY m.number DESC LIMIT ?", [limit(page.size() + 1)]);
    let rows = sql.all(db).await.map_err(doing("listing messages"))?;
    let items: Result<Vec<(i64, MessageRow)>, StoreError> = rows
        .iter()
        .map(|row| {
            let number = column(row, 2).map_err(doing("listing messages"))?;
            Ok((number, with_report(row, &format!("message {number}"))?))
        })
        .collect();
    let Page { items, next_cursor } = cursor::page(items?, page.size(), |(number, _)| [*number]);
    Ok(Page { items: items.into_iter().map(|(_, message)| message).collect(), next_cursor })
}

/// One message.
pub(crate) async fn one(db: &impl Connection, id: EffectId) -> Result<Option<MessageRow>, StoreError> {
    let key = [signed(id.instance.0).into(), i64::from(id.n).into()];
    let sql = Sql::new(format!("SELECT m.body, r.body {WITH_REPORT} WHERE m.instance = ? AND m.n = ?"), key);
    let row = sql.one(db).await.map_err(doing("reading a message"))?;
    row.map(|row| with_report(&row, &format!("message {id}"))).transpose()
}

/// The message of a row with its body first and its report second.
fn with_report(row: &Row, what: &str) -> Result<MessageRow, StoreError> {
    let message: MessageRow = parse(row, 0, || what.to_owned())?;
    let report: Option<String> = column(row, 1).map_err(doing("reading a report"))?;
    let report = report.map(|text| serde_json::from_str(&text)).transpose();
    let report = report.map_err(|error| StoreError::new(format!("reading the report on {what}"), error))?;
    Ok(MessageRow { report, ..message })
}
