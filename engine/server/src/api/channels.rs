//! The configured channels.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::PageView;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/channels", list);
    routes.add(Policy::Admin, Method::POST, "/api/v1/channels:reload", reload);
}

async fn list(call: Call) -> Answer {
    ok(&PageView::whole(call.app.channels.list()))
}

/// All channels as their files say now, or all as they were.
async fn reload(call: Call) -> Answer {
    match call.app.channels.reload().await {
        Ok(channels) => ok(&PageView::whole(channels)),
        Err(reasons) => Err(Problem::new(Code::Conflict, reasons.join("; "))),
    }
}
