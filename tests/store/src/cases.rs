//! Cases.

use std::collections::BTreeSet;

use yiwang_core::case::{CaseState, Flag, Outcome};
use yiwang_core::{Case, InstanceId};
use yiwang_runtime::ports::{CaseFilter, CommitError, TurnRow};

use crate::rows::{case, deployed, page, turn, turns};
use crate::{Ports, all_pages};

fn with(rev: u64, case: Case) -> TurnRow {
    TurnRow { case: Some(case.clone()), ..turn(case.instance.0, rev) }
}

/// And its instance tells its number.
pub async fn a_case_is_found_by_its_number_and_changes_in_place(store: &dyn Ports) {
    deployed(store).await;
    let mut row = case(1, "QC-20240611-000001");
    store.commit(turns([with(1, row.clone())])).await.unwrap();
    assert_eq!(store.case(row.no.clone()).await.unwrap(), Some(row.clone()));
    row.state = CaseState::Handling;
    row.unit = Some("区城管局".to_owned());
    row.content = serde_json::json!({"content": "路灯坏了", "n": [1, 2.5]}).into();
    store.commit(turns([with(2, row.clone())])).await.unwrap();
    store.commit(turns([turn(1, 3)])).await.unwrap();
    assert_eq!(store.case(row.no.clone()).await.unwrap(), Some(row.clone()));
    let summary = store.instance(InstanceId(1)).await.unwrap().unwrap();
    assert_eq!(summary.case_no, Some(row.no.clone()));
    let other = case(1, "QC-20240611-000009").no;
    assert_eq!(store.case(other).await.unwrap(), None);
}

/// One number per matter.
pub async fn a_case_number_belongs_to_one_instance(store: &dyn Ports) {
    deployed(store).await;
    store.commit(turns([with(1, case(1, "QC-20240611-000001"))])).await.unwrap();
    let refused = store.commit(turns([with(1, case(2, "QC-20240611-000001"))])).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict { .. }), "{refused:?}");
    store.commit(turns([with(1, case(2, "QC-20240611-000002"))])).await.unwrap();
}

/// Numbers may grow beyond their usual width.
pub async fn the_last_number_is_that_of_the_last_day(store: &dyn Ports) {
    deployed(store).await;
    assert_eq!(store.last_case_number().await.unwrap(), None);
    for (id, no, last) in [
        (1, "QC-20240611-000007", ("20240611", 7)),
        (2, "QC-20240610-000099", ("20240611", 7)),
        (3, "QC-20240611-999999", ("20240611", 999_999)),
        (4, "QC-20240611-1000000", ("20240611", 1_000_000)),
        (5, "区-QC-20240612-000001", ("20240612", 1)),
    ] {
        store.commit(turns([with(1, case(id, no))])).await.unwrap();
        let last = (last.0.to_owned(), last.1);
        assert_eq!(store.last_case_number().await.unwrap(), Some(last), "after {no}");
    }
}

/// State, outcome, channel, flag, unit.
pub async fn filters_of_cases_add_up(store: &dyn Ports) {
    deployed(store).await;
    let no = |id: u64| format!("QC-20240611-{id:06}");
    let rows = [
        case(1, &no(1)),
        Case { state: CaseState::Closed, outcome: Some(Outcome::Planned), ..case(2, &no(2)) },
        Case { channel: "wechat".to_owned(), unit: Some("区水务局".to_owned()), ..case(3, &no(3)) },
        Case { flags: BTreeSet::from([Flag::Overdue, Flag::Supervised]), ..case(4, &no(4)) },
        Case { state: CaseState::Closed, outcome: Some(Outcome::Resolved), ..case(5, &no(5)) },
    ];
    store.commit(turns(rows.map(|row| with(1, row)))).await.unwrap();
    let listed = async |filter: CaseFilter| {
        let cases = all_pages!(2, |page| store.cases(filter.clone(), page));
        cases.iter().map(|case| case.instance.0).collect::<Vec<_>>()
    };
    let any = CaseFilter::default;
    assert_eq!(listed(any()).await, [5, 4, 3, 2, 1]);
    assert_eq!(listed(CaseFilter { state: Some(CaseState::Closed), ..any() }).await, [5, 2]);
    assert_eq!(listed(CaseFilter { outcome: Some(Outcome::Planned), ..any() }).await, [2]);
    assert_eq!(listed(CaseFilter { channel: Some("wechat".to_owned()), ..any() }).await, [3]);
    assert_eq!(listed(CaseFilter { unit: Some("区水务局".to_owned()), ..any() }).await, [3]);
    assert_eq!(listed(CaseFilter { flag: Some(Flag::Supervised), ..any() }).await, [4]);
    assert!(listed(CaseFilter { flag: Some(Flag::Repeat), ..any() }).await.is_empty());
    let both = CaseFilter { state: Some(CaseState::Closed), outcome: Some(Outcome::Resolved), ..any() };
    assert_eq!(listed(both).await, [5]);
    assert_eq!(store.cases(any(), page(0)).await.unwrap().items.len(), 5, "0 is the default length");
}
