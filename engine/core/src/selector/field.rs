//! The fields that a selector can name, and what each subject has there.

use serde::Serialize;
use yiwang_dsl::Data;

use super::Of;
use crate::transition::Status;
use crate::{Case, InstanceId, Timestamp, WorkItem};

/// A field of a case, a work item, or the instance that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of names says it")]
pub enum Field {
    CaseNo,
    CaseType,
    Channel,
    SourceRef,
    CaseTitle,
    CaseState,
    Outcome,
    Flags,
    Category,
    Urgency,
    Unit,
    CaseDue,
    Opened,
    Closed,
    Reworks,
    Urged,
    UrgedAt,
    /// A member of the case's free fields, by its names from the outside in. Texts and whole numbers only.
    Free(Vec<String>),
    Task,
    ItemTitle,
    ItemState,
    Priority,
    Assignee,
    Roles,
    ItemDue,
    Created,
    /// `namespace/name` of the instance's workflow.
    Workflow,
    /// Phase of the instance.
    Status,
    /// When a person or an event last moved the instance.
    Touched,
    /// The instance itself.
    Instance,
    /// The version of its definition.
    Version,
}

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several texts.
    Texts,
    /// Several of these words.
    Words(&'static [&'static str]),
    /// A point in time.
    Time,
    /// A whole number.
    Number,
    /// A text or a whole number.
    Free,
    /// The id of an instance.
    Id,
}

const CASE_STATES: &[&str] =
    &["registered", "triaged", "dispatched", "signed", "handling", "replied", "audited", "closed"];
const OUTCOMES: &[&str] =
    &["resolved", "explained", "planned", "rejected", "merged", "withdrawn", "transferred", "unreachable"];
const FLAGS: &[&str] = &["overdue", "warned", "supervised", "reopened", "repeat"];
const ITEM_STATES: &[&str] = &["offered", "claimed", "completed", "cancelled"];
const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
const STATUSES: &[&str] =
    &["pending", "running", "waiting", "suspended", "cancelled", "faulted", "completed"];

/// Fields of a case: name, field, kind. `fields.…` comes on top.
const OF_CASE: &[(&str, Field, Kind)] = &[
    ("caseNo", Field::CaseNo, Kind::Text),
    ("type", Field::CaseType, Kind::Text),
    ("channel", Field::Channel, Kind::Text),
    ("sourceRef", Field::SourceRef, Kind::Text),
    ("title", Field::CaseTitle, Kind::Text),
    ("state", Field::CaseState, Kind::Word(CASE_STATES)),
    ("outcome", Field::Outcome, Kind::Word(OUTCOMES)),
    ("flags", Field::Flags, Kind::Words(FLAGS)),
    ("category", Field::Category, Kind::Text),
    ("urgency", Field::Urgency, Kind::Text),
    ("unit", Field::Unit, Kind::Text),
    ("due", Field::CaseDue, Kind::Time),
    ("opened", Field::Opened, Kind::Time),
    ("closed", Field::Closed, Kind::Time),
    ("reworks", Field::Reworks, Kind::Number),
    ("urged", Field::Urged, Kind::Number),
    ("urgedAt", Field::UrgedAt, Kind::Time),
];

/// Fields of a work item itself.
const OF_ITEM: &[(&str, Field, Kind)] = &[
    ("caseNo", Field::CaseNo, Kind::Text),
    ("task", Field::Task, Kind::Text),
    ("title", Field::ItemTitle, Kind::Text),
    ("state", Field::ItemState, Kind::Word(ITEM_STATES)),
    ("priority", Field::Priority, Kind::Word(PRIORITIES)),
    ("assignee", Field::Assignee, Kind::Text),
    ("roles", Field::Roles, Kind::Texts),
    ("due", Field::ItemDue, Kind::Time),
    ("created", Field::Created, Kind::Time),
];

/// Fields of the instance, for both.
const OF_INSTANCE: &[(&str, Field, Kind)] = &[
    ("workflow", Field::Workflow, Kind::Text),
    ("status", Field::Status, Kind::Word(STATUSES)),
    ("touched", Field::Touched, Kind::Time),
    ("instance", Field::Instance, Kind::Id),
    ("version", Field::Version, Kind::Text),
];

/// Before the fields of the case in a selector of work items.
const CASE_PREFIX: &str = "case.";
/// Before the free fields of a case.
const FREE_PREFIX: &str = "fields.";

impl Field {
    /// The field of this name among those of `of`.
    pub fn named(of: Of, name: &str) -> Option<(Self, Kind)> {
        let find = |table: &[(&str, Self, Kind)], name: &str| {
            table.iter().find(|(known, ..)| *known == name).map(|(_, field, kind)| (field.clone(), *kind))
        };
        let of_case = |name: &str| {
            find(OF_CASE, name)
                .or_else(|| Some((Self::Free(free_path(name.strip_prefix(FREE_PREFIX)?)?), Kind::Free)))
        };
        match of {
            Of::Cases => of_case(name),
            Of::WorkItems => name.strip_prefix(CASE_PREFIX).and_then(of_case).or_else(|| find(OF_ITEM, name)),
            Of::Instances => name.strip_prefix(CASE_PREFIX).and_then(of_case),
        }
        .or_else(|| find(OF_INSTANCE, name))
    }

    /// All names of fields of `of`, in the order of the guide. Free fields are not among them.
    pub fn names(of: Of) -> Vec<String> {
        let plain = |table: &[(&str, Self, Kind)]| {
            table.iter().map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>()
        };
        let mut names = match of {
            Of::Cases => plain(OF_CASE),
            Of::WorkItems => {
                let mut names = plain(OF_ITEM);
                names.extend(OF_CASE.iter().skip(1).map(|(name, ..)| format!("{CASE_PREFIX}{name}")));
                names
            }
            Of::Instances => OF_CASE.iter().map(|(name, ..)| format!("{CASE_PREFIX}{name}")).collect(),
        };
        names.extend(plain(OF_INSTANCE));
        names
    }

    /// The field that says whether something is over, and the words that say so.
    pub(super) fn ended(of: Of) -> (Self, &'static [&'static str]) {
        match of {
            Of::Cases => (Self::CaseState, &["closed"]),
            Of::WorkItems => (Self::ItemState, &["completed", "cancelled"]),
            // One that has failed waits for an operator.
            Of::Instances => (Self::Status, &["completed", "cancelled"]),
        }
    }

    /// When it is due.
    pub(super) fn due(of: Of) -> Self {
        match of {
            Of::Cases | Of::Instances => Self::CaseDue,
            Of::WorkItems => Self::ItemDue,
        }
    }

    /// The texts that the subject has here. A whole number is its digits.
    pub fn texts(&self, subject: &Subject<'_>) -> Vec<String> {
        let case = subject.case;
        let item = subject.item;
        let one = |text: Option<String>| text.into_iter().collect::<Vec<_>>();
        match self {
            Self::CaseNo => one(match item {
                Some(item) => item.case_no.as_ref().map(ToString::to_string),
                None => case.map(|case| case.no.to_string()),
            }),
            Self::CaseType => one(case.map(|case| case.r#type.clone())),
            Self::Channel => one(case.map(|case| case.channel.clone())),
            Self::SourceRef => one(case.and_then(|case| case.source_ref.clone())),
            Self::CaseTitle => one(case.map(|case| case.title.clone())),
            Self::CaseState => one(case.map(|case| word(&case.state))),
            Self::Outcome => one(case.and_then(|case| case.outcome.as_ref().map(word))),
            Self::Flags => case.map(|case| case.flags.iter().map(word).collect()).unwrap_or_default(),
            Self::Category => one(case.and_then(|case| case.category.clone())),
            Self::Urgency => one(case.and_then(|case| case.urgency.clone())),
            Self::Unit => one(case.and_then(|case| case.unit.clone())),
            Self::Free(path) => one(case.and_then(|case| free_text(&case.fields, path))),
            Self::Task => one(item.map(|item| item.task.clone())),
            Self::ItemTitle => one(item.map(|item| item.title.clone())),
            Self::ItemState => one(item.map(|item| word(&item.state))),
            Self::Priority => one(item.map(|item| word(&item.priority))),
            Self::Assignee => one(item.and_then(|item| item.assignee.clone())),
            Self::Roles => item.map(|item| item.candidate_roles.clone()).unwrap_or_default(),
            Self::Workflow => vec![subject.workflow.to_owned()],
            Self::Status => vec![word(&subject.status)],
            Self::Instance => vec![subject.instance.to_string()],
            Self::Version => vec![subject.version.to_owned()],
            Self::Reworks
            | Self::Urged
            | Self::UrgedAt
            | Self::CaseDue
            | Self::Opened
            | Self::Closed
            | Self::ItemDue
            | Self::Created
            | Self::Touched => Vec::new(),
        }
    }

    /// The point in time that the subject has here.
    pub fn time(&self, subject: &Subject<'_>) -> Option<Timestamp> {
        match self {
            Self::CaseDue => subject.case?.due,
            Self::Opened => Some(subject.case?.opened),
            Self::Closed => subject.case?.closed,
            Self::UrgedAt => subject.case?.urged_at,
            Self::ItemDue => subject.item?.due,
            Self::Created => Some(subject.item?.created),
            Self::Touched => Some(subject.touched),
            _ => None,
        }
    }

    /// The whole number that the subject has here.
    pub fn number(&self, subject: &Subject<'_>) -> Option<i64> {
        match self {
            Self::Reworks => Some(i64::from(subject.case?.reworks)),
            Self::Urged => Some(i64::from(subject.case?.urged)),
            Self::Free(path) => free(&subject.case?.fields, path)?.as_i64(),
            _ => None,
        }
    }

    pub(super) fn is_present(&self, subject: &Subject<'_>) -> bool {
        self.time(subject).is_some() || self.number(subject).is_some() || !self.texts(subject).is_empty()
    }
}

/// One case, work item or instance, with what the instance says.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The instance.
    pub instance: InstanceId,
    /// The case; of a work item: the one of the same instance.
    pub case: Option<&'a Case>,
    /// The work item, if it is one.
    pub item: Option<&'a WorkItem>,
    /// `namespace/name`.
    pub workflow: &'a str,
    /// The version of its definition.
    pub version: &'a str,
    /// Phase of the instance.
    pub status: Status,
    /// When a person or an event last moved the instance.
    pub touched: Timestamp,
}

/// One case, work item or instance that a selection found, as it was then.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Whose.
    pub instance: InstanceId,
    /// The case of the instance, if it has one.
    pub case: Option<Case>,
    /// The work item, if it is one.
    pub item: Option<WorkItem>,
    /// `namespace/name`.
    pub workflow: String,
    /// The version of its definition.
    pub version: String,
    /// Phase of the instance.
    pub status: Status,
    /// When a person or an event last moved the instance.
    pub touched: Timestamp,
}

impl Found {
    /// As the reference predicate sees it.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            instance: self.instance,
            case: self.case.as_ref(),
            item: self.item.as_ref(),
            workflow: &self.workflow,
            version: &self.version,
            status: self.status,
            touched: self.touched,
        }
    }

    /// Where it stands in the order in which selections are gone through.
    pub fn key(&self) -> (InstanceId, u32) {
        (self.instance, self.item.as_ref().map_or(0, |item| item.id.n))
    }
}

/// The names of a free field's path. A quote or a backslash could not be told from the path's own in SQL.
fn free_path(text: &str) -> Option<Vec<String>> {
    let names: Vec<String> = text.split('.').map(str::to_owned).collect();
    let usual = |name: &String| !name.is_empty() && !name.contains(['"', '\\', '[', ']', '$']);
    (names.len() <= 6 && names.iter().all(usual)).then_some(names)
}

fn free(fields: &Data, path: &[String]) -> Option<Data> {
    path.iter().try_fold(fields.clone(), |data, name| data.get(name))
}

fn free_text(fields: &Data, path: &[String]) -> Option<String> {
    let data = free(fields, path)?;
    data.as_str().map(str::to_owned).or_else(|| data.as_i64().map(|number| number.to_string()))
}

/// The word that a plain enum is written as in JSON.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
