//! Archives: what ended long enough ago, by the district's rules of retention, leaves the store for a file.
//!
//! ```text
//! rules ─► ended, over, not held ─► all their turns as lines ─► file, durable ─► out of the store, if not moved since
//! ```
//! A crash in between leaves a file that nobody names, and the next run makes another one: nothing is lost.

use axum::response::IntoResponse;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{ArchiveRow, EndedRow, Forget, NewFile};

use crate::call::{Answer, Call, ok};
use crate::limits::{ARCHIVE_BYTES_MAX, ARCHIVE_INSTANCES_MAX, ARCHIVE_LOOKS_MAX, PAGE_LEN_MAX};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{PageView, time};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Admin, Method::GET, "/api/v1/archives", list);
    routes.add(Policy::Admin, Method::POST, "/api/v1/archives", archive);
    routes.add(Policy::Admin, Method::GET, "/api/v1/archives/{digest}", download);
    routes.add(Policy::Admin, Method::GET, "/api/v1/archives/{digest}/hashes", hashes);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArchiveView {
    digest: String,
    size: u64,
    at: String,
    by: String,
    instances: u64,
    turns: u64,
}

impl From<ArchiveRow> for ArchiveView {
    fn from(of: ArchiveRow) -> Self {
        let ArchiveRow { digest, size, at, by, instances, turns } = of;
        Self { digest, size, at: time(at), by, instances, turns }
    }
}

async fn list(call: Call) -> Answer {
    let rows = call.app.archive.archives().await?;
    ok(&PageView::whole(rows.into_iter().map(ArchiveView::from).collect()))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    /// Only say what would go.
    #[serde(default)]
    dry_run: bool,
}

/// What came of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    /// Instances that went, or would.
    instances: usize,
    /// Those that are kept because of a hold.
    held: Vec<Held>,
    /// Perhaps there are more: ask again.
    more: bool,
    /// The file; none if nothing went.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<ArchiveView>,
}

#[derive(Serialize)]
struct Held {
    instance: String,
    reason: String,
}

/// What the rules let go, and what they would but for a hold.
#[derive(Default)]
struct Found {
    over: Vec<EndedRow>,
    held: Vec<Held>,
    more: bool,
}

/// One archive: at most so many instances and bytes. `more` says to ask again.
async fn archive(mut call: Call) -> Answer {
    let Wanted { dry_run } = call.json_or_default().await?;
    let Found { over, held, mut more } = find(&call).await?;
    if dry_run || over.is_empty() {
        return ok(&Done { instances: over.len(), held, more, archive: None });
    }
    let (mut text, mut turns, mut instances) = (String::new(), 0, Vec::new());
    for row in over {
        if text.len() >= ARCHIVE_BYTES_MAX {
            more = true;
            break;
        }
        for turn in call.app.archive.turns_of(vec![row.instance]).await? {
            text += &serde_json::to_string(&turn).map_err(Problem::internal)?;
            text.push('\n');
            turns += 1;
        }
        instances.push((row.instance, row.hash));
    }
    let name = format!("archive-{}.jsonl", time(call.now).replace(':', ""));
    let file = NewFile { media_type: "application/x-ndjson".to_owned(), name, bytes: text.into() };
    let kept = call.app.files.keep(file).await?;
    let by = call.actor()?.person.clone();
    let row = ArchiveRow {
        digest: kept.digest,
        size: kept.size,
        at: call.now,
        by,
        instances: instances.len() as u64,
        turns,
    };
    let gone = call.app.archive.forget(Forget { archive: row.clone(), instances }).await?;
    tracing::info!(digest = row.digest, by = row.by, instances = gone, turns, "instances archived");
    let archive = (gone > 0).then(|| ArchiveRow { instances: gone as u64, ..row }.into());
    ok(&Done { instances: gone, held, more, archive })
}

async fn find(call: &Call) -> Result<Found, Problem> {
    let district = call.app.handle.district();
    let retention = &district.retention;
    let Some(shortest) = retention.shortest() else {
        let detail = "There are no rules of retention: everything is kept";
        return Err(Problem::new(Code::Conflict, detail));
    };
    let until = Timestamp(call.now.0.saturating_sub(i64::try_from(shortest.0).unwrap_or(i64::MAX)));
    let mut found = Found::default();
    let mut after = None;
    for _ in 0..ARCHIVE_LOOKS_MAX {
        let rows = call.app.archive.ended(until, after, PAGE_LEN_MAX).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = Some(last.instance);
        for row in rows {
            if found.over.len() >= ARCHIVE_INSTANCES_MAX {
                found.more = true;
                return Ok(found);
            }
            if !retention.is_over(&row.workflow, row.ended, call.now) {
                continue;
            }
            let instance = row.instance.to_string();
            let case = row.case.as_ref().map(ToString::to_string);
            match retention.hold(&row.workflow, &instance, case.as_deref()) {
                Some(hold) => found.held.push(Held { instance, reason: hold.reason.clone() }),
                None => found.over.push(row),
            }
        }
    }
    found.more = !found.over.is_empty();
    Ok(found)
}

/// The file, by the 64 digits of its digest.
async fn download(call: Call) -> Answer {
    let digits = call.param("digest");
    let digest = format!("sha256:{digits}");
    let missing = || Problem::not_found("archive", digits);
    let rows = call.app.archive.archives().await?;
    rows.iter().find(|row| row.digest == digest).ok_or_else(missing)?;
    let bytes = call.app.files.read(&digest).await?.ok_or_else(missing)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=archive.jsonl")),
    ];
    Ok((headers, bytes).into_response())
}

/// What stayed of its instances: the hash that each ended with.
async fn hashes(call: Call) -> Answer {
    let digits = call.param("digest");
    let rows = call.app.archive.archived(&format!("sha256:{digits}")).await?;
    if rows.is_empty() {
        return Err(Problem::not_found("archive", digits));
    }
    ok(&PageView::whole(rows))
}
