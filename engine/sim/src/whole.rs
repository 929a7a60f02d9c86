//! Holds what a process finds on the disk against the ledger: all of every batch, nothing of any other.

use std::collections::BTreeSet;

use yiwang_core::InstanceId;
use yiwang_runtime::ports::{
    CaseFilter, InstanceFilter, InstanceSummary, Page, PageRequest, StartKey, WorkItemFilter,
};

use crate::disk::{Disk, Shelf};
use crate::ledger::Ledger;
use crate::store::finish;
use crate::violation::Check;

/// Reads all pages of a list.
fn all<T>(mut page: impl FnMut(PageRequest) -> Page<T>) -> Vec<T> {
    let mut items = Vec::new();
    let mut request = PageRequest { cursor: None, limit: 500 };
    loop {
        let Page { items: some, next_cursor } = page(request);
        items.extend(some);
        match next_cursor {
            Some(cursor) => request = PageRequest { cursor: Some(cursor), limit: 500 },
            None => return items,
        }
    }
}

/// Compares everything. A store that cannot be read is a finding too.
pub(crate) fn compare(disk: &dyn Disk, shelf: &dyn Shelf, ledger: &mut Ledger) {
    let mut findings = Vec::new();
    instances(disk, shelf, ledger, &mut findings);
    rows(disk, shelf, ledger, &mut findings);
    for (check, what) in findings {
        ledger.violate(check, what);
    }
}

type Findings = Vec<(Check, String)>;

fn instances(disk: &dyn Disk, shelf: &dyn Shelf, ledger: &Ledger, findings: &mut Findings) {
    let page = |request| {
        finish(disk, shelf.instances(InstanceFilter::default(), request)).expect("a sound disk is readable")
    };
    let found: Vec<InstanceSummary> = all(page);
    let ids: BTreeSet<InstanceId> = found.iter().map(|row| row.id).collect();
    for id in ledger.lives.keys().filter(|id| !ids.contains(id)) {
        findings.push((Check::Lost, format!("the instance {id} is not there any more")));
    }
    let loaded = finish(disk, shelf.load(ids.into_iter().collect())).expect("a sound disk is readable");
    for row in loaded {
        let id = row.instance;
        let Some(life) = ledger.lives.get(&id) else {
            findings.push((Check::Whole, format!("the instance {id} was never committed")));
            continue;
        };
        if row.rev < life.rev {
            findings.push((Check::Lost, format!("{id} is at revision {}, and was at {}", row.rev, life.rev)));
        } else if row.rev > life.rev {
            findings.push((Check::Whole, format!("revision {} of {id} was never committed", row.rev)));
        } else if row.seq != life.history.len() as u64 || row.state.as_ref() != Ok(&life.state) {
            findings.push((Check::Whole, format!("{id} has lost a part of revision {}", row.rev)));
        }
    }
    for row in found {
        if let Some(life) = ledger.lives.get(&row.id).filter(|life| life.rev == row.rev)
            && (row.status, row.wake_at) != (life.status, life.wake_at)
        {
            findings.push((Check::Whole, format!("the row of {} is not that of its last turn", row.id)));
        }
    }
}

fn rows(disk: &dyn Disk, shelf: &dyn Shelf, ledger: &Ledger, findings: &mut Findings) {
    let readable = "a sound disk is readable";
    let inbox = all(|request| finish(disk, shelf.inbox(false, request)).expect(readable));
    let lost = |what: String| (Check::Lost, what);
    if inbox.len() < ledger.inbox.len() {
        let there: BTreeSet<u64> = inbox.iter().map(|row| row.id).collect();
        let gone = ledger.inbox.values().filter(|row| !there.contains(&row.id));
        findings.extend(gone.map(|row| lost(format!("the event {} is not there any more", row.event.id))));
    }
    for row in &inbox {
        match ledger.inbox.get(&row.id) {
            None => findings.push((Check::Whole, format!("the event {} was never committed", row.event.id))),
            Some(known) if known.disposition != row.disposition => {
                let what = format!("the event {} is {:?}", row.event.id, row.disposition.word());
                findings
                    .push((Check::Whole, format!("{what}, committed was {:?}", known.disposition.word())));
            }
            Some(_) => {}
        }
    }
    let filter = WorkItemFilter { states: EVERY_STATE.to_vec(), ..WorkItemFilter::default() };
    let items = all(|request| finish(disk, shelf.work_items(filter.clone(), request)).expect(readable));
    let same = items.len() == ledger.items.len()
        && items.iter().all(|item| ledger.items.get(&item.id).is_some_and(|known| known == item));
    if !same {
        findings.push((Check::Whole, "the work items are not those that were committed".to_owned()));
    }
    let cases = all(|request| finish(disk, shelf.cases(CaseFilter::default(), request)).expect(readable));
    let same = cases.len() == ledger.cases.len()
        && cases.iter().all(|case| ledger.cases.get(&case.instance).is_some_and(|known| known == case));
    if !same {
        findings.push((Check::Whole, "the cases are not those that were committed".to_owned()));
    }
    let keys = ledger.started.keys().cloned();
    let keys: Vec<StartKey> = keys.map(|(workflow, key)| StartKey { workflow, key }).collect();
    let wanted = keys.len();
    let found = finish(disk, shelf.started(keys)).expect(readable);
    let right = found.iter().filter(|(key, started)| {
        ledger.started.get(&(key.workflow.clone(), key.key.clone())) == Some(&started.instance)
    });
    if right.count() != wanted {
        findings.push((Check::Whole, "the start keys are not those that were committed".to_owned()));
    }
}

const EVERY_STATE: &[yiwang_core::work_item::WorkItemState] = &[
    yiwang_core::work_item::WorkItemState::Offered,
    yiwang_core::work_item::WorkItemState::Claimed,
    yiwang_core::work_item::WorkItemState::Completed,
    yiwang_core::work_item::WorkItemState::Cancelled,
];
