//! Work orders of a city's 12345 platform: a signed push becomes an intake event, the answer is the sign receipt.
//!
//! The order number is the event's id, so an order that is pushed again is the same one and gets the same
//! receipt. No national wire format is published; the body is that of README.md, the signature is
//! configuration. It decides nothing about the order.

mod order;
mod receipt;
mod signature;

use yiwang_sdk::mapping;
use yiwang_sdk::prelude::*;

struct Order12345;

impl Channel for Order12345 {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        let config = host.config();
        // Before anything of the body is read: an unsigned body is nobody's.
        signature::verify(host, &config["signature"], &request, ctx.now_ms)?;
        let body = yiwang_sdk::json::parse(request.bytes())
            .map_err(|reason| Failure::refused(400, "channel.malformed-body", reason))?;
        let order_no = order::number(&body)?;
        match order::intake(&config, &body, &order_no) {
            Ok(intake) => {
                let receipt = receipt::sign(host, ctx, &config, &order_no, &body)?;
                Ok(Outcome::new(receipt, vec![intake.into_event(order_no, Vec::new())]))
            }
            Err(mistakes) => Ok(Outcome::answer(mapping::problem(&mistakes))),
        }
    }
}

yiwang_sdk::export_channel!(Order12345: webhook);

#[cfg(test)]
mod tests;
