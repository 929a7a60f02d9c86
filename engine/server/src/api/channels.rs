//! The configured channels.

use http::Method;
use yiwang_runtime::ports::ChannelInfo;

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{CallView, ChannelView, PageView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/channels", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/channels/{id}/health", health);
    routes.add(Policy::Admin, Method::GET, "/api/v1/channels/{id}/calls", calls);
    routes.add(Policy::Admin, Method::GET, "/api/v1/channels/{id}/calls/{call}", recording);
    routes.add(Policy::Admin, Method::POST, "/api/v1/channels/{id}:unpark", unpark);
    routes.add(Policy::Admin, Method::POST, "/api/v1/channels:reload", reload);
}

async fn list(call: Call) -> Answer {
    ok(&PageView::whole(views(call.app.channels.list())))
}

/// The channel, asked how it does now, unless that was within the last minute.
async fn health(call: Call) -> Answer {
    let id = call.param("id");
    call.app.channels.health(id, call.now).await;
    ok(&one(&call, id)?)
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
    if !call.app.channels.unpark(id) {
        return Err(Problem::not_found("channel", id));
    }
    ok(&one(&call, id)?)
}

/// All channels as their files say now, or all as they were.
async fn reload(call: Call) -> Answer {
    match call.app.channels.reload().await {
        Ok(channels) => ok(&PageView::whole(views(channels))),
        Err(reasons) => Err(Problem::new(Code::Conflict, reasons.join("; "))),
    }
}

fn one(call: &Call, id: &str) -> Result<ChannelView, Problem> {
    let found = call.app.channels.list().into_iter().find(|channel| channel.id == id);
    found.map(ChannelView::from).ok_or_else(|| Problem::not_found("channel", id))
}

fn views(channels: Vec<ChannelInfo>) -> Vec<ChannelView> {
    channels.into_iter().map(ChannelView::from).collect()
}
