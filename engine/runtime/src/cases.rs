//! Acts on cases by their numbers, and what an instance is told of other cases.

use std::collections::{BTreeMap, BTreeSet};

use yiwang_core::case::{CaseCommand, CaseState};
use yiwang_core::transition::{Refusal, RefusalKind};
use yiwang_core::{Case, CaseNo, Input, InstanceId, Timestamp};
use yiwang_dsl::Data;

use crate::Error;
use crate::request::CaseAct;
use crate::turn::Turn;

impl Turn<'_> {
    /// Somebody acts on a case. What it is about besides is looked at first: it is there, and takes it.
    pub(crate) fn act_on_case(&mut self, act: CaseAct) -> Result<Data, Error> {
        let CaseAct { no, command, by, reason, decision, version } = act;
        let instance = self.case_instance(&no).ok_or_else(|| Error::UnknownCase(no))?;
        self.other_is_there(&command)?;
        self.apply(instance, Input::Case { command, by, reason, decision, version })
    }

    fn other_is_there(&self, command: &CaseCommand) -> Result<(), Error> {
        if let Some(other) = command.other() {
            let instance = self.case_instance(other).ok_or_else(|| Error::UnknownCase(other.clone()))?;
            let case = self.working.get(&instance).and_then(|it| it.instance.state.case());
            let is_closed = case.is_some_and(|case| case.state == CaseState::Closed);
            if matches!(command, CaseCommand::Merge { .. }) && is_closed {
                let message = format!("the case {other} is closed: nothing can be merged into it");
                return Err(Error::Refused(Refusal {
                    kind: RefusalKind::Conflict,
                    message,
                    problems: Vec::new(),
                    code: None,
                }));
            }
        }
        if let CaseCommand::Split { workflow, version, .. } = command
            && self.deployments.find(workflow, version.as_deref()).is_none()
        {
            let (workflow, version) = (workflow.clone(), version.clone());
            return Err(Error::UnknownWorkflow { workflow, version });
        }
        Ok(())
    }

    /// Which instance has this case.
    pub(crate) fn case_instance(&self, no: &CaseNo) -> Option<InstanceId> {
        self.case_instances.get(no).copied()
    }

    /// The phones whose cases instances want to know.
    pub(crate) fn phones_asked_for(&self) -> Vec<(String, Timestamp)> {
        let mut phones: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for query in self.asks.values() {
            let since = phones.entry(&query.phone).or_insert(query.since);
            *since = query.since.min(*since);
        }
        phones.into_iter().map(|(phone, since)| (phone.to_owned(), since)).collect()
    }

    /// Tells instances what they wanted to know: the stored cases, and those of this very turn, which are newer
    /// than what is stored.
    pub(crate) fn tell_repeats(&mut self, stored: &[Case]) {
        let asks = std::mem::take(&mut self.asks);
        let phones: BTreeSet<&String> = asks.values().map(|query| &query.phone).collect();
        let digits = |case: &Case| case.petitioner.as_ref().and_then(|it| it.digits());
        let cases = self.working.values().filter_map(|it| it.instance.state.case());
        let wanted = cases.filter(|case| digits(case).is_some_and(|phone| phones.contains(&phone)));
        let working: Vec<Case> = wanted.cloned().collect();
        let known: BTreeSet<&CaseNo> = working.iter().map(|case| &case.no).collect();
        let stored = stored.iter().filter(|case| !known.contains(&case.no));
        let all: Vec<Case> = stored.chain(&working).cloned().collect();
        for (id, query) in &asks {
            let id = *id;
            let others = all.iter().filter(|case| case.instance != id);
            let others = others.filter(|case| digits(case).as_ref() == Some(&query.phone));
            let cases: Vec<Case> = others.cloned().collect();
            if cases.is_empty() {
                continue;
            }
            if let Err(error) = self.apply(id, Input::Repeats { cases }) {
                tracing::warn!(instance = %id, %error, "candidates of repetition were not taken");
            }
        }
    }
}
