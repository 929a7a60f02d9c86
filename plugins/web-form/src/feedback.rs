//! A citizen's verdict on an answer: `cn.yiwang.intake.feedback.v1`.
//! Whether the case exists and may be judged is not known here.

use yiwang_sdk::intake::{self, Feedback, clean};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::check::{Mistake, problem};
use crate::config::Config;
use crate::{answer, input, page, receipt};

/// Takes feedback by JSON or form.
pub(crate) fn take<H: Host>(
    host: &H,
    ctx: &CallContext,
    config: &Config,
    request: &HttpRequest,
) -> Result<Outcome, Failure> {
    let given = input::read(request)?;
    let client_id = receipt::client_id(request, &given);
    match read(&given) {
        Err(mistakes) if request.wants_html() => {
            let client_id = client_id.unwrap_or_else(|| receipt::new_client_id(host));
            let page = page::feedback(config, &client_id, &given, &mistakes);
            Ok(answer(page::html(422, page).with("x-yiwang-code", "intake.invalid")))
        }
        Err(mistakes) => Ok(answer(problem(&mistakes))),
        Ok(feedback) => {
            let id = receipt::id(host, ctx, config, client_id.as_deref(), &receipt::digest(&given))?;
            let response = receipt::response(config, request, &id);
            Ok(Outcome::new(response, vec![feedback.into_event(id)]))
        }
    }
}

fn read(given: &input::Given) -> Result<Feedback, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut wrong = |field: &str, code: &'static str, detail: &str| {
        mistakes.push(Mistake { pointer: format!("/{field}"), code, detail: detail.to_owned() });
    };
    for name in given.fields.keys() {
        if !["clientId", "caseNo", "satisfied", "score", "reason"].contains(&name.as_str()) {
            wrong(name, "unknown-field", "没有这个字段");
        }
    }
    let case_no = given.shown("caseNo").trim().to_ascii_uppercase();
    if !intake::is_case_no(&case_no) {
        wrong("caseNo", "not-a-case-number", "请填写回复里的办件编号，如 QC-20240604-000123");
    }
    let satisfied = match given.at("satisfied") {
        Some(Value::Bool(satisfied)) => Some(*satisfied),
        Some(Value::String(text)) => match text.as_str() {
            "true" | "满意" => Some(true),
            "false" | "不满意" => Some(false),
            _ => None,
        },
        _ => None,
    };
    if satisfied.is_none() {
        wrong("satisfied", "required", "请选择满意或不满意");
    }
    let score = match given.at("score") {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => number.as_u64().or(Some(0)),
        Some(Value::String(text)) => text.parse().ok().or(Some(0)),
        Some(_) => Some(0),
    };
    if score.is_some_and(|score| !(1..=5).contains(&score)) {
        wrong("score", "out-of-range", "分数为 1 到 5");
    }
    let reason = clean(&given.shown("reason"));
    if reason.chars().count() > 2000 {
        wrong("reason", "too-long", "最多 2000 个字");
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(Feedback {
        case_no,
        satisfied: satisfied.unwrap_or(false),
        score: score.and_then(|score| score.try_into().ok()),
        reason: (!reason.is_empty()).then_some(reason),
        openid: None,
    })
}
