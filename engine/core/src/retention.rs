//! How long ended instances are kept in the store, and which are kept whatever their age: reference data.
//!
//! ```yaml
//! schema: yiwang.retention/v1
//! id: default
//! rules:
//!   - { workflow: district/citizen-complaint, keep: P3650D }
//!   - { keep: P10950D }
//! holds:
//!   - { case: QC-20240611-000123, reason: 行政复议 }
//! ```
//! The first rule that names the workflow counts, else the first that names none; without a rule an instance is kept
//! for ever. It does not know what becomes of those that are not kept.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use yiwang_dsl::diagnostic::{Code, Text};
use yiwang_dsl::yaml::{self, Node, Value};
use yiwang_dsl::{Diagnostic, text};

use crate::Timestamp;
use crate::calendar::Length;

/// The name of the one document.
pub const NAME: &str = "default";
/// What a document says that it is.
const SCHEMA: &str = "yiwang.retention/v1";

/// The rules and the holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    rules: Vec<Rule>,
    holds: Vec<Hold>,
}

/// How long the instances of a workflow are kept after their end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// `namespace/name`; none: all others.
    workflow: Option<String>,
    keep: Length,
}

/// 保全: what is kept whatever its age, e.g. while a court may ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The number of a case.
    pub case: Option<String>,
    /// The id of an instance.
    pub instance: Option<String>,
    /// `namespace/name`: all instances of a workflow.
    pub workflow: Option<String>,
    /// Why.
    pub reason: String,
}

impl Retention {
    /// Reads a document.
    ///
    /// # Errors
    /// All its mistakes, each with its place.
    pub fn read(name: &str, document: &str) -> Result<Self, Vec<Diagnostic>> {
        let root = yaml::parse(document)?;
        let mut found = Vec::new();
        if name != NAME {
            found.push(remark(
                Code::BadName,
                &root,
                "",
                text!("the only document of this kind is `{}`", NAME),
            ));
        }
        if root.get("schema").and_then(Node::as_str) != Some(SCHEMA) {
            let mut wrong = remark(Code::BadValue, &root, "", text!("this says nothing about retention"));
            wrong.help(text!("its `schema` is `{}`", SCHEMA));
            found.push(wrong);
        }
        if let Value::Map(entries) = &root.value {
            for entry in entries {
                let key = entry.key.text.as_str();
                if !["schema", "id", "rules", "holds", "note"].contains(&key) {
                    let message = text!("unknown key `{}`", key);
                    found.push(remark(Code::UnknownKey, &entry.value, &format!("/{key}"), message));
                }
            }
        }
        let rules = rows::<Rule>(&root, "rules", &mut found);
        let holds = rows::<Hold>(&root, "holds", &mut found);
        for (n, hold) in holds.iter().enumerate() {
            if [&hold.case, &hold.instance, &hold.workflow].iter().filter(|of| of.is_some()).count() != 1 {
                let pointer = format!("/holds/{n}");
                let place = root.at(&pointer).unwrap_or(&root);
                let message = text!("a hold is of one `case`, one `instance` or one `workflow`");
                found.push(remark(Code::BadValue, place, &pointer, message));
            }
        }
        if found.is_empty() { Ok(Self { rules, holds }) } else { Err(found) }
    }

    /// Is an instance of this workflow that ended at `ended` old enough at `now` to be kept no more?
    pub fn is_over(&self, workflow: &str, ended: Timestamp, now: Timestamp) -> bool {
        let of = |wanted: Option<&str>| self.rules.iter().find(|rule| rule.workflow.as_deref() == wanted);
        let rule = of(Some(workflow)).or_else(|| of(None));
        rule.is_some_and(|rule| ended.plus_millis(rule.keep.0) <= now)
    }

    /// The shortest time that anything is kept: what is younger needs no look. None: everything is kept for ever.
    pub fn shortest(&self) -> Option<Length> {
        self.rules.iter().map(|rule| rule.keep).min()
    }

    /// Why it is kept whatever its age.
    pub fn hold(&self, workflow: &str, instance: &str, case: Option<&str>) -> Option<&Hold> {
        self.holds.iter().find(|hold| {
            hold.workflow.as_deref() == Some(workflow)
                || hold.instance.as_deref() == Some(instance)
                || (case.is_some() && hold.case.as_deref() == case)
        })
    }
}

fn rows<T: DeserializeOwned>(root: &Node, key: &str, found: &mut Vec<Diagnostic>) -> Vec<T> {
    let items = match root.get(key).map(|rows| &rows.value) {
        Some(Value::List(items)) => items.as_slice(),
        Some(Value::Null) | None => &[],
        Some(_) => {
            let place = root.get(key).unwrap_or(root);
            found.push(remark(Code::BadValue, place, &format!("/{key}"), text!("`{}` is a list", key)));
            &[]
        }
    };
    let mut read = Vec::new();
    for (n, item) in items.iter().enumerate() {
        match serde_json::from_value(item.to_json()) {
            Ok(row) => read.push(row),
            Err(error) => {
                let message = text!("this does not fit: {}", error.to_string());
                found.push(remark(Code::BadValue, item, &format!("/{key}/{n}"), message));
            }
        }
    }
    read
}

fn remark(code: Code, node: &Node, pointer: &str, message: Text) -> Diagnostic {
    let mut remark = Diagnostic::new(code, node.span.clone(), message);
    pointer.clone_into(&mut remark.pointer);
    remark
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn retention(rows: &str) -> Retention {
        Retention::read(NAME, &format!("schema: yiwang.retention/v1\nid: default\n{rows}")).unwrap()
    }

    #[test]
    fn the_rule_of_the_workflow_counts_before_the_general_one() {
        let of = retention(
            "rules:\n- { keep: P10D }\n- { workflow: a/b, keep: P2D }\n- { workflow: a/b, keep: P1D }\n",
        );
        let ended = Timestamp(0);
        for (workflow, days, over) in
            [("a/b", 1, false), ("a/b", 2, true), ("a/c", 2, false), ("a/c", 9, false), ("a/c", 10, true)]
        {
            assert_eq!(of.is_over(workflow, ended, ended.plus_millis(days * DAY)), over, "{workflow} {days}");
        }
        assert_eq!(of.shortest(), Some(Length(DAY)));
        let none = retention("rules:\n- { workflow: a/b, keep: P2D }\n");
        assert!(!none.is_over("a/c", ended, Timestamp(i64::MAX)), "without a rule it is kept for ever");
        assert_eq!(Retention::default().shortest(), None);
    }

    #[test]
    fn what_is_held_stays() {
        let of = retention(
            "holds:\n- { case: QC-1, reason: 复议 }\n- { instance: '0A', reason: x }\n- { workflow: a/w, reason: y }\n",
        );
        assert_eq!(of.hold("a/b", "0B", Some("QC-1")).unwrap().reason, "复议");
        assert!(of.hold("a/b", "0A", None).is_some());
        assert!(of.hold("a/w", "0B", None).is_some());
        assert!(of.hold("a/b", "0B", None).is_none());
    }

    #[test]
    fn mistakes_have_their_place() {
        let mistakes = |text: &str| {
            let remarks = Retention::read(NAME, text).unwrap_err();
            remarks.into_iter().map(|remark| remark.pointer).collect::<Vec<_>>()
        };
        assert_eq!(mistakes("schema: yiwang.sla/v1\n"), [""]);
        assert_eq!(
            mistakes(
                "schema: yiwang.retention/v1\nrule: []\nrules: [ { keep: P1M }, { kep: P1D } ]\nholds: [ { reason: x } ]\n"
            ),
            ["/rule", "/rules/0", "/rules/1", "/holds/0"]
        );
        assert!(Retention::read("other", "schema: yiwang.retention/v1\n").is_err());
    }
}
