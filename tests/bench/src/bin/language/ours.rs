//! A workflow run by `yiwang_core::step` alone: no store, no thread, no clock.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};
use yiwang_core::catalog::default_catalog;
use yiwang_core::district::District;
use yiwang_core::history::What;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::transition::{Ambient, CaseNumbers};
use yiwang_core::{Deployment, Input, InstanceId, State, Timestamp, Transition};
use yiwang_dsl::{Data, Definition};

use crate::contender::Contender;

/// 2024-06-11T09:00:00+08:00.
const NOW: Timestamp = Timestamp(1_718_067_600_000);
const INSTANCE: InstanceId = InstanceId(1);

/// A deployed workflow.
pub(crate) struct Ours {
    deployment: Deployment,
    input: Data,
    numbers: CaseNumbers,
    output: Data,
    district: District,
}

impl Ours {
    pub(crate) fn load(text: &str, input: &Value) -> Result<Self> {
        Ok(Self {
            deployment: Deployment::new(definition(text)?, BTreeMap::new()),
            input: Data::from(input.clone()),
            numbers: CaseNumbers::new("QC"),
            output: Data::null(),
            district: District::new(),
        })
    }

    /// Runs one instance to its end, every message answered at once, and hands out each transition.
    pub(crate) fn each(&mut self, mut saw: impl FnMut(&Transition)) -> Result<()> {
        let mut state = State::new(INSTANCE);
        let cause = Cause::Request { person: "bench".to_owned() };
        let mut input = Input::Start { input: self.input.clone(), cause };
        for entropy in 0.. {
            let ambient = Ambient {
                instance: INSTANCE,
                now: NOW,
                entropy,
                case_numbers: &mut self.numbers,
                lifecycle: None,
                district: &self.district,
            };
            let transition = yiwang_core::step(&self.deployment, &mut state, input, ambient)
                .map_err(|refusal| anyhow!("refused: {}", refusal.message))?;
            saw(&transition);
            if let Some(What::Completed { output }) = transition.history.last().map(|event| &event.what) {
                self.output = output.clone();
                return Ok(());
            }
            let [effect] = transition.effects.as_slice() else {
                bail!("the workflow stopped in phase {:?}: {:?}", state.status(), transition.history.last());
            };
            let outcome = EffectOutcome::done(json!({ "providerId": "p" }));
            input = Input::EffectDone { effect: effect.id, attempt: effect.attempt, outcome };
        }
        Ok(())
    }
}

impl Contender for Ours {
    fn run(&mut self) -> Result<()> {
        self.each(|_| {})
    }

    fn output(&self) -> Value {
        self.output.to_json()
    }
}

/// The definition of a text without any remark.
pub(crate) fn definition(text: &str) -> Result<Definition> {
    let (definition, remarks) = yiwang_dsl::check(text, &default_catalog());
    match (definition, remarks.first()) {
        (Some(definition), None) => Ok(definition),
        (_, remark) => bail!("the bench's own workflow has a remark: {remark:?}"),
    }
}
