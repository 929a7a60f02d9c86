//! The language as a JSON Schema, with the functions of a catalog: for editors and other tools.
//!
//! The checker does not use it: its remarks name what was meant, which no schema can. A test holds the two
//! together.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::catalog::Catalog;
use crate::diagnostic::Language;
use crate::yaml;

/// Read once: in English, in Chinese.
static LANGUAGES: LazyLock<[Value; 2]> = LazyLock::new(|| {
    let written = yaml::parse(include_str!("language.yaml")).expect("our own text is YAML").to_json();
    [Language::English, Language::Chinese].map(|language| {
        let mut schema = written.clone();
        describe(&mut schema, language);
        schema
    })
});

/// The schema (draft 2020-12), with descriptions in a language and the catalog's functions as values of
/// `call` and schemas of `with`.
///
/// # Panics
/// Never: our own text is read in a test.
pub fn schema(catalog: &Catalog, language: Language) -> Value {
    let [english, chinese] = &*LANGUAGES;
    let mut schema = match language {
        Language::English => english.clone(),
        Language::Chinese => chinese.clone(),
    };
    let mut names: Vec<Value> =
        ["a2a", "asyncapi", "grpc", "http", "mcp", "openapi"].into_iter().map(Value::from).collect();
    let mut rules = Vec::new();
    for (function, signature) in catalog.functions() {
        let name = format!("{}:{}@{}", function.name, function.version, function.catalog);
        let mut with = signature.input.clone();
        if let Some(members) = with.as_object_mut() {
            members.insert("description".to_owned(), json!(signature.summary));
            loosen(members);
        }
        rules.push(json!({
            "if": { "properties": { "call": { "const": name } } },
            "then": { "properties": { "with": with } },
        }));
        names.push(Value::from(name));
    }
    if let Some(call) = schema.pointer_mut("/$defs/callTask/properties/call") {
        call["examples"] = Value::Array(names);
    }
    if let Some(Value::Array(known)) = schema.pointer_mut("/$defs/callTask/allOf") {
        known.extend(rules);
    }
    schema
}

/// Takes the descriptions of one language, and leaves the others out.
fn describe(schema: &mut Value, language: Language) {
    match schema {
        Value::Object(members) => {
            let chinese = members.remove("x-zh");
            if language == Language::Chinese
                && let Some(text) = chinese
            {
                members.insert("description".to_owned(), text);
            }
            members.values_mut().for_each(|member| describe(member, language));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| describe(item, language)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An argument may be an expression whatever its type: what the function's schema says of a value is said of
/// a value or an expression.
fn loosen(members: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = members.get_mut("properties") else { return };
    for property in properties.values_mut() {
        let value = property.take();
        let description = value.get("description").cloned();
        *property = json!({ "anyOf": [value, { "type": "string", "pattern": r"\$\{" }] });
        if let (Some(members), Some(description)) = (property.as_object_mut(), description) {
            members.insert("description".to_owned(), description);
        }
    }
}
