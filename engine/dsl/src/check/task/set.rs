//! `set`: data as the task's output.

use super::super::Checker;
use super::super::fields::Place;
use super::super::template::Position;
use crate::definition::TaskKind;
use crate::diagnostic::Code;
use crate::yaml::Value;

impl<'n> Checker<'n> {
    pub(super) fn set(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        match &place.node.value {
            Value::Map(entries) if entries.is_empty() => {
                let message = "`set` must set something";
                self.report(Code::Nothing, place, message).help("an empty object: `set: ${ {} }`");
                None
            }
            Value::Map(_) | Value::String(_) => {
                Some(TaskKind::Set { value: self.template(place, Position::Definition)? })
            }
            _ => {
                self.wrong_type(place, "a mapping or an expression");
                None
            }
        }
    }
}
