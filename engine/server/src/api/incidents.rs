//! Instances that cannot go on by themselves.

use http::Method;
use serde::Deserialize;

use crate::call::{Answer, Call, ok, page};
use crate::policy::Policy;
use crate::routes::Routes;
use crate::view::{IncidentView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/incidents", list);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let found = call.app.query.incidents(page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, IncidentView::from))
}
