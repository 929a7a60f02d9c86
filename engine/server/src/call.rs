//! One request on its way to a handler: who calls, what is in the path, the query, the headers, the body.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_core::work_item::Actor;
use yiwang_dsl::diagnostic::Language;
use yiwang_runtime::ports::PageRequest;

use crate::json;
use crate::limits::{JSON_BODY_BYTES_MAX, PAGE_LEN_MAX, TEXT_BYTES_MAX};
use crate::problem::{Code, Problem, shortened};
use crate::serve::App;

/// What a handler answers.
pub(crate) type Answer = Result<Response, Problem>;

/// One request, its policy already satisfied.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) who: Option<Actor>,
    pub(crate) now: Timestamp,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) client: Option<String>,
    pub(crate) params: BTreeMap<&'static str, String>,
    /// Taken once. In a lock only because a body cannot be shared and the rest of a call can; it is never waited for.
    pub(crate) body: Mutex<Body>,
}

impl Call {
    /// Who calls.
    pub(crate) fn actor(&self) -> Result<&Actor, Problem> {
        self.who
            .as_ref()
            .ok_or_else(|| Problem::new(Code::TokenMissing, "Send `Authorization: Bearer yw_pat_…`"))
    }

    /// A parameter of the path, decoded.
    pub(crate) fn param(&self, name: &'static str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// An id in the path. What is not the form of an id is not there.
    pub(crate) fn id<T: std::str::FromStr>(&self, what: &str) -> Result<T, Problem> {
        let text = self.param("id");
        text.parse().map_err(|_| Problem::not_found(what, text))
    }

    /// The query as a type of ours.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        Query::try_from_uri(&self.uri).map(|Query(query)| query).map_err(|rejection| {
            use std::error::Error;
            let detail = rejection.source().map_or_else(|| rejection.to_string(), ToString::to_string);
            Problem::new(Code::Query, detail)
        })
    }

    /// The raw body, at most `max` bytes.
    pub(crate) async fn bytes(&mut self, max: usize) -> Result<Bytes, Problem> {
        let too_large = || Problem::new(Code::TooLarge, format!("At most {max} bytes are taken here"));
        let declared =
            self.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > max as u64) {
            return Err(too_large());
        }
        let mut stream =
            std::mem::take(self.body.get_mut().unwrap_or_else(PoisonError::into_inner)).into_data_stream();
        let mut body = BytesMut::new();
        while let Some(chunk) = stream.next().await {
            let chunk =
                chunk.map_err(|error| Problem::new(Code::Unreadable, "It ended early").because(error))?;
            if body.len() + chunk.len() > max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// The JSON body as a value.
    pub(crate) async fn value(&mut self) -> Result<Value, Problem> {
        json::check_content_type(&self.headers)?;
        json::parse(&self.bytes(JSON_BODY_BYTES_MAX).await?)
    }

    /// The JSON body as a type of ours.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        json::typed(self.value().await?)
    }

    /// The JSON body, which may be left out altogether.
    pub(crate) async fn json_or_default<T: DeserializeOwned + Default>(&mut self) -> Result<T, Problem> {
        let body = self.bytes(JSON_BODY_BYTES_MAX).await?;
        if body.is_empty() {
            return Ok(T::default());
        }
        json::check_content_type(&self.headers)?;
        json::typed(json::parse(&body)?)
    }

    /// The version that `If-Match` names.
    pub(crate) fn if_match(&self) -> Result<Option<u32>, Problem> {
        let Some(text) = self.header(IF_MATCH.as_str())? else { return Ok(None) };
        if text == "*" {
            return Ok(None);
        }
        let version =
            text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|n| n.parse().ok());
        version
            .map(Some)
            .ok_or_else(|| Problem::new(Code::Header, "`If-Match` wants an entity tag such as \"3\""))
    }

    /// The caller's own key of this request.
    pub(crate) fn idempotency_key(&self) -> Result<Option<String>, Problem> {
        let key = self.header("idempotency-key")?;
        if key.is_some_and(|key| key.is_empty() || key.len() > TEXT_BYTES_MAX) {
            return Err(Problem::new(
                Code::Header,
                format!("`Idempotency-Key` has 1 to {TEXT_BYTES_MAX} characters"),
            ));
        }
        Ok(key.map(str::to_owned))
    }

    /// Refuses a digest under which no file is kept.
    pub(crate) async fn kept_file(&self, digest: &str) -> Result<(), Problem> {
        match self.app.files.holds(digest).await? {
            true => Ok(()),
            false => Err(Problem::not_found("file", digest)),
        }
    }

    /// The language that the caller reads best, of those in which there are remarks.
    pub(crate) fn language(&self) -> Language {
        let wishes = self.headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        preferred(wishes.flat_map(|value| value.split(',')))
    }

    /// A header that may stand once.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut all = self.headers.get_all(name).iter();
        let Some(value) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(Problem::new(Code::Header, format!("There are two `{name}` headers")));
        }
        let text = std::str::from_utf8(value.as_bytes());
        text.map(Some).map_err(|_| Problem::new(Code::Header, format!("`{name}` is not UTF-8")))
    }
}

/// The language with the greatest weight; of equal ones the first.
fn preferred<'h>(wishes: impl Iterator<Item = &'h str>) -> Language {
    let mut best = (0.0, Language::English);
    for wish in wishes {
        let (tag, weight) = wish.split_once(';').unwrap_or((wish, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        let weight = weight.unwrap_or(0.0);
        if let Some(language) = Language::of_tag(tag.trim()).filter(|_| weight > best.0) {
            best = (weight, language);
        }
    }
    best.1
}

/// The page that a query asks for.
pub(crate) fn page(cursor: Option<String>, limit: Option<usize>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(0);
    if limit > PAGE_LEN_MAX {
        return Err(Problem::new(Code::Query, format!("`limit` is at most {PAGE_LEN_MAX}")));
    }
    Ok(PageRequest { cursor, limit })
}

/// A word of a query as one of our enums.
pub(crate) fn word<T: DeserializeOwned>(name: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    serde_json::from_value(Value::String(text.clone()))
        .map(Some)
        .map_err(|error| Problem::new(Code::Query, format!("`{name}={}`: {error}", shortened(&text))))
}

/// Words parted by commas as our enums.
pub(crate) fn words<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Vec<T>, Problem> {
    let words = text.into_iter().flat_map(|text| text.split(','));
    let read = words.map(|text| word(name, Some(text.to_owned())));
    Ok(read.collect::<Result<Vec<Option<T>>, _>>()?.into_iter().flatten().collect())
}

/// 200 with a JSON body.
pub(crate) fn ok(value: &impl Serialize) -> Answer {
    with_status(StatusCode::OK, value)
}

/// A JSON body with a status.
pub(crate) fn with_status(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(Problem::internal)?;
    Ok((status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}

/// Adds the version as an entity tag.
pub(crate) fn tagged(mut response: Response, version: u32) -> Response {
    let tag = HeaderValue::try_from(format!("\"{version}\"")).expect("digits are a header value");
    response.headers_mut().insert(ETAG, tag);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greatest_weight_is_taken() {
        let of = |header: &str| preferred(header.split(','));
        assert_eq!(of("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_eq!(of("en;q=0.5, zh-CN;q=0.7"), Language::Chinese);
        assert_eq!(of("en-GB, zh;q=0.7"), Language::English);
        assert_eq!(of("de, zh;q=0"), Language::English);
        assert_eq!(of("*, zh;q=high"), Language::English);
        assert_eq!(of(""), Language::English);
    }
}
