//! Effects that were requested and have not returned for good.

use serde::{Deserialize, Serialize};

use super::Owner;
use crate::effect::Action;
use crate::unsent::Failure;
use crate::{Effect, EffectId, InstanceId, Timestamp};

/// One effect under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) n: u32,
    /// 1 for the first try.
    pub(crate) attempt: u32,
    pub(crate) owner: Owner,
    pub(crate) repeat: Repeat,
    /// It waits for its timer before this attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waits: bool,
    /// The child that has begun: its end is the result, and there is nothing more to be done meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) child: Option<InstanceId>,
    /// Of a message: when it was asked for. None: by a version that did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requested: Option<Timestamp>,
    /// Of a message: how the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// Attempts before an operator had it sent again: the schedule begins anew behind them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) attempts_before: u32,
    pub(crate) action: Action,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// May an effect be tried again?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Repeat {
    /// By the schedule of Standard Webhooks.
    #[default]
    Default,
    /// Never.
    None,
}

impl Pending {
    /// Is it a lifecycle event on its way? The instance itself waits for none of these.
    pub(crate) fn is_notice(&self) -> bool {
        matches!(self.action, Action::Call(_)) && self.repeat == Repeat::Default
    }

    /// Is it a message to a person or a system?
    pub(crate) fn is_message(&self) -> bool {
        matches!(self.action, Action::Send { .. })
    }

    /// Is something to be done for it now?
    pub(crate) fn is_due(&self) -> bool {
        !self.waits && self.child.is_none()
    }

    pub(crate) fn effect(&self, instance: InstanceId) -> Effect {
        Effect { id: EffectId { instance, n: self.n }, attempt: self.attempt, action: self.action.clone() }
    }
}
