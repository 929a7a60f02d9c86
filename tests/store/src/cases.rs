//! Cases.

use std::collections::BTreeSet;

use yiwang_core::case::{CaseState, Flag, Outcome, Petitioner, Place, TrackingCode};
use yiwang_core::clock::Clock;
use yiwang_core::history::What;
use yiwang_core::{Case, CaseNo, HistoryEvent, InstanceId};
use yiwang_dsl::Data;
use yiwang_runtime::ports::{CaseFilter, CaseSort, CommitError, TurnRow};
use yiwang_runtime::search::Search;

use crate::rows::{NOW, at, case, deployed, page, turn, turns};
use crate::{Ports, all_pages};

/// A clock that runs.
fn clock() -> Clock {
    let running = serde_json::json!({
        "clock": "handling", "stage": "running", "goal": {"workingDays": 1}, "calendar": "district",
        "edition": 0, "started": 0, "due": null, "total": "PT9H", "spent": "PT0S",
    });
    serde_json::from_value(running).unwrap()
}

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
    let rows = [
        case(1, &no(1)),
        Case { state: CaseState::Closed, outcome: Some(Outcome::Planned), ..case(2, &no(2)) },
        Case { channel: "wechat".to_owned(), unit: Some("区水务局".to_owned()), ..case(3, &no(3)) },
        Case { flags: BTreeSet::from([Flag::Overdue, Flag::Supervised]), ..case(4, &no(4)) },
        Case { state: CaseState::Closed, outcome: Some(Outcome::Resolved), ..case(5, &no(5)) },
    ];
    store.commit(turns(rows.map(|row| with(1, row)))).await.unwrap();
    let listed = async |filter: CaseFilter| listed(store, filter).await;
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

fn no(id: u64) -> String {
    format!("QC-20240611-{id:06}")
}

/// Instances of the cases that a filter lets through, two to a page.
async fn listed(store: &dyn Ports, filter: CaseFilter) -> Vec<u64> {
    let cases = all_pages!(2, |page| store.cases(filter.clone(), page));
    cases.iter().map(|case| case.instance.0).collect()
}

/// Without a due time last, closed ones not at all unless they are asked for; times and kinds bound a list.
pub async fn cases_are_listed_by_due_time(store: &dyn Ports) {
    deployed(store).await;
    let due = |id: u64, millis: i64| Case { due: Some(at(millis)), ..case(id, &no(id)) };
    let running = |millis: i64| Clock { due: Some(at(millis)), ..clock() };
    let rows = [
        due(1, 3_000),
        due(2, 1_000),
        case(3, &no(3)),
        Case { clocks: vec![running(1_750), running(9_000)], ..due(8, 5_000) },
        Case { state: CaseState::Closed, outcome: Some(Outcome::Resolved), ..due(4, 500) },
        Case { unit: Some("区城管局".to_owned()), opened: at(60_000), ..due(5, 2_000) },
        Case { kind: Some("consult".to_owned()), category: Some("水务".to_owned()), ..due(6, 1_000) },
        Case { flags: BTreeSet::from([Flag::Overdue]), opened: at(90_000), ..due(7, 1_500) },
    ];
    store.commit(turns(rows.map(|row| with(1, row)))).await.unwrap();
    let any = || CaseFilter { sort: CaseSort::Due, ..CaseFilter::default() };
    assert_eq!(listed(store, any()).await, [2, 6, 7, 8, 5, 1, 3], "by what is due next: a clock of 8 is");
    assert_eq!(listed(store, CaseFilter { due_before: Some(at(2_000)), ..any() }).await, [2, 6, 7, 8]);
    assert_eq!(listed(store, CaseFilter { flag: Some(Flag::Overdue), ..any() }).await, [7]);
    assert_eq!(listed(store, CaseFilter { state: Some(CaseState::Closed), ..any() }).await, [4]);
    assert_eq!(listed(store, CaseFilter { open: Some(false), ..any() }).await, [4]);
    assert_eq!(listed(store, CaseFilter { unit: Some("区城管局".to_owned()), ..any() }).await, [5]);
    assert_eq!(listed(store, CaseFilter { kind: Some("consult".to_owned()), ..any() }).await, [6]);
    let newest = CaseFilter::default;
    assert_eq!(listed(store, newest()).await, [7, 5, 8, 6, 4, 3, 2, 1], "by the time they were opened");
    assert_eq!(listed(store, CaseFilter { category: Some("水务".to_owned()), ..newest() }).await, [6]);
    assert_eq!(listed(store, CaseFilter { open: Some(true), ..newest() }).await, [7, 5, 8, 6, 3, 2, 1]);
    assert_eq!(listed(store, CaseFilter { opened_from: Some(at(60_000)), ..newest() }).await, [7, 5]);
    let between =
        CaseFilter { opened_from: Some(at(1)), opened_until: Some(at(90_000)), ..CaseFilter::default() };
    assert_eq!(listed(store, between).await, [5]);
}

/// Two characters are found wherever they stand together.
pub async fn cases_are_found_by_words_numbers_and_phones(store: &dyn Ports) {
    deployed(store).await;
    let with_phone = |id: u64, title: &str, phone: &str| Case {
        title: title.to_owned(),
        petitioner: Some(Petitioner { name: Some("王建国".to_owned()), phone: Some(phone.to_owned()) }),
        content: Data::from(serde_json::json!({"content": "薛阁街道 A座 wifi 信号差"})),
        ..case(id, &no(id))
    };
    let rows = [
        with_phone(1, "南关小区路灯不亮", "138-0000-0001"),
        with_phone(2, "北关小区自来水停水", "+86 13900000001"),
        Case { title: "路口红绿灯故障".to_owned(), ..case(3, &no(3)) },
        Case {
            place: Some(Place { address: Some("南关路口".to_owned()), ..Place::default() }),
            state: CaseState::Closed,
            ..case(4, &no(4))
        },
    ];
    store.commit(turns(rows.map(|row| with(1, row)))).await.unwrap();
    let found = async |text: &str| {
        listed(store, CaseFilter { search: Search::new(text), ..CaseFilter::default() }).await
    };
    assert_eq!(found("路灯").await, [4, 1], "the title of 4 is the usual one, about a lamp");
    assert_eq!(found("绿灯").await, [3]);
    assert_eq!(found("灯绿").await, [0; 0], "in this order only");
    assert_eq!(found("小区").await, [2, 1]);
    assert_eq!(found("南关").await, [4, 1]);
    assert_eq!(found("小区 南关").await, [1], "all words");
    assert_eq!(found("灯").await, [4, 3, 1]);
    assert_eq!(found("WiFi").await, [2, 1]);
    assert_eq!(found("建国").await, [2, 1]);
    assert_eq!(found("\"路灯\" OR *").await, [0; 0], "no language of a database");
    assert_eq!(found("0001").await, [2, 1]);
    assert_eq!(found("13800000001").await, [1]);
    assert_eq!(found("800000001").await, [1]);
    assert_eq!(found("0001 路灯").await, [1]);
    assert_eq!(found("QC-20240611-000003").await, [3]);
    assert_eq!(found("qc-20240611").await, [4, 3, 2, 1]);
    assert_eq!(found("QC-2025").await, [0; 0]);
    let open = CaseFilter { search: Search::new("路灯"), open: Some(true), ..CaseFilter::default() };
    assert_eq!(listed(store, open).await, [1]);
    let due = CaseFilter { search: Search::new("路灯"), sort: CaseSort::Due, ..CaseFilter::default() };
    assert_eq!(listed(store, due).await, [1]);
}

/// Columns, flags and words follow the case.
pub async fn a_case_that_changes_is_found_by_what_it_is_now(store: &dyn Ports) {
    deployed(store).await;
    let mut row = Case { flags: BTreeSet::from([Flag::Warned]), ..case(1, &no(1)) };
    store.commit(turns([with(1, row.clone())])).await.unwrap();
    row.unit = Some("区住建局".to_owned());
    row.category = Some("供水".to_owned());
    row.flags = BTreeSet::from([Flag::Overdue]);
    row.petitioner =
        Some(Petitioner { name: Some("赵六".to_owned()), phone: Some("13700001234".to_owned()) });
    let changes = Data::from(serde_json::json!({"petitioner": row.petitioner}));
    let what = What::CaseChanged { no: row.no.clone(), changes };
    let history = vec![HistoryEvent { seq: 2, at: NOW, task: None, what }];
    store.commit(turns([TurnRow { history, ..with(2, row.clone()) }])).await.unwrap();
    let any = CaseFilter::default;
    let search = |text: &str| CaseFilter { search: Search::new(text), ..CaseFilter::default() };
    assert_eq!(listed(store, CaseFilter { unit: row.unit.clone(), ..any() }).await, [1]);
    assert_eq!(listed(store, CaseFilter { category: row.category.clone(), ..any() }).await, [1]);
    assert_eq!(listed(store, CaseFilter { flag: Some(Flag::Overdue), ..any() }).await, [1]);
    assert!(listed(store, CaseFilter { flag: Some(Flag::Warned), ..any() }).await.is_empty());
    assert_eq!(listed(store, search("赵六")).await, [1]);
    assert_eq!(listed(store, search("路灯")).await, [1], "and by what it was");
    assert_eq!(listed(store, search("1234")).await, [1]);
}

/// By numbers, by phones, by tracking codes.
pub async fn cases_are_looked_up_for_the_loop(store: &dyn Ports) {
    deployed(store).await;
    let of_phone = |id: u64, opened: i64| Case {
        petitioner: Some(Petitioner { name: None, phone: Some("138 0000 0001".to_owned()) }),
        tracking: Some(TrackingCode::new(id)),
        opened: at(opened),
        ..case(id, &no(id))
    };
    let rows = [of_phone(1, 0), of_phone(2, 2_000), of_phone(3, 1_000), case(4, &no(4))];
    store.commit(turns(rows.clone().map(|row| with(1, row)))).await.unwrap();
    let numbers = [no(4), no(2), no(9)].map(|no| CaseNo(no.into()));
    let mut found = store.case_instances(numbers.to_vec()).await.unwrap();
    found.sort();
    assert_eq!(found, [(numbers[1].clone(), InstanceId(2)), (numbers[0].clone(), InstanceId(4))]);
    let phone = |since: i64| vec![("13800000001".to_owned(), at(since)), ("999".to_owned(), at(0))];
    let of = async |since: i64, limit: usize| {
        let cases = store.cases_of_phones(phone(since), limit).await.unwrap();
        cases.iter().map(|case| case.instance.0).collect::<Vec<_>>()
    };
    assert_eq!(of(0, 10).await, [2, 3, 1]);
    assert_eq!(of(1_000, 10).await, [2, 3]);
    assert_eq!(of(0, 1).await, [2]);
    assert_eq!(store.case_of_code(TrackingCode::new(3)).await.unwrap(), Some(rows[2].clone()));
    assert_eq!(store.case_of_code(TrackingCode::new(9)).await.unwrap(), None);
}
