//! Intake by CloudEvents 1.0 over HTTP: binary, structured and batched, with the webhook handshake.
//!
//! Sources: CloudEvents `spec.md`, `bindings/http-protocol-binding.md`, `http-webhook.md`. Whose event it is
//! is told by (source, id); where the fields of a report stand in its data is configuration.

mod answer;
mod event;
mod handshake;
mod mode;
mod rate;

use event::CloudEvent;
use yiwang_sdk::mapping::{self, Mapping, Mistake};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{bearer, codec};

/// The token in use, and the one that takes over while tokens are being changed.
const TOKENS: [&str; 2] = ["token", "token_next"];
/// Most events of a batch: those of a call.
const BATCH_MAX: usize = 500;

struct CloudEvents;

impl Channel for CloudEvents {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        let config = host.config();
        match request.method.as_str() {
            "OPTIONS" => handshake::answer(&config, &request).map(answer::only),
            "POST" => deliver(host, ctx, &config, &request),
            _ => Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false")),
        }
    }
}

fn deliver<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Value,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    authorize(host, request)?;
    if let Some(wait_secs) = rate::exceeded(host, ctx, config)? {
        return Ok(answer::only(answer::too_many(wait_secs)));
    }
    let events = mode::read(config, request)?;
    if events.len() > BATCH_MAX {
        return Err(Failure::refused(
            413,
            "cloudevents.batch-too-large",
            format!("a batch has at most {BATCH_MAX} events"),
        ));
    }
    let (mut taken, mut mistakes) = (Vec::new(), Vec::new());
    for (at, event) in events.iter().enumerate() {
        event.check(config)?;
        if !event.is_taken(config) {
            if config["otherTypes"] == "ignore" {
                continue;
            }
            return Err(Failure::refused(
                422,
                "cloudevents.type-not-taken",
                "this channel does not take this type",
            ));
        }
        match intake(config, event) {
            Ok(event) => taken.push(event),
            Err(found) if events.len() == 1 => mistakes.extend(found),
            Err(found) => mistakes.extend(
                found
                    .into_iter()
                    .map(|mistake| Mistake { pointer: format!("/{at}/data{}", mistake.pointer), ..mistake }),
            ),
        }
    }
    // All of a batch or nothing: the sender repeats the whole of it.
    if !mistakes.is_empty() {
        return Ok(answer::only(mapping::problem(&mistakes)));
    }
    Ok(Outcome::new(answer::taken(config, request, &taken), taken))
}

/// By header or by the query (`http-webhook.md` 3.1 and 3.2), never by both.
fn authorize<H: Host>(host: &H, request: &HttpRequest) -> Result<(), Failure> {
    let by_header = request.header("authorization").is_some();
    match request.query("access_token") {
        Some(_) if by_header => {
            Err(Failure::refused(401, "channel.bad-token", "the token came by header and by query"))
        }
        Some(token) if bearer::is_key(host, &TOKENS, token)? => Ok(()),
        Some(_) => {
            Err(Failure::refused(401, "channel.bad-token", "the token is not the one of this channel"))
        }
        None => bearer::check(host, &TOKENS, request),
    }
}

fn intake(config: &Value, event: &CloudEvent) -> Result<Event, Vec<Mistake>> {
    let mut intake = Mapping::new(config).intake(&event.data, &event.id)?;
    intake.extra.insert("cloudEvent".to_owned(), event.attributes());
    // One text of two: neither a source nor a digest can hold a line feed.
    let id = codec::sha256_hex(format!("{}\n{}", event.source, event.id).as_bytes());
    let mut given = intake.into_event(format!("ce-{id}"), Vec::new());
    given.time.clone_from(&event.time);
    Ok(given)
}

yiwang_sdk::export_channel!(CloudEvents: webhook);

#[cfg(test)]
mod tests;
