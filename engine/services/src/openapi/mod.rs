//! `call: openapi`: finds the operation in its document, makes the request of it, and ends as HTTP does.
//!
//! ```text
//! document ─► operation (its parameters, body, servers; Swagger 2.0 and OpenAPI 3.x alike)
//!                 + parameters of the call ─► method, address, headers, body ─► http::exchange
//! ```
//!
//! What an operation is, is known to `operation`; how a value is written, to `style`; who may call, to `auth`.

mod operation;
mod request;
mod style;

use serde_json::Value;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::{document, fault, http};

/// Performs a `call: openapi`.
pub(crate) async fn perform(inner: &Inner, call: &mut Call) -> Result<Data, Fault> {
    let resource = call.get("document").ok_or_else(|| fault::configuration("there is no `document`"))?;
    let document = document::get(inner, call, &resource).await?;
    let id = call.text("operationId")?;
    let operation = operation::find(&document, &id)?;
    let parameters = match call.get("parameters").map(|it| it.to_json()) {
        None => serde_json::Map::new(),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(fault::configuration("`parameters` must be an object")),
    };
    let credentials = Credentials::of(inner, call, call.get("authentication"))?;
    let mut asked = request::of(&operation, &parameters)?;
    asked.redirect = call.get("redirect").is_some_and(|value| value.is_true());
    asked.shape = http::Shape::of(call.get("output"))?;
    http::exchange(inner, call, &credentials, asked).await
}
