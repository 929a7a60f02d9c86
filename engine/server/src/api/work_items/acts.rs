//! What people do with work items besides claiming, giving back and deciding them.
//!
//! Every body may have a `reason`, and a `decision`: the caller's id of the act, by which twice is once.

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_core::work_item::{Act, File, Priority, WorkItemCommand};

use super::act;
use crate::call::{Answer, Call};
use crate::json;
use crate::limits::TEXT_BYTES_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let any = Policy::Authenticated;
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:delegate", delegate);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:hand-over", hand_over);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:return", give_back);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:comment", comment);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:attach", attach);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:set-priority", set_priority);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:follow-up", follow_up);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:set-due", set_due);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:offer", offer);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:declare-conflict", declare_conflict);
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:replace", replace);
}

/// Why, and the caller's id of the act.
struct Why {
    reason: Option<String>,
    decision: Option<String>,
}

async fn done(call: Call, wanted: Act, why: Why) -> Answer {
    let Why { reason, decision } = why;
    let decision = decision.or(call.idempotency_key()?);
    if decision.as_ref().is_some_and(|id| id.is_empty() || id.len() > TEXT_BYTES_MAX) {
        let detail = format!("A decision id has 1 to {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/decision", detail));
    }
    act(call, WorkItemCommand::Act { act: wanted, reason, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    to: String,
    reason: Option<String>,
    decision: Option<String>,
}

async fn delegate(mut call: Call) -> Answer {
    let To { to, reason, decision } = call.json().await?;
    done(call, Act::Delegate { to }, Why { reason, decision }).await
}

async fn hand_over(mut call: Call) -> Answer {
    let To { to, reason, decision } = call.json().await?;
    done(call, Act::HandOver { to }, Why { reason, decision }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    reason: Option<String>,
    decision: Option<String>,
}

async fn give_back(mut call: Call) -> Answer {
    let Plain { reason, decision } = call.json_or_default().await?;
    done(call, Act::Return, Why { reason, decision }).await
}

async fn declare_conflict(mut call: Call) -> Answer {
    let Plain { reason, decision } = call.json_or_default().await?;
    done(call, Act::DeclareConflict, Why { reason, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    decision: Option<String>,
}

async fn comment(mut call: Call) -> Answer {
    let Text { text, decision } = call.json().await?;
    done(call, Act::Comment { text }, Why { reason: None, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    file: File,
    decision: Option<String>,
}

async fn attach(mut call: Call) -> Answer {
    let Attached { file, decision } = call.json().await?;
    if let Some(digest) = &file.digest {
        call.kept_file(digest).await?;
    }
    done(call, Act::Attach { file }, Why { reason: None, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Urgency {
    priority: Priority,
    reason: Option<String>,
    decision: Option<String>,
}

async fn set_priority(mut call: Call) -> Answer {
    let Urgency { priority, reason, decision } = call.json().await?;
    done(call, Act::Priority { priority }, Why { reason, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    /// RFC 3339; null: never mind.
    #[serde(deserialize_with = "json::present")]
    at: Option<Value>,
    reason: Option<String>,
    decision: Option<String>,
}

async fn follow_up(mut call: Call) -> Answer {
    let When { at, reason, decision } = call.json().await?;
    let at = match at {
        None | Some(Value::Null) => None,
        Some(text) => Some(text.as_str().and_then(Timestamp::parse).ok_or_else(|| {
            let detail = "`at` is an RFC 3339 time, or null";
            Problem::new(Code::Fields, detail).at("/at", detail)
        })?),
    };
    done(call, Act::FollowUp { at }, Why { reason, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Due {
    /// RFC 3339.
    at: String,
    reason: Option<String>,
    decision: Option<String>,
}

async fn set_due(mut call: Call) -> Answer {
    let Due { at, reason, decision } = call.json().await?;
    let at = Timestamp::parse(&at).ok_or_else(|| {
        let detail = "`at` is an RFC 3339 time";
        Problem::new(Code::Fields, detail).at("/at", detail)
    })?;
    done(call, Act::SetDue { at }, Why { reason, decision }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    roles: Vec<String>,
    reason: Option<String>,
    decision: Option<String>,
}

async fn offer(mut call: Call) -> Answer {
    let Others { roles, reason, decision } = call.json().await?;
    done(call, Act::Offer { roles }, Why { reason, decision }).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    with: Option<String>,
    reason: Option<String>,
    decision: Option<String>,
}

async fn replace(mut call: Call) -> Answer {
    let Other { with, reason, decision } = call.json_or_default().await?;
    done(call, Act::Replace { with }, Why { reason, decision }).await
}
