//! The processes that are simulated, and what clients think of doing next.

use yiwang_core::case::CaseCommand;
use yiwang_core::input::OperatorCommand;
use yiwang_core::transition::Status;
use yiwang_core::work_item::{WorkItem, WorkItemState};

use crate::act::{Act, on_cases};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::random::Random;

/// A process and how it begins.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    /// Text, workflow and version of all that must be deployed.
    texts: &'static [(&'static str, &'static str)],
    begins: Begins,
}

#[derive(Clone, Copy)]
enum Begins {
    /// By a request with a key.
    Asked,
    /// By a request, and it waits for an event.
    AskedAndAnswered,
    /// By an event.
    Event,
    /// By two events.
    Pair,
    /// By the clock.
    Itself,
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../processes/", $name, ".yaml"))
    };
}

pub(crate) const PROCESSES: &[Process] = &[
    Process { name: "rest", texts: &[("sim/rest", text!("rest"))], begins: Begins::Asked },
    Process { name: "calls", texts: &[("sim/calls", text!("calls"))], begins: Begins::Asked },
    Process { name: "forks", texts: &[("sim/forks", text!("forks"))], begins: Begins::Asked },
    Process { name: "hears", texts: &[("sim/hears", text!("hears"))], begins: Begins::AskedAndAnswered },
    Process { name: "rounds", texts: &[("sim/rounds", text!("rounds"))], begins: Begins::Asked },
    Process {
        name: "parent",
        texts: &[("sim/child", text!("child")), ("sim/parent", text!("parent"))],
        begins: Begins::Asked,
    },
    Process { name: "desk", texts: &[("sim/desk", text!("desk"))], begins: Begins::Asked },
    Process {
        name: "matter",
        texts: &[("sim/matter", text!("matter")), ("sim/echo", text!("echo"))],
        begins: Begins::Event,
    },
    Process { name: "pairs", texts: &[("sim/pairs", text!("pairs"))], begins: Begins::Pair },
    Process { name: "clock", texts: &[("sim/clock", text!("clock"))], begins: Begins::Itself },
    Process { name: "panel", texts: &[("sim/panel", text!("panel"))], begins: Begins::Asked },
    Process {
        name: "weekly",
        texts: &[
            ("sim/weekly", text!("weekly")),
            ("sim/matter", text!("matter")),
            ("sim/echo", text!("echo")),
        ],
        begins: Begins::Asked,
    },
];

const ORGANISATION: &str = text!("organisation");
const PEOPLE: &[&str] = &["zhang", "wang", "li"];

/// What must be there before anything begins.
pub(crate) fn preparations(plan: &Plan) -> Vec<Act> {
    let mut texts: Vec<_> = plan.processes.iter().flat_map(|at| PROCESSES[*at].texts).collect();
    texts.sort_unstable();
    texts.dedup();
    let deploy =
        |(workflow, text): &(&'static str, &'static str)| Act::Deploy { text, workflow, version: "1.0.0" };
    std::iter::once(Act::Organise { text: ORGANISATION }).chain(texts.into_iter().map(deploy)).collect()
}

/// What clients think of.
#[derive(Default)]
pub(crate) struct Ideas {
    count: usize,
    version: bool,
}

impl Ideas {
    fn name(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count)
    }

    /// One idea, or several that belong together, in any order.
    pub(crate) fn next(&mut self, random: &mut Random, plan: &Plan, ledger: &Ledger) -> Vec<Act> {
        match random.below(100) {
            0..40 => self.beginning(random, plan),
            40..70 => self.on_item(random, ledger).into_iter().collect(),
            70..82 => self.on_case(random, ledger).into_iter().collect(),
            82..90 => self.operator(random, ledger).into_iter().collect(),
            90..94 if ledger.deployments.contains(&("sim/matter".to_owned(), "1.0.0".to_owned())) => {
                vec![Act::Sweep { key: self.name("sweep") }]
            }
            94..97 if !self.version => {
                self.version = true;
                vec![Act::Deploy { text: text!("rest2"), workflow: "sim/rest", version: "1.1.0" }]
            }
            _ => Vec::new(),
        }
    }

    fn beginning(&mut self, random: &mut Random, plan: &Plan) -> Vec<Act> {
        let Some(process) = random.pick(&plan.processes).map(|at| &PROCESSES[*at]) else { return Vec::new() };
        let workflow = format!("sim/{}", process.name);
        let key = self.name("k");
        let publish = |kind, id: String| Act::Publish { kind, id, key: key.clone() };
        let mut acts = match process.begins {
            Begins::Asked => vec![Act::Start { workflow, key }],
            Begins::AskedAndAnswered => {
                let answer = publish("cn.sim.answer.v1", format!("answer-{key}"));
                vec![Act::Start { workflow, key }, answer]
            }
            Begins::Event => vec![publish("cn.sim.matter.v1", format!("matter-{key}"))],
            Begins::Pair => vec![
                publish("cn.sim.left.v1", format!("left-{key}")),
                publish("cn.sim.right.v1", format!("right-{key}")),
            ],
            Begins::Itself => Vec::new(),
        };
        random.shuffle(&mut acts);
        acts
    }

    fn on_item(&mut self, random: &mut Random, ledger: &Ledger) -> Option<Act> {
        let open: Vec<&WorkItem> = open_items(ledger).collect();
        let item = *random.pick(&open)?;
        let anybody = (*random.pick(PEOPLE)?).to_owned();
        let act = match (&item.assignee, random.below(10)) {
            (_, 0..2) => Act::Comment { item: item.id, by: anybody, mark: self.name("say") },
            (None, _) => Act::Claim { item: item.id, by: anybody },
            (Some(by), 2..4) => Act::Release { item: item.id, by: by.clone() },
            // Somebody else tries.
            (Some(_), 4) => self.complete(random, item, anybody),
            (Some(by), _) => self.complete(random, item, by.clone()),
        };
        Some(act)
    }

    fn complete(&mut self, random: &mut Random, item: &WorkItem, by: String) -> Act {
        let outcome = random.pick(&item.outcomes).cloned();
        Act::Complete { item: item.id, by, outcome, mark: self.name("done") }
    }

    fn on_case(&mut self, random: &mut Random, ledger: &Ledger) -> Option<Act> {
        let all: Vec<_> = ledger.cases.values().map(|case| case.no.clone()).collect();
        let no = random.pick(&all)?.clone();
        let other = random.pick(&all).filter(|other| **other != no);
        let command = on_cases(random.below(60), other);
        Some(Act::Case { no, command, mark: self.name("case") })
    }

    fn operator(&mut self, random: &mut Random, ledger: &Ledger) -> Option<Act> {
        let all: Vec<_> = ledger.lives.iter().collect();
        let (instance, life) = random.pick(&all)?;
        let goes_on = match life.status {
            Status::Running | Status::Waiting | Status::Suspended | Status::Faulted => true,
            Status::Pending | Status::Cancelled | Status::Completed => false,
        };
        if goes_on && random.chance(250) {
            return Some(Act::Skip { instance: **instance, mark: self.name("skip") });
        }
        let command = match life.status {
            Status::Suspended => OperatorCommand::Resume,
            Status::Faulted => OperatorCommand::Retry,
            Status::Running | Status::Waiting if random.chance(300) => OperatorCommand::Cancel,
            _ => OperatorCommand::Suspend,
        };
        Some(Act::Operate { instance: **instance, command, mark: self.name("op") })
    }

    /// What must be done so that everything can come to its end.
    pub(crate) fn endings(&mut self, random: &mut Random, ledger: &Ledger) -> Vec<Act> {
        let mut acts = Vec::new();
        for (id, life) in &ledger.lives {
            match life.status {
                Status::Suspended => {
                    let (command, mark) = (OperatorCommand::Resume, self.name("op"));
                    acts.push(Act::Operate { instance: *id, command, mark });
                }
                Status::Pending
                | Status::Running
                | Status::Waiting
                | Status::Cancelled
                | Status::Faulted
                | Status::Completed => {}
            }
        }
        let suspended = ledger.cases.iter().filter(|(id, case)| {
            case.suspended.is_some() && ledger.lives.get(id).is_some_and(|life| !life.has_ended())
        });
        for (_, case) in suspended {
            let (no, command, mark) = (case.no.clone(), CaseCommand::Resume, self.name("case"));
            acts.push(Act::Case { no, command, mark });
        }
        let items: Vec<WorkItem> = open_items(ledger).cloned().collect();
        for item in items {
            let instance = ledger.lives.get(&item.id.instance);
            if instance.is_some_and(|life| life.status == Status::Faulted) {
                continue;
            }
            acts.push(match &item.assignee {
                Some(by) => self.complete(random, &item, by.clone()),
                None => {
                    let seat = item.candidate_people.first().cloned();
                    Act::Claim { item: item.id, by: seat.unwrap_or_else(|| "li".to_owned()) }
                }
            });
        }
        acts
    }
}

fn open_items(ledger: &Ledger) -> impl Iterator<Item = &WorkItem> {
    ledger.items.values().filter(|item| {
        matches!(item.state, WorkItemState::Offered | WorkItemState::Claimed)
            && ledger.lives.get(&item.id.instance).is_some_and(|life| life.status != Status::Suspended)
    })
}
