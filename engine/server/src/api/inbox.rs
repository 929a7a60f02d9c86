//! Events that came in, and what became of them.

use http::Method;
use serde::Deserialize;

use crate::call::{Answer, Call, ok, page};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::routes::Routes;
use crate::view::{InboxView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Role(&[PROCESS_ADMIN]), Method::GET, "/api/v1/inbox", list);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those that nobody took.
    #[serde(default)]
    undelivered: bool,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let found = call.app.query.inbox(wanted.undelivered, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, InboxView::from))
}
