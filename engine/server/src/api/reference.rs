//! Reference documents: calendars, the organisation, tables of promises. Each put is a new version.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use yiwang_core::reference::{Kind, Reference};
use yiwang_dsl::diagnostic::Located;
use yiwang_runtime::{Error, PutReference};

use crate::call::{Answer, Call, ok, with_status};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view::{PageView, time};

pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/v1/reference/{kind}/{name}";
    routes.add(Policy::Staff, Method::GET, "/api/v1/reference", list);
    routes.add(Policy::Staff, Method::GET, one, get);
    routes.add(Policy::Role(&[PROCESS_ADMIN]), Method::PUT, one, put);
    routes.add(Policy::Staff, Method::GET, "/api/v1/reference/{kind}/{name}/versions", versions);
}

/// One version of one document.
#[derive(Serialize)]
struct ReferenceView {
    kind: Kind,
    name: String,
    version: u32,
    number: u64,
    at: String,
    by: String,
    reason: Option<String>,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl ReferenceView {
    fn head(of: &Reference) -> Self {
        Self {
            kind: of.kind,
            name: of.name.clone(),
            version: of.version,
            number: of.number,
            at: time(of.at),
            by: of.by.clone(),
            reason: of.reason.clone(),
            body: None,
        }
    }

    fn whole(of: &Reference) -> Self {
        Self { body: Some(of.body.to_string()), ..Self::head(of) }
    }
}

fn kind(call: &Call) -> Result<Kind, Problem> {
    let word = call.param("kind");
    Kind::of_word(word).ok_or_else(|| Problem::not_found("kind of reference documents", word))
}

/// The newest versions. What is built in and was never put is not among them.
async fn list(call: Call) -> Answer {
    let district = call.app.handle.district();
    ok(&PageView::whole(district.documents().map(ReferenceView::head).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    version: Option<u32>,
}

/// The newest version with its text, or the one that is asked for.
async fn get(call: Call) -> Answer {
    let (kind, name) = (kind(&call)?, call.param("name").to_owned());
    let Wanted { version } = call.query()?;
    let missing = || Problem::not_found(kind.word(), &name);
    let Some(version) = version else {
        let district = call.app.handle.district();
        return ok(&ReferenceView::whole(district.document(kind, &name).ok_or_else(missing)?));
    };
    let all = call.app.query.reference_versions(kind, name.clone()).await?;
    let found = all.iter().find(|document| document.version == version);
    ok(&ReferenceView::whole(found.ok_or_else(missing)?))
}

/// Who put which version when, and why; newest first.
async fn versions(call: Call) -> Answer {
    let (kind, name) = (kind(&call)?, call.param("name").to_owned());
    let all = call.app.query.reference_versions(kind, name.clone()).await?;
    if all.is_empty() {
        return Err(Problem::not_found(kind.word(), &name));
    }
    ok(&PageView::whole(all.iter().map(ReferenceView::head).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// The document's text.
    body: String,
    /// Why.
    reason: Option<String>,
    /// The version that the caller saw, 0 for none: another one refuses the put.
    version: Option<u32>,
}

/// 201 for a new version; 200 when the newest one says this already.
async fn put(mut call: Call) -> Answer {
    #[derive(Serialize)]
    struct Done {
        kind: Kind,
        name: String,
        version: u32,
        existing: bool,
    }
    let (kind, name) = (kind(&call)?, call.param("name").to_owned());
    let language = call.language();
    let Text { body, reason, version } = call.json().await?;
    let by = call.actor()?.person.clone();
    let wish = PutReference { kind, name, body: body.clone(), by: by.clone(), reason, version };
    let stored = match call.app.handle.put_reference(wish).await {
        Ok(stored) => stored,
        Err(Error::InvalidReference(remarks)) => {
            let sentence = Error::InvalidReference(remarks.clone()).to_string();
            let located: Vec<Located> = remarks.iter().map(|remark| remark.locate(&body, language)).collect();
            return Err(Problem::in_reference(sentence, located));
        }
        Err(error) => return Err(error.into()),
    };
    tracing::info!(
        kind = kind.word(),
        stored.name,
        stored.version,
        by,
        stored.existing,
        "reference document put"
    );
    let status = if stored.existing { StatusCode::OK } else { StatusCode::CREATED };
    let (name, version, existing) = (stored.name, stored.version, stored.existing);
    with_status(status, &Done { kind, name, version, existing })
}
