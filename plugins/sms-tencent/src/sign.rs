//! TC3-HMAC-SHA256 (<https://cloud.tencent.com/document/api/382/52072>): the key is derived in steps from the
//! secret, the day, the service.
//!
//! The secret `tc3_key` is the `SecretKey` with `TC3` before it, so that the host can make the first step: what
//! the plugin sees is a key for one day.

use yiwang_sdk::canonical::{self, Headers};
use yiwang_sdk::prelude::*;
use yiwang_sdk::{codec, provider, time};

/// What is signed, besides the key.
pub(crate) struct Request<'a> {
    pub(crate) secret_id: &'a str,
    pub(crate) service: &'a str,
    pub(crate) host: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a str,
    pub(crate) at_secs: u64,
}

/// Value of `authorization` for a POST to `/`.
pub(crate) fn authorization<H: Host>(host: &H, request: &Request<'_>) -> Result<String, Failure> {
    // The day in UTC, whatever the day is in China.
    let date: String = time::rfc3339(request.at_secs * 1000).chars().take(10).collect();
    let headers = Headers::new(&[("content-type", request.content_type), ("host", request.host)]);
    let digest = canonical::digest("POST", "/", "", &headers, request.body.as_bytes());
    let scope = format!("{date}/{}/tc3_request", request.service);
    let text = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{digest}", request.at_secs);
    let of_day = host
        .hmac("tc3_key", "utf8", "sha256", date.as_bytes())
        .map_err(|error| provider::unusable("tc3_key", error))?;
    let of_service = codec::hmac_sha256(&of_day, request.service.as_bytes());
    let key = codec::hmac_sha256(&of_service, b"tc3_request");
    let signature = codec::hex(&codec::hmac_sha256(&key, text.as_bytes()));
    Ok(format!(
        "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        request.secret_id, headers.names
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yiwang_sdk::fake;

    const DOCUMENTED: Request<'static> = Request {
        secret_id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        service: "cvm",
        host: "cvm.tencentcloudapi.com",
        content_type: "application/json; charset=utf-8",
        body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
        at_secs: 1_551_113_065,
    };

    #[test]
    fn the_documented_request() {
        let host = fake::Host::new().secret("tc3_key", "TC3Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
        assert_eq!(
            authorization(&host, &DOCUMENTED).unwrap(),
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
        let forgotten = fake::Host::new().secret("tc3_key", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
        assert!(!authorization(&forgotten, &DOCUMENTED).unwrap().contains("72e494ea"));
    }

    #[test]
    fn the_day_is_that_of_utc() {
        let host = fake::Host::new().secret("tc3_key", "TC3x");
        // 2024-06-05T07:59:59+08:00 and a second later.
        for (at_secs, day) in [(1_717_545_599, "/2024-06-04/"), (1_717_545_600, "/2024-06-05/")] {
            let request = Request { at_secs, ..DOCUMENTED };
            assert!(authorization(&host, &request).unwrap().contains(day));
        }
    }

    #[test]
    fn without_its_key_the_channel_is_misconfigured() {
        let failure = authorization(&fake::Host::new(), &DOCUMENTED).unwrap_err();
        assert_eq!(
            (failure.kind, failure.code.as_str()),
            (FailureKind::Misconfigured, "channel.secret-unusable")
        );
    }
}
