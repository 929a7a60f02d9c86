//! A letter as an event: a report, a verdict on an answer, or something that is set aside.

use yiwang_sdk::chat::{Said, said};
use yiwang_sdk::codec::sha256_hex;
use yiwang_sdk::intake::{self, Attachment, CONTENT_CHARS_MAX, Intake, Kind, TITLE_CHARS_MAX};
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Map, Value, json};
use yiwang_sdk::{MailMessage, time};

use crate::cursor::Cursor;
use crate::guard::Aside;
use crate::letter::Letter;
use crate::{bounce, quotation};

/// Type of what is set aside.
const SET_ASIDE: &str = "cn.yiwang.mail.set-aside.v1";
/// Longest address that a report takes.
const OPENID_MAX: usize = 128;

/// Where a letter was found.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) at: Cursor,
    pub(crate) message: &'a MailMessage,
}

impl Found<'_> {
    /// The message's own id; without one, its place in the mailbox.
    fn id(&self, letter: &Letter) -> String {
        letter.message_id.clone().unwrap_or_else(|| format!("uid:{}", self.at))
    }
}

/// The event of a letter.
pub(crate) fn event(config: &Value, letter: &mut Letter, found: Found<'_>) -> Event {
    if letter.from.len() > OPENID_MAX && letter.aside.is_none() {
        letter.aside = Some(Aside::new("no-sender", "the sender's address is too long to be answered"));
    }
    let mut event = match &letter.aside {
        Some(aside) => set_aside(letter, aside, found),
        None => verdict(letter, found).unwrap_or_else(|| report(config, letter, found)),
    };
    // When our server took it in: what the message says itself is its sender's clock.
    event.time = found.message.received_ms.map(time::rfc3339);
    event
}

/// The event of a message that could not be read at all.
pub(crate) fn unreadable(found: Found<'_>, detail: &str) -> Event {
    let letter = Letter::default();
    let mut event = set_aside(&letter, &Aside::new("unreadable", detail), found);
    event.time = found.message.received_ms.map(time::rfc3339);
    event
}

fn set_aside(letter: &Letter, aside: &Aside, found: Found<'_>) -> Event {
    let mut data = Map::new();
    let mut put = |name: &str, text: &str, max: usize| {
        if !text.is_empty() {
            data.insert(name.to_owned(), text.chars().take(max).collect::<String>().into());
        }
    };
    put("reason", aside.reason, 40);
    put("detail", &aside.detail, 500);
    put("uid", &found.at.to_string(), 32);
    put("from", &letter.from, 254);
    put("subject", &letter.subject, 500);
    put("messageId", letter.message_id.as_deref().unwrap_or_default(), 256);
    put("inReplyTo", letter.in_reply_to.as_deref().unwrap_or_default(), 256);
    let case_no = case_no(&letter.subject);
    put("caseNo", case_no.as_deref().unwrap_or_default(), 64);
    if aside.reason == "bounce" {
        let told = bounce::read(&letter.status, &letter.original);
        if !told.is_empty() {
            data.insert("bounce".to_owned(), Value::Object(told));
        }
    }
    // Apart from a report with the same id: two machines may use one.
    let mut event = Event::new(SET_ASIDE, format!("aside:{}", found.id(letter)), &Value::Object(data));
    event.subject = case_no;
    event
}

/// A reply that says how somebody is content: `满意` or `不满意 …` to a message about a case, or the words that every
/// channel knows (`评价 QC-… 满意`).
fn verdict(letter: &Letter, found: Found<'_>) -> Option<Event> {
    let words = letter.words();
    let words = quotation::above(&words).trim();
    let words = match case_no(&letter.subject) {
        Some(case_no) if !words.starts_with("评价") => format!("评价 {case_no} {words}"),
        _ => words.to_owned(),
    };
    // `满意，谢谢！`
    let spaced = words.replacen(['，', ',', '。', '.', '！', '!', '；'], " ", 1);
    match said(&spaced, &letter.from) {
        Said::Verdict(feedback) => Some(feedback.into_event(found.id(letter))),
        Said::Nothing | Said::Unclear(_) | Said::Words(_) => None,
    }
}

fn report(config: &Value, letter: &Letter, found: Found<'_>) -> Event {
    let case_no = case_no(&letter.subject);
    let all = letter.words();
    // Of a reply, what it adds; of anything else, all of it: somebody may forward a message as a report.
    let words = if letter.in_reply_to.is_some() { quotation::above(&all) } else { all.as_str() };
    let content: String = words.chars().take(CONTENT_CHARS_MAX).collect();
    let title: String = subject(&letter.subject).chars().take(TITLE_CHARS_MAX).collect();
    let content = if content.is_empty() { without_words(letter, &title) } else { content };
    let kind = config["kind"].as_str().and_then(Kind::parse).unwrap_or(Kind::Complaint);
    let mut intake = Intake::new(found.id(letter), kind, &title, &content);
    intake.channel = Some(config["channel"].as_str().unwrap_or("email").to_owned());
    intake.region = config["region"].as_str().map(ToOwned::to_owned);
    intake.petitioner.name = letter.name.clone();
    intake.petitioner.openid = Some(letter.from.clone());
    intake.attachments = letter.files.iter().map(Attachment::from).collect();
    intake.extra.insert("mail".to_owned(), facts(letter, found, case_no.as_deref(), words));
    let mut event = intake.into_event(found.id(letter), letter.files.clone());
    event.subject = case_no;
    event
}

fn without_words(letter: &Letter, title: &str) -> String {
    match (title.is_empty(), letter.files.len()) {
        (false, _) => title.to_owned(),
        (true, 0) => "（邮件没有内容）".to_owned(),
        (true, files) => format!("（邮件没有文字，有 {files} 个附件）"),
    }
}

/// What else is known, for those who handle the report.
fn facts(letter: &Letter, found: Found<'_>, case_no: Option<&str>, words: &str) -> Value {
    let mut facts = json!({"from": letter.from, "uid": found.at.to_string()});
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            facts[name] = value;
        }
    };
    let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
    put("messageId", text(&letter.message_id));
    put("inReplyTo", text(&letter.in_reply_to));
    put("caseNo", case_no.map(Value::from));
    put("to", (!letter.to.is_empty()).then(|| json!(letter.to)));
    put("authentication", letter.authentication.to_json());
    put("forged", letter.authentication.forged().map(Value::from));
    put("filesLeftOut", (!letter.left_out.is_empty()).then(|| json!(letter.left_out)));
    put(
        "filesLeftOutCount",
        (letter.left_out_count > letter.left_out.len()).then(|| json!(letter.left_out_count)),
    );
    put("wordsLeftOut", (words.chars().nth(CONTENT_CHARS_MAX).is_some()).then_some(Value::Bool(true)));
    // A person has to look into the mailbox.
    put("onlyBeginning", (!found.message.whole).then(|| json!({"size": found.message.size})));
    facts
}

/// A subject without what mail programs put before it.
fn subject(subject: &str) -> &str {
    const PREFIXES: [&str; 10] =
        ["re:", "回复:", "回复：", "答复:", "答复：", "fw:", "fwd:", "转发:", "转发：", "re："];
    let mut rest = subject.trim();
    loop {
        let lower = rest.to_lowercase();
        // Lower case may have another length; what is cut here has not.
        let Some(prefix) = PREFIXES.iter().find(|prefix| lower.starts_with(**prefix)) else { return rest };
        let Some(shorter) = rest.get(prefix.len()..) else { return rest };
        rest = shorter.trim_start();
    }
}

/// The number of a case in a subject.
pub(crate) fn case_no(subject: &str) -> Option<String> {
    let parts = subject.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    parts.map(str::to_ascii_uppercase).find(|word| intake::is_case_no(word))
}

/// A name for what has none: the beginning of the hash of it.
pub(crate) fn short_hash(text: &str) -> String {
    sha256_hex(text.as_bytes())[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_cases_are_found_in_subjects() {
        for (text, found) in [
            ("Re: [QC-20240604-000123] 路灯", Some("QC-20240604-000123")),
            ("回复：qc-20240604-000123已办结", Some("QC-20240604-000123")),
            ("QC-2024-1", None),
            ("", None),
        ] {
            assert_eq!(case_no(text).as_deref(), found, "{text}");
        }
    }

    #[test]
    fn titles_have_no_prefixes() {
        assert_eq!(subject("Re: RE: 回复：Fwd: 路灯不亮"), "路灯不亮");
        assert_eq!(subject("Report: x"), "Report: x");
        assert_eq!(subject("İre: x"), "İre: x");
    }
}
