//! A recorded call once more, on a component of one's choice, without a network: is what comes back the same?
//!
//! The channel is set up as it was, the clock, the random numbers and the answers from outside are those of the
//! recording, and the small state is as it was before the call. The replay is recorded as the call was, so that two
//! recordings are compared.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use yiwang_runtime::ports::KeyValue as _;

use crate::bench::Bench;
use crate::cache::unhex;
use crate::fixture::Step;
use crate::limits;
use crate::recording::{FORMAT, Recording};
use crate::redact::marker;
use crate::watch::{Answer, Playback, Signed};

/// How a replay went.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// What was given back, what went out and what was written is the same.
    pub same: bool,
    /// What is not.
    pub differences: Vec<Difference>,
    /// Lines of the log that are not the same; they make no difference to the outcome.
    pub log: Vec<Difference>,
    /// Why it may differ although the plugin does as it did.
    pub caveats: Vec<String>,
    /// What was given back this time.
    pub given: Value,
    /// How long it took.
    #[serde(skip)]
    pub time: std::time::Duration,
}

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// JSON Pointer within the recording.
    pub at: String,
    /// As it was; null: it was not there.
    pub recorded: Value,
    /// As it is now; null: it is not there.
    pub replayed: Value,
}

/// Reads a recording.
///
/// # Errors
/// For people: it is none, or one of another form.
pub fn read(text: &str) -> Result<Recording, String> {
    let recording: Recording =
        serde_json::from_str(text).map_err(|error| format!("this is no recording: {error}"))?;
    if recording.format != FORMAT {
        return Err(format!("its form is `{}`; this version reads {FORMAT}", recording.format));
    }
    Ok(recording)
}

/// Plays a recording on a component. `secrets` are values that the recording does not hold; `cache` holds compiled
/// components.
///
/// # Errors
/// For people: it cannot be played at all.
pub async fn replay(
    recording: &Recording,
    component: &Path,
    cache: &Path,
    secrets: &BTreeMap<String, String>,
) -> Result<Replayed, String> {
    if recording.cut {
        return Err("there was more of this call than a recording holds".to_owned());
    }
    let recording = &known(recording, secrets)?;
    let step: Step = serde_json::from_value(recording.step.clone())
        .map_err(|error| format!("the step of the recording: {error}"))?;
    let bench = Bench::recording(component, cache, &channel(recording, secrets)).await?;
    let now = step.now()?;
    for (key, value) in &recording.world.kv {
        let Some(value) = value else { continue };
        let bytes = STANDARD.decode(value).map_err(|error| format!("kv `{key}`: {error}"))?;
        let set = bench.state().set(bench.channel(), key, bytes, None, None).await;
        set.map_err(|error| error.to_string())?;
    }
    bench.play_back(playback(recording)?);
    let started = std::time::Instant::now();
    step.call(&bench, now).await?;
    let time = started.elapsed();
    let again = bench.recorded().ok_or("the component was not called")?;
    let mut differences = Vec::new();
    compare(String::from("/given"), &recording.given, &again.given, &mut differences);
    let did = |of: &Recording| json!({"http": of.did.http, "kv": of.did.kv});
    compare(String::from("/did"), &did(recording), &did(&again), &mut differences);
    let mut log = Vec::new();
    compare(String::from("/did/log"), &json!(recording.did.log), &json!(again.did.log), &mut log);
    let mut caveats = recording.hidden.clone();
    caveats.retain(|hidden| !secrets.keys().any(|name| hidden.contains(&format!("`{name}`"))));
    if recording.plugin.digest != again.plugin.digest {
        caveats.push(format!(
            "this is {} {}, recorded was {} {} ({})",
            again.plugin.name,
            again.plugin.version,
            recording.plugin.name,
            recording.plugin.version,
            recording.plugin.digest
        ));
    }
    Ok(Replayed { same: differences.is_empty(), differences, log, caveats, given: again.given, time })
}

/// The recording with the secrets that are known in their places, as far as the plugin is told of them.
fn known(recording: &Recording, secrets: &BTreeMap<String, String>) -> Result<Recording, String> {
    let with = |value: Value| -> Result<Value, String> {
        let mut text = value.to_string();
        for (name, secret) in secrets {
            let quoted = Value::String(secret.clone()).to_string();
            text = text.replace(&marker(name), &quoted[1..quoted.len() - 1]);
        }
        serde_json::from_str(&text).map_err(|error| format!("a secret in the recording: {error}"))
    };
    let mut known = recording.clone();
    known.step = with(known.step)?;
    known.world.http = known.world.http.into_iter().map(with).collect::<Result<_, _>>()?;
    Ok(known)
}

/// The channel as it was, with what is known of its secrets: what stands for an unknown one is the secret here.
fn channel(recording: &Recording, secrets: &BTreeMap<String, String>) -> Value {
    let mut channel = recording.channel.clone();
    let granted = channel["grants"]["secrets"].as_array().cloned().unwrap_or_default();
    let names = granted.iter().filter_map(|one| one.as_str().or_else(|| one["name"].as_str()));
    let values: serde_json::Map<String, Value> = names
        .map(|name| (name.to_owned(), json!(secrets.get(name).cloned().unwrap_or_else(|| marker(name)))))
        .collect();
    channel["secrets"] = Value::Object(values);
    channel["record"] = json!(1);
    channel["enabled"] = json!(true);
    channel
}

fn playback(recording: &Recording) -> Result<Playback, String> {
    let world = &recording.world;
    let wrong = |what: &str, error: &dyn std::fmt::Display| format!("{what} of the recording: {error}");
    let http: Result<Vec<Answer>, _> =
        world.http.iter().map(|answer| serde_json::from_value(answer.clone())).collect();
    let hmac: Result<Vec<Signed>, String> = world
        .hmac
        .iter()
        .map(|(name, value)| {
            let decoded = value.as_ref().map(|value| STANDARD.decode(value)).transpose();
            Ok((name.clone(), decoded.map_err(|error| wrong("a signature", &error))?))
        })
        .collect();
    Ok(Playback {
        call: world.call.clone(),
        clock: world.clock.iter().copied().collect(),
        monotonic: world.monotonic.iter().copied().collect(),
        random: unhex(&world.random).ok_or("the random numbers of the recording are no hex")?.into(),
        http: http.map_err(|error| wrong("an answer", &error))?,
        hmac: hmac?,
    })
}

/// Goes down both values together. Bodies that are JSON are compared as such.
fn compare(at: String, recorded: &Value, replayed: &Value, found: &mut Vec<Difference>) {
    if recorded == replayed || found.len() >= limits::DIFFERENCES_MAX {
        return;
    }
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match (recorded, replayed) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let null = &Value::Null;
                let (left, right) = (one.get(name).unwrap_or(null), other.get(name).unwrap_or(null));
                compare(format!("{at}/{}", escaped(name)), left, right, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for n in 0..one.len().max(other.len()) {
                let null = &Value::Null;
                let (left, right) = (one.get(n).unwrap_or(null), other.get(n).unwrap_or(null));
                compare(format!("{at}/{n}"), left, right, found);
            }
        }
        (Value::String(one), Value::String(other)) => {
            let parsed = |text: &str| {
                serde_json::from_str::<Value>(text).ok().filter(|value| value.is_object() || value.is_array())
            };
            match (parsed(one), parsed(other)) {
                (Some(left), Some(right)) if left != right => compare(at, &left, &right, found),
                (Some(_), Some(_)) => {}
                _ => found.push(Difference { at, recorded: recorded.clone(), replayed: replayed.clone() }),
            }
        }
        _ => found.push(Difference { at, recorded: recorded.clone(), replayed: replayed.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_their_places() {
        let mut found = Vec::new();
        let one = json!({"a": [1, 2], "b": "{\"x\":1,\"y\":2}", "c/d": "t"});
        let other = json!({"a": [1], "b": "{\"y\":2, \"x\":3}", "c/d": "t", "e": true});
        compare(String::new(), &one, &other, &mut found);
        let told: Vec<String> =
            found.iter().map(|one| format!("{} {} {}", one.at, one.recorded, one.replayed)).collect();
        assert_eq!(told, ["/a/1 2 null", "/b/x 1 3", "/e null true"]);
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
        assert_eq!(unhex("0"), None);
    }
}
