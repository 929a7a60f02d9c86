//! What must hold when the world has been quiet for long enough: all is done, all that clients saw is true.

use std::collections::BTreeMap;

use yiwang_core::transition::Status;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::Disposition;

use crate::act::Act;
use crate::client::{Answer, Client};
use crate::ledger::Ledger;
use crate::violation::Check;

/// The workflow that goes on for ever.
const ENDLESS: &str = "sim/clock";

/// Has everything come to its end?
pub(crate) fn is_over(ledger: &Ledger, clients: &[Client]) -> bool {
    clients.iter().all(|client| client.told.is_some() && client.under_way.is_empty())
        && ledger.lives.keys().all(|id| rests(ledger, *id))
        && ledger.sweeps.values().all(|sweep| sweep.state.is_over())
        // The engine may still rest after a failure of the store.
        && !ledger.inbox.values().any(|row| is_unrouted(&row.disposition))
}

fn is_unrouted(disposition: &Disposition) -> bool {
    matches!(disposition, Disposition::Pending | Disposition::Gathering { .. })
}

fn rests(ledger: &Ledger, id: InstanceId) -> bool {
    ledger.is_at_rest(id)
        // It gathers the events that it is to begin with, and those may never come.
        || ledger.lives.get(&id).is_some_and(|life| life.status == Status::Pending || life.workflow == ENDLESS)
}

/// Looks at everything once. `now`: what the machine's clock shows.
pub(crate) fn check(ledger: &mut Ledger, clients: &[Client], now: Timestamp) {
    let mut findings = Vec::new();
    for (id, life) in &ledger.lives {
        if life.wake_at.is_some_and(|at| at <= now) {
            findings.push((Check::Timers, format!("{} {id} was due at {:?}", life.workflow, life.wake_at)));
        }
        if !rests(ledger, *id) {
            let last = life.history.last().map(|line| &line.what);
            let what = format!("{} {id} is still {:?}; last: {last:?}", life.workflow, life.status);
            findings.push((Check::Progress, what));
        }
    }
    for row in ledger.inbox.values() {
        if is_unrouted(&row.disposition) {
            findings.push((Check::Progress, format!("the event {} was never routed", row.event.id)));
        }
    }
    for sweep in ledger.sweeps.values().filter(|sweep| !sweep.state.is_over()) {
        findings.push((Check::Progress, format!("the sweep {} is still {:?}", sweep.key, sweep.state)));
    }
    for client in clients {
        seen_by(client, ledger, &mut findings);
    }
    in_order(ledger, clients, &mut findings);
    for (check, what) in findings {
        ledger.violate(check, what);
    }
}

type Findings = Vec<(Check, String)>;

fn seen_by(client: &Client, ledger: &Ledger, findings: &mut Findings) {
    let words = client.act.words();
    match client.told.as_ref().map(|told| &told.answer) {
        None => findings.push((Check::Progress, format!("`{words}` was never answered"))),
        Some(Answer::Done(instance)) => {
            if !client.act.is_written(ledger) {
                findings.push((Check::Lost, format!("`{words}` was said to be done, and is not there")));
            }
            if let Act::Start { workflow, key } = &client.act {
                let known = ledger.started.get(&(workflow.clone(), key.clone()));
                if known != instance.as_ref() {
                    findings.push((Check::Once, format!("`{words}` began {instance:?}, and {known:?}")));
                }
            }
        }
        Some(Answer::Refused(why)) => match client.act {
            Act::Deploy { .. } | Act::Organise { .. } | Act::Start { .. } | Act::Publish { .. } => {
                findings.push((Check::Progress, format!("`{words}` was refused: {why}")));
            }
            // People come too late, or may not.
            Act::Claim { .. }
            | Act::Release { .. }
            | Act::Complete { .. }
            | Act::Comment { .. }
            | Act::Case { .. }
            | Act::Operate { .. }
            | Act::Skip { .. }
            | Act::Sweep { .. } => {}
        },
    }
    if let Some(mark) = client.act.mark() {
        let count = ledger.marks.get(mark).map_or(0, Vec::len);
        let most = if client.act.has_key() { 1 } else { client.asked as usize };
        if count > most {
            findings.push((Check::Once, format!("`{words}` was done {count} times")));
        }
    }
}

/// Whoever is told before another one asks, stands before it in history.
fn in_order(ledger: &Ledger, clients: &[Client], findings: &mut Findings) {
    struct Seen<'a> {
        client: &'a Client,
        told: u64,
        seq: u64,
    }
    let mut acts: BTreeMap<InstanceId, Vec<Seen<'_>>> = BTreeMap::new();
    for client in clients {
        let Some(told) = client.told.as_ref().filter(|told| matches!(told.answer, Answer::Done(_))) else {
            continue;
        };
        let marks = client.act.mark().and_then(|mark| ledger.marks.get(mark));
        if let Some([(instance, seq)]) = marks.map(Vec::as_slice) {
            acts.entry(*instance).or_default().push(Seen { client, told: told.at, seq: *seq });
        }
    }
    for (instance, mut seen) in acts {
        seen.sort_by_key(|seen| seen.told);
        for (at, first) in seen.iter().enumerate() {
            for later in seen.iter().skip(at + 1) {
                if first.told < later.client.began && first.seq > later.seq {
                    let (a, b) = (first.client.act.words(), later.client.act.words());
                    let what =
                        format!("{instance}: `{a}` was done before `{b}` was asked for, and stands after it");
                    findings.push((Check::Order, what));
                }
            }
        }
    }
}
