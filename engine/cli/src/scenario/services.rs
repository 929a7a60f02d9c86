//! Services that answer as a scenario says, and note down what they are asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::error::{Kind, TYPE_BASE};
use yiwang_dsl::{Data, Fault};
use yiwang_runtime::ports::{ServiceCall, Services};

use super::format::{Mock, MockError};

/// Services that call nobody.
#[derive(Default)]
pub(crate) struct Mocked {
    script: Mutex<Script>,
}

#[derive(Default)]
struct Script {
    /// The latest counts.
    mocks: Vec<Mock>,
    calls: Vec<Value>,
}

impl Mocked {
    /// From now on this answer counts.
    pub(super) fn add(&self, mock: Mock) {
        self.script().mocks.push(mock);
    }

    /// All calls so far, in order.
    pub(super) fn calls(&self) -> Vec<Value> {
        self.script().calls.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, call: &ServiceCall) -> EffectOutcome {
        let reference = call.request.task.as_str();
        let name = reference.rsplit('/').next().unwrap_or_default();
        let mut script = self.script();
        script.calls.push(json!({
            "task": name,
            "service": call.request.service,
            "with": call.request.with,
            "at": call.now.rfc3339(),
        }));
        script.mocked(reference).unwrap_or_else(|| {
            let detail = format!(
                "the scenario has no `mock` for the task `{name}`, which calls {}",
                call.request.with
            );
            EffectOutcome::Faulted { error: Fault::new(Kind::Configuration, "", detail) }
        })
    }
}

impl Script {
    /// What the latest mock of this task says, if there is one.
    fn mocked(&mut self, reference: &str) -> Option<EffectOutcome> {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let fits = |mock: &Mock| (mock.task == name || mock.task == reference) && mock.times != Some(0);
        let mock = self.mocks.iter_mut().rev().find(|mock| fits(mock))?;
        if let Some(times) = &mut mock.times {
            *times -= 1;
        }
        Some(match &mock.error {
            None => EffectOutcome::done(mock.output.clone()),
            Some(error) => EffectOutcome::Faulted { error: fault(error) },
        })
    }
}

fn fault(error: &MockError) -> Fault {
    let r#type = if error.r#type.contains(':') {
        error.r#type.clone()
    } else {
        format!("{TYPE_BASE}{}", error.r#type)
    };
    let (title, detail) = (error.title.clone(), error.detail.clone());
    Fault { r#type, status: error.status, instance: String::new(), title, detail }
}

impl Services for Mocked {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        let outcome = self.answer(&call);
        async move { outcome }.boxed()
    }

    /// Without a mock, a question is answered from the scenario's own cases.
    fn stand_in(&self, task: &str, _question: &Data) -> Option<EffectOutcome> {
        self.script().mocked(task)
    }
}
