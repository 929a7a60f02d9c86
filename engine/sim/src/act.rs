//! One thing that a client wants done, and how it is known to have been done.

use std::collections::BTreeMap;

use serde_json::json;
use yiwang_core::case::{CaseCommand, Flag};
use yiwang_core::input::{Cause, OperatorCommand};
use yiwang_core::reference::Kind;
use yiwang_core::repair::Repair;
use yiwang_core::sweep::{Definition, Wanted};
use yiwang_core::work_item::{Act as ItemAct, Actor, WorkItemCommand, WorkItemState};
use yiwang_core::{CaseNo, Event, InstanceId, WorkItemId};
use yiwang_runtime::ports::IncomingEvent;
use yiwang_runtime::{
    CaseAct, Error, Handle, OperatorAct, PutReference, RepairAct, Start, SweepAct, WorkItemAct,
};

use crate::ledger::Ledger;
use crate::time::BEGINNING;

/// What is wanted. Where there is a `mark`, it stands in history once it is done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Deploy {
        text: &'static str,
        workflow: &'static str,
        version: &'static str,
    },
    Organise {
        text: &'static str,
    },
    Start {
        workflow: String,
        key: String,
    },
    Publish {
        kind: &'static str,
        id: String,
        key: String,
    },
    Claim {
        item: WorkItemId,
        by: String,
    },
    Release {
        item: WorkItemId,
        by: String,
    },
    Complete {
        item: WorkItemId,
        by: String,
        outcome: Option<String>,
        mark: String,
    },
    Comment {
        item: WorkItemId,
        by: String,
        mark: String,
    },
    Case {
        no: CaseNo,
        command: CaseCommand,
        mark: String,
    },
    Operate {
        instance: InstanceId,
        command: OperatorCommand,
        mark: String,
    },
    /// Passes over whatever task it stands at.
    Skip {
        instance: InstanceId,
        mark: String,
    },
    Sweep {
        key: String,
    },
}

/// What the engine said: the instance that a start began, if it was one.
pub(crate) type Said = Result<Option<InstanceId>, Error>;

pub(crate) const EVENTS: &str = "/sim";

/// Somebody who may handle work.
pub(crate) fn person(name: &str) -> Actor {
    Actor::new(name, vec!["handler".to_owned(), "process_admin".to_owned()])
}

impl Act {
    /// Asks the engine. `decision`: under which id, where the act has one.
    pub(crate) async fn perform(self, engine: &Handle, decision: String) -> Said {
        match self {
            Self::Deploy { text, .. } => engine.deploy(text, BTreeMap::new(), "li").await.map(|_| None),
            Self::Organise { text } => {
                let (kind, name) = (Kind::Organisation, "organisation".to_owned());
                let (body, by) = (text.to_owned(), "li".to_owned());
                let wish = PutReference { kind, name, body, by, reason: None, version: None };
                engine.put_reference(wish).await.map(|_| None)
            }
            Self::Start { workflow, key } => {
                let input = json!({"key": key}).into();
                let cause = Cause::Request { person: "li".to_owned() };
                let start = Start { workflow, version: None, key: Some(key), input, cause };
                engine.start(start).await.map(|begun| Some(begun.instance))
            }
            Self::Publish { kind, id, key } => {
                let event = Event {
                    id,
                    source: EVENTS.to_owned(),
                    r#type: kind.to_owned(),
                    subject: None,
                    time: BEGINNING,
                    data: json!({"key": key}).into(),
                    extensions: BTreeMap::new(),
                };
                engine.publish(vec![IncomingEvent { event, session: None }]).await.map(|_| None)
            }
            Self::Claim { item, by } => on_item(engine, item, &by, WorkItemCommand::Claim).await,
            Self::Release { item, by } => on_item(engine, item, &by, WorkItemCommand::Release).await,
            Self::Complete { item, by, outcome, mark } => {
                let form = json!({"mark": mark}).into();
                on_item(engine, item, &by, WorkItemCommand::Complete { outcome, form, decision }).await
            }
            Self::Comment { item, by, mark } => {
                let act = ItemAct::Comment { text: mark };
                let command = WorkItemCommand::Act { act, reason: None, decision: Some(decision) };
                on_item(engine, item, &by, command).await
            }
            Self::Case { no, command, mark } => {
                let by = person("li");
                let act = CaseAct { no, command, by, reason: Some(mark), decision, version: None };
                engine.case(act).await.map(|_| None)
            }
            Self::Operate { instance, command, mark } => {
                let act = OperatorAct { instance, command, by: person("li"), reason: Some(mark) };
                engine.operator(act).await.map(|_| None)
            }
            Self::Skip { instance, mark } => {
                let repair = Repair::Skip { task: None, output: None };
                let by = person("li");
                let act = RepairAct { instance, repair, by, reason: mark, decision };
                engine.repair(act).await.map(|_| None)
            }
            Self::Sweep { key } => {
                let definition = Definition::parse(&json!({
                    "sweep": "press",
                    "where": {"open": true},
                    "actions": [{"flag": "supervised"}, {"note": "请尽快办理"}],
                    "rate": 20,
                }));
                let definition = definition.expect("the definition is right");
                let person = "li".to_owned();
                let (reason, preview, waiter) = (None, None, None);
                let wanted = Wanted { definition, key, person, reason, preview, waiter };
                engine.sweep_act(SweepAct::Begin(Box::new(wanted))).await.map(|_| None)
            }
        }
    }

    /// Is it the same act when it is asked for again? Then it is done once, however often that is.
    pub(crate) fn has_key(&self) -> bool {
        match self {
            Self::Deploy { .. }
            | Self::Organise { .. }
            | Self::Start { .. }
            | Self::Publish { .. }
            | Self::Complete { .. }
            | Self::Comment { .. }
            | Self::Case { .. }
            | Self::Skip { .. }
            | Self::Sweep { .. } => true,
            Self::Claim { .. } | Self::Release { .. } | Self::Operate { .. } => false,
        }
    }

    /// What it leaves in history.
    pub(crate) fn mark(&self) -> Option<&str> {
        match self {
            Self::Complete { mark, .. }
            | Self::Comment { mark, .. }
            | Self::Case { mark, .. }
            | Self::Operate { mark, .. }
            | Self::Skip { mark, .. } => Some(mark),
            Self::Deploy { .. }
            | Self::Organise { .. }
            | Self::Start { .. }
            | Self::Publish { .. }
            | Self::Claim { .. }
            | Self::Release { .. }
            | Self::Sweep { .. } => None,
        }
    }

    /// Is it on the disk?
    pub(crate) fn is_written(&self, ledger: &Ledger) -> bool {
        match self {
            Self::Deploy { workflow, version, .. } => {
                ledger.deployments.contains(&((*workflow).to_owned(), (*version).to_owned()))
            }
            Self::Organise { .. } => !ledger.references.is_empty(),
            Self::Start { workflow, key } => ledger.started.contains_key(&(workflow.clone(), key.clone())),
            Self::Publish { id, .. } => ledger.events.contains_key(&(EVENTS.to_owned(), id.clone())),
            Self::Claim { item, by } => ledger.claims.contains_key(&(*item, by.clone())),
            // Nobody can tell one release from another.
            Self::Release { .. } => true,
            Self::Sweep { key } => ledger.sweeps.values().any(|sweep| sweep.key == *key),
            Self::Complete { mark, .. }
            | Self::Comment { mark, .. }
            | Self::Case { mark, .. }
            | Self::Operate { mark, .. }
            | Self::Skip { mark, .. } => ledger.marks.contains_key(mark),
        }
    }

    /// Is it about a work item that nobody wants any more?
    pub(crate) fn is_of_withdrawn(&self, ledger: &Ledger) -> bool {
        let Self::Comment { item, .. } = self else { return false };
        ledger.items.get(item).is_some_and(|item| item.state == WorkItemState::Cancelled)
    }

    /// In a few words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Deploy { workflow, version, .. } => format!("deploy {workflow} {version}"),
            Self::Organise { .. } => "put the organisation".to_owned(),
            Self::Start { workflow, key } => format!("start {workflow} {key}"),
            Self::Publish { kind, id, .. } => format!("publish {kind} {id}"),
            Self::Claim { item, by } => format!("{by} claims {item}"),
            Self::Release { item, by } => format!("{by} releases {item}"),
            Self::Complete { item, by, mark, .. } => format!("{by} completes {item} as {mark}"),
            Self::Comment { item, by, mark } => format!("{by} says {mark} about {item}"),
            Self::Case { no, command, mark } => format!("{} {no} as {mark}", command.word()),
            Self::Operate { instance, command, mark } => format!("{command:?} {instance} as {mark}"),
            Self::Skip { instance, mark } => format!("skip where {instance} stands as {mark}"),
            Self::Sweep { key } => format!("sweep {key}"),
        }
    }
}

/// What people do with cases here.
pub(crate) fn on_cases(number: usize, other: Option<&CaseNo>) -> CaseCommand {
    match (number % 6, other) {
        (0, _) => CaseCommand::Urge,
        (1, _) => CaseCommand::Suspend,
        (2, _) => CaseCommand::Resume,
        (3, _) => CaseCommand::Flag { flag: Flag::Supervised },
        (4, Some(no)) => CaseCommand::Link { no: no.clone() },
        _ => CaseCommand::Note { text: "sim".to_owned() },
    }
}

async fn on_item(engine: &Handle, item: WorkItemId, by: &str, command: WorkItemCommand) -> Said {
    let act = WorkItemAct { item, command, version: None, by: person(by) };
    engine.work_item(act).await.map(|_| None)
}
