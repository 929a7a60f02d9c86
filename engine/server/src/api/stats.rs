//! Counters of the whole server.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/stats", counts);
}

async fn counts(call: Call) -> Answer {
    ok(&call.app.query.counts().await?)
}
