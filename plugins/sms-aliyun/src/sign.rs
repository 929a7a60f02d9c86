//! Aliyun's two signatures. Keys stay on the host; the vectors are the provider's own.
//!
//! ACS3 (<https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature>) signs method,
//! query, headers and the body's digest by HMAC-SHA256 with the secret itself.
//! RPC (<https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism>) signs method and parameters by
//! HMAC-SHA1 with the secret and an `&` after it: the secret `rpc_key` holds both, so that the host can do it.

use yiwang_sdk::canonical::{self, Headers};
use yiwang_sdk::prelude::*;
use yiwang_sdk::text::query_value;
use yiwang_sdk::{codec, provider};

/// Value of `authorization` for a request without a body to `/` with this canonical query.
pub(crate) fn acs3<H: Host>(
    host: &H,
    access_key_id: &str,
    query: &str,
    signed: &[(&str, &str)],
) -> Result<String, Failure> {
    let headers = Headers::new(signed);
    let digest = canonical::digest("POST", "/", query, &headers, b"");
    let text = format!("ACS3-HMAC-SHA256\n{digest}");
    let name = "access_key_secret";
    let mac = host
        .hmac(name, "utf8", "sha256", text.as_bytes())
        .map_err(|error| provider::unusable(name, error))?;
    Ok(format!(
        "ACS3-HMAC-SHA256 Credential={access_key_id},SignedHeaders={},Signature={}",
        headers.names,
        codec::hex(&mac)
    ))
}

/// Value of the parameter `Signature`.
pub(crate) fn rpc<H: Host>(host: &H, method: &str, params: &[(&str, &str)]) -> Result<String, Failure> {
    let text = format!("{method}&%2F&{}", query_value(&canonical::query(params)));
    let mac = host
        .hmac("rpc_key", "utf8", "sha1", text.as_bytes())
        .map_err(|error| provider::unusable("rpc_key", error))?;
    Ok(codec::base64_encode(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yiwang_sdk::fake;

    #[test]
    fn the_documented_rpc_request() {
        let host = fake::Host::new().secret("rpc_key", "testSecret&");
        let mut params = [
            ("AccessKeyId", "testId"),
            ("Action", "SendSms"),
            ("Format", "XML"),
            ("OutId", "123"),
            ("PhoneNumbers", "15300000001"),
            ("RegionId", "cn-hangzhou"),
            ("SignName", "阿里云短信测试专用"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "45e25e9b-0a6f-4070-8c85-2956eda1b466"),
            ("SignatureVersion", "1.0"),
            ("TemplateCode", "SMS_71390007"),
            ("TemplateParam", r#"{"customer":"test"}"#),
            ("Timestamp", "2017-07-12T02:42:19Z"),
            ("Version", "2017-05-25"),
        ];
        assert_eq!(rpc(&host, "GET", &params).unwrap(), "zJDF+Lrzhj/ThnlvIToysFRq6t4=");
        params.reverse();
        assert_eq!(rpc(&host, "GET", &params).unwrap(), "zJDF+Lrzhj/ThnlvIToysFRq6t4=", "in any order");
        assert_ne!(rpc(&host, "POST", &params).unwrap(), "zJDF+Lrzhj/ThnlvIToysFRq6t4=");
        let forgotten = fake::Host::new().secret("rpc_key", "testSecret");
        assert_ne!(rpc(&forgotten, "GET", &params).unwrap(), "zJDF+Lrzhj/ThnlvIToysFRq6t4=");
    }

    #[test]
    fn the_documented_acs3_request() {
        let host = fake::Host::new().secret("access_key_secret", "YourAccessKeySecret");
        let query = canonical::query(&[
            ("RegionId", "cn-shanghai"),
            ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"),
        ]);
        let empty = codec::sha256_hex(b"");
        let signed = [
            ("x-acs-version", "2014-05-26"),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
            ("x-acs-date", "2023-10-26T10:22:32Z"),
            ("x-acs-content-sha256", empty.as_str()),
            ("x-acs-action", "RunInstances"),
            ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ];
        assert_eq!(
            acs3(&host, "YourAccessKeyId", &query, &signed).unwrap(),
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;\
             x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn without_its_key_the_channel_is_misconfigured() {
        let host = fake::Host::new();
        for failure in [rpc(&host, "POST", &[]).unwrap_err(), acs3(&host, "id", "", &[]).unwrap_err()] {
            assert_eq!(
                (failure.kind, failure.code.as_str()),
                (FailureKind::Misconfigured, "channel.secret-unusable")
            );
        }
    }
}
