//! Work items.

use std::sync::Arc;

use yiwang_core::work_item::{Actor, StandIn, WorkItemState};
use yiwang_core::{CaseNo, InstanceId, WorkItem, WorkItemId};
use yiwang_runtime::ports::{TurnRow, WorkItemFilter};

use crate::rows::{at, deployed, item, page, person, turn, turns};
use crate::{Ports, all_pages};

/// Writes items as a turn of each instance.
async fn write(store: &dyn Ports, rev: u64, items: impl IntoIterator<Item = WorkItem>) {
    let rows = items
        .into_iter()
        .map(|item| TurnRow { work_items: vec![item.clone()], ..turn(item.id.instance.0, rev) });
    store.commit(turns(rows)).await.unwrap();
}

async fn seen(store: &dyn Ports, actor: Actor) -> Vec<u64> {
    let filter = WorkItemFilter { visible_to: Some(actor), ..WorkItemFilter::default() };
    listed(store, filter).await
}

async fn listed(store: &dyn Ports, filter: WorkItemFilter) -> Vec<u64> {
    let items = all_pages!(2, |page| store.work_items(filter.clone(), page));
    items.iter().map(|item| item.id.instance.0).collect()
}

/// By role or by name, unless excluded; and changes are seen at once.
pub async fn a_work_item_is_seen_by_those_it_is_offered_to(store: &dyn Ports) {
    deployed(store).await;
    let by_name = WorkItem { candidate_people: vec!["wang".to_owned()], ..item(2, 1, &[], None) };
    let not_li = WorkItem { excluded_people: vec!["li".to_owned()], ..item(3, 1, &["handler"], None) };
    write(store, 1, [item(1, 1, &["handler", "auditor"], None), by_name, not_li]).await;
    assert_eq!(seen(store, person("li", &["handler"])).await, [1]);
    assert_eq!(seen(store, person("zhao", &["handler", "auditor"])).await, [1, 3], "each once");
    assert_eq!(seen(store, person("wang", &["auditor"])).await, [1, 2]);
    assert!(seen(store, person("handler", &["person"])).await.is_empty(), "a name is not a role");
    let done = WorkItem { state: WorkItemState::Completed, ..item(1, 1, &["handler"], None) };
    write(store, 2, [done.clone()]).await;
    assert!(seen(store, person("li", &["handler"])).await.is_empty());
    assert_eq!(store.work_item(done.id).await.unwrap(), Some(done));
    let none = WorkItemId { instance: InstanceId(1), n: 2 };
    assert_eq!(store.work_item(none).await.unwrap(), None);
}

/// `handler@区城管局` does the work of `handler`; `handler` does not do that of a unit.
pub async fn a_unit_role_stands_for_the_plain_role_but_not_the_other_way(store: &dyn Ports) {
    deployed(store).await;
    write(store, 1, [item(1, 1, &["handler"], None), item(2, 1, &["handler@区城管局"], None)]).await;
    assert_eq!(seen(store, person("li", &["handler@区城管局"])).await, [1, 2]);
    assert_eq!(seen(store, person("li", &["handler@区水务局"])).await, [1]);
    assert_eq!(seen(store, person("li", &["handler"])).await, [1]);
    write(store, 2, [item(2, 1, &["*@区城管局"], None)]).await;
    assert_eq!(seen(store, person("li", &["auditor@区城管局"])).await, [2], "anybody at the unit");
    assert!(seen(store, person("li", &["auditor@区水务局"])).await.is_empty());
}

/// The assignee sees it, also without the role.
pub async fn an_assigned_item_is_seen_by_its_assignee_only_through_assignment(store: &dyn Ports) {
    deployed(store).await;
    let claimed = WorkItem {
        assignee: Some("wang".to_owned()),
        state: WorkItemState::Claimed,
        ..item(1, 1, &["handler"], None)
    };
    write(store, 1, [claimed]).await;
    assert_eq!(seen(store, person("wang", &[])).await, [1]);
    let mut substitute = person("li", &[]);
    let roles = vec!["handler".to_owned()];
    substitute.stands_in = vec![StandIn { person: "wang".to_owned(), roles }];
    assert_eq!(seen(store, substitute.clone()).await, [1], "so does the substitute");
    let by_name = WorkItem { candidate_people: vec!["wang".to_owned()], ..item(2, 1, &[], None) };
    let not_li = WorkItem { excluded_people: vec!["li".to_owned()], ..item(3, 1, &["handler"], None) };
    write(store, 1, [by_name, not_li]).await;
    assert_eq!(seen(store, substitute).await, [1, 2]);
    write(store, 2, [item(2, 1, &[], None), item(3, 1, &[], None)]).await;
    write(store, 2, [item(1, 1, &["handler"], None)]).await;
    assert!(seen(store, person("wang", &[])).await.is_empty(), "given back");
}

/// Those without a due time come last.
pub async fn items_are_listed_by_due_time_page_by_page(store: &dyn Ports) {
    deployed(store).await;
    let due = [Some(30), None, Some(10), Some(10), None, Some(-5)];
    let items = due.iter().zip(1..).map(|(due, id)| item(id, 1, &["handler"], due.map(at)));
    write(store, 1, items).await;
    let expected = [6, 3, 4, 1, 2, 5];
    assert_eq!(listed(store, WorkItemFilter::default()).await, expected);
    assert_eq!(seen(store, person("li", &["handler", "handler@x"])).await, expected);
    let first = store.work_items(WorkItemFilter::default(), page(6)).await.unwrap();
    assert_eq!((first.items.len(), first.next_cursor), (6, None), "no empty last page");
}

/// States, case and overdue.
pub async fn filters_of_work_items_add_up(store: &dyn Ports) {
    deployed(store).await;
    let case = Some(CaseNo(Arc::from("QC-20240611-000001")));
    let items = [
        WorkItem { unheld: true, ..item(1, 1, &["handler"], None) },
        WorkItem { case_no: case.clone(), overdue: true, ..item(2, 1, &["handler"], None) },
        WorkItem { case_no: case.clone(), state: WorkItemState::Completed, ..item(3, 1, &["handler"], None) },
        WorkItem { state: WorkItemState::Cancelled, ..item(4, 1, &["handler"], None) },
        WorkItem { state: WorkItemState::Claimed, assignee: Some("li".to_owned()), ..item(5, 1, &[], None) },
    ];
    write(store, 1, items).await;
    let filter = WorkItemFilter::default();
    let all = || {
        vec![
            WorkItemState::Offered,
            WorkItemState::Claimed,
            WorkItemState::Completed,
            WorkItemState::Cancelled,
        ]
    };
    let with_states = |states: Vec<WorkItemState>| WorkItemFilter { states, ..WorkItemFilter::default() };
    assert_eq!(listed(store, filter.clone()).await, [1, 2, 5]);
    assert_eq!(listed(store, with_states(all())).await, [1, 2, 3, 4, 5]);
    assert_eq!(listed(store, with_states(vec![WorkItemState::Claimed])).await, [5]);
    assert_eq!(listed(store, with_states(vec![WorkItemState::Cancelled])).await, [4]);
    let of_case = WorkItemFilter { case_no: case.clone(), ..filter.clone() };
    assert_eq!(listed(store, of_case).await, [2]);
    let of_case = WorkItemFilter { case_no: case, ..with_states(all()) };
    assert_eq!(listed(store, of_case).await, [2, 3]);
    assert_eq!(listed(store, WorkItemFilter { unheld: true, ..filter.clone() }).await, [1]);
    assert_eq!(listed(store, WorkItemFilter { overdue: true, ..filter }).await, [2]);
    let visible = WorkItemFilter { visible_to: Some(person("li", &["handler"])), ..with_states(all()) };
    assert_eq!(listed(store, visible.clone()).await, [1, 2, 3, 4, 5]);
    assert_eq!(listed(store, WorkItemFilter { overdue: true, ..visible }).await, [2]);
}
