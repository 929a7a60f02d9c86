//! Messages that went out, or are to go out, by channels: listed, shown, sent again, given up.
//!
//! Both acts are repairs of the message's instance: decided by the rules of the engine inside the transition, with a
//! line in its history. Many at once are one repair each, found page by page.

use futures::StreamExt as _;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yiwang_core::history::What;
use yiwang_core::repair::Repair;
use yiwang_core::{CaseNo, EffectId, InstanceId};
use yiwang_runtime::RepairAct;
use yiwang_runtime::ports::{MessageFilter, MessageRow, MessageState};

use super::cases::moment;
use super::repairs::{Why, lines};
use crate::call::{Answer, Call, ok, page, words};
use crate::limits::{MESSAGES_AT_ONCE, PAGE_LEN_MAX};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{MessageView, PageView, history_line};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/messages", list);
    let operator = Policy::Role(&[PROCESS_ADMIN]);
    for (all, one, act) in [
        ("/api/v1/messages:retry", "/api/v1/messages/{id}:retry", Act::Retry),
        ("/api/v1/messages:drop", "/api/v1/messages/{id}:drop", Act::Drop),
    ] {
        routes.add(operator, Method::POST, all, move |call| many(call, act));
        routes.add(operator, Method::POST, one, move |call| single(call, act));
    }
    routes.add(Policy::Staff, Method::GET, "/api/v1/messages/{id}", show);
}

/// What is done to a message.
#[derive(Clone, Copy)]
enum Act {
    Retry,
    Drop,
}

impl Act {
    fn repair(self, message: EffectId) -> Repair {
        match self {
            Self::Retry => Repair::Resend { message },
            Self::Drop => Repair::Drop { message },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    channel: Option<String>,
    /// Several parted by commas.
    state: Option<String>,
    code: Option<String>,
    instance: Option<InstanceId>,
    case_no: Option<String>,
    before: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn list(call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let filter = MessageFilter {
        channel: wanted.channel,
        states: words("state", wanted.state.as_deref())?,
        code: wanted.code,
        instance: wanted.instance,
        case_no: wanted.case_no.map(|no| CaseNo(no.into())),
        before: moment("before", wanted.before)?,
    };
    let found = call.app.query.messages(filter, page(wanted.cursor, wanted.limit)?).await?;
    ok(&PageView::of(found, MessageView::from))
}

/// One message, with the lines of history that are about it.
async fn show(call: Call) -> Answer {
    #[derive(Serialize)]
    struct View {
        #[serde(flatten)]
        message: MessageView,
        history: Vec<Value>,
    }
    let row = find(&call).await?;
    let id = row.effect;
    let about = |what: &What| match what {
        What::EffectRequested { effect, .. }
        | What::EffectReturned { effect, .. }
        | What::ResultIgnored { effect, .. } => *effect == id,
        What::Repaired { repair: Repair::Resend { message } | Repair::Drop { message }, .. }
        | What::MessageForgotten { message } => *message == id,
        _ => false,
    };
    let lines = lines(&call, id.instance).await?.into_iter().filter(|line| about(&line.what));
    let history = lines.map(|line| serde_json::to_value(line).map(history_line));
    let history = history.collect::<Result<_, _>>().map_err(Problem::internal)?;
    ok(&View { message: row.into(), history })
}

/// Acts on one.
async fn single(mut call: Call, act: Act) -> Answer {
    let mut body: Map<String, Value> = call.json_or_default().await?;
    let Why { reason, decision } = Why::take(&call, &mut body)?;
    if let Some(name) = body.keys().next() {
        let detail = format!("There is no member `{name}` here");
        return Err(Problem::new(Code::Fields, detail.clone()).at(format!("/{name}"), detail));
    }
    let id = find(&call).await?.effect;
    let (repair, by) = (act.repair(id), call.actor()?.clone());
    let done =
        call.app.handle.repair(RepairAct { instance: id.instance, repair, by, reason, decision }).await?;
    let mut answer = done.to_json();
    answer["now"] = serde_json::to_value(MessageView::from(find(&call).await?)).map_err(Problem::internal)?;
    ok(&answer)
}

async fn find(call: &Call) -> Result<MessageRow, Problem> {
    let row = call.app.query.message(call.id("message")?).await?;
    row.ok_or_else(|| Problem::not_found("message", call.param("id")))
}

/// Which, of those that can be acted upon at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Many {
    channel: String,
    code: Option<String>,
    /// `failed` unless it is said; `retrying` too.
    states: Option<Vec<MessageState>>,
    instance: Option<InstanceId>,
    case_no: Option<CaseNo>,
    before: Option<String>,
    /// Only say which.
    #[serde(default)]
    dry_run: bool,
    cursor: Option<String>,
    limit: Option<usize>,
}

impl Many {
    fn filter(self) -> Result<MessageFilter, Problem> {
        let states = self.states.unwrap_or_else(|| vec![MessageState::Failed]);
        let left = |state: &MessageState| match state {
            MessageState::Failed | MessageState::Retrying => true,
            MessageState::Requested
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Handled
            | MessageState::Withdrawn
            | MessageState::Dropped => false,
        };
        if states.is_empty() || !states.iter().all(left) {
            let detail = "What can be sent again or given up is `failed` or `retrying`";
            return Err(Problem::new(Code::Fields, detail).at("/states", detail));
        }
        Ok(MessageFilter {
            channel: Some(self.channel),
            states,
            code: self.code,
            instance: self.instance,
            case_no: self.case_no,
            before: moment("before", self.before)?,
        })
    }
}

/// Why one of many was not done.
#[derive(Serialize)]
struct Refused {
    id: String,
    code: &'static str,
    detail: String,
}

/// Acts on a page of those that are meant. Each is a decision of its own, named by the key and its id, so that a
/// request that is sent again does to each what it has done already: nothing more.
async fn many(mut call: Call, act: Act) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct View {
        dry_run: bool,
        /// Those that are meant, as they were.
        items: Vec<MessageView>,
        done: usize,
        refused: Vec<Refused>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_cursor: Option<String>,
    }
    let mut body: Map<String, Value> = call.json().await?;
    let Why { reason, decision } = Why::take(&call, &mut body)?;
    let mut many: Many = crate::json::typed(Value::Object(body))?;
    let dry_run = many.dry_run;
    if !dry_run && reason.trim().is_empty() {
        return Err(Problem::new(Code::RepairReason, "Say why").at("/reason", "Say why"));
    }
    let request = page(many.cursor.take(), many.limit.or(Some(PAGE_LEN_MAX)))?;
    let found = call.app.query.messages(many.filter()?, request).await?;
    let mut view = View {
        dry_run,
        items: Vec::with_capacity(found.items.len()),
        done: 0,
        refused: Vec::new(),
        next_cursor: found.next_cursor,
    };
    let by = call.actor()?.clone();
    let ids: Vec<EffectId> = found.items.iter().filter(|_| !dry_run).map(|row| row.effect).collect();
    let handle = call.app.handle.clone();
    let acts =
        ids.into_iter().map(move |id| {
            let (repair, by, reason) = (act.repair(id), by.clone(), reason.clone());
            let (decision, handle) = (format!("{decision}/{id}"), handle.clone());
            async move {
                (id, handle.repair(RepairAct { instance: id.instance, repair, by, reason, decision }).await)
            }
        });
    // Together they share the commits of the engine.
    let results: Vec<_> = futures::stream::iter(acts).buffered(MESSAGES_AT_ONCE).collect().await;
    for (id, result) in results {
        match result {
            Ok(_) => view.done += 1,
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                let problem = Problem::from(error);
                let (code, detail) = (problem.code().as_str(), problem.detail().to_owned());
                view.refused.push(Refused { id: id.to_string(), code, detail });
            }
        }
    }
    view.items.extend(found.items.into_iter().map(MessageView::from));
    ok(&view)
}
