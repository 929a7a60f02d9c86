//! What a workflow may ask about all cases and work items: counts, groups and short lists, for rankings and
//! bulletins. The question and the form of the answer; who looks it up is not known here.

use serde_json::{Map, Value, json};
use yiwang_dsl::Data;

use crate::selector::field::{Found, Kind};
use crate::selector::{Field, Mistake, Of, Selector, below};
use crate::{Timestamp, WorkItem};

/// Members of a list, at most.
pub const LIST_LEN_MAX: usize = 500;
/// Fields by which one question groups.
pub const GROUP_FIELDS_MAX: usize = 3;
/// Groups of one answer.
pub const GROUPS_LEN_MAX: usize = 1_000;

/// A checked question.
#[derive(Clone, Debug, PartialEq)]
pub struct Inquiry {
    /// What is looked at, and which of them.
    pub selector: Selector,
    /// Names and fields by which they are counted.
    pub group_by: Vec<(String, Field)>,
    /// How many of them are listed.
    pub limit: usize,
    /// A time in whose order they are listed; none: as they were opened.
    pub order_by: Option<Field>,
    /// The greatest first.
    pub descending: bool,
}

impl Inquiry {
    /// Reads `{ of, where, groupBy, orderBy, descending, limit }`; all of them may be left out.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn parse(written: &Value) -> Result<Self, Vec<Mistake>> {
        let member = |name: &str| written.get(name).filter(|value| !value.is_null());
        let mut mistakes = Vec::new();
        let of = match member("of") {
            None => Of::default(),
            Some(of) => serde_json::from_value(of.clone()).unwrap_or_else(|_| {
                let text = of.as_str().unwrap_or_default();
                let mistake =
                    Mistake::new("/of", "selector.bad-value", format!("`{text}` cannot be asked about"));
                mistakes.push(mistake.meant(text, &["cases", "workItems"]));
                Of::default()
            }),
        };
        let everything = json!({});
        let selector = Selector::parse(of, member("where").unwrap_or(&everything), "/where");
        let selector = selector.map_err(|found| mistakes.extend(found)).ok();
        let names: Vec<&Value> = member("groupBy").and_then(Value::as_array).into_iter().flatten().collect();
        let mut group_by = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let place = below("/groupBy", &index.to_string());
            let fits = |kind| matches!(kind, Kind::Text | Kind::Word(_) | Kind::Free);
            group_by.extend(field(of, name, &place, fits, "grouped by", &mut mistakes));
        }
        if names.len() > GROUP_FIELDS_MAX {
            let message = format!("at most {GROUP_FIELDS_MAX} fields can be grouped by");
            mistakes.push(Mistake::new("/groupBy", "selector.too-large", message));
        }
        let order_by = member("orderBy").and_then(|name| {
            field(of, name, "/orderBy", |kind| kind == Kind::Time, "ordered by", &mut mistakes)
        });
        let limit = member("limit").map_or(0, |limit| limit.as_u64().unwrap_or(u64::MAX));
        if limit > LIST_LEN_MAX as u64 {
            let message = format!("`limit` is from 0 to {LIST_LEN_MAX}");
            mistakes.push(Mistake::new("/limit", "selector.bad-value", message));
        }
        match selector {
            Some(selector) if mistakes.is_empty() => Ok(Self {
                selector,
                group_by,
                limit: usize::try_from(limit).unwrap_or(LIST_LEN_MAX),
                order_by: order_by.map(|(_, field)| field),
                descending: member("descending").and_then(Value::as_bool).unwrap_or(false),
            }),
            Some(_) | None => Err(mistakes),
        }
    }

    /// The answer as data: groups with the names of their fields, the greatest first.
    pub fn answer(
        &self,
        as_of: Timestamp,
        mut groups: Vec<(Vec<Option<String>>, u64)>,
        items: &[Found],
    ) -> Data {
        let total: u64 = groups.iter().map(|(_, count)| count).sum();
        groups.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let more = groups.len().saturating_sub(GROUPS_LEN_MAX);
        groups.truncate(GROUPS_LEN_MAX);
        let groups: Vec<Value> = if self.group_by.is_empty() {
            Vec::new()
        } else {
            groups.into_iter().map(|(values, count)| self.group(values, count)).collect()
        };
        Data::from(json!({
            "asOf": as_of.rfc3339(),
            "total": total,
            "groups": groups,
            "groupsLeftOut": if self.group_by.is_empty() { 0 } else { more },
            "items": items.iter().map(item).collect::<Vec<_>>(),
        }))
    }

    fn group(&self, values: Vec<Option<String>>, count: u64) -> Value {
        let names = self.group_by.iter().map(|(name, _)| name.clone());
        let mut members: Map<String, Value> =
            names.zip(values.into_iter().map(|value| value.map_or(Value::Null, Value::String))).collect();
        members.insert("count".to_owned(), json!(count));
        Value::Object(members)
    }
}

fn field(
    of: Of,
    name: &Value,
    place: &str,
    fits: impl Fn(Kind) -> bool,
    done: &str,
    mistakes: &mut Vec<Mistake>,
) -> Option<(String, Field)> {
    let text = name.as_str().unwrap_or_default();
    match Field::named(of, text) {
        Some((field, kind)) if fits(kind) => return Some((text.to_owned(), field)),
        Some(_) => {
            let message = format!("cases and work items cannot be {done} `{text}`");
            mistakes.push(Mistake::new(place, "selector.bad-value", message));
        }
        None => {
            let known = Field::names(of);
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("there is no field `{text}`");
            mistakes.push(Mistake::new(place, "selector.unknown-field", message).meant(text, &known));
        }
    }
    None
}

/// What is told of one: what rankings need, and nothing of the citizen's own words but the title.
fn item(found: &Found) -> Value {
    let case = found.case.as_ref();
    let mut members = json!({
        "instance": found.instance,
        "workflow": found.workflow,
        "status": found.status,
        "touched": found.touched.rfc3339(),
        "caseNo": case.map(|case| &case.no),
        "type": case.map(|case| &case.r#type),
        "channel": case.map(|case| &case.channel),
        "title": case.map(|case| &case.title),
        "state": case.map(|case| case.state),
        "outcome": case.and_then(|case| case.outcome),
        "flags": case.map(|case| &case.flags),
        "category": case.and_then(|case| case.category.as_ref()),
        "urgency": case.and_then(|case| case.urgency.as_ref()),
        "unit": case.and_then(|case| case.unit.as_ref()),
        "due": case.and_then(|case| case.due).map(Timestamp::rfc3339),
        "opened": case.map(|case| case.opened.rfc3339()),
        "closed": case.and_then(|case| case.closed).map(Timestamp::rfc3339),
        "reworks": case.map(|case| case.reworks),
    });
    if let (Some(members), Some(item)) = (members.as_object_mut(), &found.item) {
        members.insert("item".to_owned(), work_item(item));
    }
    members
}

fn work_item(item: &WorkItem) -> Value {
    json!({
        "id": item.id,
        "task": item.task,
        "title": item.title,
        "state": item.state,
        "priority": item.priority,
        "assignee": item.assignee,
        "roles": item.candidate_roles,
        "due": item.due.map(Timestamp::rfc3339),
        "created": item.created.rfc3339(),
    })
}

/// What is wrong, in one text for an error of the workflow.
pub(crate) fn told(mistakes: &[Mistake]) -> String {
    let lines: Vec<String> = mistakes
        .iter()
        .map(|mistake| {
            let help = mistake.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            format!("{} {}: {}{help}", mistake.place, mistake.code, mistake.message)
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_a_question_are_told_at_once() {
        let written = json!({
            "of": "case",
            "where": {"statee": "closed"},
            "groupBy": ["unit", "due", "unti"],
            "orderBy": "unit",
            "limit": 501,
        });
        let told = told(&Inquiry::parse(&written).unwrap_err());
        expect_test::expect![[r#"
            /of selector.bad-value: `case` cannot be asked about; did you mean `cases`?
            /where/statee selector.unknown-field: there is no field `statee`; did you mean `state`?
            /groupBy/1 selector.bad-value: cases and work items cannot be grouped by `due`
            /groupBy/2 selector.unknown-field: there is no field `unti`; did you mean `unit`?
            /orderBy selector.bad-value: cases and work items cannot be ordered by `unit`
            /limit selector.bad-value: `limit` is from 0 to 500"#]]
        .assert_eq(&told);
    }
}
