//! Counters of the whole server.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/stats", counts);
}

/// What is stored, and what this process has committed since it started.
async fn counts(call: Call) -> Answer {
    let mut counts = call.app.query.counts().await?;
    let tally = call.app.handle.tally();
    counts.insert("engine.commits".to_owned(), tally.commits);
    counts.insert("engine.turns".to_owned(), tally.turns);
    ok(&counts)
}
