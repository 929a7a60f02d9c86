//! Work items (待办): listed, claimed, given back, decided. Who may do what is decided by the rules of the
//! engine, inside the transition.

mod acts;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use yiwang_core::work_item::{WorkItemCommand, WorkItemState};
use yiwang_core::{CaseNo, WorkItem, WorkItemId};
use yiwang_dsl::Data;
use yiwang_runtime::WorkItemAct;
use yiwang_runtime::ports::WorkItemFilter;

use crate::call::{Answer, Call, ok, page, tagged, words};
use crate::json;
use crate::limits::TEXT_BYTES_MAX;
use crate::policy::{Policy, is_staff};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{PageView, WorkItemView};

pub(super) fn routes(routes: &mut Routes) {
    let any = Policy::Authenticated;
    routes.add(any, Method::GET, "/api/v1/work-items", list);
    routes.add(any, Method::GET, "/api/v1/work-items/{id}", get);
    routes
        .add(any, Method::POST, "/api/v1/work-items/{id}:claim", |call| plain(call, WorkItemCommand::Claim));
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:release", |call| {
        plain(call, WorkItemCommand::Release)
    });
    routes.add(any, Method::POST, "/api/v1/work-items/{id}:complete", complete);
    acts::routes(routes);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// One or several states, parted by commas; absent: the open ones.
    state: Option<String>,
    case: Option<String>,
    #[serde(default)]
    overdue: bool,
    /// Offered to roles and people of whom nobody was there.
    #[serde(default)]
    unheld: bool,
    /// Everybody's, not only those that the caller may act on.
    #[serde(default)]
    all: bool,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let who = call.actor()?;
    if wanted.all && !is_staff(who) {
        return Err(Problem::new(Code::Forbidden, "`all=true` needs a staff role"));
    }
    let states: Vec<WorkItemState> = words("state", wanted.state.as_deref())?;
    let filter = WorkItemFilter {
        states,
        visible_to: (!wanted.all).then(|| who.clone()),
        case_no: wanted.case.map(|no| CaseNo(no.into())),
        overdue: wanted.overdue,
        unheld: wanted.unheld,
    };
    let found = call.app.query.work_items(filter, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, WorkItemView::from))
}

async fn get(call: Call) -> Answer {
    shown(find(&call).await?)
}

/// Claim and release: nothing in the body.
async fn plain(mut call: Call, command: WorkItemCommand) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = call.json_or_default().await?;
    act(call, command).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    outcome: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    form: Option<Value>,
    /// The caller's id of this decision: deciding again with it is the same decision. The
    /// `Idempotency-Key` header does as well; without either there is a fresh one.
    decision: Option<String>,
}

async fn complete(mut call: Call) -> Answer {
    let wanted: Decision = call.json_or_default().await?;
    let decision = match wanted.decision.or(call.idempotency_key()?) {
        Some(decision) => decision,
        None => crate::auth::random_id("dec").map_err(Problem::internal)?,
    };
    if decision.is_empty() || decision.len() > TEXT_BYTES_MAX {
        let detail = format!("A decision id has 1 to {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Code::Fields, detail.clone()).at("/decision", detail));
    }
    let form = wanted.form.map_or_else(|| Data::object([]), Data::from);
    act(call, WorkItemCommand::Complete { outcome: wanted.outcome, form, decision }).await
}

async fn act(call: Call, command: WorkItemCommand) -> Answer {
    let item = find(&call).await?;
    let version = call.if_match()?;
    let who = call.actor()?.clone();
    let act = WorkItemAct { item: item.id, command, version, by: who };
    if let Err(error) = call.app.handle.work_item(act).await {
        let problem = Problem::from(error);
        // The rules know conflicts; HTTP tells "changed since you looked" from all others.
        let seen = version.filter(|_| problem.code().status() == StatusCode::CONFLICT);
        let current = find(&call).await?.version;
        return Err(match seen {
            Some(seen) if seen != current => {
                let detail = format!("The work item is at version {current}, you saw {seen}");
                Problem::new(Code::Precondition, detail)
            }
            Some(_) | None => problem,
        });
    }
    shown(find(&call).await?)
}

/// The item in the path, if the caller may see it. Staff see all; others what is offered to them.
async fn find(call: &Call) -> Result<WorkItem, Problem> {
    let id: WorkItemId = call.id("work item")?;
    let missing = || Problem::not_found("work item", &id.to_string());
    let item = call.app.query.work_item(id).await?.ok_or_else(missing)?;
    let who = call.actor()?;
    let is_own = |person: &String| {
        item.assignee.as_ref() == Some(person)
            || item.delegated_by.as_ref() == Some(person)
            || item.candidate_people.contains(person)
    };
    let own = is_own(&who.person) || who.stands_in.iter().any(|away| is_own(&away.person));
    let audience = who.audience();
    let offered = || item.candidate_roles.iter().any(|role| audience.contains(role));
    if is_staff(who) || own || offered() { Ok(item) } else { Err(missing()) }
}

fn shown(item: WorkItem) -> Answer {
    let version = item.version;
    Ok(tagged(ok(&WorkItemView::from(item))?, version))
}
