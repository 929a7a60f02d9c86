//! JSON Schemas of inputs, outputs and exports.

use std::fmt;

use jsonschema::{PatternOptions, Validator};

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::definition::{ExportSpec, InputSpec, OutputSpec, Schema};
use crate::diagnostic::Code;

impl<'n> Checker<'n> {
    /// `input`, with the position of its `from`.
    pub(super) fn input(&mut self, place: Option<Place<'n>>, position: Position) -> Option<InputSpec> {
        let Some(place) = place else { return Some(InputSpec::default()) };
        let mut fields = self.fields(&place)?;
        let schema = self.optional_schema(fields.get("schema"));
        let from = fields.get("from").map(|from| self.expression_or_object(&from, position));
        fields.finish(self);
        Some(InputSpec { schema: schema?, from: transpose(from)? })
    }

    /// `output`, with the position of its `as`.
    pub(super) fn output(&mut self, place: Option<Place<'n>>, position: Position) -> Option<OutputSpec> {
        let Some(place) = place else { return Some(OutputSpec::default()) };
        let mut fields = self.fields(&place)?;
        let schema = self.optional_schema(fields.get("schema"));
        let r#as = fields.get("as").map(|r#as| self.expression_or_object(&r#as, position));
        fields.finish(self);
        Some(OutputSpec { r#as: transpose(r#as)?, schema: schema? })
    }

    /// `export`.
    pub(super) fn export(&mut self, place: Option<Place<'n>>) -> Option<ExportSpec> {
        let Some(place) = place else { return Some(ExportSpec::default()) };
        let mut fields = self.fields(&place)?;
        let schema = self.optional_schema(fields.get("schema"));
        let r#as = fields.get("as");
        if let Some(place) = &r#as
            && let crate::yaml::Value::Map(entries) = &place.node.value
        {
            let members = entries.iter().map(|entry| entry.key.text.clone()).collect();
            self.context.export(Some(members), &place.node.span, &place.pointer);
        }
        // Expressions inside of an object are not the export itself.
        let position = |place: &Place<'_>| match place.node.as_str() {
            Some(_) => Position::Export,
            None => Position::ExportMember,
        };
        let r#as = r#as.map(|r#as| self.expression_or_object(&r#as, position(&r#as)));
        fields.finish(self);
        Some(ExportSpec { r#as: transpose(r#as)?, schema: schema? })
    }

    fn optional_schema(&mut self, place: Option<Place<'n>>) -> Option<Option<Schema>> {
        transpose(place.map(|place| self.schema(&place)))
    }

    fn schema(&mut self, place: &Place<'n>) -> Option<Schema> {
        let mut fields = self.fields(place)?;
        let format = fields.get("format");
        if let Some(format) = &format {
            let text = self.text(format)?;
            if !matches!(text.split(':').next(), Some("json")) {
                let message = format!("schemas of the format `{text}` are not supported yet");
                self.report(Code::SchemaLater, format, message).help("JSON Schema: `format: json`");
                return None;
            }
        }
        if let Some(resource) = fields.get("resource") {
            let message = "a schema from an external resource is not supported yet";
            let span = fields.key_span("resource");
            self.report_at(Code::SchemaLater, span, &resource.pointer, message)
                .help("write it under `document`");
            return None;
        }
        let document = fields.need(self, "document");
        fields.finish(self);
        let document = document?;
        let json = document.node.to_json();
        match compile(&json) {
            Ok(validator) => Some(Schema { document: json, validator }),
            Err((pointer, message)) => {
                let span = document.node.key_span(&pointer).unwrap_or(document.node.span.clone());
                let pointer = format!("{}{pointer}", document.pointer);
                self.report_at(Code::Schema, span, &pointer, format!("this is no valid schema: {message}"));
                None
            }
        }
    }
}

/// A part that is absent is well; one that could not be built is not.
pub(super) fn transpose<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(part)) => Some(Some(part)),
        Some(None) => None,
    }
}

/// Compiles a schema, or says where and why it is none. Nothing is ever fetched.
pub(crate) fn compile(document: &serde_json::Value) -> Result<Validator, (String, String)> {
    // The linear engine: a pattern cannot be made to run forever by the data it is tried on.
    let options = jsonschema::options().offline().with_pattern_options(PatternOptions::regex());
    options.should_validate_formats(true).build(document).map_err(|error| {
        let pointer = error.instance_path().as_str().to_owned();
        let message = match error.instance().as_str() {
            Some(text) if pointer.ends_with("/type") => format!("`{text}` is no JSON type"),
            Some(text) if pointer.ends_with("/pattern") => format!("`{text}` is no regular expression"),
            _ => shorten(&error),
        };
        (pointer, message)
    })
}

/// An error's text without the value it quotes, which may be pages long.
pub(crate) fn shorten(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    let mut short: String = text.chars().take(160).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
