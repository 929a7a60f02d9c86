//! The configured channels.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::routes::Routes;
use crate::view::PageView;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/channels", list);
}

async fn list(call: Call) -> Answer {
    ok(&PageView::whole(call.app.channels.list()))
}
