//! What messengers have in common: a message of a person is a part of one report, a verdict on an answer, or
//! nothing that can be taken. It knows no provider; the members of the configuration are those that every
//! messenger's schema has.

use serde_json::Value;

use crate::intake::{self, CONTENT_CHARS_MAX, Feedback, Intake, Kind, clean};
use crate::{BlobRef, CallContext, Event, time};

/// How a verdict is to be written, for those who tried.
pub const VERDICT_HELP: &str =
    "评价请这样发送：评价 办件编号 满意（或 不满意 加原因），例如：评价 QC-20240604-000123 满意";
/// Thanks for a verdict.
pub const VERDICT_THANKS: &str = "感谢您的评价。";

/// A messenger: its name and the channel's configuration (`channel`, `kind`, `region`, `gatherSeconds`).
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the words say it")]
pub struct Chat<'a> {
    pub provider: &'a str,
    pub config: &'a Value,
}

/// What a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// No words.
    Nothing,
    /// `评价 QC-20240604-000123 满意`.
    Verdict(Feedback),
    /// It begins like a verdict and is none; the words, cleaned.
    Unclear(String),
    /// A part of a report, cleaned.
    Words(String),
}

/// Reads a text of the person `from`.
#[must_use]
pub fn said(text: &str, from: &str) -> Said {
    let text = clean(text);
    match text.strip_prefix("评价") {
        Some(words) => verdict(words, from).map_or_else(|| Said::Unclear(text.clone()), Said::Verdict),
        None if text.is_empty() => Said::Nothing,
        None => Said::Words(text),
    }
}

/// ` QC-20240604-000123 不满意 没有修好`
fn verdict(words: &str, from: &str) -> Option<Feedback> {
    let mut parts = words.trim().splitn(3, char::is_whitespace);
    let case_no = parts.next()?.to_ascii_uppercase();
    let satisfied = match parts.next()?.trim() {
        "满意" | "非常满意" | "很满意" => true,
        "不满意" | "非常不满意" | "很不满意" => false,
        _ => return None,
    };
    let reason: String = clean(parts.next().unwrap_or_default()).chars().take(2000).collect();
    intake::is_case_no(&case_no).then(|| Feedback {
        case_no,
        satisfied,
        score: None,
        reason: (!reason.is_empty()).then_some(reason),
        openid: Some(from.to_owned()),
    })
}

impl Chat<'_> {
    /// A part of a report; the title is made from the content if it is empty.
    #[must_use]
    pub fn part(&self, id: &str, from: &str, content: &str, title: &str) -> Intake {
        let kind = self.config["kind"].as_str().and_then(Kind::parse).unwrap_or(Kind::Complaint);
        let content: String = content.chars().take(CONTENT_CHARS_MAX).collect();
        let mut intake = Intake::new(id, kind, title, &content);
        intake.channel = Some(self.config["channel"].as_str().unwrap_or(self.provider).to_owned());
        intake.region = self.config["region"].as_str().map(ToOwned::to_owned);
        intake.petitioner.openid = Some(from.to_owned());
        intake
    }

    /// The event of a part. All parts of one person within `gatherSeconds` are gathered into one report.
    #[must_use]
    pub fn event(
        &self,
        ctx: &CallContext,
        part: Intake,
        blobs: Vec<BlobRef>,
        from: &str,
        at_ms: Option<u64>,
    ) -> Event {
        let id = part.external_id.clone();
        let window = self.config["gatherSeconds"].as_u64().unwrap_or(300) * 1000;
        let mut event = part.into_event(id, blobs).in_session(from, window);
        // A time far from now is a mistake of somebody's clock.
        event.time = at_ms.filter(|at| ctx.now_ms.abs_diff(*at) < 86_400_000).map(time::rfc3339);
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_told_from_words() {
        let verdict = |text: &str| match said(text, "o1") {
            Said::Verdict(feedback) => Some((feedback.case_no, feedback.satisfied, feedback.reason)),
            Said::Nothing | Said::Unclear(_) | Said::Words(_) => None,
        };
        assert_eq!(
            verdict("评价 QC-20240604-000123 满意"),
            Some(("QC-20240604-000123".to_owned(), true, None))
        );
        assert_eq!(
            verdict("评价 qc-20240604-000123 不满意 没有修好"),
            Some(("QC-20240604-000123".to_owned(), false, Some("没有修好".to_owned())))
        );
        assert_eq!(said("评价 还行", "o1"), Said::Unclear("评价 还行".to_owned()));
        assert_eq!(said("评价 满意", "o1"), Said::Unclear("评价 满意".to_owned()));
        assert_eq!(said(" \u{202E} ", "o1"), Said::Nothing);
        assert_eq!(said(" 路灯坏了 ", "o1"), Said::Words("路灯坏了".to_owned()));
    }
}
