//! `raise`: an error of the author's own.

use yiwang_dsl::definition::{ErrorTemplate, Task};
use yiwang_dsl::error::Kind;
use yiwang_dsl::expression::Template;
use yiwang_dsl::{Data, Fault};

use crate::machine::{Machine, Move, Place};

pub(super) fn begin(machine: &mut Machine<'_>, task: &Task, error: &ErrorTemplate) -> Result<Move, Fault> {
    let input = machine.input();
    let place = Place::new(task, "raise.error");
    let text = |template: &Template, member: &str| -> Result<String, Fault> {
        let value = machine.template(template, &input, place)?;
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| place.fault(Kind::Expression, &format!("`{member}` is not a string but {value}")))
    };
    let optional = |template: &Option<Template>, member: &str| -> Result<Option<String>, Fault> {
        template.as_ref().map(|template| text(template, member)).transpose()
    };
    let status = machine.template(&error.status, &input, place)?;
    let instance = optional(&error.instance, "instance")?;
    Err(Fault {
        r#type: text(&error.r#type, "type")?,
        status: status_code(&status).ok_or_else(|| {
            place.fault(Kind::Expression, &format!("`status` is not an HTTP status but {status}"))
        })?,
        instance: instance.unwrap_or_else(|| task.reference.clone()),
        title: optional(&error.title, "title")?,
        detail: optional(&error.detail, "detail")?,
    })
}

fn status_code(status: &Data) -> Option<u16> {
    let number = status.as_i64().or_else(|| status.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|code| (100..=599).contains(code))
}
