//! What instances ask to be done with each other: begin a child, tell a parent, cancel a child, act on another
//! instance's case, split a case.
//!
//! Each is done in one turn with both instances: the effect leaves the outbox of who asked for it in the same
//! transaction in which it shows in the other. A second time, after a crash, it finds nothing to do.

use yiwang_core::effect::Action;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::{CaseNo, Deployment, Effect, EffectId, Input, InstanceId};
use yiwang_dsl::definition::Schedule;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::Error;
use crate::ports::StartKey;
use crate::request::{Begun, Start};
use crate::turn::Turn;

/// The key of the child that an effect begins.
fn child_key(effect: EffectId) -> String {
    format!("child:{effect}")
}

/// The start key that an effect needs to be looked up.
pub(crate) fn start_key(effect: &Effect) -> Option<StartKey> {
    match &effect.action {
        Action::Start { workflow, .. } | Action::Split { workflow, .. } => {
            Some(StartKey { workflow: workflow.clone(), key: child_key(effect.id) })
        }
        Action::Send { .. }
        | Action::Call(_)
        | Action::Tell { .. }
        | Action::Cancel { .. }
        | Action::Query { .. }
        | Action::Sweep { .. }
        | Action::Case { .. } => None,
    }
}

/// The other instance that an effect is about, if it exists already.
pub(crate) fn other(effect: &Effect) -> Option<InstanceId> {
    match &effect.action {
        Action::Tell { parent, .. } => Some(parent.instance),
        Action::Cancel { instance } => Some(*instance),
        Action::Send { .. }
        | Action::Call(_)
        | Action::Start { .. }
        | Action::Query { .. }
        | Action::Sweep { .. }
        // Found by its number.
        | Action::Case { .. }
        | Action::Split { .. } => None,
    }
}

/// The number of the case that an effect acts on.
pub(crate) fn case_no(effect: &Effect) -> Option<&CaseNo> {
    match &effect.action {
        Action::Case { no, .. } => Some(no),
        Action::Send { .. }
        | Action::Call(_)
        | Action::Start { .. }
        | Action::Tell { .. }
        | Action::Cancel { .. }
        | Action::Query { .. }
        | Action::Sweep { .. }
        | Action::Split { .. } => None,
    }
}

/// What a workflow begins with that is begun for this content: one that begins with an event gets it as the
/// event's data.
fn beginning(deployment: &Deployment, content: &Data) -> Data {
    match &deployment.definition.schedule {
        Some(Schedule::On { .. }) => Data::array([content.clone()]),
        Some(Schedule::Every(_) | Schedule::Cron(_) | Schedule::After(_)) | None => content.clone(),
    }
}

impl Turn<'_> {
    /// Does an effect between instances, unless it has been done or is wanted no more.
    pub(crate) fn internal(&mut self, effect: Effect) {
        let asking = self.working.get(&effect.id.instance);
        let wanted = asking.is_some_and(|asking| {
            let mut pending = asking.instance.state.pending_effects().into_iter();
            pending.any(|pending| pending.id == effect.id && pending.attempt == effect.attempt)
        });
        if !wanted {
            return;
        }
        let Effect { id, attempt, action } = effect;
        match action {
            Action::Start { workflow, version, input, wait, depth, quiet } => {
                let cause = Cause::Parent { effect: id, depth, waits: wait, quiet };
                let start = Start { workflow, version, key: Some(child_key(id)), input, cause };
                self.begin_child(id, attempt, start);
            }
            Action::Tell { parent, outcome } => {
                // A child is begun at the first attempt: nothing repeats it.
                let told = Input::EffectDone { effect: parent, attempt: 1, outcome };
                self.pass_on(id, attempt, parent.instance, told);
            }
            Action::Cancel { instance } => {
                self.pass_on(id, attempt, instance, Input::Abandoned { by: id });
            }
            Action::Case { no, command, by, reason } => {
                let decision = format!("effect:{id}");
                match self.case_instance(&no) {
                    Some(to) => {
                        let acted = Input::Case { command, by, reason, decision, version: None };
                        self.pass_on(id, attempt, to, acted);
                    }
                    None => self.give_up(id, attempt, &Error::UnknownCase(no)),
                }
            }
            Action::Split { from, workflow, version, content, by } => {
                let deployment = self.deployments.find(&workflow, version.as_deref());
                let input = deployment.map_or_else(|| content.clone(), |it| beginning(&it, &content));
                let cause = Cause::Split { effect: id, from, person: by };
                let start = Start { workflow, version, key: Some(child_key(id)), input, cause };
                self.begin_child(id, attempt, start);
            }
            Action::Sweep { definition, person, reason } => {
                self.sweep_for(id, attempt, definition, person, reason);
            }
            Action::Send { .. } | Action::Call(_) | Action::Query { .. } => {
                unreachable!("these are for the outside")
            }
        }
    }

    /// It will never be done.
    fn give_up(&mut self, effect: EffectId, attempt: u32, error: &Error) {
        let outcome = EffectOutcome::Permanent { code: error.code().to_owned(), message: error.to_string() };
        self.give(effect.instance, Input::EffectDone { effect, attempt, outcome });
    }

    fn begin_child(&mut self, effect: EffectId, attempt: u32, start: Start) {
        match self.start(start) {
            Ok(Begun { instance, .. }) => {
                self.give(effect.instance, Input::ChildStarted { effect, instance });
            }
            Err(error) => {
                let kind = match &error {
                    Error::UnknownWorkflow { .. } => Kind::Configuration,
                    _ => Kind::Runtime,
                };
                let error = Fault::new(kind, "", error.to_string());
                let outcome = EffectOutcome::Faulted { error };
                self.give(effect.instance, Input::EffectDone { effect, attempt, outcome });
            }
        }
    }

    /// Gives another instance an input, and tells the one who asked for it what came of that.
    fn pass_on(&mut self, effect: EffectId, attempt: u32, to: InstanceId, input: Input) {
        let outcome = match self.apply(to, input) {
            Ok(_) => EffectOutcome::done(Data::null()),
            // It may be brought back to life by an operator.
            Err(error @ Error::Incident { .. }) => EffectOutcome::Retryable {
                code: error.code().to_owned(),
                message: error.to_string(),
                retry_after: None,
            },
            Err(error) => {
                EffectOutcome::Permanent { code: error.code().to_owned(), message: error.to_string() }
            }
        };
        self.give(effect.instance, Input::EffectDone { effect, attempt, outcome });
    }

    pub(crate) fn give(&mut self, to: InstanceId, input: Input) {
        if let Err(error) = self.apply(to, input) {
            tracing::warn!(instance = %to, %error, "an effect between instances was not taken back");
        }
    }
}
