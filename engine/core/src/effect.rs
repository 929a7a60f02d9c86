//! What is to be done outside, after the transition is committed. At least once, with a stable id.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{DefinitionId, Protocol, ScriptLanguage};
use yiwang_dsl::expression::Deferred;

use crate::case::CaseCommand;
use crate::input::EffectOutcome;
use crate::work_item::Actor;
use crate::{CaseNo, EffectId, InstanceId};

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

impl Action {
    /// Is it done by the runtime itself, without the outside?
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Send { .. } | Self::Call(_) | Self::Query { .. } => false,
            Self::Start { .. }
            | Self::Tell { .. }
            | Self::Cancel { .. }
            | Self::Sweep { .. }
            | Self::Case { .. }
            | Self::Split { .. } => true,
        }
    }
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
    /// Call a service.
    Call(Request),
    /// Begin a child instance, with the effect's id as its start key. Done by the runtime itself.
    Start {
        /// `namespace/name`.
        workflow: String,
        /// None: the latest.
        version: Option<String>,
        /// Its input.
        input: Data,
        /// Is its end to be told?
        wait: bool,
        /// How many parents it has above it: 1 for the child of an instance that has none.
        depth: u32,
        /// Is it to make no lifecycle events?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
    },
    /// Tell a parent how its child has ended. Done by the runtime itself.
    Tell {
        /// The parent's [`Action::Start`].
        parent: EffectId,
        /// How.
        outcome: EffectOutcome,
    },
    /// Cancel a child whose parent waits for it no more. Done by the runtime itself.
    Cancel {
        /// The child.
        instance: InstanceId,
    },
    /// Ask about all cases or work items. Answered by the store, beside the loop.
    Query {
        /// The question, as [`crate::inquiry::Inquiry`] reads it.
        with: Data,
        /// JSON Pointer of the task that asks: for the mocks of scenarios.
        task: String,
    },
    /// Run a sweep. Done by the runtime itself; the result comes when the sweep is over.
    Sweep {
        /// Its definition.
        definition: Data,
        /// Which workflow asks for it.
        person: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Act on the case of another instance, with the effect's id as the decision. Done by the runtime itself.
    Case {
        /// Which.
        no: CaseNo,
        /// What to do.
        command: CaseCommand,
        /// On whose behalf.
        by: Actor,
        /// Why.
        reason: Option<String>,
    },
    /// Begin an instance for a part of this case's matter. Done by the runtime itself.
    Split {
        /// This case.
        from: CaseNo,
        /// `namespace/name`.
        workflow: String,
        /// None: the latest.
        version: Option<String>,
        /// What the new case is about: an event's data for a workflow that begins with one, else its input.
        content: Data,
        /// Who split it.
        by: String,
    },
}

/// A call of a service or a process outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Of which kind.
    pub service: Service,
    /// What the language calls `with`, evaluated, but for the parts in `deferred`, which hold null.
    pub with: Data,
    /// Evaluated when the call is performed: they read secrets, which are never stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<Deferred>,
    /// Which workflow asks: what it may use depends on it.
    pub workflow: DefinitionId,
    /// JSON Pointer of the task that asks: for logs, and for the mocks of scenarios.
    pub task: String,
    /// `use.secrets`: the names it may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// The kinds of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// A protocol of `call`.
    Protocol(Protocol),
    /// `run: script`; its output is the object `{ code, stdout, stderr }`.
    Script(ScriptLanguage),
    /// `run: shell`; the same output.
    Shell,
    /// `run: container`; the same output.
    Container,
}

impl Service {
    /// Its name in history and in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol(Protocol::A2a) => "a2a",
            Self::Protocol(Protocol::AsyncApi) => "asyncapi",
            Self::Protocol(Protocol::Grpc) => "grpc",
            Self::Protocol(Protocol::Http) => "http",
            Self::Protocol(Protocol::Mcp) => "mcp",
            Self::Protocol(Protocol::OpenApi) => "openapi",
            Self::Script(ScriptLanguage::Js) => "script:js",
            Self::Script(ScriptLanguage::Python) => "script:python",
            Self::Shell => "shell",
            Self::Container => "container",
        }
    }
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
    pub case_no: Option<CaseNo>,
}
