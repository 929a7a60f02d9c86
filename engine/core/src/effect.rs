//! What is to be done outside, after the transition is committed. At least once, with a stable id.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::EffectId;

/// One thing to do outside. It stays in the instance's state until its result comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The same over all attempts.
    pub id: EffectId,
    /// 1 for the first try.
    pub attempt: u32,
    /// What to do.
    pub action: Action,
}

/// The kinds of effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Send a message by a channel.
    Send {
        /// Channel id.
        channel: String,
        /// The message.
        message: Message,
    },
}

/// A message to a person or a system, before a channel gives it its form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// e.g. `openid`, `mobile`, `email`, `url`.
    pub recipient_kind: String,
    /// The address of that kind.
    pub recipient: String,
    /// The recipient's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient_name: Option<String>,
    /// Name of a template of the channel; none: free text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template: Option<String>,
    /// What the template needs.
    pub params: Data,
    /// A headline.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// Plain text.
    pub body: String,
    /// The case it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case_no: Option<crate::CaseNo>,
}
