//! What a petitioner sees of a case by its tracking code: how it stands, since when, and the public reply.
//! Nothing about people, nothing internal; the code is the only key, and asking is limited.

use http::Method;
use serde::Serialize;
use yiwang_core::Case;
use yiwang_core::case::{CaseState, Outcome, TrackingCode};

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::time;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Anonymous, Method::GET, "/api/v1/track/{code}", track);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tracked {
    code: String,
    state: CaseState,
    state_text: Words,
    outcome: Option<Outcome>,
    outcome_text: Option<Words>,
    opened: String,
    due: Option<String>,
    closed: Option<String>,
    /// Once it is audited: what the public may read.
    reply: Option<String>,
}

/// The same in both languages.
#[derive(Serialize)]
struct Words {
    zh: &'static str,
    en: &'static str,
}

async fn track(call: Call) -> Answer {
    if !call.app.tracking.admits(call.client.as_deref(), call.now) {
        return Err(Problem::new(Code::RateLimited, "Ask again in a minute"));
    }
    // A code that cannot be one and one that nobody has are the same to whoever guesses.
    let unknown = || Problem::new(Code::NotFound, "There is no case with this tracking code");
    let code: TrackingCode = call.param("code").parse().map_err(|_| unknown())?;
    let case = call.app.query.case_of_code(code).await?.ok_or_else(unknown)?;
    ok(&tracked(&case))
}

fn tracked(case: &Case) -> Tracked {
    let is_public = matches!(case.state, CaseState::Audited | CaseState::Closed);
    let reply = case.fields.get("reply").filter(|_| is_public);
    Tracked {
        code: case.tracking.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: case.state,
        state_text: state_text(case),
        outcome: case.outcome,
        outcome_text: case.outcome.map(outcome_text),
        opened: time(case.opened),
        due: case.due.map(time),
        closed: case.closed.map(time),
        reply: reply.and_then(|reply| reply.as_str().map(str::to_owned)),
    }
}

fn state_text(case: &Case) -> Words {
    if case.suspended.is_some() {
        return Words { zh: "已挂起", en: "suspended" };
    }
    match case.state {
        CaseState::Registered => Words { zh: "已登记", en: "registered" },
        CaseState::Triaged => Words { zh: "已受理", en: "accepted" },
        CaseState::Dispatched => Words { zh: "已派单", en: "dispatched" },
        CaseState::Signed => Words { zh: "已签收", en: "taken up" },
        CaseState::Handling => Words { zh: "办理中", en: "being handled" },
        CaseState::Replied => Words { zh: "已答复，待审核", en: "answered, under review" },
        CaseState::Audited => Words { zh: "已答复，待回访", en: "answered, call back to come" },
        CaseState::Closed => Words { zh: "已结案", en: "closed" },
    }
}

fn outcome_text(outcome: Outcome) -> Words {
    match outcome {
        Outcome::Resolved => Words { zh: "办结", en: "resolved" },
        Outcome::Explained => Words { zh: "解释到位", en: "explained" },
        Outcome::Planned => Words { zh: "纳入计划", en: "planned" },
        Outcome::Rejected => Words { zh: "不予受理", en: "not accepted" },
        Outcome::Merged => Words { zh: "并入其他办件", en: "merged into another case" },
        Outcome::Withdrawn => Words { zh: "已撤回", en: "withdrawn" },
        Outcome::Transferred => Words { zh: "已转办", en: "passed on" },
        Outcome::Unreachable => Words { zh: "无法联系", en: "could not be reached" },
    }
}
