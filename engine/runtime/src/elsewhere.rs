//! Gets the texts from elsewhere that a workflow needs to be checked: functions and schemas. ADR 0013.
//!
//! They are asked for as a workflow would ask, by `call: http`: the same way out, the same rules, the same
//! secrets. Files are read by whoever reads the workflow's own file, not here.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use yiwang_core::effect::{Request, Service};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId, Timestamp};
use yiwang_dsl::definition::{DefinitionId, Protocol};
use yiwang_dsl::resource::{Needed, Resources, needed};
use yiwang_dsl::{Data, yaml};

use crate::limits;
use crate::ports::{ServiceCall, Services};

/// These texts and all others that the workflow needs. What cannot be had is noted with the reason: the
/// checker tells it at its place.
pub async fn complete(services: &Arc<dyn Services>, source: &str, mut texts: Resources) -> Resources {
    let (workflow, secrets) = head(source);
    let mut fetched = 0_usize;
    loop {
        let wanted = needed(source, &texts);
        if wanted.is_empty() {
            return texts;
        }
        for one in wanted {
            fetched += 1;
            if fetched > limits::TEXTS_ELSEWHERE_MAX {
                let reason = format!("a workflow may need {} other texts", limits::TEXTS_ELSEWHERE_MAX);
                texts.refuse(&one.uri, reason);
                continue;
            }
            match fetch(services, &one, &workflow, &secrets).await {
                Ok(text) => texts.add(&one.uri, text),
                Err(reason) => texts.refuse(&one.uri, reason),
            }
        }
    }
}

async fn fetch(
    services: &Arc<dyn Services>,
    needed: &Needed,
    workflow: &DefinitionId,
    secrets: &BTreeSet<String>,
) -> Result<String, String> {
    if !needed.uri.starts_with("http://") && !needed.uri.starts_with("https://") {
        return Err(
            "a text in a file is read beside the workflow's own file, and none was sent along".to_owned()
        );
    }
    tracing::info!(uri = needed.uri, workflow = workflow.name, "fetching a text that a workflow needs");
    let mut endpoint = json!({ "uri": needed.uri });
    if let Some(authentication) = &needed.authentication {
        endpoint["authentication"] = authentication.clone();
    }
    let with = json!({ "method": "get", "endpoint": endpoint, "output": "raw", "redirect": false });
    let request = Request {
        service: Service::Protocol(Protocol::Http),
        with: Data::from(with),
        deferred: Vec::new(),
        workflow: workflow.clone(),
        task: "/use".to_owned(),
        secrets: secrets.iter().cloned().collect(),
    };
    // No instance asks: an id that none has.
    let effect = EffectId { instance: InstanceId(0), n: 0 };
    let call = ServiceCall { effect, attempt: 1, request, now: Timestamp::default() };
    match services.call(call).await {
        EffectOutcome::Done { output, .. } => {
            let bytes =
                STANDARD.decode(output.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
            String::from_utf8(bytes).map_err(|_| "it is not a text in UTF-8".to_owned())
        }
        EffectOutcome::Faulted { error } => Err(error.detail.or(error.title).unwrap_or(error.r#type)),
        EffectOutcome::Retryable { code, message, .. } | EffectOutcome::Permanent { code, message } => {
            Err(format!("{code}: {message}"))
        }
    }
}

/// Who asks, and by which secrets: as far as the text says so before it is checked.
fn head(source: &str) -> (DefinitionId, BTreeSet<String>) {
    let document = yaml::parse(source).map(|node| node.to_json()).unwrap_or_default();
    let text = |name: &str| document["document"][name].as_str().unwrap_or_default().to_owned();
    let id = DefinitionId { namespace: text("namespace"), name: text("name"), version: text("version") };
    let secrets = document["use"]["secrets"].as_array().map_or(&[][..], Vec::as_slice);
    (id, secrets.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
