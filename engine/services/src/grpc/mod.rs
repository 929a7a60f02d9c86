//! `call: grpc`: a method of a service whose interface is read when it is called (DSL reference, "gRPC Call").
//!
//! ```text
//! proto text ─► descriptors ─► arguments as messages ─► one HTTP/2 stream ─► messages as JSON
//! ```
//! All messages of a streaming request are known before it begins; they are sent together. An output of
//! several messages is an array. Reflection is not used: the workflow names its proto.

mod exchange;
mod frame;
mod proto;
mod status;

use std::time::Duration;

use http::{HeaderMap, header};
use prost_reflect::DescriptorPool;
use serde_json::Value;
use url::Url;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::{document, endpoint, fault, limits};

/// Where services listen when nothing else is said.
const USUAL_PORT: u16 = 443;

/// Performs a `call: grpc`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let with = call.with.to_json();
    let service = &with["service"];
    let named = |value: &Value, name: &str| {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| fault::configuration(format!("`{name}` must be a text")))
    };
    let host = named(&service["host"], "service.host")?;
    let port = match &service["port"] {
        Value::Null => USUAL_PORT,
        port => port
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port > 0)
            .ok_or_else(|| fault::configuration("`service.port` must be a port"))?,
    };
    let pool = pool(inner, call, &with["proto"]["endpoint"]).await?;
    let method =
        proto::method(&pool, &named(&service["name"], "service.name")?, &named(&with["method"], "method")?)?;
    let credentials = endpoint::credentials(inner, call, service)?;
    if matches!(credentials, Credentials::Digest(_)) {
        return Err(fault::configuration("gRPC knows no authentication `digest`"));
    }
    let mut metadata = HeaderMap::new();
    if let Some(shown) = credentials.first(inner, call).await? {
        metadata.insert(header::AUTHORIZATION, shown.value()?);
    }
    let mut messages = Vec::new();
    for arguments in arguments(&with["arguments"], method.is_client_streaming())? {
        messages.push(proto::encode(method.input(), &arguments)?);
    }
    let asked = exchange::Asked {
        host,
        port,
        path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
        metadata,
        messages,
        time: inner.egress.limits().total_time,
    };
    let answers = exchange::perform(&inner.egress, asked).await?;
    let mut answers = answers.iter().map(|bytes| proto::decode(method.output(), bytes));
    if method.is_server_streaming() {
        return Ok(Data::from(Value::Array(answers.collect::<Result<_, _>>()?)));
    }
    match (answers.next(), answers.next()) {
        (Some(answer), None) => answer.map(Data::from),
        (None, _) | (Some(_), Some(_)) => {
            let detail = "the server did not send exactly one message";
            Err(fault::communication(500, "INTERNAL", detail))
        }
    }
}

/// The messages to be sent: one, or an array of them when the method takes a stream.
fn arguments(given: &Value, streaming: bool) -> Result<Vec<Value>, Fault> {
    let empty = || Value::Object(serde_json::Map::new());
    match (given, streaming) {
        (Value::Array(items), true) => Ok(items.clone()),
        (Value::Null, true) => Ok(Vec::new()),
        (Value::Null, false) => Ok(vec![empty()]),
        (Value::Array(_), false) => {
            Err(fault::configuration("`arguments` must be an object: the method takes one message"))
        }
        (one, _) => Ok(vec![one.clone()]),
    }
}

/// The interface: the file that is named, and what it imports, relative to it. Credentials are shown at the
/// origin of the named file only.
async fn pool(inner: &Inner, call: &mut Call, endpoint: &Value) -> Result<DescriptorPool, Fault> {
    let uri = endpoint["uri"].as_str().or(endpoint.as_str());
    let uri = uri.ok_or_else(|| fault::configuration("`proto.endpoint` must have a `uri`"))?;
    let credentials = endpoint::credentials(inner, call, endpoint)?;
    let mut texts = proto::Texts::default();
    let mut wanted = vec![(proto::ROOT.to_owned(), uri.to_owned())];
    loop {
        for (name, address) in wanted {
            if texts.0.len() >= limits::PROTO_FILES_MAX {
                let detail = format!("the proto imports more than {} files", limits::PROTO_FILES_MAX);
                return Err(fault::configuration(detail));
            }
            let shown = if same_origin(&address, uri) { &credentials } else { &Credentials::Nobody };
            let (_, bytes) = document::fetch(inner, call, shown, &address).await?;
            let text = String::from_utf8(bytes.into())
                .map_err(|_| fault::configuration(format!("the proto `{name}` is no text")))?;
            texts.0.insert(name, text);
        }
        // Compiling is work of milliseconds, but of as many as the author of the proto likes.
        let compiling = texts.clone();
        let compiled = tokio::task::spawn_blocking(move || proto::compile(&compiling)).await;
        let compiled = compiled.map_err(|_| fault::configuration("the proto could not be compiled"))??;
        match compiled {
            proto::Compiled::Pool(pool) => return Ok(pool),
            proto::Compiled::Missing(names) => {
                let located = names.into_iter().map(|name| {
                    let address = beside(uri, &name);
                    let cannot = || fault::configuration(format!("`{name}` cannot be imported"));
                    Ok((name.clone(), address.ok_or_else(cannot)?))
                });
                wanted = located.collect::<Result<_, Fault>>()?;
            }
        }
    }
}

/// The address of an import: beside the file that the workflow names. A file's address may be relative.
fn beside(uri: &str, import: &str) -> Option<String> {
    if import.contains(':') || import.starts_with('/') {
        return None;
    }
    if let Some(path) = uri.strip_prefix("file:") {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        return Some(format!("file:{folder}{import}"));
    }
    Url::parse(uri).ok()?.join(import).ok().map(String::from)
}

fn same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// As `grpc-timeout` is written: at most eight digits.
fn timeout(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..100_000_000 => format!("{millis}m"),
        millis => format!("{}S", (millis / 1000).min(99_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_beside_the_proto() {
        let found = |uri: &str, import: &str| beside(uri, import).unwrap_or_default();
        assert_eq!(found("https://a.cn/api/x.proto?v=1", "k/y.proto"), "https://a.cn/api/k/y.proto");
        assert_eq!(found("file://app/x.proto", "k/y.proto"), "file://app/k/y.proto");
        assert_eq!(found("file:x.proto", "k/y.proto"), "file:k/y.proto");
        assert_eq!(found("https://a.cn/x.proto", "//b.cn/y.proto"), "");
        assert_eq!(found("https://a.cn/x.proto", "https://b.cn/y.proto"), "");
    }

    #[test]
    fn deadlines_have_at_most_eight_digits() {
        assert_eq!(timeout(Duration::from_secs(30)), "30000m");
        assert_eq!(timeout(Duration::from_secs(200_000)), "200000S");
    }
}
