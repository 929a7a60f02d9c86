//! The services of the configuration: list, definition, and what a schema cannot say about them.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use crate::refusal::{self, Refused};

/// `GET services`.
pub(crate) fn list(config: &Value) -> Value {
    let services = config["services"].as_array().into_iter().flatten().map(|service| {
        json!({
            "service_code": service["code"],
            "service_name": service["name"],
            "description": text(&service["description"]),
            "metadata": service["attributes"].as_array().is_some_and(|list| !list.is_empty()),
            "type": "realtime",
            "keywords": words(&service["keywords"]),
            "group": text(&service["group"]),
        })
    });
    services.collect()
}

/// `GET services/{code}`.
pub(crate) fn definition(service: &Value) -> Value {
    let attributes =
        service["attributes"].as_array().into_iter().flatten().enumerate().map(|(at, attribute)| {
            json!({
                "variable": attribute["variable"].as_bool().unwrap_or(true),
                "code": attribute["code"],
                "datatype": attribute["datatype"].as_str().unwrap_or("string"),
                "required": attribute["required"].as_bool().unwrap_or(false),
                "datatype_description": text(&attribute["datatypeDescription"]),
                "order": at + 1,
                "description": attribute["description"],
                "values": attribute["values"].as_array().cloned().unwrap_or_default(),
            })
        });
    json!({"service_code": service["code"], "attributes": attributes.collect::<Vec<_>>()})
}

/// The service with this code.
pub(crate) fn find<'a>(config: &'a Value, code: &str) -> Result<&'a Value, Refused> {
    let mut services = config["services"].as_array().into_iter().flatten();
    services
        .find(|service| service["code"] == code)
        .ok_or_else(|| refusal::one(404, "open311.unknown-service", "service_code was not found"))
}

/// The jurisdiction must be one of the list, if there is one.
pub(crate) fn jurisdiction(config: &Value, request: &HttpRequest) -> Result<(), Refused> {
    let known = config["jurisdictions"].as_array().map_or(&[][..], Vec::as_slice);
    if known.is_empty() {
        return Ok(());
    }
    let by_form = request.form.iter().find(|part| part.name == "jurisdiction_id").and_then(FormPart::text);
    match by_form.or_else(|| request.query("jurisdiction_id")) {
        None | Some("") => {
            Err(refusal::one(400, "open311.no-jurisdiction", "jurisdiction_id was not provided"))
        }
        Some(given) if known.iter().any(|known| known == given) => Ok(()),
        Some(_) => {
            Err(refusal::one(404, "open311.unknown-jurisdiction", "jurisdiction_id provided was not found"))
        }
    }
}

/// What a schema cannot say.
pub(crate) fn problems(config: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let services = config["services"].as_array().map_or(&[][..], Vec::as_slice);
    for (at, service) in services.iter().enumerate() {
        if services[..at].iter().any(|other| other["code"] == service["code"]) {
            problems.push(Problem::at(format!("/services/{at}/code"), "this code is there twice"));
        }
        let attributes = service["attributes"].as_array().map_or(&[][..], Vec::as_slice);
        for (n, attribute) in attributes.iter().enumerate() {
            let place = format!("/services/{at}/attributes/{n}");
            if attributes[..n].iter().any(|other| other["code"] == attribute["code"]) {
                problems.push(Problem::at(format!("{place}/code"), "this code is there twice"));
            }
            let is_list =
                attribute["datatype"].as_str().is_some_and(|datatype| datatype.ends_with("valuelist"));
            if is_list && attribute["values"].as_array().is_none_or(Vec::is_empty) {
                problems.push(Problem::at(format!("{place}/values"), "a list needs values"));
            }
        }
    }
    problems
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn words(list: &Value) -> String {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}
