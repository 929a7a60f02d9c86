//! The configured channels.

use http::Method;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{CallView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/channels", list);
    routes.add(Policy::Admin, Method::GET, "/api/v1/channels/{id}/calls", calls);
    routes.add(Policy::Admin, Method::GET, "/api/v1/channels/{id}/calls/{call}", recording);
    routes.add(Policy::Admin, Method::POST, "/api/v1/channels/{id}:unpark", unpark);
    routes.add(Policy::Admin, Method::POST, "/api/v1/channels:reload", reload);
}

async fn list(call: Call) -> Answer {
    ok(&PageView::whole(call.app.channels.list()))
}

/// The last calls of its plugin in this process.
async fn calls(call: Call) -> Answer {
    let id = call.param("id");
    let found = call.app.channels.calls(id).ok_or_else(|| Problem::not_found("channel", id))?;
    ok(&PageView::whole(found.into_iter().map(CallView::from).collect()))
}

/// All of one, without what is secret: a file for `yiwang plugin replay`.
async fn recording(call: Call) -> Answer {
    let (channel, id) = (call.param("id"), call.param("call"));
    let recording = call.app.channels.recording(channel, id);
    ok(&recording.ok_or_else(|| Problem::not_found("recording", id))?)
}

/// The channel as it is then.
async fn unpark(call: Call) -> Answer {
    let id = call.param("id");
    let unknown = || Problem::not_found("channel", id);
    if !call.app.channels.unpark(id) {
        return Err(unknown());
    }
    ok(&call.app.channels.list().into_iter().find(|channel| channel.id == id).ok_or_else(unknown)?)
}

/// All channels as their files say now, or all as they were.
async fn reload(call: Call) -> Answer {
    match call.app.channels.reload().await {
        Ok(channels) => ok(&PageView::whole(channels)),
        Err(reasons) => Err(Problem::new(Code::Conflict, reasons.join("; "))),
    }
}
