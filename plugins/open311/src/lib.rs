//! Open311 `GeoReport` v2: services out of the configuration, requests in, tokens.
//!
//! Source: <https://wiki.open311.org/>. A plugin cannot read cases: what became of a request is
//! said by the server's own API. XML is written, never read: the standard sends forms.

mod format;
mod refusal;
mod request;
mod services;
mod tokens;

use format::Format;
use refusal::Refused;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

struct Open311;

impl Channel for Open311 {
    fn validate_config(config: &Value) -> Vec<Problem> {
        services::problems(config)
    }

    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let Some((path, format)) = Format::of(&request.path) else {
            return Err(Failure::refused(404, "channel.no-such-path", "addresses end in .json or .xml")
                .with("keep", "false"));
        };
        let config = host.config();
        match answer(host, ctx, &config, path, format, &request) {
            Ok(outcome) => Ok(outcome),
            Err(Refused::ByUs(failure)) => Err(failure),
            Err(Refused::ByStandard(errors)) => Ok(only(errors.response(format))),
        }
    }
}

fn answer<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    path: &str,
    format: Format,
    request: &HttpRequest,
) -> Result<Outcome, Refused> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    services::jurisdiction(config, request)?;
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["services"]) => Ok(only(format.response(200, "services", &services::list(config)))),
        ("GET", ["services", code]) => {
            let service = services::find(config, code)?;
            Ok(only(format.response(200, "service_definition", &services::definition(service))))
        }
        ("POST", ["requests"]) => request::take(host, ctx, config, format, request),
        ("GET", ["requests"]) => tokens::list(host, request).map(|found| only(requests(format, &found))),
        ("GET", ["requests", id]) => tokens::status(host, id).map(|found| only(requests(format, &found))),
        ("GET", ["tokens", token]) => {
            tokens::request_of(host, token).map(|found| only(requests(format, &found)))
        }
        (_, ["services" | "requests" | "tokens", ..]) if parts.len() <= 2 => {
            Err(refusal::one(405, "open311.method-not-allowed", "this method is not for this address"))
        }
        _ => Err(refusal::one(404, "open311.no-such-path", "there is nothing at this address")),
    }
}

fn requests(format: Format, found: &Value) -> HttpResponse {
    format.response(200, "service_requests", found)
}

fn only(response: HttpResponse) -> Outcome {
    Outcome::answer(response)
}

yiwang_sdk::export_channel!(Open311: webhook);

#[cfg(test)]
mod tests;
