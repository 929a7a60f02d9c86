//! Messages that went out, or are to go out, by channels.

use http::Method;
use serde::Deserialize;

use crate::call::{Answer, Call, ok, page};
use crate::policy::Policy;
use crate::routes::Routes;
use crate::view::{MessageView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/messages", list);
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
    let found = call.app.query.messages(wanted.channel, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, MessageView::from))
}
