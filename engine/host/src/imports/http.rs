//! `http`: from the guest's request to the shared client and back. The rules are in `outgoing`.

use crate::bindings::yiwang::channel::http::{Host, HttpError, Request};
use crate::bindings::yiwang::channel::types::HttpResponse;
use crate::call::CallState;
use crate::witness::Asking;
use crate::{limits, outgoing};

impl Host for CallState {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<HttpResponse, HttpError>> {
        self.saw("http.send");
        self.http_calls += 1;
        if self.http_calls > limits::HTTP_CALLS_MAX {
            let reason = format!("more than {} requests in one call", limits::HTTP_CALLS_MAX);
            return Ok(Err(HttpError::InvalidRequest(reason)));
        }
        let asking = self.noted.tape.is_some().then(|| Asking::of(&request));
        let answer = outgoing::send(self, request).await;
        if let (Some(asking), Some(tape)) = (asking, &mut self.noted.tape) {
            tape.asked(&asking, &answer);
        }
        if let Err(error) = &answer {
            tracing::info!(target: "plugin", channel = self.channel.id, ?error, "an outgoing request failed");
        }
        Ok(answer)
    }
}
