//! Cases: listed, searched, shown as they are and as they were. What is done with them: `cases/acts.rs`; their
//! files: `cases/files.rs`.

mod acts;
mod files;

pub use self::acts::case_command;

use http::Method;
use serde::Deserialize;
use yiwang_core::case::as_of;
use yiwang_core::clock::replay;
use yiwang_core::{Case, CaseNo, HistoryEvent, Timestamp};
use yiwang_runtime::ports::CaseFilter;
use yiwang_runtime::search::Search;

use super::instances;
use crate::call::{Answer, Call, ok, page, tagged, word};
use crate::limits::{HISTORY_LEN_MAX, TEXT_BYTES_MAX};
use crate::policy::Policy;
use crate::problem::{Code, Problem, shortened};
use crate::routes::Routes;
use crate::view::{CaseView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}", get);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}/timeline", timeline);
    routes.add(Policy::Staff, Method::GET, "/api/v1/cases/{no}/repeats", repeats);
    files::routes(routes);
    acts::routes(routes);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    state: Option<String>,
    outcome: Option<String>,
    channel: Option<String>,
    flag: Option<String>,
    unit: Option<String>,
    category: Option<String>,
    kind: Option<String>,
    open: Option<bool>,
    due_before: Option<String>,
    opened_from: Option<String>,
    opened_until: Option<String>,
    /// Words, a number, the end of a phone.
    q: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Names and phones are masked: a list is not there to be read aloud.
async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    if wanted.q.as_ref().is_some_and(|q| q.len() > TEXT_BYTES_MAX) {
        return Err(Problem::new(Code::Query, format!("`q` has at most {TEXT_BYTES_MAX} bytes")));
    }
    let filter = CaseFilter {
        state: word("state", wanted.state)?,
        outcome: word("outcome", wanted.outcome)?,
        channel: wanted.channel,
        flag: word("flag", wanted.flag)?,
        unit: wanted.unit,
        category: wanted.category,
        kind: wanted.kind,
        open: wanted.open,
        due_before: moment("dueBefore", wanted.due_before)?,
        opened_from: moment("openedFrom", wanted.opened_from)?,
        opened_until: moment("openedUntil", wanted.opened_until)?,
        search: wanted.q.as_deref().map(Search::new).unwrap_or_default(),
        sort: word("sort", wanted.sort)?.unwrap_or_default(),
    };
    let found = call.app.query.cases(filter, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, CaseView::listed))
}

pub(super) fn moment(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || Problem::new(Code::Query, format!("`{name}={}` is not RFC 3339", shortened(&text)));
    Timestamp::parse(&text).map(Some).ok_or_else(wrong)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AsOf {
    /// As it was known then.
    as_of: Option<String>,
}

async fn get(call: Call) -> Answer {
    let wanted: AsOf = call.query()?;
    let case = find(&call).await?;
    let Some(at) = moment("asOf", wanted.as_of)? else {
        let version = case.version;
        return Ok(tagged(ok(&CaseView::from(case))?, version));
    };
    let mut history = history_until(&call, &case, at).await?;
    history.retain(|line| line.at <= at);
    let missing = || Problem::new(Code::NotFound, format!("The case {} was not open at {at}", case.no));
    let mut known = as_of(&case, &history, at).ok_or_else(missing)?;
    // A calendar that is gone takes its clocks with it; the case is still known.
    known.clocks = replay(&history, &call.app.handle.district().calendars).unwrap_or_default();
    ok(&CaseView::from(known))
}

/// The lines of its instance up to this time.
async fn history_until(call: &Call, case: &Case, at: Timestamp) -> Result<Vec<HistoryEvent>, Problem> {
    let mut history: Vec<HistoryEvent> = Vec::new();
    loop {
        let after = history.last().map_or(0, |line| line.seq);
        let lines = call.app.query.history(case.instance, after, HISTORY_LEN_MAX).await?;
        for line in &lines {
            history.push(serde_json::from_str(line.get()).map_err(Problem::internal)?);
        }
        if lines.len() < HISTORY_LEN_MAX || history.last().is_none_or(|line| line.at > at) {
            return Ok(history);
        }
    }
}

/// The history of the instance that handles it.
async fn timeline(call: Call) -> Answer {
    let case = find(&call).await?;
    instances::history_of(&call, case.instance).await
}

/// The cases that it may repeat.
async fn repeats(call: Call) -> Answer {
    let case = find(&call).await?;
    let mut items = Vec::new();
    for no in case.repeats {
        items.extend(call.app.query.case(no).await?.map(CaseView::listed));
    }
    ok(&PageView::whole(items))
}

/// The case in the path.
async fn find(call: &Call) -> Result<Case, Problem> {
    let no = call.param("no");
    call.app.query.case(CaseNo(no.into())).await?.ok_or_else(|| Problem::not_found("case", no))
}
