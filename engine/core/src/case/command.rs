//! What people and other instances do with a case, and what each of that changes in it.
//!
//! The change is one function of the case, the command and the time: the act does it, and whoever reads a case
//! as it was known at some time does it again from history. Who may, and whether the process takes it, is
//! decided in `docket`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yiwang_dsl::Data;

use super::{
    Attachment, Callback, Case, CaseState, Contact, Flag, Related, Relation, Satisfaction, Suspension,
};
use crate::{CaseNo, Timestamp};

/// One act on a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum CaseCommand {
    /// A line for those who handle it.
    Note {
        /// The line.
        text: String,
    },
    /// A file belongs to it.
    Attach {
        /// Which.
        attachment: Attachment,
    },
    /// It has to do with another case. The other one is told.
    Link {
        /// Which.
        no: CaseNo,
    },
    /// Another case has to do with this one. Done by the engine itself.
    Linked {
        /// Which.
        no: CaseNo,
        /// How.
        relation: Relation,
    },
    /// 并单: the other case goes on for both.
    Merge {
        /// The other.
        into: CaseNo,
    },
    /// 拆单: one more case, for a part of the matter.
    Split {
        /// `namespace/name` of its workflow.
        workflow: String,
        /// Its version; none: the latest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// The part: members over those of this case's content.
        content: Data,
    },
    /// 重新打开 after it was closed.
    Reopen,
    /// 退单: the unit gives it back.
    Return,
    /// 改派: to be dispatched again.
    Redispatch {
        /// The unit that is proposed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// 延期: a later promise is asked for.
    Extend {
        /// When it is to be due.
        due: Timestamp,
    },
    /// 挂起: its time does not run.
    Suspend,
    /// Its time runs again, and everything is due so much later.
    Resume,
    /// 催办.
    Urge,
    /// 督办.
    Supervise,
    /// 首次联系: the unit has spoken with the petitioner, or tried to.
    Contact {
        /// Was somebody reached?
        reached: bool,
        /// What was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// 回访.
    Callback {
        /// Was somebody reached?
        reached: bool,
        /// Did they say that it is solved?
        #[serde(default, skip_serializing_if = "Option::is_none")]
        solved: Option<bool>,
        /// What they said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// 评价.
    Satisfaction {
        /// 1 to 5.
        score: u8,
        /// In the petitioner's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// 撤回 by the petitioner.
    Withdraw,
    /// 转办: it belongs to the city, the province, another system.
    Transfer {
        /// To whom.
        to: String,
    },
    /// It is marked.
    Flag {
        /// How.
        flag: Flag,
    },
}

impl CaseCommand {
    /// Its word: in events, addresses and on the command line.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Note { .. } => "note",
            Self::Attach { .. } => "attach",
            Self::Link { .. } => "link",
            Self::Linked { .. } => "linked",
            Self::Merge { .. } => "merge",
            Self::Split { .. } => "split",
            Self::Reopen => "reopen",
            Self::Return => "return",
            Self::Redispatch { .. } => "redispatch",
            Self::Extend { .. } => "extend",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Urge => "urge",
            Self::Supervise => "supervise",
            Self::Contact { .. } => "contact",
            Self::Callback { .. } => "callback",
            Self::Satisfaction { .. } => "satisfaction",
            Self::Withdraw => "withdraw",
            Self::Transfer { .. } => "transfer",
            Self::Flag { .. } => "flag",
        }
    }

    /// The other case that it is about.
    pub fn other(&self) -> Option<&CaseNo> {
        match self {
            Self::Link { no } | Self::Linked { no, .. } | Self::Merge { into: no } => Some(no),
            Self::Note { .. }
            | Self::Attach { .. }
            | Self::Split { .. }
            | Self::Reopen
            | Self::Return
            | Self::Redispatch { .. }
            | Self::Extend { .. }
            | Self::Suspend
            | Self::Resume
            | Self::Urge
            | Self::Supervise
            | Self::Contact { .. }
            | Self::Callback { .. }
            | Self::Satisfaction { .. }
            | Self::Withdraw
            | Self::Transfer { .. }
            | Self::Flag { .. } => None,
        }
    }

    /// Its own members, as an event's data show them.
    pub(crate) fn members(&self) -> Vec<(String, Data)> {
        let Ok(Value::Object(members)) = serde_json::to_value(self) else { return Vec::new() };
        let shown = members.into_iter().filter(|(name, _)| name != "do").map(|(name, value)| {
            let value = match (self, name.as_str()) {
                (Self::Extend { due }, "due") => Value::String(due.rfc3339()),
                _ => value,
            };
            (name, Data::from(value))
        });
        shown.collect()
    }

    /// What it changes in the case.
    pub(crate) fn apply(&self, case: &mut Case, by: &str, at: Timestamp, reason: Option<&str>) {
        let by = by.to_owned();
        match self {
            Self::Attach { attachment } => {
                if !case.attachments.iter().any(|known| known.digest == attachment.digest) {
                    case.attachments.push(attachment.clone());
                }
            }
            Self::Link { no } => case.relate(no, Relation::Related),
            Self::Linked { no, relation } => case.relate(no, *relation),
            Self::Merge { into } => case.relate(into, Relation::MergedInto),
            Self::Reopen => {
                case.state = CaseState::Triaged;
                case.outcome = None;
                case.closed = None;
                case.satisfaction = None;
            }
            Self::Suspend => {
                let reason = reason.unwrap_or_default().to_owned();
                case.suspended = Some(Suspension { since: at, by, reason });
            }
            Self::Resume => {
                if let Some(suspended) = case.suspended.take() {
                    let paused = at.millis_since(suspended.since);
                    case.due = case.due.map(|due| due.plus_millis(paused));
                }
            }
            Self::Urge => {
                case.urged += 1;
                case.urged_at = Some(at);
            }
            Self::Contact { reached, text } => {
                if case.contact.as_ref().is_none_or(|known| !known.reached) {
                    case.contact = Some(Contact { reached: *reached, text: text.clone(), by, at });
                }
            }
            Self::Callback { reached, solved, text } => {
                let (reached, solved, text) = (*reached, *solved, text.clone());
                case.callback = Some(Callback { reached, solved, text, by, at });
            }
            Self::Satisfaction { score, text } => {
                case.satisfaction = Some(Satisfaction { score: *score, text: text.clone(), by, at });
            }
            // Flags have lines of their own, and so has what the process makes of the rest.
            Self::Note { .. }
            | Self::Split { .. }
            | Self::Return
            | Self::Redispatch { .. }
            | Self::Extend { .. }
            | Self::Supervise
            | Self::Withdraw
            | Self::Transfer { .. }
            | Self::Flag { .. } => {}
        }
    }
}

impl Case {
    /// Notes another case, once for each relation.
    pub(crate) fn relate(&mut self, no: &CaseNo, relation: Relation) {
        let related = Related { no: no.clone(), relation };
        if !self.related.contains(&related) {
            self.related.push(related);
        }
    }
}
