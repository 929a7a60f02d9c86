//! Which tasks and branches of a workflow ran in any scenario.
//!
//! A branch is a case of a `switch` (and that none holds), an `if` that holds or not, a `catch.do`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use yiwang_dsl::Definition;
use yiwang_dsl::definition::{Task, TaskKind};

/// What there is and what ran, for each workflow.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    workflows: BTreeMap<String, Workflow>,
}

#[derive(Debug, Default)]
struct Workflow {
    /// JSON Pointer → name.
    tasks: BTreeMap<String, String>,
    tasks_ran: BTreeSet<String>,
    /// Of a task (its JSON Pointer), and which.
    branches: BTreeSet<(String, String)>,
    branches_ran: BTreeSet<(String, String)>,
    /// First task of a `catch.do` → its `try`.
    catches: BTreeMap<String, String>,
}

/// The coverage of one workflow.
pub(crate) struct Row {
    pub(crate) workflow: String,
    pub(crate) tasks: usize,
    pub(crate) tasks_ran: usize,
    pub(crate) branches: usize,
    pub(crate) branches_ran: usize,
    /// Names of tasks, and branches as `task: branch`.
    pub(crate) missed: Vec<String>,
}

impl Coverage {
    /// Knows the tasks and branches of this workflow.
    pub(super) fn add(&mut self, definition: &Definition) {
        let workflow = self.workflows.entry(name(definition)).or_default();
        for task in &definition.tasks {
            workflow.tasks.insert(task.reference.clone(), task.name.clone());
            let branches = branches(task).into_iter().map(|branch| (task.reference.clone(), branch));
            workflow.branches.extend(branches);
            if let TaskKind::Try { catch, .. } = &task.kind
                && let Some(first) = catch.body.as_ref().and_then(|body| body.first())
            {
                workflow.catches.insert(definition.task(*first).reference.clone(), task.reference.clone());
            }
        }
    }

    /// A line of the history of one of its instances.
    pub(super) fn line(&mut self, definition: &Definition, line: &Value) {
        let Some(workflow) = self.workflows.get_mut(&name(definition)) else { return };
        let Some(task) = line["task"].as_str() else { return };
        let mut branch = |task: &str, branch: &str| {
            let key = (task.to_owned(), branch.to_owned());
            if workflow.branches.contains(&key) {
                workflow.branches_ran.insert(key);
            }
        };
        match line["event"].as_str() {
            Some("task_started") => {
                branch(task, "if");
                if let Some(r#try) = workflow.catches.get(task) {
                    branch(r#try, "catch");
                }
                if workflow.tasks.contains_key(task) {
                    workflow.tasks_ran.insert(task.to_owned());
                }
            }
            Some("task_skipped") => branch(task, "if not"),
            Some("switched") => branch(task, line["case"].as_str().unwrap_or("no case")),
            _ => {}
        }
    }

    /// One row for each workflow, in order of name.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |(workflow, it): (&String, &Workflow)| {
            let tasks =
                it.tasks.iter().filter(|(at, _)| !it.tasks_ran.contains(*at)).map(|(_, name)| name.clone());
            let branches = it.branches.difference(&it.branches_ran);
            let branches =
                branches.filter_map(|(at, branch)| Some(format!("{}: {branch}", it.tasks.get(at)?)));
            Row {
                workflow: workflow.clone(),
                tasks: it.tasks.len(),
                tasks_ran: it.tasks_ran.len(),
                branches: it.branches.len(),
                branches_ran: it.branches_ran.len(),
                missed: tasks.chain(branches).collect(),
            }
        };
        self.workflows.iter().map(row).collect()
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        let row = |row: Row| {
            json!({
                "workflow": row.workflow,
                "tasks": row.tasks,
                "ran": row.tasks_ran,
                "branches": row.branches,
                "branchesRan": row.branches_ran,
                "missed": row.missed,
            })
        };
        self.rows().into_iter().map(row).collect()
    }
}

/// The branches that a task has of its own.
fn branches(task: &Task) -> Vec<String> {
    let mut branches = Vec::new();
    if task.condition.is_some() {
        branches.extend(["if".to_owned(), "if not".to_owned()]);
    }
    match &task.kind {
        TaskKind::Switch { cases } => {
            branches.extend(cases.iter().map(|case| case.name.clone()));
            if cases.iter().all(|case| case.when.is_some()) {
                branches.push("no case".to_owned());
            }
        }
        TaskKind::Try { catch, .. } if catch.body.is_some() => branches.push("catch".to_owned()),
        _ => {}
    }
    branches
}

fn name(definition: &Definition) -> String {
    let id = &definition.id;
    format!("{}/{} {}", id.namespace, id.name, id.version)
}
