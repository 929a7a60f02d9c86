//! Short messages by Aliyun (阿里云短信服务): approved templates out, delivery reports in.
//!
//! ```text
//! send ─► number, template ─► parameters ─► signed (ACS3 or RPC) ─► SendSms ─► BizId
//! SmsReport ─► secret path, address ─► state of each BizId
//! ```
//! <https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms>

mod answer;
mod report;
mod send;
mod sign;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};
use yiwang_sdk::{caller, delivery};

/// Codes of failures begin with it.
const PROVIDER: &str = "aliyun";

struct SmsAliyun;

impl Channel for SmsAliyun {
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
        let response = HttpResponse::json(200, &json!({"code": 0, "msg": "接收成功"}));
        Ok(delivery::Outcome { response, updates })
    }
}

yiwang_sdk::export_channel!(SmsAliyun: sender, delivery_callback);

#[cfg(test)]
mod tests;
