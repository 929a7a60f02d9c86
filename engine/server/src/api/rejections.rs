//! What channels did not accept and kept: bodies of strangers, so not for everyone.

use http::Method;
use serde::Deserialize;

use crate::call::{Answer, Call, ok, page};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::routes::Routes;
use crate::view::{PageView, RejectionView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Role(&[PROCESS_ADMIN]), Method::GET, "/api/v1/rejections", list);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    channel: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let found = call.app.query.rejections(wanted.channel, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, RejectionView::from))
}
