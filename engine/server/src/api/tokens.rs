//! API tokens: made, listed, revoked by the administrator. The text of a token is in one answer only.

use axum::response::IntoResponse;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use yiwang_core::Timestamp;

use crate::auth::new_token;
use crate::call::{Answer, Call, ok, with_status};
use crate::limits::TEXT_BYTES_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::{PageView, TokenView};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Admin, Method::GET, "/api/v1/tokens", list);
    routes.add(Policy::Admin, Method::POST, "/api/v1/tokens", create);
    routes.add(Policy::Admin, Method::DELETE, "/api/v1/tokens/{id}", revoke);
}

async fn list(call: Call) -> Answer {
    let rows = call.app.tokens.tokens().await?;
    ok(&PageView::whole(rows.into_iter().map(TokenView::from).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    person: String,
    #[serde(default)]
    roles: Vec<String>,
    /// RFC 3339; absent: until revoked.
    expires: Option<String>,
}

#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    token: TokenView,
    /// Shown now and never again.
    secret: String,
}

async fn create(mut call: Call) -> Answer {
    let wanted: Wanted = call.json().await?;
    check_name(&wanted.person, "/person")?;
    for (index, role) in wanted.roles.iter().enumerate() {
        check_name(role, &format!("/roles/{index}"))?;
    }
    let expires = wanted.expires.as_deref().map(|text| {
        let wrong = |detail: &str| Problem::new(Code::Fields, detail).at("/expires", detail);
        let at = Timestamp::parse(text).ok_or_else(|| wrong("`expires` is not an RFC 3339 time"))?;
        if at <= call.now { Err(wrong("`expires` has passed already")) } else { Ok(at) }
    });
    let made = new_token(&wanted.person, wanted.roles, call.now, expires.transpose()?)
        .map_err(|error| Problem::internal(std::io::Error::other(error.to_string())))?;
    call.app.tokens.add_token(made.row.clone()).await?;
    tracing::info!(token = made.row.id, person = made.row.person, by = call.actor()?.person, "token made");
    with_status(StatusCode::CREATED, &Created { token: made.row.into(), secret: made.text })
}

async fn revoke(call: Call) -> Answer {
    let id = call.param("id");
    if !call.app.tokens.revoke_token(id).await? {
        return Err(Problem::not_found("token", id));
    }
    tracing::info!(token = id, by = call.actor()?.person, "token revoked");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Names of people and roles: something to read, without blanks at the ends or control characters.
fn check_name(name: &str, pointer: &str) -> Result<(), Problem> {
    let ok = !name.is_empty()
        && name.len() <= TEXT_BYTES_MAX
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if ok {
        return Ok(());
    }
    let detail =
        format!("A name has 1 to {TEXT_BYTES_MAX} bytes, no blanks at its ends and no control characters");
    Err(Problem::new(Code::Fields, detail.clone()).at(pointer, detail))
}
