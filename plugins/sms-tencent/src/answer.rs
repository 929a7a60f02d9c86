//! What an answer of Tencent means: an error of the whole request, or the state of the one number that it has.
//! <https://cloud.tencent.com/document/api/382/59177>

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::sms;

use crate::PROVIDER;

/// The receipt, or the failure.
pub(crate) fn receipt(answer: &Value, now_ms: u64) -> Result<Receipt, Failure> {
    let response = &answer["Response"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if response["Error"].is_object() {
        let error = &response["Error"];
        return Err(refused(&text(&error["Code"]), &text(&error["Message"]), now_ms));
    }
    // One number was sent, so one state comes back: the request may be fine and the number refused.
    let status = match response["SendStatusSet"].as_array().map(Vec::as_slice) {
        Some([status]) => status,
        _ => {
            return Err(Failure::unknown_outcome(
                "tencent.answer",
                "the interface did not answer with the state of the one number",
            ));
        }
    };
    match text(&status["Code"]).as_str() {
        "Ok" => Ok(Receipt {
            provider_id: status["SerialNo"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned),
            state: DeliveryState::Accepted,
            attributes: Vec::new(),
        }),
        "" => Err(Failure::unknown_outcome("tencent.answer", "the state of the number has no code")),
        code => Err(refused(code, &text(&status["Message"]), now_ms)),
    }
}

fn refused(code: &str, told: &str, now_ms: u64) -> Failure {
    let name = sms::code(PROVIDER, code);
    let words = sms::words(told);
    let again = |ms: u64| Failure::retryable(name.clone(), words.clone()).after(Some(ms));
    match code {
        "LimitExceeded.PhoneNumberThirtySecondLimit" => again(30_000),
        "LimitExceeded.PhoneNumberOneHourLimit" => again(3_600_000),
        code if code.starts_with("LimitExceeded") && code.ends_with("DailyLimit") => {
            again(sms::until_tomorrow(now_ms))
        }
        "LimitExceeded.PhoneNumberCountLimit" => Failure::permanent(name, words),
        code if code.starts_with("LimitExceeded") => again(60_000),
        code if code.starts_with("RequestLimitExceeded") => again(5000),
        // Their own request to the operator timed out: it may have arrived there.
        "InternalError.Timeout" => Failure::unknown_outcome(name, words),
        "AuthFailure.SignatureFailure" => Failure::misconfigured(
            name,
            "the signature does not match: is `tc3_key` the SecretKey of `secretId` with `TC3` before it?",
        ),
        "AuthFailure.SignatureExpire" | "InternalError.RequestTimeException" => {
            Failure::misconfigured(name, "the server's clock is more than five minutes off")
        }
        code if is_ours_to_fix(code) => Failure::misconfigured(name, words),
        code if ["InternalError", "ResourceInsufficient", "ResourceUnavailable"]
            .iter()
            .any(|family| code.starts_with(family)) =>
        {
            again(10_000)
        }
        // InvalidParameterValue.IncorrectPhoneNumber, FailedOperation.PhoneNumberInBlacklist, … and what is unknown.
        _ => Failure::permanent(name, words),
    }
}

/// Account, permissions, signature and templates: somebody must do something, and then it may be sent.
fn is_ours_to_fix(code: &str) -> bool {
    const CODES: [&str; 11] = [
        "ActionOffline",
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.JsonParseFail",
        "FailedOperation.MissingSignature",
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.TemplateIncorrectOrUnapproved",
        "InternalError.SigFieldMissing",
        "InternalError.SigVerificationFail",
        "InvalidParameterValue.SdkAppIdNotExist",
        "IpInBlacklist",
        "IpNotInWhitelist",
    ];
    const FAMILIES: [&str; 5] =
        ["AuthFailure", "UnauthorizedOperation", "InvalidAction", "NoSuchVersion", "UnsupportedRegion"];
    CODES.contains(&code) || FAMILIES.iter().any(|family| code.starts_with(family))
}
