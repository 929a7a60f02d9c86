//! What a reply adds to what it answers: the words above the quotation that mail programs put below.

/// Lines that begin a quotation, as the programs here write them.
const BEGINNINGS: [&str; 12] = [
    "-----original message-----",
    "-----原始邮件-----",
    "----- 原始邮件 -----",
    "-----邮件原件-----",
    "----- 转发邮件 -----",
    "------------------ 原始邮件 ------------------",
    "------------------ original ------------------",
    "---- replied message ----",
    "---- 回复的原邮件 ----",
    "---------- original ----------",
    "________________________________",
    "-------- 原始信息 --------",
];

/// The words above the quotation; all of them if nothing stands above.
pub(crate) fn above(text: &str) -> &str {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if begins(line, next) {
            let words = text[..at].trim();
            return if words.is_empty() { text.trim() } else { words };
        }
        at += line.len();
    }
    text.trim()
}

fn begins(line: &str, next: &str) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    if line.starts_with('>') || BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning)) {
        return true;
    }
    // `On Tue, 4 Jun 2024 at 14:30, Li Si <…> wrote:`, also over two lines; `在 2024-06-04 14:30:00，"李四" <…> 写道：`.
    let begun = lower.starts_with("on ") || line.starts_with('在') || line.starts_with("于");
    let wrote = |text: &str| {
        let text = text.trim().trim_end_matches([':', '：']).to_lowercase();
        text.ends_with("wrote") || text.ends_with("写道")
    };
    if wrote(line) && line.ends_with([':', '：']) || begun && wrote(next) {
        return true;
    }
    // Outlook: `发件人: … ⏎ 发送时间: …`.
    let head = |text: &str, names: &[&str]| {
        let text = text.trim().trim_start_matches('*').to_lowercase();
        names.iter().any(|name| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start_matches(['*', ' ']).starts_with([':', '：']))
        })
    };
    head(line, &["发件人", "from"])
        && head(next, &["发送时间", "日期", "时间", "sent", "date", "to", "收件人"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_is_left_out() {
        for text in [
            "满意\r\n\r\n> 您反映的问题已办结",
            "满意\n\n------------------ 原始邮件 ------------------\n发件人: …",
            "满意\n\n在 2024-06-04 14:30:00，\"谯城区\" <a@b.cn> 写道：\n您好",
            "满意\n\nOn Tue, Jun 4, 2024 at 14:30 District\n<a@b.cn> wrote:\n> hello",
            "满意\n\n-----Original Message-----\nFrom: a",
            "满意\n\n发件人: a@b.cn\n发送时间: 2024年6月4日\n收件人: c",
            "满意\n",
        ] {
            assert_eq!(above(text), "满意", "{text}");
        }
        assert_eq!(above("> 只有引文"), "> 只有引文", "nothing stands above: all of it");
        let report = "From 3 to 5 the lamp is off.\n在路口，没有灯。";
        assert_eq!(above(report), report);
    }
}
