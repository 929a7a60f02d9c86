//! `emit`: publish a CloudEvent. It enters the inbox in the same transaction.

use std::collections::BTreeMap;

use yiwang_dsl::definition::{EventTemplate, Task};
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use crate::Timestamp;
use crate::event::Event;
use crate::history::What;
use crate::machine::{Machine, Move, Place};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, template: &EventTemplate) -> Result<Move, Fault> {
    let place = Place::new(task, "emit.event.with");
    let attributes = machine.template(&template.with, &machine.input(), place)?;
    let event = event(machine, attributes).map_err(|problem| place.fault(Kind::Expression, &problem))?;
    let (source, id, r#type) = (event.source.clone(), event.id.clone(), event.r#type.clone());
    machine.record(Some(task), What::EventPublished { source, id, r#type });
    let output = event.envelope();
    machine.published.push(event);
    Ok(Move::Return(output))
}

/// The event of these attributes; what may be left out is filled in.
fn event(machine: &mut Machine<'_>, attributes: Data) -> Result<Event, String> {
    let mut members: BTreeMap<String, Data> =
        serde_json::from_value(attributes.to_json()).map_err(|_| "not an object".to_owned())?;
    let mut text = |name: &str| -> Result<Option<String>, String> {
        match members.remove(name).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(value) => match value.as_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(format!("`{name}` is not a string but {value}")),
            },
        }
    };
    let r#type = text("type")?.filter(|text| !text.is_empty()).ok_or("`type` is missing")?;
    let source = text("source")?;
    let id = text("id")?;
    let subject = text("subject")?;
    let time = text("time")?;
    text("specversion")?;
    let time = match time {
        None => machine.now,
        Some(text) => Timestamp::parse(&text).ok_or_else(|| format!("`time` is not RFC 3339 but {text}"))?,
    };
    let data = members.remove("data").unwrap_or_default();
    let definition = &machine.definition().id;
    Ok(Event {
        id: id.unwrap_or_else(|| machine.entropy.uuid(machine.now)),
        source: source.unwrap_or_else(|| {
            format!("/{}/{}/{}", definition.namespace, definition.name, definition.version)
        }),
        r#type,
        subject,
        time,
        data,
        extensions: members,
    })
}
