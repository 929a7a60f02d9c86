//! Intake by HTTP: a JSON endpoint, and a form page that works without scripts.
//!
//! One plugin, many channels: what a channel is called, which fields it asks for and what it counts as are
//! its configuration. It decides nothing about the case; it hands over `cn.yiwang.intake.received.v1`.

mod check;
mod config;
mod feedback;
mod input;
mod page;
mod receipt;

use config::Config;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

struct WebForm;

impl Channel for WebForm {
    fn validate_config(config: &Value) -> Vec<Problem> {
        config::problems(config)
    }

    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let config = Config::read(&host.config(), ctx)?;
        match (request.method.as_str(), request.path.trim_end_matches('/')) {
            ("GET" | "HEAD", "") if config.page => {
                let client_id = receipt::new_client_id(host);
                Ok(answer(page::html(200, page::report(&config, &client_id, &input::Given::default(), &[]))))
            }
            ("GET" | "HEAD", "/feedback") if config.page && config.feedback => {
                let client_id = receipt::new_client_id(host);
                Ok(answer(page::html(
                    200,
                    page::feedback(&config, &client_id, &input::Given::default(), &[]),
                )))
            }
            ("POST", "") => report(host, ctx, &config, &request),
            ("POST", "/feedback") if config.feedback => feedback::take(host, ctx, &config, &request),
            (_, "" | "/feedback") => {
                Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"))
            }
            _ => Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false")),
        }
    }
}

fn report<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Config,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    let given = input::read(request)?;
    let client_id = receipt::client_id(request, &given);
    match check::intake(config, &given) {
        Err(mistakes) if request.wants_html() => {
            let client_id = client_id.unwrap_or_else(|| receipt::new_client_id(host));
            let page = page::report(config, &client_id, &given, &mistakes);
            Ok(answer(page::html(422, page).with("x-yiwang-code", "intake.invalid")))
        }
        Err(mistakes) => Ok(answer(check::problem(&mistakes))),
        Ok(mut intake) => {
            let id = receipt::id(host, ctx, config, client_id.as_deref(), &receipt::digest(&given))?;
            intake.external_id = client_id.unwrap_or_else(|| id.clone());
            let response = receipt::response(config, request, &id);
            Ok(Outcome::new(response, vec![intake.into_event(id, given.photos)]))
        }
    }
}

fn answer(response: HttpResponse) -> Outcome {
    Outcome::answer(response)
}

yiwang_sdk::export_channel!(WebForm: webhook);

#[cfg(test)]
mod tests;
