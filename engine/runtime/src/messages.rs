//! Outbound messages as rows for lists and proofs, derived from what a step did.
//!
//! The truth about a message is in its instance's snapshot and history; these rows are made of it in the
//! same transaction. Recipients are masked here, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use yiwang_core::effect::Action;
use yiwang_core::history::What;
use yiwang_core::input::EffectOutcome;
use yiwang_core::repair::Repair;
use yiwang_core::unsent::{Failure, Stands};
use yiwang_core::{EffectId, State, Timestamp, Transition, Unsent};
use yiwang_dsl::Data;

use crate::ports::{MessageRow, MessageState};

/// The code of a message that nobody wants any more.
const WITHDRAWN: &str = "message.withdrawn";
/// The code of one that was sent, and whose answer could not be kept.
const ANSWER: &str = "message.answer";

/// The rows of a step, by effect: what was requested, what returned, what operators did, what nobody wants any
/// more. `before` are the messages that were not sent before the step.
pub(crate) fn rows(
    before: &[Unsent],
    state: &State,
    transition: &Transition,
    at: Timestamp,
) -> BTreeMap<EffectId, MessageRow> {
    let after = state.unsent();
    if before.is_empty() && after.is_empty() {
        return BTreeMap::new();
    }
    let touched = Touched::by(transition);
    let known: BTreeMap<EffectId, &Unsent> =
        before.iter().chain(&after).map(|unsent| (unsent.effect.id, unsent)).collect();
    let mut rows = BTreeMap::new();
    for (id, unsent) in known {
        let left = after.iter().any(|one| one.effect.id == id);
        let row = match (left, touched.outcomes.get(&id)) {
            (true, outcome) => {
                let requested = transition.effects.iter().any(|effect| effect.id == id);
                let changed = requested || outcome.is_some() || touched.repaired.contains(&id);
                changed.then(|| standing(unsent, at)).flatten()
            }
            (false, Some((attempt, outcome))) => returned(unsent, *attempt, outcome, at),
            (false, None) => gone(unsent, touched.dropped.contains(&id), at),
        };
        rows.extend(row.map(|row| (id, row)));
    }
    rows
}

/// What a step says about effects.
#[derive(Default)]
struct Touched<'t> {
    outcomes: BTreeMap<EffectId, (u32, &'t EffectOutcome)>,
    repaired: BTreeSet<EffectId>,
    dropped: BTreeSet<EffectId>,
}

impl<'t> Touched<'t> {
    fn by(transition: &'t Transition) -> Self {
        let mut touched = Self::default();
        for line in &transition.history {
            match &line.what {
                What::EffectReturned { effect, attempt, outcome } => {
                    touched.outcomes.insert(*effect, (*attempt, outcome));
                }
                What::Repaired { repair: Repair::Resend { message }, .. } => {
                    touched.repaired.insert(*message);
                }
                What::Repaired { repair: Repair::Drop { message }, .. } => {
                    touched.dropped.insert(*message);
                }
                _ => {}
            }
        }
        touched
    }
}

/// Of one that is not sent yet, or was given up.
fn standing(unsent: &Unsent, at: Timestamp) -> Option<MessageRow> {
    let (state, next_at) = match unsent.stands {
        Stands::Dead => (MessageState::Failed, None),
        Stands::Waits(due) => (MessageState::Retrying, Some(due)),
        Stands::Due if unsent.failure.is_some() => (MessageState::Retrying, None),
        Stands::Due => (MessageState::Requested, None),
    };
    let row = row(unsent, at)?;
    Some(MessageRow { state, next_at, ..row })
}

/// Of one that has come back and is not in the instance any more: sent, or its failure was taken care of.
fn returned(unsent: &Unsent, attempts: u32, outcome: &EffectOutcome, at: Timestamp) -> Option<MessageRow> {
    let row = MessageRow { attempts, ..row(unsent, at)? };
    Some(match outcome {
        EffectOutcome::Done { output, .. } => {
            let told = output.get("state");
            let state = match told.as_ref().and_then(|state| state.as_str()) {
                Some("delivered" | "read") => MessageState::Delivered,
                _ => MessageState::Sent,
            };
            MessageRow { state, code: None, failure: None, provider_id: provider_id(output), ..row }
        }
        EffectOutcome::Faulted { error } => {
            let (code, failure) = (Some(ANSWER.to_owned()), error.detail.clone());
            MessageRow { state: MessageState::Sent, code, failure, ..row }
        }
        EffectOutcome::Retryable { code, message, .. } | EffectOutcome::Permanent { code, message } => {
            let (code, failure) = (Some(code.clone()), told(message));
            MessageRow { state: MessageState::Handled, code, failure, ..row }
        }
    })
}

/// Of one that is gone without having come back.
fn gone(unsent: &Unsent, dropped: bool, at: Timestamp) -> Option<MessageRow> {
    let row = row(unsent, at)?;
    if dropped {
        return Some(MessageRow { state: MessageState::Dropped, ..row });
    }
    let code = row.code.or_else(|| Some(WITHDRAWN.to_owned()));
    Some(MessageRow { state: MessageState::Withdrawn, code, ..row })
}

/// None: the effect is no message.
fn row(unsent: &Unsent, at: Timestamp) -> Option<MessageRow> {
    let Action::Send { channel, message } = &unsent.effect.action else { return None };
    let (code, failure) = match &unsent.failure {
        Some(Failure { code, message }) => (Some(code.clone()), told(message)),
        None => (None, None),
    };
    Some(MessageRow {
        effect: unsent.effect.id,
        channel: channel.clone(),
        case_no: message.case_no.clone(),
        template: message.template.clone(),
        recipient: mask(&message.recipient_kind, &message.recipient),
        attempts: unsent.attempts(),
        state: MessageState::Requested,
        code,
        failure,
        requested: unsent.requested,
        next_at: None,
        at,
        provider_id: None,
        report: None,
    })
}

/// Under which id the provider knows a message that went out.
fn provider_id(output: &Data) -> Option<String> {
    output.get("providerId").and_then(|id| id.as_str().map(ToOwned::to_owned))
}

fn told(message: &str) -> Option<String> {
    (!message.is_empty()).then(|| message.to_owned())
}

/// `mobile:138****0000`: enough to recognise a recipient, too little to reach one.
fn mask(kind: &str, address: &str) -> String {
    let masked = match kind {
        "email" => match address.split_once('@') {
            Some((name, domain)) => format!("{}***@{domain}", name.chars().take(1).collect::<String>()),
            None => middle(address),
        },
        "url" => match address.split_once("://") {
            // The path of a webhook's address is often its only secret.
            Some((scheme, rest)) => {
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}/****")
            }
            None => middle(address),
        },
        _ => middle(address),
    };
    format!("{kind}:{masked}")
}

/// The first three and the last four characters, if at least four are left between them.
fn middle(address: &str) -> String {
    let chars: Vec<char> = address.chars().collect();
    if chars.len() < 11 {
        return "****".to_owned();
    }
    let (head, tail) = (&chars[..3], &chars[chars.len() - 4..]);
    format!("{}****{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn a_recipient_is_recognised_but_not_told() {
        assert_eq!(mask("mobile", "13800000000"), "mobile:138****0000");
        assert_eq!(mask("mobile", "12345"), "mobile:****");
        assert_eq!(mask("email", "zhang@example.cn"), "email:z***@example.cn");
        assert_eq!(mask("email", "zhang"), "email:****");
        assert_eq!(mask("url", "https://u:p@hook.example/a/secret?k=1"), "url:https://hook.example/****");
        assert_eq!(mask("openid", "oABCDEFGHIJKLMNOPQ"), "openid:oAB****NOPQ");
        assert_eq!(mask("name", "张三"), "name:****");
    }
}
