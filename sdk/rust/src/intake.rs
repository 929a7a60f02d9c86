//! What intake channels hand over: `cn.yiwang.intake.received.v1` and `cn.yiwang.intake.feedback.v1`.
//!
//! The JSON Schemas in `sdk/schema` are the contract; these types cannot build anything else as far as
//! types can say it. Nothing here knows where the words came from.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{BlobRef, Event};

/// Type of an intake event.
pub const RECEIVED: &str = "cn.yiwang.intake.received.v1";
/// Type of a citizen's verdict on an answer.
pub const FEEDBACK: &str = "cn.yiwang.intake.feedback.v1";

/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest content, in characters.
pub const CONTENT_CHARS_MAX: usize = 20_000;

/// One thing that somebody said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each field is described in sdk/schema/intake-received.v1.json")]
pub struct Intake {
    pub external_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    pub kind: Kind,
    pub title: String,
    pub content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    #[serde(skip_serializing_if = "Petitioner::is_empty")]
    pub petitioner: Petitioner,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Kind {
    Consult,
    Help,
    Complaint,
    Report,
    Suggestion,
    Praise,
}

/// How urgent the sender says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Urgency {
    General,
    Urgent,
    Emergency,
}

/// A point, with the datum of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the words say it")]
pub struct Location {
    pub lat: f64,
    pub lon: f64,
    pub crs: &'static str,
}

/// Datums that the schema knows.
pub const CRS: [&str; 4] = ["WGS84", "GCJ-02", "CGCS2000", "BD-09"];

/// Who speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the words say it")]
pub struct Petitioner {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidential: Option<bool>,
}

impl Petitioner {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A file: kept by the host, or still at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Attachment {
    Kept {
        digest: String,
        size: u64,
        media_type: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
    },
    AtProvider {
        provider: String,
        #[serde(rename = "ref")]
        reference: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
    },
}

impl From<&BlobRef> for Attachment {
    fn from(blob: &BlobRef) -> Self {
        Self::Kept {
            digest: blob.digest.clone(),
            size: blob.size,
            media_type: blob.media_type.clone(),
            file_name: blob.file_name.clone(),
        }
    }
}

impl Intake {
    /// The least that there must be. The title is made from the content if it is empty.
    #[must_use]
    pub fn new(external_id: impl Into<String>, kind: Kind, title: &str, content: &str) -> Self {
        let content = content.to_owned();
        let title = if title.is_empty() { title_of(&content) } else { title.to_owned() };
        Self {
            external_id: external_id.into(),
            channel: None,
            kind,
            title,
            content,
            category: Vec::new(),
            occurred_at: None,
            address: None,
            region: None,
            location: None,
            petitioner: Petitioner::default(),
            urgency: None,
            attachments: Vec::new(),
            extra: Map::new(),
        }
    }

    /// The event; `blobs` are the files that the host keeps.
    ///
    /// # Panics
    /// Never: the type has only string keys and finite numbers.
    #[must_use]
    pub fn into_event(self, id: impl Into<String>, blobs: Vec<BlobRef>) -> Event {
        let data = serde_json::to_value(&self).expect("string keys and plain values");
        let mut event = Event::new(RECEIVED, id, &data);
        event.attachments = blobs;
        event
    }
}

impl Kind {
    /// By the identifier or the Chinese word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "consult" | "咨询" => Self::Consult,
            "help" | "求助" | "求决" => Self::Help,
            "complaint" | "投诉" => Self::Complaint,
            "report" | "举报" | "检举" => Self::Report,
            "suggestion" | "建议" => Self::Suggestion,
            "praise" | "表扬" | "感谢" => Self::Praise,
            _ => return None,
        })
    }
}

impl Urgency {
    /// By the identifier or the Chinese word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "general" | "一般" | "普通" => Self::General,
            "urgent" | "紧急" | "较急" | "较大" => Self::Urgent,
            "emergency" | "特急" | "特别紧急" | "重大" => Self::Emergency,
            _ => return None,
        })
    }
}

/// A title made of the first sentence that has words, at most 40 characters.
#[must_use]
pub fn title_of(content: &str) -> String {
    let mut lines = content.split(['\n', '。', '！', '？', '；']).map(str::trim);
    let line = lines.find(|line| !line.is_empty()).unwrap_or(content.trim());
    if line.chars().count() <= 40 { line.to_owned() } else { line.chars().take(39).chain(['…']).collect() }
}

/// The words of a person as they may be stored: without control characters and without the marks that turn
/// the direction of text (they make a line read as something else than it says). Line ends become `\n`.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = text.chars().filter(|char| {
        let turns = matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}');
        !turns && (!char.is_control() || matches!(char, '\n' | '\t'))
    });
    kept.collect::<String>().trim().to_owned()
}

/// Does it look like a case number, e.g. `QC-20240604-000123`?
#[must_use]
pub fn is_case_no(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(prefix), Some(date), Some(number), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    (2..=8).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
        && date.len() == 8
        && (1..=12).contains(&number.len())
        && [date, number].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A verdict on the answer to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "each field is described in sdk/schema/intake-feedback.v1.json")]
pub struct Feedback {
    pub case_no: String,
    pub satisfied: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
}

impl Feedback {
    /// The event; its subject is the case number.
    ///
    /// # Panics
    /// Never: the type has only plain values.
    #[must_use]
    pub fn into_event(self, id: impl Into<String>) -> Event {
        let data = serde_json::to_value(&self).expect("plain values");
        let mut event = Event::new(FEEDBACK, id, &data);
        event.subject = Some(self.case_no);
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there_is_written() {
        let event =
            Intake::new("x1", Kind::Complaint, "", "路灯不亮三天了。请尽快修复。").into_event("x1", vec![]);
        assert_eq!(
            event.data,
            r#"{"externalId":"x1","kind":"complaint","title":"路灯不亮三天了","content":"路灯不亮三天了。请尽快修复。"}"#
        );
    }

    #[test]
    fn words_are_cleaned_but_not_changed() {
        assert_eq!(clean(" a\r\nb\u{0}\u{202E}c\t中 "), "a\nbc\t中");
        assert_eq!(clean("${secret:app} {{x}} =cmd()"), "${secret:app} {{x}} =cmd()");
    }

    #[test]
    fn long_first_sentences_are_cut() {
        assert_eq!(title_of(&"长".repeat(60)).chars().count(), 40);
        assert_eq!(title_of("！！\n路灯坏了。"), "路灯坏了");
        assert_eq!(title_of("。。。"), "。。。", "never empty where there is content");
    }

    #[test]
    fn case_numbers() {
        for (text, is) in [
            ("QC-20240604-000123", true),
            ("QC-2024-000123", false),
            ("qc-20240604-000123", false),
            ("QC-20240604-", false),
            ("QC-20240604-1-2", false),
        ] {
            assert_eq!(is_case_no(text), is, "{text}");
        }
    }
}
