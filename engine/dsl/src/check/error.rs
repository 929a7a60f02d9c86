//! Errors that are raised, and filters of errors that are caught.

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::Data;
use crate::definition::{ErrorFilter, ErrorTemplate};
use crate::diagnostic::{Code, nearest};
use crate::error::{Kind, TYPE_BASE, never_raised};
use crate::expression::Template;
use crate::text;
use crate::yaml::{Node, Value};

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
        if let Some(place) = &r#type
            && let Some(text) = place.node.as_str()
            && let Some(name) = never_raised(text, self.error_types)
        {
            self.never_caught(place, text, name);
        }
        Some(ErrorFilter {
            r#type: self.optional_text(r#type),
            status,
            instance: self.optional_text(instance),
            title: self.optional_text(title),
            detail: self.optional_text(detail),
        })
    }

    /// Nothing but a `raise` could raise this type, which looks like a standard one.
    fn never_caught(&mut self, place: &Place<'n>, text: &str, name: &str) {
        if self.root.is_some_and(|root| mentions(root, text) > 1) {
            // Perhaps it is raised somewhere here.
            return;
        }
        let message = text!("no error of the language is of the type `{}`", text);
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let diagnostic = self.report(Code::CatchNever, place, message);
        match nearest(name, &names) {
            Some(near) => diagnostic.help(text!("did you mean `{}{}`?", TYPE_BASE, near)),
            None => diagnostic.help(text!("the standard types are {}", names)),
        };
    }
}

/// How many values are this text?
fn mentions(node: &Node, text: &str) -> usize {
    match &node.value {
        Value::String(value) => usize::from(value == text),
        Value::List(items) => items.iter().map(|item| mentions(item, text)).sum(),
        Value::Map(entries) => entries.iter().map(|entry| mentions(&entry.value, text)).sum(),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
    }
}
