//! Short messages by Tencent Cloud (腾讯云短信): approved templates out, delivery reports in.
//!
//! ```text
//! send ─► number, template ─► parameters ─► signed (TC3) ─► SendSms ─► SerialNo
//! callback ─► secret path, address ─► state of each sid
//! ```
//! <https://cloud.tencent.com/document/api/382/55981>

mod answer;
mod report;
mod send;
mod sign;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{caller, delivery};

/// Codes of failures begin with it.
const PROVIDER: &str = "tencent";

struct SmsTencent;

impl Channel for SmsTencent {
    fn validate_config(config: &Value) -> Vec<Problem> {
        caller::problems(config, "reportsFrom")
    }

    fn send<H: Host>(host: &H, ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        send::send(host, ctx, &notification)
    }

    fn delivery_callback<H: Host>(
        host: &H,
        _: &CallContext,
        request: HttpRequest,
    ) -> Result<delivery::Outcome, Failure> {
        caller::check(host, "path_key", &host.config()["reportsFrom"], &request)?;
        let updates = report::updates(request.bytes())
            .map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))?;
        let response = HttpResponse::json(200, &json!({"result": 0, "errmsg": "OK"}));
        Ok(delivery::Outcome { response, updates })
    }
}

yiwang_sdk::export_channel!(SmsTencent: sender, delivery_callback);

#[cfg(test)]
mod tests;
