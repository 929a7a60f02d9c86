//! What an answer of Aliyun means: sent, or which of its codes may be tried again and when.
//! <https://help.aliyun.com/zh/sms/developer-reference/api-error-codes>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::sms;

use crate::PROVIDER;

/// The receipt, or the failure.
pub(crate) fn receipt(answer: &Value, now_ms: u64) -> Result<Receipt, Failure> {
    let text = |name: &str| answer[name].as_str().unwrap_or_default();
    match text("Code") {
        "OK" => Ok(Receipt {
            provider_id: answer["BizId"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned),
            state: DeliveryState::Accepted,
            attributes: Vec::new(),
        }),
        "" => Err(Failure::unknown_outcome("aliyun.answer", "the interface answered without a code")),
        code => Err(refused(code, text("Message"), now_ms)),
    }
}

fn refused(code: &str, told: &str, now_ms: u64) -> Failure {
    let name = sms::code(PROVIDER, code);
    let words = sms::words(told);
    let again = |ms: u64| Failure::retryable(name.clone(), words.clone()).after(Some(ms));
    match code {
        // The message says which of the limits it was.
        "isv.BUSINESS_LIMIT_CONTROL" if told.contains('天') => again(sms::until_tomorrow(now_ms)),
        "isv.BUSINESS_LIMIT_CONTROL" if told.contains("小时") => again(3_600_000),
        "isv.BUSINESS_LIMIT_CONTROL" => again(60_000),
        "isv.DAY_LIMIT_CONTROL" | "isv.MONTH_LIMIT_CONTROL" => again(sms::until_tomorrow(now_ms)),
        "isp.SYSTEM_ERROR" | "isp.GATEWAY_ERROR" | "ServiceUnavailable" => again(10_000),
        "SignatureNonceUsed" => again(1000),
        code if code.starts_with("Throttling") => again(5000),
        // Their words repeat the whole request, with the number in it.
        "SignatureDoesNotMatch" | "IncompleteSignature" => Failure::misconfigured(
            name,
            "the signature does not match: is the secret that of `accessKeyId`, and does `rpc_key` end with `&`?",
        ),
        "InvalidTimeStamp.Expired" | "InvalidTimeStamp.Format" => {
            Failure::misconfigured(name, "the server's clock is more than fifteen minutes off")
        }
        code if is_ours_to_fix(code) => Failure::misconfigured(name, words),
        // isv.MOBILE_NUMBER_ILLEGAL, isv.PARAM_LENGTH_LIMIT, isv.BLACK_KEY_CONTROL_LIMIT, … and what is unknown.
        _ => Failure::permanent(name, words),
    }
}

/// Account, permissions, signature and templates: somebody must do something, and then it may be sent.
fn is_ours_to_fix(code: &str) -> bool {
    const CODES: [&str; 19] = [
        "isp.RAM_PERMISSION_DENY",
        "isv.ACCOUNT_ABNORMAL",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.CUSTOMER_REFUSED",
        "isv.DENY_IP_RANGE",
        "isv.EXTEND_CODE_ERROR",
        "isv.OUT_OF_SERVICE",
        "isv.PRODUCT_UNSUBSCRIBE",
        "isv.PRODUCT_UN_SUBSCRIPT",
        "isv.SIGN_NAME_ILLEGAL",
        "isv.SIGN_STATE_ILLEGAL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_SIGN_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_STATE_ILLEGAL",
        "MissingAccessKeyId",
        "NoPermission",
    ];
    const FAMILIES: [&str; 5] =
        ["InvalidAccessKeyId", "InvalidAction", "InvalidVersion", "Forbidden", "InvalidSecurityToken"];
    CODES.contains(&code) || FAMILIES.iter().any(|family| code.starts_with(family))
}
