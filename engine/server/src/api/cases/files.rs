//! Files of cases: kept under their digests, given out only by way of a case that has them.

use axum::response::IntoResponse;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Deserialize;
use yiwang_core::case::{Attachment, CaseCommand};
use yiwang_runtime::ports::NewFile;

use super::{acts, find};
use crate::call::{Answer, Call};
use crate::limits::FILE_BYTES_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::POST, "/api/v1/cases/{no}/attachments", upload);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}/attachments/{digest}", download);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The file's name.
    name: String,
}

/// The body is the file. It is kept before the case hears of it: a file without a case is garbage, a case
/// without its file would be a loss.
async fn upload(mut call: Call) -> Answer {
    let Named { name } = call.query()?;
    let declared = call.header(CONTENT_TYPE.as_str())?.unwrap_or("application/octet-stream").to_owned();
    let decision = match call.idempotency_key()? {
        Some(decision) => decision,
        None => crate::auth::random_id("dec").map_err(Problem::internal)?,
    };
    // Nothing is kept for a case that is not there.
    find(&call).await?;
    let bytes = call.bytes(FILE_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Err(Problem::new(Code::Fields, "The file is empty"));
    }
    let kept = call.app.files.keep(NewFile { media_type: declared, name, bytes }).await?;
    let attachment = Attachment {
        digest: kept.digest,
        name: kept.name.unwrap_or_else(|| "file".to_owned()),
        media_type: kept.media_type,
        size: kept.size,
    };
    acts::perform(&call, CaseCommand::Attach { attachment }, None, decision).await
}

/// By the 64 digits of the digest. Whatever it is, a browser saves it and does not run it.
async fn download(call: Call) -> Answer {
    let case = find(&call).await?;
    let digits = call.param("digest");
    let digest = format!("sha256:{digits}");
    let missing = || Problem::not_found("file of the case", digits);
    let attachment = case.attachments.iter().find(|file| file.digest == digest).ok_or_else(missing)?;
    let bytes = call.app.files.read(&digest).await?.ok_or_else(missing)?;
    let media_type = HeaderValue::try_from(&*attachment.media_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let name = encoded(&attachment.name);
    let disposition = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{name}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let sandbox = HeaderValue::from_static("sandbox; default-src 'none'");
    let headers =
        [(CONTENT_TYPE, media_type), (CONTENT_DISPOSITION, disposition), (CONTENT_SECURITY_POLICY, sandbox)];
    Ok((headers, bytes).into_response())
}

/// As RFC 5987 writes names.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let parts = name.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    parts.collect()
}
