//! Selections: every store finds exactly what the reference predicate admits. Sweeps, their ledgers, schedules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use yiwang_core::case::{CaseState, Flag, Outcome};
use yiwang_core::selector::field::Found;
use yiwang_core::selector::span::WallClock;
use yiwang_core::selector::{Field, Of, Selection, Selector};
use yiwang_core::sweep::line::Group as LineGroup;
use yiwang_core::sweep::{By, Definition, Line, Phase, Result as LineResult, Sweep, Wanted};
use yiwang_core::transition::Status;
use yiwang_core::work_item::{Priority, WorkItemState};
use yiwang_core::{Case, InstanceId, Timestamp, WorkItem};
use yiwang_runtime::ports::{
    Batch, CommitError, Group, Paused, Ranking, ScheduleOutcome, ScheduleRow, ScheduleRun, SelectFrom,
    TurnRow,
};

use crate::rows::{NOW, at, case, deployed, item, page, turn, turns};
use crate::{Ports, all_pages};

/// Selectors of cases, one of each kind of test and some of several.
const OF_CASES: &[&str] = &[
    "{}",
    r#"{"open": true}"#,
    r#"{"open": false}"#,
    r#"{"overdue": true}"#,
    r#"{"overdue": false}"#,
    r#"{"state": "handling"}"#,
    r#"{"state": ["registered", "closed"]}"#,
    r#"{"state": {"not": ["closed"]}}"#,
    r#"{"outcome": null}"#,
    r#"{"outcome": [null, "planned"]}"#,
    r#"{"outcome": {"not": "planned"}}"#,
    r#"{"outcome": {"exists": true}}"#,
    r#"{"flags": "overdue"}"#,
    r#"{"flags": {"has": ["overdue", "supervised"]}}"#,
    r#"{"flags": {"lacks": "overdue"}}"#,
    r#"{"flags": {"exists": false}}"#,
    r#"{"unit": "区水务局"}"#,
    r#"{"unit": null}"#,
    r#"{"unit": {"not": "区水务局"}}"#,
    r#"{"not": {"unit": "区水务局"}}"#,
    r#"{"category": {"contains": "水"}}"#,
    r#"{"category": {"not": null}}"#,
    r#"{"title": {"contains": "%"}}"#,
    r#"{"due": {"before": "now"}}"#,
    r#"{"due": {"from": {"ago": "PT2S"}, "before": {"ahead": "PT2S"}}}"#,
    r#"{"due": {"exists": false}}"#,
    r#"{"not": {"due": {"before": "now"}}}"#,
    r#"{"opened": {"from": "2024-06-11T04:00:00.000Z"}}"#,
    r#"{"closed": {"before": {"ahead": "PT1H"}}}"#,
    r#"{"reworks": 1}"#,
    r#"{"reworks": [0, 2]}"#,
    r#"{"reworks": {"atLeast": 1, "atMost": 2}}"#,
    r#"{"urged": 0}"#,
    r#"{"urged": {"atLeast": 2}}"#,
    r#"{"urgedAt": null}"#,
    r#"{"urgedAt": {"from": {"field": "due"}}}"#,
    r#"{"not": {"urgedAt": {"from": {"field": "due"}}}}"#,
    r#"{"urgedAt": {"before": {"field": "touched"}}}"#,
    r#"{"fields.plan.year": 2025}"#,
    r#"{"fields.plan.year": "2025"}"#,
    r#"{"fields.plan.year": {"atLeast": 2025}}"#,
    r#"{"fields.plan": null}"#,
    r#"{"fields.reply": {"contains": "修"}}"#,
    r#"{"fields.reply": {"exists": true}}"#,
    r#"{"workflow": "test/a"}"#,
    r#"{"workflow": ["test/b", "test/c"]}"#,
    r#"{"status": {"not": "waiting"}}"#,
    r#"{"touched": {"before": {"ago": "PT3S"}}}"#,
    r#"{"touched": {"from": {"ago": "PT3S"}}}"#,
    r#"{"any": [{"state": "closed"}, {"flags": "repeat", "not": {"unit": null}}]}"#,
    r#"{"any": []}"#,
    r#"{"all": [{"not": {"any": [{"outcome": "planned"}, {"category": "供水"}]}}, {"channel": ["web", "wechat"]}]}"#,
    r#"{"channel": {"in": []}}"#,
    r#"{"caseNo": "QC-20240611-000007"}"#,
];

/// Selectors of work items.
const OF_ITEMS: &[&str] = &[
    "{}",
    r#"{"open": true}"#,
    r#"{"overdue": true}"#,
    r#"{"state": {"not": ["completed", "cancelled"]}}"#,
    r#"{"priority": ["high", "urgent"]}"#,
    r#"{"roles": "handler@区水务局"}"#,
    r#"{"roles": {"lacks": "handler@区水务局"}}"#,
    r#"{"assignee": null}"#,
    r#"{"assignee": {"not": "zhang"}}"#,
    r#"{"due": {"exists": false}}"#,
    r#"{"due": {"before": {"ahead": "PT1S"}}}"#,
    r#"{"created": {"from": {"ago": "PT1S"}}}"#,
    r#"{"task": {"contains": "handle"}}"#,
    r#"{"title": {"contains": "3-"}}"#,
    r#"{"case.state": "handling"}"#,
    r#"{"case.state": {"not": "handling"}}"#,
    r#"{"not": {"case.unit": "区水务局"}}"#,
    r#"{"case.flags": "overdue", "open": true}"#,
    r#"{"case.fields.plan.year": {"atMost": 2025}}"#,
    r#"{"case.due": {"before": "now"}}"#,
    r#"{"case.urged": {"atMost": 0}}"#,
    r#"{"created": {"from": {"field": "case.urgedAt"}}}"#,
    r#"{"caseNo": null}"#,
    r#"{"workflow": "test/b"}"#,
];

/// Selectors of instances.
const OF_INSTANCES: &[&str] = &[
    "{}",
    r#"{"open": true}"#,
    r#"{"overdue": true}"#,
    r#"{"status": "waiting"}"#,
    r#"{"version": "1.0.0"}"#,
    r#"{"version": {"not": null}}"#,
    r#"{"instance": {"not": "0000000000005"}}"#,
    r#"{"not": {"instance": ["0000000000005", "0000000000006"]}}"#,
    r#"{"workflow": "test/a", "case.state": "handling"}"#,
    r#"{"case.caseNo": null}"#,
    r#"{"case.unit": {"not": "区水务局"}}"#,
    r#"{"touched": {"before": {"ago": "PT3S"}}}"#,
];

/// Numbers without order, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

fn some_case(numbers: &mut Numbers, id: u64) -> Case {
    use CaseState::{Closed, Handling, Registered, Replied};
    let state = numbers.one(&[Registered, Handling, Replied, Closed, Closed]);
    let closed = state == Closed;
    let flags = [Flag::Overdue, Flag::Supervised, Flag::Repeat];
    let flags: BTreeSet<Flag> = flags.into_iter().filter(|_| numbers.below(3) == 0).collect();
    let text = |text: &str| Some(text.to_owned());
    let urged = u32::try_from(numbers.below(4)).unwrap();
    let fields = numbers.one(&[
        json!({}),
        json!({"plan": {"year": 2025}, "reply": "已修复"}),
        json!({"plan": {"year": "2025"}}),
        json!({"plan": {"year": 2024.5}, "reply": null}),
        json!({"plan": null, "reply": ["修"]}),
        json!({"plan": {"year": true}, "reply": "无"}),
    ]);
    Case {
        state,
        outcome: if closed {
            numbers.one(&[Some(Outcome::Planned), Some(Outcome::Resolved), None])
        } else {
            None
        },
        flags,
        unit: numbers.one(&[None, text("区水务局"), text("区城管局")]),
        category: numbers.one(&[None, text("供水"), text("100%")]),
        title: numbers.one(&["路灯坏了".to_owned(), "停水100%".to_owned()]),
        channel: numbers.one(&["web".to_owned(), "wechat".to_owned(), "sms".to_owned()]),
        due: numbers.one(&[None, Some(at(-5_000)), Some(at(-1_000)), Some(NOW), Some(at(1_999))]),
        opened: at(-(numbers.below(9) as i64) * 1_000),
        closed: closed.then(|| at(-1)),
        reworks: u32::try_from(numbers.below(4)).unwrap(),
        urged,
        urged_at: (urged > 0).then(|| at(-(i64::from(urged) - 1) * 2_500)),
        fields: fields.into(),
        ..case(id, &format!("QC-20240611-{id:06}"))
    }
}

fn some_item(numbers: &mut Numbers, id: u64, n: u32, of: Option<&Case>) -> WorkItem {
    use WorkItemState::{Cancelled, Claimed, Completed, Offered};
    let roles = [&["handler"][..], &["handler@区水务局", "reviewer"], &[]];
    let due = numbers.one(&[None, Some(at(-1_000)), Some(NOW), Some(at(999))]);
    WorkItem {
        case_no: of.map(|case| case.no.clone()),
        state: numbers.one(&[Offered, Claimed, Completed, Cancelled]),
        priority: numbers.one(&[Priority::Normal, Priority::High, Priority::Urgent]),
        assignee: numbers.one(&[None, Some("zhang".to_owned()), Some("li".to_owned())]),
        created: at(-(numbers.below(4) as i64) * 500),
        ..item(id, n, numbers.one(&roles), due)
    }
}

/// A hundred instances, most with a case, some with work items, touched at different times.
async fn crowd(store: &dyn Ports) {
    deployed(store).await;
    let mut numbers = Numbers(7);
    for id in 1..=100 {
        let case = (numbers.below(5) > 0).then(|| some_case(&mut numbers, id));
        let items = (0..numbers.below(3)).map(|n| u32::try_from(n).unwrap() + 1).collect::<Vec<_>>();
        let items = items.into_iter().map(|n| some_item(&mut numbers, id, n, case.as_ref())).collect();
        let name = numbers.one(&["a", "b", "c"]);
        let row = TurnRow {
            workflow: crate::rows::definition(name, "1.0.0"),
            status: numbers.one(&[Status::Waiting, Status::Running, Status::Completed]),
            case,
            work_items: items,
            ..turn(id, 1)
        };
        let now = at(-(numbers.below(6) as i64) * 1_000);
        store.commit(Batch { now, ..turns([row.clone()]) }).await.unwrap();
        // A turn of time alone touches nothing.
        let later = TurnRow { touched: false, status: row.status, workflow: row.workflow, ..turn(id, 2) };
        store.commit(Batch { now: at(9_000), ..turns([later]) }).await.unwrap();
    }
}

fn selection(of: Of, filter: &str) -> Selection {
    let filter: Value = serde_json::from_str(filter).unwrap();
    let selector = Selector::parse(of, &filter, "").unwrap();
    selector.resolve(NOW, &WallClock).unwrap()
}

async fn all(store: &dyn Ports, of: Of) -> Vec<Found> {
    store.select(selection(of, "{}"), SelectFrom::default(), 10_000).await.unwrap()
}

/// Page by page, and in numbers.
pub async fn a_selection_finds_what_the_reference_admits(store: &dyn Ports) {
    crowd(store).await;
    for (of, filters) in [(Of::Cases, OF_CASES), (Of::WorkItems, OF_ITEMS), (Of::Instances, OF_INSTANCES)] {
        let everything = all(store, of).await;
        assert!(everything.len() > 50, "{of:?}: {}", everything.len());
        let mut never = Vec::new();
        for filter in filters {
            let selection = selection(of, filter);
            let expected: Vec<_> = everything.iter().filter(|one| selection.admits(&one.subject())).collect();
            if expected.is_empty() {
                never.push(*filter);
            }
            let mut found = Vec::new();
            loop {
                let from = SelectFrom { after: found.last().map(Found::key), until: None };
                let next = store.select(selection.clone(), from, 7).await.unwrap();
                let last = next.len() < 7;
                found.extend(next);
                if last {
                    break;
                }
            }
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{of:?} {filter}");
            let groups = store.tally(selection.clone(), vec![Field::Unit, Field::Workflow]).await.unwrap();
            assert_eq!(groups, grouped(&expected), "{of:?} {filter}");
            let whole = store.tally(selection, Vec::new()).await.unwrap();
            assert_eq!(whole.iter().map(|group| group.count).sum::<u64>(), expected.len() as u64, "{filter}");
        }
        let empty = [r#"{"any": []}"#, r#"{"channel": {"in": []}}"#];
        assert!(never.iter().all(|filter| empty.contains(filter)), "these find nothing here: {never:?}");
    }
}

fn grouped(found: &[&Found]) -> Vec<Group> {
    let mut groups: BTreeMap<Vec<Option<String>>, u64> = BTreeMap::new();
    for one in found {
        let value = |field: Field| field.texts(&one.subject()).into_iter().next();
        *groups.entry(vec![value(Field::Unit), value(Field::Workflow)]).or_default() += 1;
    }
    groups.into_iter().map(|(values, count)| Group { values, count }).collect()
}

/// Those without a time come last, whichever way round.
pub async fn a_ranking_is_in_the_order_of_its_time(store: &dyn Ports) {
    crowd(store).await;
    for (of, field) in
        [(Of::Cases, Field::CaseDue), (Of::WorkItems, Field::ItemDue), (Of::Cases, Field::Touched)]
    {
        for descending in [false, true] {
            let mut expected = all(store, of).await;
            expected.sort_by_key(|one| {
                let time = field
                    .time(&one.subject())
                    .map_or(i64::MAX, |time| if descending { -time.0 } else { time.0 });
                (time, one.key())
            });
            expected.truncate(30);
            let by = Ranking { field: field.clone(), descending };
            let found = store.ranked(selection(of, "{}"), by, 30).await.unwrap();
            assert_eq!(found, expected, "{of:?} {field:?} {descending}");
        }
    }
}

/// A sweep in this state, asked for under this key.
pub(crate) fn sweep(id: u64, key: &str) -> Sweep {
    let written = json!({"sweep": "s", "where": {}, "actions": [{"note": "n"}]});
    let definition = Definition::parse(&written).unwrap();
    let (key, person) = (key.to_owned(), "li".to_owned());
    let wanted = Wanted { definition, key, person, reason: None, preview: None, waiter: None };
    Sweep::begin(wanted, InstanceId(id), NOW).unwrap()
}

pub(crate) fn line(sweep: u64, instance: u64, result: LineResult, unit: &str, since: i64) -> Line {
    Line {
        sweep: InstanceId(sweep),
        instance: InstanceId(instance),
        n: 0,
        case_no: None,
        unit: Some(unit.to_owned()),
        cause: None,
        result,
        acts: 1,
        why: None,
        at: NOW,
        since: at(since),
    }
}

fn batch(sweeps: Vec<Sweep>, sweep_lines: Vec<Line>) -> Batch {
    Batch { now: NOW, sweeps, sweep_lines, ..Batch::default() }
}

/// By id, by key, by state, and among those that are not over.
pub async fn a_sweep_is_found_and_changes_in_place(store: &dyn Ports) {
    let (first, mut second) = (sweep(1, "a"), sweep(2, "b"));
    store.commit(batch(vec![first.clone(), second.clone()], Vec::new())).await.unwrap();
    assert_eq!(store.open_sweeps().await.unwrap(), [first.clone(), second.clone()]);
    second.cancel(By { person: "wang".to_owned(), at: NOW, reason: Some("误".to_owned()) }).unwrap();
    store.commit(batch(vec![second.clone()], Vec::new())).await.unwrap();
    assert_eq!(store.open_sweeps().await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.sweep(InstanceId(2)).await.unwrap(), Some(second.clone()));
    assert_eq!(store.sweep(InstanceId(3)).await.unwrap(), None);
    assert_eq!(store.sweep_of_key("b".to_owned()).await.unwrap(), Some(second.clone()));
    assert_eq!(store.sweep_of_key("c".to_owned()).await.unwrap(), None);
    let listed = all_pages!(1, |page| store.sweeps(None, page));
    assert_eq!(listed, [second.clone(), first.clone()], "newest first");
    assert_eq!(store.sweeps(Some(Phase::Cancelled), page(0)).await.unwrap().items, [second]);
    let refused = store.commit(batch(vec![sweep(3, "a")], Vec::new())).await.unwrap_err();
    assert!(matches!(refused, CommitError::Conflict { .. }), "{refused:?}");
    assert_eq!(store.greatest_id().await.unwrap(), 2);
}

/// And nothing of a batch with a second line is there.
pub async fn a_target_has_one_line(store: &dyn Ports) {
    use LineResult::{Acted, Failed, Skipped};
    let lines = vec![
        line(1, 5, Acted, "甲", -30),
        line(1, 6, Acted, "甲", -20),
        line(1, 7, Acted, "乙", -10),
        line(1, 8, Skipped, "乙", -99),
        line(1, 9, Failed, "乙", -99),
    ];
    store.commit(batch(vec![sweep(1, "a"), sweep(2, "b")], lines.clone())).await.unwrap();
    store.commit(batch(Vec::new(), vec![line(2, 5, Acted, "甲", -30)])).await.unwrap();
    for twice in
        [vec![line(1, 5, Skipped, "甲", 0)], vec![line(1, 3, Acted, "甲", 0), line(1, 3, Acted, "甲", 0)]]
    {
        let refused = store.commit(batch(vec![sweep(4, "d")], twice)).await.unwrap_err();
        assert!(matches!(refused, CommitError::Conflict { .. }), "{refused:?}");
    }
    assert_eq!(store.sweep(InstanceId(4)).await.unwrap(), None);
    let found = all_pages!(2, |page| store.sweep_lines(InstanceId(1), None, page));
    assert_eq!(found, lines);
    let failed = store.sweep_lines(InstanceId(1), Some(Failed), page(0)).await.unwrap().items;
    assert_eq!(failed, lines[4..]);
    let summary = store.sweep_summary(InstanceId(1)).await.unwrap();
    let group =
        |result, unit: &str, count| LineGroup { result, cause: None, unit: Some(unit.to_owned()), count };
    let expected =
        [group(Acted, "乙", 1), group(Acted, "甲", 2), group(Skipped, "乙", 1), group(Failed, "乙", 1)];
    assert_eq!(summary.groups, expected);
    assert_eq!(summary.median_since, Some(at(-20)));
}

/// What became of a planned time.
pub(crate) fn run(id: u64, workflow: &str, outcome: ScheduleOutcome) -> ScheduleRun {
    ScheduleRun {
        id,
        workflow: workflow.to_owned(),
        planned: NOW,
        at: at(1),
        outcome,
        instance: Some(InstanceId(7)),
        by: None,
        reason: None,
    }
}

/// Who stopped it is remembered; runs are listed newest first.
pub async fn a_schedule_remembers_who_stopped_it_and_what_it_ran(store: &dyn Ports) {
    let paused = Paused { by: "li".to_owned(), at: NOW, reason: Some("节前检修".to_owned()) };
    let row = |paused| ScheduleRow { workflow: "test/a".to_owned(), fired: Timestamp(5), run: None, paused };
    let runs = vec![
        run(1, "test/a", ScheduleOutcome::Started),
        run(2, "test/b", ScheduleOutcome::Missed),
        run(3, "test/a", ScheduleOutcome::Paused),
    ];
    let first = Batch {
        now: NOW,
        schedules: vec![row(Some(paused.clone()))],
        schedule_runs: runs.clone(),
        ..Batch::default()
    };
    store.commit(first).await.unwrap();
    assert_eq!(store.schedule_rows().await.unwrap(), [row(Some(paused))]);
    store.commit(Batch { now: NOW, schedules: vec![row(None)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.schedules().await.unwrap(), [row(None)]);
    let of_a = all_pages!(1, |page| store.schedule_runs(Some("test/a".to_owned()), page));
    assert_eq!(of_a, [runs[2].clone(), runs[0].clone()]);
    assert_eq!(store.schedule_runs(None, page(0)).await.unwrap().items.len(), 3);
    assert_eq!(store.greatest_id().await.unwrap(), 3);
}
