//! Who the token stands for.

use http::Method;
use serde_json::json;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Authenticated, Method::GET, "/api/v1/me", me);
}

async fn me(call: Call) -> Answer {
    let who = call.actor()?;
    let stands_in = who.stands_in.iter().map(|away| json!({"person": away.person, "roles": away.roles}));
    let stands_in: Vec<_> = stands_in.collect();
    ok(&json!({"person": who.person, "roles": who.roles, "standsIn": stands_in}))
}
