//! `POST requests`: a form becomes an intake, or the list of all its mistakes.

use yiwang_sdk::intake::{
    Attachment, CONTENT_CHARS_MAX, Intake, Kind, Location, Petitioner, TITLE_CHARS_MAX, clean,
};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value, json};
use yiwang_sdk::{bearer, codec, time};

use crate::format::Format;
use crate::refusal::{self, Refused};
use crate::services::{self, text};
use crate::tokens;

/// The key in use, and the one that takes over while keys are being changed.
const KEYS: [&str; 2] = ["api_key", "api_key_next"];

/// Takes a request.
pub(crate) fn take<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    format: Format,
    request: &HttpRequest,
) -> Result<Outcome, Refused> {
    let form = Form(&request.form);
    let key = form.first("api_key").or_else(|| request.query("api_key").map(ToOwned::to_owned));
    if !bearer::is_key(host, &KEYS, &key.unwrap_or_default())? {
        return Err(refusal::one(403, "open311.bad-key", "Missing or Invalid API Key"));
    }
    let media_type = request.media_type();
    if !matches!(media_type.as_str(), "application/x-www-form-urlencoded" | "multipart/form-data") {
        return Err(refusal::one(415, "channel.unsupported-media-type", "send a form"));
    }
    if request.form.iter().any(|part| part.text().is_none()) {
        return Err(refusal::one(400, "open311.file", "files are not taken: send `media_url`"));
    }
    let code = form.first("service_code").unwrap_or_default();
    if code.is_empty() {
        return Err(refusal::one(400, "open311.no-service", "service_code was not provided"));
    }
    let service = services::find(config, &code)?;
    let intake = intake(config, service, &form)?;
    let token = tokens::keep(host, ctx, config, service, &intake)?;
    let answer = json!([{
        "token": token,
        "service_notice": config["notice"].as_str().unwrap_or("已收到"),
        "account_id": form.first("account_id"),
    }]);
    let id = tokens::event_id(&token);
    let intake = Intake { external_id: id.clone(), ..intake };
    Ok(Outcome::new(
        format.response(201, "service_requests", &answer),
        vec![intake.into_event(id, Vec::new())],
    ))
}

/// The fields of a form.
struct Form<'a>(&'a [FormPart]);

impl Form<'_> {
    fn first(&self, name: &str) -> Option<String> {
        let part = self.0.iter().find(|part| part.name == name)?;
        Some(clean(part.text()?)).filter(|text| !text.is_empty())
    }

    /// All values of `attribute[code]`, also written `attribute[code][]`.
    fn attribute(&self, code: &str) -> Vec<String> {
        let names = [format!("attribute[{code}]"), format!("attribute[{code}][]")];
        let parts = self.0.iter().filter(|part| names.contains(&part.name));
        parts.filter_map(FormPart::text).map(clean).filter(|text| !text.is_empty()).collect()
    }
}

fn intake(config: &Value, service: &Value, form: &Form<'_>) -> Result<Intake, Refused> {
    let mut mistakes = Vec::new();
    let mut short = |name: &str, max: usize| {
        let text = form.first(name)?;
        if text.chars().count() > max {
            mistakes.push(format!("{name} has more than {max} characters"));
            return None;
        }
        Some(text)
    };
    let name = text(&service["name"]);
    let description = short("description", CONTENT_CHARS_MAX).unwrap_or_else(|| name.to_owned());
    let title = yiwang_sdk::intake::title_of(&description);
    let title: String = format!("{name}：{title}").chars().take(TITLE_CHARS_MAX).collect();
    let kind = service["kind"].as_str().and_then(Kind::parse).unwrap_or(Kind::Complaint);
    let mut intake = Intake::new("", kind, &title, &description);
    intake.address = short("address_string", 500);
    let names = [short("first_name", 50), short("last_name", 49)];
    intake.petitioner = Petitioner {
        name: Some(names.into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty()),
        phone: short("phone", 40).filter(|phone| phone.len() >= 3),
        ..Petitioner::default()
    };
    for (ours, theirs) in [
        ("email", "email"),
        ("accountId", "account_id"),
        ("deviceId", "device_id"),
        ("addressId", "address_id"),
    ] {
        if let Some(value) = short(theirs, 254) {
            intake.extra.insert(ours.to_owned(), value.into());
        }
    }
    let media = short("media_url", 2048);
    if let Some(url) = media {
        if url.starts_with("https://") || url.starts_with("http://") {
            intake.attachments.push(photo(url));
        } else {
            mistakes.push("media_url is no http or https address".to_owned());
        }
    }
    match location(form) {
        Ok(location) => intake.location = location,
        Err(mistake) => mistakes.push(mistake),
    }
    if intake.location.is_none() && intake.address.is_none() && !intake.extra.contains_key("addressId") {
        mistakes.push("lat and long, address_string or address_id must be provided".to_owned());
    }
    let attributes = attributes(service, form, &mut mistakes);
    if !attributes.is_empty() {
        intake.extra.insert("attributes".to_owned(), Value::Object(attributes));
    }
    if !mistakes.is_empty() {
        return Err(refusal::several("open311.invalid", mistakes));
    }
    intake.extra.insert("serviceCode".to_owned(), service["code"].clone());
    intake.channel = Some(config["channel"].as_str().unwrap_or("open311").to_owned());
    intake.region = config["region"].as_str().map(ToOwned::to_owned);
    intake.category = category(service);
    Ok(intake)
}

/// Coordinates of the standard are WGS84.
fn location(form: &Form<'_>) -> Result<Option<Location>, String> {
    let degrees = |name: &str, max: f64| match form.first(name) {
        None => Ok(None),
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.abs() <= max => Ok(Some(number)),
            _ => Err(format!("{name} is no number of degrees")),
        },
    };
    match (degrees("lat", 90.0)?, degrees("long", 180.0)?) {
        (Some(lat), Some(lon)) => Ok(Some(Location { lat, lon, crs: "WGS84" })),
        (None, None) => Ok(None),
        _ => Err("lat and long come together".to_owned()),
    }
}

fn attributes(service: &Value, form: &Form<'_>, mistakes: &mut Vec<String>) -> Map<String, Value> {
    let mut read = Map::new();
    for attribute in service["attributes"].as_array().into_iter().flatten() {
        if attribute["variable"] == false {
            continue;
        }
        let code = text(&attribute["code"]);
        let datatype = attribute["datatype"].as_str().unwrap_or("string");
        let given = form.attribute(code);
        let wrong = match given.len() {
            0 if attribute["required"] == true => Some("must be provided"),
            0 => continue,
            1 => None,
            many if datatype == "multivaluelist" && many <= 100 => None,
            _ => Some("is there more than once"),
        };
        match wrong.or_else(|| given.iter().find_map(|value| mistake(attribute, datatype, value))) {
            Some(reason) => mistakes.push(format!("attribute[{code}] {reason}")),
            None if datatype == "multivaluelist" => drop(read.insert(code.to_owned(), json!(given))),
            None => drop(read.insert(code.to_owned(), json!(given[0]))),
        }
    }
    read
}

fn mistake(attribute: &Value, datatype: &str, value: &str) -> Option<&'static str> {
    let fits = match datatype {
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "datetime" => time::complete(value, "+08:00").is_some(),
        "singlevaluelist" | "multivaluelist" => {
            attribute["values"].as_array().into_iter().flatten().any(|known| known["key"] == value)
        }
        "text" => value.chars().count() <= 4000,
        _ => value.chars().count() <= 500,
    };
    (!fits).then_some(match datatype {
        "number" => "is no number",
        "datetime" => "is no date and time",
        "singlevaluelist" | "multivaluelist" => "is none of the values of the service definition",
        _ => "is too long",
    })
}

fn category(service: &Value) -> Vec<String> {
    let given: Vec<String> = service["category"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    if !given.is_empty() {
        return given;
    }
    let named = [text(&service["group"]), text(&service["name"])];
    named.into_iter().filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

/// A photo that stays where it is: nothing is fetched.
fn photo(url: String) -> Attachment {
    let reference = if url.chars().count() <= 512 {
        url.clone()
    } else {
        format!("sha256:{}", codec::sha256_hex(url.as_bytes()))
    };
    Attachment::AtProvider { provider: "open311".to_owned(), reference, url: Some(url), media_type: None }
}
