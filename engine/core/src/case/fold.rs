//! A case as it was known at some time, read from history.
//!
//! The stored case is the fold of all its lines; of those up to an earlier time it is the case of then. Only
//! what never changes is taken from the stored one: numbers, channel, title, content.

use yiwang_dsl::Data;

use super::{Case, Petitioner, Place, Related};
use crate::history::What;
use crate::{HistoryEvent, Timestamp, docket};

/// The case as its history knew it at `at`, without its clocks: those are read by [`crate::clock::replay`],
/// which needs calendars. None: it was not open yet.
pub fn as_of<'h>(
    case: &Case,
    history: impl IntoIterator<Item = &'h HistoryEvent>,
    at: Timestamp,
) -> Option<Case> {
    let mut known = None;
    for line in history {
        if line.at > at {
            break;
        }
        match &line.what {
            What::CaseOpened { no, facts } if *no == case.no => known = Some(opened(case, facts)),
            what => {
                if let Some(known) = &mut known {
                    change(known, what, line.at);
                }
            }
        }
    }
    known
}

/// As it was just when it was opened.
fn opened(case: &Case, facts: &Data) -> Case {
    let Case { no, instance, r#type, channel, source_ref, title, content, opened, tracking, .. } =
        case.clone();
    let begun = Case::new(no, instance, opened);
    let mut known = Case { r#type, channel, source_ref, title, content, tracking, version: 1, ..begun };
    set(&mut known, facts);
    known
}

fn change(case: &mut Case, what: &What, at: Timestamp) {
    if !what.changes_case() {
        return;
    }
    match what {
        What::CaseMoved { to, .. } => case.state = *to,
        What::CaseFlagged { flag, .. } => {
            case.flags.insert(*flag);
        }
        What::CaseChanged { changes, .. } => set(case, changes),
        What::CaseClosed { outcome, .. } => case.close(*outcome, at),
        What::CaseActed { command, by, reason, .. } => command.apply(case, by, at, reason.as_deref()),
        What::CaseRepeats { of, .. } => case.repeats.extend(of.iter().cloned()),
        // Clocks are read from history by a rule of their own.
        what if what.changes_clock() => {}
        _ => unreachable!("these are all the lines that change a case"),
    }
    case.version += 1;
}

/// Takes over the new values that a line names.
fn set(case: &mut Case, changes: &Data) {
    let text = |name: &str| changes.get(name).map(|value| value.as_str().map(str::to_owned));
    if let Some(category) = text("category") {
        case.category = category;
    }
    if let Some(urgency) = text("urgency") {
        case.urgency = urgency;
    }
    if let Some(unit) = text("unit") {
        case.unit = unit;
    }
    if let Some(kind) = text("kind") {
        case.kind = kind;
    }
    if let Some(due) = text("due") {
        case.due = due.as_deref().and_then(Timestamp::parse);
    }
    if let Some(petitioner) = read::<Option<Petitioner>>(changes, "petitioner") {
        case.petitioner = petitioner;
    }
    if let Some(place) = read::<Option<Place>>(changes, "place") {
        case.place = place;
    }
    if let Some(related) = read::<Vec<Related>>(changes, "related") {
        case.related = related;
    }
    if let Some(reworks) = changes.get("reworks").and_then(|value| value.as_i64()) {
        case.reworks = u32::try_from(reworks).unwrap_or(u32::MAX);
    }
    if let Some(fields) = changes.get("fields") {
        case.fields = docket::merge(&case.fields, &fields);
    }
}

fn read<T: serde::de::DeserializeOwned>(changes: &Data, name: &str) -> Option<T> {
    serde_json::from_value(changes.get(name)?.to_json()).ok()
}
