//! `yiwang run --trace`: the history of the instances while it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{InstanceFilter, PageRequest, Query, StoreError};
use yiwang_server::shape;

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};

/// Characters of a value that a line shows.
const VALUE_LEN_MAX: usize = 100;

/// What was shown so far.
pub(super) struct Trace {
    query: Arc<dyn Query>,
    json: bool,
    shown: BTreeMap<InstanceId, u64>,
    began: Option<Timestamp>,
}

impl Trace {
    pub(super) fn new(query: Arc<dyn Query>, wanted: Option<Format>) -> Self {
        Self { query, json: wanted == Some(Format::Json), shown: BTreeMap::new(), began: None }
    }

    /// Shows what was written since the last time, on stderr.
    pub(super) async fn show(&mut self) -> Result<(), Failure> {
        let told =
            |error: StoreError| Failure::new(Exit::Failed, "run.trace", "reading the history").because(error);
        let page = PageRequest { cursor: None, limit: 500 };
        let mut instances = self.query.instances(InstanceFilter::default(), page).await.map_err(told)?.items;
        instances.sort_by_key(|instance| instance.id);
        for instance in &instances {
            let after = self.shown.get(&instance.id).copied().unwrap_or(0);
            let lines = self.query.history(instance.id, after, usize::MAX).await.map_err(told)?;
            self.shown.insert(instance.id, after + lines.len() as u64);
            for line in lines {
                let line: Value = serde_json::from_str(line.get()).unwrap_or_default();
                self.line(&instance.workflow.name, shape::history_line(line));
            }
        }
        Ok(())
    }

    fn line(&mut self, workflow: &str, line: Value) {
        if self.json {
            output::note(&line.to_string());
            return;
        }
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let at = Timestamp::parse(&text("at"));
        let began = *self.began.get_or_insert(at.unwrap_or_default());
        let millis = at.map_or(0, |at| at.0.saturating_sub(began.0));
        let rest = line.as_object().into_iter().flatten();
        let rest: Vec<String> = rest
            .filter(|(name, value)| {
                !["seq", "at", "event", "task"].contains(&name.as_str()) && !value.is_null()
            })
            .map(|(name, value)| format!("{name}={}", short(value)))
            .collect();
        let place = if text("task").is_empty() { workflow.to_owned() } else { text("task") };
        let seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
        output::note(
            format!("+{seconds:>10}s  {:<18} {place}  {}", text("event"), rest.join(" ")).trim_end(),
        );
    }
}

fn short(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut short: String = text.chars().take(VALUE_LEN_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
