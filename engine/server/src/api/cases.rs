//! Cases and their timelines. Their instances write them; here they are only read.

use http::Method;
use serde::Deserialize;
use yiwang_core::CaseNo;
use yiwang_runtime::ports::CaseFilter;

use super::instances;
use crate::call::{Answer, Call, ok, page, tagged, word};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view::{CaseView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}", get);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}/timeline", timeline);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    outcome: Option<String>,
    channel: Option<String>,
    flag: Option<String>,
    unit: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let filter = CaseFilter {
        state: word("state", wanted.state)?,
        outcome: word("outcome", wanted.outcome)?,
        channel: wanted.channel,
        flag: word("flag", wanted.flag)?,
        unit: wanted.unit,
    };
    let found = call.app.query.cases(filter, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, CaseView::from))
}

async fn get(call: Call) -> Answer {
    let case = find(&call).await?;
    let version = case.version;
    Ok(tagged(ok(&CaseView::from(case))?, version))
}

/// The history of the instance that handles it.
async fn timeline(call: Call) -> Answer {
    let case = find(&call).await?;
    instances::history_of(&call, case.instance).await
}

async fn find(call: &Call) -> Result<yiwang_core::Case, Problem> {
    let no = call.param("no");
    call.app.query.case(CaseNo(no.into())).await?.ok_or_else(|| Problem::not_found("case", no))
}
