//! `emit`: publish a CloudEvent.

use super::super::Checker;
use super::super::fields::Place;
use super::super::template::Position;
use crate::definition::{EventTemplate, TaskKind};
use crate::diagnostic::Code;

impl<'n> Checker<'n> {
    pub(super) fn emit(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let mut fields = self.fields(place)?;
        let event = fields.need(self, "event");
        fields.finish(self);
        let mut fields = self.fields(&event?)?;
        let with = fields.need(self, "with");
        fields.finish(self);
        let with = with?;
        let mut attributes = self.fields(&with)?;
        let r#type = attributes.get("type");
        if r#type.is_none() {
            // Any other key may be an extension, so that none is taken for a misspelt one.
            let (span, message) = (attributes.head_span(), "the key `type` is missing here");
            self.report_at(Code::MissingKey, span, &with.pointer, message).help("every event has a type");
        }
        for key in ["id", "source", "time", "subject", "datacontenttype", "dataschema"] {
            if let Some(attribute) = attributes.get(key) {
                self.text(&attribute);
            }
        }
        // Other attributes are extensions of the event; all are allowed.
        let template = self.template(&with, Position::Definition);
        self.text(&r#type?)?;
        Some(TaskKind::Emit { event: EventTemplate { with: template? } })
    }
}
