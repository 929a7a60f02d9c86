//! JSON Schemas of inputs, outputs and exports.

use std::fmt;

use jsonschema::{Draft, PatternOptions, ValidationOptions, Validator};

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::definition::{ExportSpec, InputSpec, OutputSpec, Schema};
use crate::diagnostic::{Code, Text};
use crate::duration;
use crate::resource::{self, What};
use crate::text;

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
        let document = fields.get("document");
        let resource = fields.get("resource");
        let head = fields.head_span();
        if fields.finish(self) && document.is_none() && resource.is_none() {
            return None;
        }
        let draft = match format {
            None => None,
            Some(format) => self.draft(&format)?,
        };
        let given = [("document", document.is_some()), ("resource", resource.is_some())];
        self.exactly_one(place, head, &given)?;
        match resource {
            Some(resource) => self.schema_elsewhere(&resource, draft),
            None => self.schema_here(&document?, draft),
        }
    }

    /// `format`: JSON Schema, perhaps of a draft: `json:draft-07`, `json:2020-12`.
    fn draft(&mut self, place: &Place<'n>) -> Option<Option<Draft>> {
        let text = self.text(place)?;
        let (format, version) = text.split_once(':').map_or((text, None), |(format, v)| (format, Some(v)));
        if format != "json" {
            let message = text!("schemas of the format `{}` are not read here", text);
            self.report(Code::SchemaFormat, place, message).help("JSON Schema: `format: json`");
            return None;
        }
        let Some(version) = version else { return Some(None) };
        let bare = version.trim_start_matches("draft").trim_start_matches('-').trim_start_matches('0');
        let found = DRAFTS.iter().find(|(name, _)| *name == bare).map(|(_, draft)| *draft);
        if found.is_none() {
            let message = text!("there is no draft `{}` of JSON Schema", version);
            self.report(Code::SchemaFormat, place, message)
                .help("drafts are 2020-12, 2019-09, draft-07, draft-06 and draft-04");
        }
        found.map(Some)
    }

    fn schema_here(&mut self, document: &Place<'n>, draft: Option<Draft>) -> Option<Schema> {
        let json = document.node.to_json();
        match compile_as(&json, draft) {
            Ok(validator) => Some(Schema { document: json, validator }),
            Err((pointer, message)) => {
                let span = document.node.key_span(&pointer).unwrap_or(document.node.span.clone());
                let pointer = format!("{}{pointer}", document.pointer);
                let message = text!("this is no valid schema: {}", message);
                self.report_at(Code::Schema, span, &pointer, message);
                None
            }
        }
    }

    /// A schema in a text of its own.
    fn schema_elsewhere(&mut self, place: &Place<'n>, draft: Option<Draft>) -> Option<Schema> {
        let mut fields = self.fields(place)?;
        let name = fields.get("name");
        let endpoint = fields.need(self, "endpoint");
        fields.finish(self);
        self.optional_text(name);
        let endpoint = endpoint?;
        let (uri, authentication) = self.fixed_endpoint(&endpoint)?;
        let text = self.elsewhere(&resource::raw(&uri), authentication, What::Schema, &endpoint)?;
        let uri = &text.key.text;
        let mistake = match &text.node {
            Ok(node) => {
                let json = node.to_json();
                match compile_as(&json, draft) {
                    Ok(validator) => return Some(Schema { document: json, validator }),
                    Err((pointer, message)) if pointer.is_empty() => {
                        text!("`{}` is no valid schema: {}", uri, message)
                    }
                    Err((pointer, message)) => {
                        text!("`{}` is no valid schema, at `{}`: {}", uri, pointer, message)
                    }
                }
            }
            Err(found) => {
                let found = found.first();
                let at = found.map_or(0, |found| found.span.start);
                let at = crate::diagnostic::Place::of(&text.source, at);
                let message = found.map_or_else(|| "this is not YAML".into(), |found| found.message.clone());
                text!("`{}`, line {}, column {}: {}", uri, at.line, at.column, message)
            }
        };
        self.report(Code::Schema, &endpoint, mistake);
        None
    }
}

/// Drafts of JSON Schema, as they are written after `json:`.
const DRAFTS: [(&str, Draft); 5] = [
    ("4", Draft::Draft4),
    ("6", Draft::Draft6),
    ("7", Draft::Draft7),
    ("2019-09", Draft::Draft201909),
    ("2020-12", Draft::Draft202012),
];

/// A part that is absent is well; one that could not be built is not.
pub(super) fn transpose<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(Some(part)) => Some(Some(part)),
        Some(None) => None,
    }
}

/// Compiles the schema of a function's arguments. Lengths of time in it must be fixed ones.
pub(crate) fn compile_for_arguments(document: &serde_json::Value) -> Result<Validator, (String, Text)> {
    let options = jsonschema::options().with_format(duration::FORMAT, |text| duration::parse(text).is_ok());
    build(options, document)
}

/// Compiles a schema, read as a draft if one is given, or says where and why it is none.
fn compile_as(document: &serde_json::Value, draft: Option<Draft>) -> Result<Validator, (String, Text)> {
    let options = jsonschema::options();
    let options = match draft {
        Some(draft) => options.with_draft(draft),
        None => options,
    };
    build(options, document)
}

/// Nothing is ever fetched.
fn build(options: ValidationOptions<'_>, document: &serde_json::Value) -> Result<Validator, (String, Text)> {
    // The linear engine: a pattern cannot be made to run forever by the data it is tried on.
    let options = options.offline().with_pattern_options(PatternOptions::regex());
    options.should_validate_formats(true).build(document).map_err(|error| {
        let pointer = error.instance_path().as_str().to_owned();
        let message = match error.instance().as_str() {
            Some(text) if pointer.ends_with("/type") => text!("`{}` is no JSON type", text),
            Some(text) if pointer.ends_with("/pattern") => text!("`{}` is no regular expression", text),
            _ => Text::from(shorten(&error)),
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
