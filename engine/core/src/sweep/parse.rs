//! Reads definitions of sweeps. All mistakes at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::definition::{Act, Approval, CaseAct, Cause, Definition, ItemAct, Receiver};
use super::{RATE_DEFAULT, RATE_MAX};
use crate::catalog::By;
use crate::selector::{Mistake, Of, Selector, below};
use crate::work_item::Priority;

const MEMBERS: &[&str] =
    &["sweep", "title", "description", "of", "where", "causes", "actions", "rate", "approval"];
const ACTS: &[&str] = &[
    "note",
    "flag",
    "urge",
    "supervise",
    "redispatch",
    "comment",
    "escalate",
    "reassign",
    "notify",
    "start",
    "emit",
    "decide",
    "suspend",
    "resume",
    "retry",
    "cancel",
    "skip",
    "move",
    "patch",
    "migrate",
];
/// Roles of one act.
const ROLES_MAX: usize = 20;
const PRIORITIES: &[&str] = &["low", "normal", "high", "urgent"];
/// Acts of one definition.
const ACTS_MAX: usize = 10;
/// Causes of one definition.
const CAUSES_MAX: usize = 20;
/// Bytes of a text.
const TEXT_BYTES_MAX: usize = 2_000;
/// Percent by which counts may differ, if the definition says nothing.
const MARGIN_DEFAULT: u32 = 5;

pub(super) fn parse(written: &Value) -> Result<Definition, Vec<Mistake>> {
    let mut reader = Reader { mistakes: Vec::new() };
    let definition = reader.definition(written);
    match definition {
        Some(definition) if reader.mistakes.is_empty() => Ok(definition),
        Some(_) | None => Err(reader.mistakes),
    }
}

struct Reader {
    mistakes: Vec<Mistake>,
}

impl Reader {
    fn mistake(&mut self, place: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(place, "sweep.invalid", message.into()));
    }

    fn definition(&mut self, written: &Value) -> Option<Definition> {
        let Some(members) = written.as_object() else {
            self.mistake("", "a sweep is an object");
            return None;
        };
        self.known(members, "", MEMBERS);
        let name = self.name(members.get("sweep"));
        let title = self.optional_text(members, "", "title");
        self.optional_text(members, "", "description");
        let of = self.of(members.get("of"));
        let selector = of.and_then(|of| self.selector(of, members.get("where"), "/where"));
        let causes = of.and_then(|of| self.causes(of, members.get("causes")));
        let acts = self.acts(members.get("actions"));
        let rate = self.rate(members.get("rate"));
        let mut approval = self.approval(members.get("approval"))?;
        let acts = acts?;
        if of == Some(Of::WorkItems) && acts.iter().any(Act::is_operators) {
            // Two items of one instance would have it cancelled twice.
            self.mistake("/of", "instances are suspended, cancelled, … by sweeps of `instances` or `cases`");
        }
        if matches!(of, Some(Of::Cases | Of::Instances))
            && let Some(at) = acts.iter().position(|act| matches!(act, Act::Item(_)))
        {
            let message = "an act on work items, in a sweep of something else: write `of: workItems`";
            self.mistake(&format!("/actions/{at}"), message);
        }
        if acts.iter().any(Act::is_grave) && approval.is_none() {
            // Deciding by the hundred is never one person's act.
            approval = Some(Approval { margin: MARGIN_DEFAULT });
        }
        Some(Definition {
            name: name?,
            title,
            selector: selector?,
            causes: causes?,
            acts,
            rate: rate?,
            approval,
            written: written.clone(),
        })
    }

    fn known(&mut self, members: &Map<String, Value>, place: &str, known: &[&str]) {
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let mistake = Mistake::new(
                &below(place, name),
                "sweep.unknown-key",
                format!("there is no key `{name}` here"),
            );
            self.mistakes.push(mistake.meant(name, known));
        }
    }

    fn name(&mut self, name: Option<&Value>) -> Option<String> {
        let name = name.and_then(Value::as_str).filter(|name| {
            let usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            (1..=63).contains(&name.len()) && name.chars().all(usual) && !name.starts_with('-')
        });
        if name.is_none() {
            self.mistake("/sweep", "`sweep` is its name: small letters, digits and hyphens, at most 63");
        }
        name.map(str::to_owned)
    }

    fn optional_text(&mut self, members: &Map<String, Value>, place: &str, name: &str) -> Option<String> {
        match members.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.text(Some(value), &below(place, name)),
        }
    }

    fn text(&mut self, value: Option<&Value>, place: &str) -> Option<String> {
        match value.and_then(Value::as_str) {
            Some(text) if !text.is_empty() && text.len() <= TEXT_BYTES_MAX => Some(text.to_owned()),
            Some(_) | None => {
                self.mistake(place, format!("a text of 1 to {TEXT_BYTES_MAX} bytes stands here"));
                None
            }
        }
    }

    fn of(&mut self, of: Option<&Value>) -> Option<Of> {
        let Some(of) = of else { return Some(Of::default()) };
        self.word(of, "/of", &["cases", "workItems", "instances"])
    }

    fn word<T: DeserializeOwned>(&mut self, value: &Value, place: &str, known: &[&str]) -> Option<T> {
        if let Ok(word) = serde_json::from_value(value.clone()) {
            return Some(word);
        }
        let written = value.as_str().unwrap_or_default();
        let mistake = Mistake::new(place, "sweep.invalid", format!("`{written}` is none of the words here"));
        self.mistakes.push(mistake.meant(written, known));
        None
    }

    fn selector(&mut self, of: Of, filter: Option<&Value>, place: &str) -> Option<Selector> {
        let Some(filter) = filter else {
            self.mistake(place, "`where` says which; a sweep over everything is written `where: {}`");
            return None;
        };
        match Selector::parse(of, filter, place) {
            Ok(selector) => Some(selector),
            Err(mistakes) => {
                self.mistakes.extend(mistakes);
                None
            }
        }
    }

    fn causes(&mut self, of: Of, causes: Option<&Value>) -> Option<Vec<Cause>> {
        let Some(causes) = causes else { return Some(Vec::new()) };
        let Some(items) = causes.as_array().filter(|items| items.len() <= CAUSES_MAX) else {
            self.mistake("/causes", format!("a list of at most {CAUSES_MAX} causes stands here"));
            return None;
        };
        let read = items.iter().enumerate().map(|(index, item)| {
            let place = format!("/causes/{index}");
            let Some(members) = item.as_object() else {
                self.mistake(&place, "a cause is `{ cause: name, where: { … } }`");
                return None;
            };
            self.known(members, &place, &["cause", "where"]);
            let name = self.text(members.get("cause"), &below(&place, "cause"));
            let selector = self.selector(of, members.get("where"), &below(&place, "where"));
            Some(Cause { name: name?, selector: selector? })
        });
        let read: Vec<Option<Cause>> = read.collect();
        read.into_iter().collect()
    }

    fn rate(&mut self, rate: Option<&Value>) -> Option<u32> {
        let Some(rate) = rate else { return Some(RATE_DEFAULT) };
        let rate = rate
            .as_u64()
            .and_then(|rate| u32::try_from(rate).ok())
            .filter(|rate| (1..=RATE_MAX).contains(rate));
        if rate.is_none() {
            self.mistake("/rate", format!("`rate` is targets per second, from 1 to {RATE_MAX}"));
        }
        rate
    }

    fn approval(&mut self, approval: Option<&Value>) -> Option<Option<Approval>> {
        match approval {
            None | Some(Value::Null | Value::Bool(false)) => Some(None),
            Some(Value::Bool(true)) => Some(Some(Approval { margin: MARGIN_DEFAULT })),
            Some(Value::Object(members)) => {
                self.known(members, "/approval", &["margin"]);
                let margin = members.get("margin").map_or(Some(MARGIN_DEFAULT), |margin| {
                    margin
                        .as_u64()
                        .and_then(|margin| u32::try_from(margin).ok())
                        .filter(|margin| *margin <= 100)
                });
                if margin.is_none() {
                    self.mistake("/approval/margin", "`margin` is percent, from 0 to 100");
                }
                margin.map(|margin| Some(Approval { margin }))
            }
            Some(_) => {
                self.mistake("/approval", "`approval` is true, false or `{ margin: 5 }`");
                None
            }
        }
    }

    fn acts(&mut self, acts: Option<&Value>) -> Option<Vec<Act>> {
        let items = acts.and_then(Value::as_array).filter(|items| (1..=ACTS_MAX).contains(&items.len()));
        let Some(items) = items else {
            self.mistake("/actions", format!("`actions` is a list of 1 to {ACTS_MAX} acts"));
            return None;
        };
        let read: Vec<Option<Act>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.act(item, &format!("/actions/{index}")))
            .collect();
        read.into_iter().collect()
    }

    fn act(&mut self, item: &Value, place: &str) -> Option<Act> {
        let single = item.as_object().filter(|members| members.len() == 1);
        let Some((name, value)) = single.and_then(|members| members.iter().next()) else {
            self.mistake(place, "an act is an object with one member, for example `note: …`");
            return None;
        };
        let place = below(place, name);
        match name.as_str() {
            "note" => self.text(Some(value), &place).map(|text| Act::Case(CaseAct::Note { text })),
            "flag" => self
                .word(value, &place, &["overdue", "warned", "supervised", "reopened", "repeat"])
                .map(|flag| Act::Case(CaseAct::Flag { flag })),
            "urge" => self.text(Some(value), &place).map(|reason| Act::Case(CaseAct::Urge { reason })),
            "supervise" => {
                self.text(Some(value), &place).map(|reason| Act::Case(CaseAct::Supervise { reason }))
            }
            "redispatch" => {
                let members = self.members(value, &place, &["unit", "reason"])?;
                let unit = self.optional_text(members, &place, "unit");
                let reason = self.text(members.get("reason"), &below(&place, "reason"))?;
                Some(Act::Case(CaseAct::Redispatch { unit, reason }))
            }
            "comment" => self.text(Some(value), &place).map(|text| Act::Item(ItemAct::Comment { text })),
            "escalate" => {
                let members = self.members(value, &place, &["roles", "priority", "reason"])?;
                let roles = match members.get("roles") {
                    None => Some(Vec::new()),
                    roles => self.roles(roles, &below(&place, "roles")),
                };
                let priority = match members.get("priority") {
                    None => Some(None),
                    Some(word) => self.word(word, &below(&place, "priority"), PRIORITIES).map(Some),
                };
                let reason = self.text(members.get("reason"), &below(&place, "reason"));
                let (roles, priority): (_, Option<Priority>) = (roles?, priority?);
                if roles.is_empty() && priority.is_none() {
                    self.mistake(&place, "give `roles`, `priority`, or both");
                    return None;
                }
                Some(Act::Item(ItemAct::Escalate { roles, priority, reason: reason? }))
            }
            "reassign" => {
                let members = self.members(value, &place, &["to", "roles", "reason"])?;
                let reason = self.text(members.get("reason"), &below(&place, "reason"));
                let to = match (members.get("to"), members.get("roles")) {
                    (Some(to), None) => self.text(Some(to), &below(&place, "to")).map(Receiver::Person),
                    (None, Some(roles)) => {
                        self.roles(Some(roles), &below(&place, "roles")).map(Receiver::Roles)
                    }
                    (Some(_), Some(_)) | (None, None) => {
                        self.mistake(&place, "give `to`, a candidate, or `roles`: one of them");
                        None
                    }
                };
                Some(Act::Item(ItemAct::Reassign { to: to?, reason: reason? }))
            }
            "notify" => self.notice(value, &place),
            "start" => {
                let members = self.members(value, &place, &["workflow", "version", "input"])?;
                let workflow = self.text(members.get("workflow"), &below(&place, "workflow"))?;
                if workflow.split('/').filter(|part| !part.is_empty()).count() != 2 {
                    self.mistake(&below(&place, "workflow"), "a workflow is named `namespace/name`");
                    return None;
                }
                let version = self.optional_text(members, &place, "version");
                let input = self.object(members.get("input"), &below(&place, "input"))?;
                Some(Act::Start { workflow, version, input })
            }
            "emit" => {
                let members = self.members(value, &place, &["type", "data"])?;
                let r#type = self.text(members.get("type"), &below(&place, "type"))?;
                let data = self.object(members.get("data"), &below(&place, "data"))?;
                Some(Act::Emit { r#type, data })
            }
            "decide" => {
                let members = self.members(value, &place, &["outcome", "reason"])?;
                let outcome = self.text(members.get("outcome"), &below(&place, "outcome"));
                let reason = self.text(members.get("reason"), &below(&place, "reason"));
                Some(Act::Decide { outcome: outcome?, reason: reason? })
            }
            "suspend" | "resume" | "retry" | "cancel" => {
                let reason = self.text(Some(value), &place)?;
                let command = serde_json::from_value(name.as_str().into()).ok()?;
                Some(Act::Operate { command, reason })
            }
            "skip" | "move" | "patch" | "migrate" => self.repair(name, value, &place),
            other => {
                let mistake = Mistake::new(&place, "sweep.unknown-act", format!("there is no act `{other}`"));
                self.mistakes.push(mistake.meant(other, ACTS));
                None
            }
        }
    }

    /// A repair: its members and `reason`.
    fn repair(&mut self, word: &str, value: &Value, place: &str) -> Option<Act> {
        let Some(mut members) = value.as_object().cloned() else {
            self.mistake(place, "an object with `reason` stands here");
            return None;
        };
        let reason = self.text(members.remove("reason").as_ref(), &below(place, "reason"))?;
        members.insert("do".to_owned(), word.into());
        match serde_json::from_value(Value::Object(members)) {
            Ok(repair) => Some(Act::Repair { repair, reason }),
            Err(error) => {
                self.mistake(place, error.to_string());
                None
            }
        }
    }

    /// The same members as those of the function `notify`.
    fn notice(&mut self, value: &Value, place: &str) -> Option<Act> {
        let known = ["channel", "to", "subject", "body", "template", "params"];
        self.members(value, place, &known)?;
        match serde_json::from_value::<By>(value.clone()) {
            Ok(By { channel, notice }) => {
                Some(Act::Item(ItemAct::Notify { channel, message: notice.message(None) }))
            }
            Err(error) => {
                self.mistake(
                    place,
                    format!("`channel`, `to: {{ kind, address }}` and `body` are needed: {error}"),
                );
                None
            }
        }
    }

    fn roles(&mut self, roles: Option<&Value>, place: &str) -> Option<Vec<String>> {
        let items = roles.and_then(Value::as_array).filter(|items| (1..=ROLES_MAX).contains(&items.len()));
        let Some(items) = items else {
            self.mistake(
                place,
                format!("a list of 1 to {ROLES_MAX} roles stands here, e.g. `[handler@unit]`"),
            );
            return None;
        };
        let read: Vec<Option<String>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.text(Some(item), &format!("{place}/{index}")))
            .collect();
        read.into_iter().collect()
    }

    fn members<'v>(
        &mut self,
        value: &'v Value,
        place: &str,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.mistake(place, format!("an object of {} stands here", known.join(", ")));
            return None;
        };
        self.known(members, place, known);
        Some(members)
    }

    fn object(&mut self, value: Option<&Value>, place: &str) -> Option<Value> {
        match value {
            None | Some(Value::Null) => Some(json!({})),
            Some(value @ Value::Object(_)) => Some(value.clone()),
            Some(_) => {
                self.mistake(place, "an object stands here");
                None
            }
        }
    }
}
