//! Who the token stands for.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Authenticated, Method::GET, "/api/v1/me", me);
}

async fn me(call: Call) -> Answer {
    ok(call.actor()?)
}
