//! Outbound messages as rows for lists and proofs, derived from what a step did.
//!
//! The truth about a message is in its instance's snapshot and history; these rows are made of it in the
//! same transaction. Recipients are masked here, before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use yiwang_core::effect::Action;
use yiwang_core::history::What;
use yiwang_core::input::EffectOutcome;
use yiwang_core::{Effect, EffectId, State, Timestamp, Transition};

use crate::ports::{MessageRow, MessageState};

/// The rows of a step, by effect: what was requested, what returned, what nobody wants any more. `before`
/// are the effects that were under way before the step.
pub(crate) fn rows(
    before: &[Effect],
    state: &State,
    transition: &Transition,
    at: Timestamp,
) -> BTreeMap<EffectId, MessageRow> {
    let mut rows = BTreeMap::new();
    if before.is_empty() && transition.effects.is_empty() {
        return rows;
    }
    let wanted: BTreeSet<EffectId> = state.outstanding_effects().iter().map(|effect| effect.id).collect();
    let mut put = |effect: &Effect, attempts, state, code, provider_id| {
        let row = row(effect, attempts, state, code, at);
        rows.extend(row.map(|row| (effect.id, MessageRow { provider_id, ..row })));
    };
    for effect in &transition.effects {
        put(effect, effect.attempt.saturating_sub(1), MessageState::Requested, None, None);
    }
    let requested = before.iter().chain(&transition.effects);
    let by_id: BTreeMap<EffectId, &Effect> = requested.map(|effect| (effect.id, effect)).collect();
    for line in &transition.history {
        let What::EffectReturned { effect: id, attempt, outcome } = &line.what else { continue };
        let Some(effect) = by_id.get(id) else { continue };
        let (returned, code) = match outcome {
            EffectOutcome::Done { .. } => (MessageState::Sent, None),
            EffectOutcome::Retryable { code, .. } if wanted.contains(id) => {
                (MessageState::Requested, Some(code.clone()))
            }
            EffectOutcome::Faulted { .. } => (MessageState::Failed, None),
            EffectOutcome::Retryable { code, .. } | EffectOutcome::Permanent { code, .. } => {
                (MessageState::Failed, Some(code.clone()))
            }
        };
        put(effect, *attempt, returned, code, provider_id(outcome));
    }
    for effect in before.iter().filter(|effect| !wanted.contains(&effect.id)) {
        if !rows.contains_key(&effect.id) {
            let code = Some("message.withdrawn".to_owned());
            rows.extend(
                row(effect, effect.attempt, MessageState::Failed, code, at).map(|row| (effect.id, row)),
            );
        }
    }
    rows
}

/// None: the effect is no message.
fn row(
    effect: &Effect,
    attempts: u32,
    state: MessageState,
    code: Option<String>,
    at: Timestamp,
) -> Option<MessageRow> {
    let Action::Send { channel, message } = &effect.action else { return None };
    Some(MessageRow {
        effect: effect.id,
        channel: channel.clone(),
        case_no: message.case_no.clone(),
        template: message.template.clone(),
        recipient: mask(&message.recipient_kind, &message.recipient),
        attempts,
        state,
        code,
        at,
        provider_id: None,
        report: None,
    })
}

/// Under which id the provider knows a message that went out.
fn provider_id(outcome: &EffectOutcome) -> Option<String> {
    let EffectOutcome::Done { output, .. } = outcome else { return None };
    output.get("providerId").and_then(|id| id.as_str().map(ToOwned::to_owned))
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
