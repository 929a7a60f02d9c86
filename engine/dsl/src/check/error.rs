//! Errors that are raised, and filters of errors that are caught.

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::Data;
use crate::definition::{ErrorFilter, ErrorTemplate};
use crate::diagnostic::Code;
use crate::expression::Template;
use crate::yaml::Value;

impl<'n> Checker<'n> {
    /// `raise.error`: a name of `use.errors`, or an error.
    pub(super) fn error(&mut self, place: &Place<'n>) -> Option<ErrorTemplate> {
        match place.node.as_str() {
            Some(_) => {
                let definition = self.reused(place, super::reuse::Kind::Error)?;
                self.error_object(&definition)
            }
            None => self.error_object(place),
        }
    }

    /// An error as an object.
    pub(super) fn error_object(&mut self, place: &Place<'n>) -> Option<ErrorTemplate> {
        let mut fields = self.fields(place)?;
        let r#type = fields.need(self, "type");
        let status = fields.need(self, "status");
        let title = fields.get("title");
        let detail = fields.get("detail");
        let instance = fields.get("instance");
        fields.finish(self);
        let r#type = r#type.and_then(|r#type| self.text_or_expression(&r#type));
        let status = status.and_then(|status| self.status(&status));
        let title = self.optional_text_or_expression(title);
        let detail = self.optional_text_or_expression(detail);
        let instance = self.optional_text_or_expression(instance);
        Some(ErrorTemplate {
            r#type: r#type?,
            status: status?,
            title: title?,
            detail: detail?,
            instance: instance?,
        })
    }

    fn status(&mut self, place: &Place<'n>) -> Option<Template> {
        if place.node.as_str().is_some() {
            let template = self.template(place, Position::Definition)?;
            if matches!(template, Template::Literal(_)) {
                self.wrong_type(place, "a whole number");
                return None;
            }
            return Some(template);
        }
        let status = self.number(place, 100..=599)?;
        Some(Template::Literal(Data::from(serde_json::Value::from(status))))
    }

    fn text_or_expression(&mut self, place: &Place<'n>) -> Option<Template> {
        self.text(place)?;
        self.template(place, Position::Definition)
    }

    fn optional_text_or_expression(&mut self, place: Option<Place<'n>>) -> Option<Option<Template>> {
        match place {
            None => Some(None),
            Some(place) => self.text_or_expression(&place).map(Some),
        }
    }

    /// `catch.errors`.
    pub(super) fn error_filter(&mut self, place: &Place<'n>) -> Option<ErrorFilter> {
        let mut fields = self.fields(place)?;
        let with = fields.get("with");
        fields.finish(self);
        let Some(with) = with else { return Some(ErrorFilter::default()) };
        let mut fields = self.fields(&with)?;
        if matches!(&with.node.value, Value::Map(entries) if entries.is_empty()) {
            let message = "a filter of errors needs at least one member";
            self.report(Code::Nothing, &with, message).help("without `errors`, every error is caught");
            return None;
        }
        let r#type = fields.get("type");
        let status = fields.get("status");
        let instance = fields.get("instance");
        let title = fields.get("title");
        // Called `details` until version 1.0.3.
        let detail = fields.get("detail").or_else(|| fields.get("details"));
        fields.finish(self);
        let status = match status {
            None => None,
            Some(status) => Some(u16::try_from(self.number(&status, 100..=599)?).ok()?),
        };
        Some(ErrorFilter {
            r#type: self.optional_text(r#type),
            status,
            instance: self.optional_text(instance),
            title: self.optional_text(title),
            detail: self.optional_text(detail),
        })
    }
}
