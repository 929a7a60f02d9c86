//! Work items, and who sees which of them.
//!
//! Each item has a row for everybody who may see it: the assignee, people, roles. These rows are in the
//! order of the lists, so a person's page is a merge of a few sorted ranges, however many items there are.

use sea_orm::{DbErr, Value};
use yiwang_core::work_item::WorkItemState;
use yiwang_core::{WorkItem, WorkItemId};
use yiwang_runtime::cursor;
use yiwang_runtime::keys::{signed, work_item_key};
use yiwang_runtime::ports::{Page, PageRequest, StoreError, TurnRow, WorkItemFilter};

use crate::connection::{Connection, Row};
use crate::sql::{Sql, body, column, doing, insert, limit, list, parse, replacing, unsigned, word};

const COLUMNS: &[&str] =
    &["instance", "n", "open", "due_at", "state", "overdue", "unheld", "case_no", "body"];

/// Writes the changed items.
pub(crate) async fn write(tx: &impl Connection, turns: &[TurnRow]) -> Result<(), DbErr> {
    // The last of several changes to one item counts.
    let items: std::collections::BTreeMap<WorkItemId, &WorkItem> =
        turns.iter().flat_map(|turn| &turn.work_items).map(|item| (item.id, item)).collect();
    if items.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = items.keys().map(|id| (signed(id.instance.0), id.n)).collect();
    Sql::new(
        "DELETE FROM work_item_candidate WHERE (instance, n) IN
           (SELECT CAST(j.value ->> 0 AS BIGINT), CAST(j.value ->> 1 AS BIGINT) FROM {rows})",
        [list(names)],
    )
    .run(tx)
    .await?;
    let mut rows = Vec::with_capacity(items.len());
    let mut candidates = Vec::new();
    for item in items.values() {
        let [due_at, instance, n] = work_item_key(item);
        let open = i64::from(is_open(item.state));
        rows.push(vec![
            instance.into(),
            n.into(),
            open.into(),
            due_at.into(),
            word(&item.state).into(),
            i64::from(item.overdue).into(),
            i64::from(item.unheld).into(),
            item.case_no.as_ref().map(|no| no.0.to_string()).into(),
            body(item),
        ]);
        for who in seen_by(item) {
            candidates.push(vec![who.into(), open.into(), due_at.into(), instance.into(), n.into()]);
        }
    }
    insert(tx, "work_item", COLUMNS, replacing(&["instance", "n"], &COLUMNS[2..]), rows).await?;
    let columns = &["who", "open", "due_at", "instance", "n"];
    insert(tx, "work_item_candidate", columns, None, candidates).await
}

fn is_open(state: WorkItemState) -> bool {
    match state {
        WorkItemState::Offered | WorkItemState::Claimed => true,
        WorkItemState::Completed | WorkItemState::Cancelled => false,
    }
}

fn seen_by(item: &WorkItem) -> std::collections::BTreeSet<String> {
    let assignee = item.assignee.iter().map(|person| format!("a:{person}"));
    let people = item.candidate_people.iter().map(|person| format!("p:{person}"));
    let roles = item.candidate_roles.iter().map(|role| format!("r:{role}"));
    let excluded = item.excluded_people.iter().map(|person| format!("x:{person}"));
    assignee.chain(people).chain(roles).chain(excluded).collect()
}

/// A page of work items.
pub(crate) async fn page(
    db: &impl Connection,
    filter: WorkItemFilter,
    page: PageRequest,
) -> Result<Page<WorkItem>, StoreError> {
    let after = cursor::read::<3>(&page)?;
    let mut keys = Sql::new("", []);
    match &filter.visible_to {
        None => keys_of(&mut keys, "work_item k", &filter, after),
        Some(actor) => {
            let own = [format!("a:{}", actor.person)];
            // Those for whom the person acts: what they have, and what is offered to them by name.
            let away = actor
                .stands_in
                .iter()
                .flat_map(|away| [format!("a:{}", away.person), format!("p:{}", away.person)]);
            let offered = std::iter::once(format!("p:{}", actor.person))
                .chain(away)
                .chain(actor.audience().into_iter().map(|role| format!("r:{role}")));
            for (at, who) in own.into_iter().chain(offered).enumerate() {
                keys.push(if at == 0 { "" } else { "UNION" }, []);
                keys_of(&mut keys, "work_item_candidate k", &filter, after);
                keys.push("AND k.who = ?", [who.into()]);
                if at > 0 {
                    keys.push(
                        "AND NOT EXISTS (SELECT 1 FROM work_item_candidate x WHERE x.who = ?
                           AND (x.open, x.due_at, x.instance, x.n) = (k.open, k.due_at, k.instance, k.n))",
                        [format!("x:{}", actor.person).into()],
                    );
                }
            }
        }
    }
    keys.push("ORDER BY 1, 2, 3 LIMIT ?", [limit(page.size() + 1)]);
    let rows = keys.wrap(
        "SELECT w.instance, w.n, w.body FROM (",
        ") k CROSS JOIN work_item w WHERE w.instance = k.instance AND w.n = k.n
           ORDER BY k.due_at, k.instance, k.n",
    );
    let rows = rows.all(db).await.map_err(doing("listing work items"))?;
    let items: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(cursor::page(items?, page.size(), work_item_key))
}

/// The sort keys of the items that the filter admits, as far as it does not ask who sees them.
fn keys_of(sql: &mut Sql, from: &str, filter: &WorkItemFilter, after: Option<[i64; 3]>) {
    sql.push("SELECT k.due_at, k.instance, k.n FROM", []).push(from, []);
    sql.push("CROSS JOIN work_item w WHERE w.instance = k.instance AND w.n = k.n", []);
    if filter.states.is_empty() {
        sql.push("AND k.open = 1", []);
    } else {
        let states: Vec<_> = filter.states.iter().map(word).collect();
        let kinds: std::collections::BTreeSet<_> =
            filter.states.iter().map(|state| i64::from(is_open(*state))).collect();
        sql.push("AND w.state {in texts}", [list(states)]);
        if let [kind] = kinds.into_iter().collect::<Vec<_>>()[..] {
            sql.push("AND k.open = ?", [kind.into()]);
        }
    }
    if let Some(after) = after {
        sql.push("AND (k.due_at, k.instance, k.n) > (?, ?, ?)", after.map(Value::from));
    }
    if filter.overdue {
        sql.push("AND w.overdue = 1", []);
    }
    if filter.unheld {
        sql.push("AND w.unheld = 1", []);
    }
    sql.push_some("AND w.case_no = ?", filter.case_no.as_ref().map(|no| no.0.to_string()));
}

/// One work item.
pub(crate) async fn one(db: &impl Connection, id: WorkItemId) -> Result<Option<WorkItem>, StoreError> {
    let row = Sql::new(
        "SELECT instance, n, body FROM work_item WHERE instance = ? AND n = ?",
        [signed(id.instance.0).into(), i64::from(id.n).into()],
    );
    let row = row.one(db).await.map_err(doing("reading a work item"))?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<WorkItem, StoreError> {
    parse(row, 2, || {
        let instance = unsigned(column(row, 0).unwrap_or(0));
        format!("work item {}-{}", yiwang_core::InstanceId(instance), column(row, 1).unwrap_or(0_i64))
    })
}
