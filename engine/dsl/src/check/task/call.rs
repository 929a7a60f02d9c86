//! `call`: a function of a catalog, with its arguments.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::name;
use super::super::schema;
use super::super::template::Position;
use crate::Data;
use crate::definition::{Callee, FunctionRef, TaskKind};
use crate::diagnostic::Code;
use crate::expression::{Template, Written, read};
use crate::yaml::{Node, Value};

/// Values of `call` that are protocols of the language.
const PROTOCOLS: [&str; 6] = ["a2a", "asyncapi", "grpc", "http", "mcp", "openapi"];

impl<'n> Checker<'n> {
    pub(super) fn call(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        let with = task.get("with");
        let text = self.text(place)?;
        if PROTOCOLS.contains(&text) {
            self.report(Code::ProtocolLater, place, format!("`call: {text}` is not supported yet"));
            return None;
        }
        let function = self.function(place, text);
        let arguments = match &with {
            None => Some(Template::Literal(Data::object([]))),
            Some(with) => {
                self.fields(with)?;
                self.template(with, Position::Definition)
            }
        };
        let function = function?;
        self.arguments(&function, with.as_ref(), place);
        Some(TaskKind::Call { callee: Callee::Catalog(function), with: arguments?, foreach: None })
    }

    /// `name:version@catalog`.
    fn function(&mut self, place: &Place<'n>, text: &'n str) -> Option<FunctionRef> {
        let parsed = text.split_once('@').and_then(|(function, catalog)| {
            let (name, version) = function.split_once(':')?;
            let name_fits = !name.is_empty() && !name.contains(['/', ' ']);
            (name_fits && !catalog.is_empty()).then_some((name, version, catalog))
        });
        let Some((function, version, catalog)) = parsed else {
            return self.no_function(place, text);
        };
        if !name::is_semantic(version) {
            let message = format!("`{version}` is not a semantic version");
            self.report(Code::Version, place, message).help("a function is named `name:1.0.0@catalog`");
            return None;
        }
        let reference =
            FunctionRef { name: function.into(), version: version.into(), catalog: catalog.into() };
        if self.catalog.get(&reference).is_none() {
            self.unknown_function(place, &reference);
            return None;
        }
        Some(reference)
    }

    fn no_function(&mut self, place: &Place<'n>, text: &str) -> Option<FunctionRef> {
        let message = format!("`{text}` names no function of a catalog");
        let of_name =
            |function: &&FunctionRef| function.name == text.split([':', '@']).next().unwrap_or(text);
        let functions: Vec<&FunctionRef> = self.catalog.functions().map(|(function, _)| function).collect();
        let near = functions.iter().copied().find(of_name).or_else(|| {
            let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
            let near = crate::diagnostic::nearest(text, &names)?;
            functions.iter().copied().find(|function| function.name == near)
        });
        let help = match near {
            Some(function) => format!("did you mean `{}`?", written(function)),
            None => "a function is named `name:1.0.0@catalog`".to_owned(),
        };
        self.report(Code::UnknownFunction, place, message).help(help);
        None
    }

    /// Says which part of the name is wrong.
    fn unknown_function(&mut self, place: &Place<'n>, wanted: &FunctionRef) {
        let all: Vec<&FunctionRef> = self.catalog.functions().map(|(function, _)| function).collect();
        let mut catalogs: BTreeSet<&str> = all.iter().map(|function| function.catalog.as_str()).collect();
        catalogs.insert("default");
        catalogs.extend(self.catalog.channels().unwrap_or_default().iter().map(String::as_str));
        if !catalogs.contains(wanted.catalog.as_str()) {
            let message = format!("there is no catalog or channel `{}`", wanted.catalog);
            self.report(Code::UnknownCatalog, place, message).meant(&wanted.catalog, catalogs);
            return;
        }
        let here: Vec<&FunctionRef> =
            all.into_iter().filter(|function| function.catalog == wanted.catalog).collect();
        let versions: Vec<&str> = here
            .iter()
            .filter(|function| function.name == wanted.name)
            .map(|function| function.version.as_str())
            .collect();
        if versions.is_empty() {
            let message = format!("the catalog `{}` has no function `{}`", wanted.catalog, wanted.name);
            let names: BTreeSet<&str> = here.iter().map(|function| function.name.as_str()).collect();
            self.report(Code::UnknownFunction, place, message).meant(&wanted.name, names);
        } else {
            let message = format!("the function `{}` has no version {}", wanted.name, wanted.version);
            let help = format!("it has {}", versions.join(", "));
            self.report(Code::UnknownVersion, place, message).help(help);
        }
    }

    /// Checks the arguments as far as they are known before the workflow runs.
    fn arguments(&mut self, function: &FunctionRef, with: Option<&Place<'n>>, call: &Place<'n>) {
        if let Some(with) = with {
            self.channel(function, with);
        }
        let Some(signature) = self.catalog.get(function) else { return };
        // A catalog's own mistake is not the author's.
        let Ok(validator) = schema::compile(&signature.input) else { return };
        let json = with.map_or_else(|| serde_json::json!({}), |with| with.node.to_json());
        let node = with.map(|with| with.node);
        let errors: Vec<_> = validator.iter_errors(&json).map(ValidationError::to_owned).collect();
        for error in &errors {
            let pointer = error.instance_path().as_str();
            let value = node.and_then(|node| node.at(pointer));
            if value.is_some_and(|value| !is_certain(error.kind(), value)) {
                continue;
            }
            self.argument(error, &signature.input, with, call);
        }
    }

    fn argument(
        &mut self,
        error: &ValidationError<'_>,
        input: &serde_json::Value,
        with: Option<&Place<'n>>,
        call: &Place<'n>,
    ) {
        let inner = error.instance_path().as_str();
        let pointer = format!("{}{inner}", with.map_or(call, |with| with).pointer);
        let node = with.map(|with| with.node);
        let at = |pointer: &str| node.and_then(|node| node.key_span(pointer));
        // A whole object is best pointed at by its key, or by the function it is given to.
        let span = match inner {
            "" => call.node.span.clone(),
            inner => at(inner).unwrap_or_else(|| call.node.span.clone()),
        };
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                // A name written almost like it is reported as such.
                let object = node.and_then(|node| node.at(inner)).map(|node| &node.value);
                if let Some(Value::Map(entries)) = object {
                    let known = properties(input, error.schema_path().as_str());
                    let given = entries.iter().map(|entry| entry.key.text.as_str());
                    let unknown: Vec<&str> =
                        given.filter(|given| !known.iter().any(|known| known == given)).collect();
                    if crate::diagnostic::nearest(name, &unknown).is_some() && closed(input, error) {
                        return;
                    }
                }
                let place = if inner.is_empty() { "`with`".to_owned() } else { format!("`with{inner}`") };
                self.report_at(Code::With, span, &pointer, format!("{place} lacks `{name}`"));
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let known = properties(input, error.schema_path().as_str());
                for name in unexpected {
                    let mut member = inner.to_owned();
                    crate::yaml::push_pointer(&mut member, name);
                    let span = at(&member).unwrap_or_else(|| span.clone());
                    let message = format!("the function takes no `{name}` here");
                    let known = known.iter().map(String::as_str);
                    self.report_at(Code::With, span, &pointer, message).meant(name, known);
                }
            }
            _ => {
                let span = match inner {
                    "" => span,
                    inner => node.and_then(|node| node.at(inner)).map_or(span, |node| node.span.clone()),
                };
                let message = schema::shorten(&error.masked_with("this argument"));
                self.report_at(Code::With, span, &pointer, message);
            }
        }
    }

    /// The literal channel of a notification must exist.
    fn channel(&mut self, function: &FunctionRef, with: &Place<'n>) {
        let Some(channels) = self.catalog.channels() else { return };
        if function.catalog != "default" || function.name != "notify" {
            return;
        }
        let Some(node) = with.node.get("channel") else { return };
        let Some(channel) = node.as_str() else { return };
        if !matches!(read(channel), Ok(Written::Literal)) || channels.iter().any(|known| known == channel) {
            return;
        }
        let place = with.child("channel", node);
        let message = format!("there is no channel `{channel}`");
        self.report(Code::UnknownChannel, &place, message)
            .meant(channel, channels.iter().map(String::as_str));
    }
}

fn written(function: &FunctionRef) -> String {
    format!("{}:{}@{}", function.name, function.version, function.catalog)
}

/// Does an error stand whatever the expressions inside of the value give?
fn is_certain(kind: &ValidationErrorKind, value: &Node) -> bool {
    let shape = matches!(
        kind,
        ValidationErrorKind::Required { .. }
            | ValidationErrorKind::AdditionalProperties { .. }
            | ValidationErrorKind::Type { .. }
            | ValidationErrorKind::MinItems { .. }
            | ValidationErrorKind::MaxItems { .. }
            | ValidationErrorKind::MinProperties { .. }
            | ValidationErrorKind::MaxProperties { .. }
            | ValidationErrorKind::PropertyNames { .. }
    );
    match &value.value {
        Value::String(_) => !has_expression(value),
        _ => shape || !has_expression(value),
    }
}

fn has_expression(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => !matches!(read(text), Ok(Written::Literal)),
        Value::List(items) => items.iter().any(has_expression),
        Value::Map(entries) => entries.iter().any(|entry| has_expression(&entry.value)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

/// Does the schema beside the keyword refuse what it does not name?
fn closed(input: &serde_json::Value, error: &ValidationError<'_>) -> bool {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let closed = |schema: &serde_json::Value| schema.get("additionalProperties") == Some(&false.into());
    input.pointer(parent).is_some_and(closed)
}

/// The properties that stand beside the keyword that a schema path ends with.
fn properties(input: &serde_json::Value, schema_path: &str) -> Vec<String> {
    let parent = schema_path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let object = input.pointer(parent).and_then(|schema| schema.get("properties")?.as_object());
    object.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}
