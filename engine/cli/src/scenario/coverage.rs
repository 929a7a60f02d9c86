//! Which tasks of a workflow ran in any scenario.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yiwang_dsl::Definition;

/// Task → runs, for each workflow.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    workflows: BTreeMap<String, BTreeMap<String, (String, u64)>>,
}

impl Coverage {
    /// Knows the tasks of this workflow.
    pub(super) fn add(&mut self, definition: &Definition) {
        let tasks = self.workflows.entry(name(definition)).or_default();
        for task in &definition.tasks {
            tasks.entry(task.reference.clone()).or_insert_with(|| (task.name.clone(), 0));
        }
    }

    /// A task of it has run.
    pub(super) fn ran(&mut self, definition: &Definition, task: &str) {
        if let Some((_, runs)) =
            self.workflows.get_mut(&name(definition)).and_then(|tasks| tasks.get_mut(task))
        {
            *runs += 1;
        }
    }

    /// Workflow, tasks, tasks that ran, names of those that did not.
    pub(crate) fn rows(&self) -> Vec<(String, usize, usize, Vec<String>)> {
        let row = |(workflow, tasks): (&String, &BTreeMap<String, (String, u64)>)| {
            let missed = tasks.values().filter(|(_, runs)| *runs == 0).map(|(name, _)| name.clone());
            let missed: Vec<String> = missed.collect();
            (workflow.clone(), tasks.len(), tasks.len() - missed.len(), missed)
        };
        self.workflows.iter().map(row).collect()
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        let rows = self.rows();
        rows.into_iter()
            .map(|(workflow, tasks, ran, missed)| {
                json!({ "workflow": workflow, "tasks": tasks, "ran": ran, "missed": missed })
            })
            .collect()
    }
}

fn name(definition: &Definition) -> String {
    let id = &definition.id;
    format!("{}/{} {}", id.namespace, id.name, id.version)
}
