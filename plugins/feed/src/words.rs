//! The words of HTML: text without marks, one line for each block. Read as a stream, so that deep or endless
//! nesting costs no more than its length.

use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{HtmlRewriter, MemorySettings, Settings, doc_text, element};

/// What the reader may keep of open elements: some ten thousand.
pub(crate) const MEMORY_BYTES_MAX: usize = 2 << 20;

/// Elements that begin and end a line.
const BLOCKS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "tr",
    "ul",
];

/// Does it begin and end a line?
pub(crate) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// A reader that writes nothing, and its limits.
pub(crate) fn settings<'h>() -> Settings<'h, 'static> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(MEMORY_BYTES_MAX);
    Settings::new().with_strict(false).with_memory_settings(memory)
}

/// Is this text that people see?
pub(crate) fn is_seen(chunk: &TextChunk<'_>) -> bool {
    match chunk.text_type() {
        TextType::Data | TextType::RCData | TextType::CDataSection | TextType::PlainText => true,
        TextType::RawText | TextType::ScriptData => false,
    }
}

/// The words of a piece of HTML. What is nested too deep to be read to its end ends where it got too deep.
pub(crate) fn of(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    let found = Rc::new(RefCell::new(String::new()));
    let (in_text, in_element) = (Rc::clone(&found), Rc::clone(&found));
    let settings = settings()
        .append_element_content_handler(element!("*", move |element: &mut Element<'_, '_>| {
            if is_block(&element.tag_name()) {
                in_element.borrow_mut().push('\n');
                let at_end = Rc::clone(&in_element);
                if let Some(handlers) = element.end_tag_handlers() {
                    handlers.push(Box::new(move |_| {
                        at_end.borrow_mut().push('\n');
                        Ok(())
                    }));
                }
            }
            Ok(())
        }))
        .append_document_content_handler(doc_text!(move |chunk| {
            if is_seen(chunk) {
                in_text.borrow_mut().push_str(chunk.as_str());
            }
            Ok(())
        }));
    read(settings, html).ok();
    let raw = found.borrow();
    tidy(&html_escape::decode_html_entities(raw.as_str()))
}

/// Lets the handlers of these settings see the whole of it.
pub(crate) fn read(settings: Settings<'_, '_>, html: &str) -> Result<(), String> {
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    reader.write(html.as_bytes()).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())
}

/// Blanks as one, lines without blanks around them, none that is empty.
pub(crate) fn tidy(text: &str) -> String {
    let clean = yiwang_sdk::intake::clean(text);
    let blank = |char: char| char.is_whitespace() || char == '\u{200B}';
    let lines = clean.split('\n').map(|line| line.split(blank).filter(|word| !word.is_empty()));
    let lines = lines.map(|words| words.collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// As `tidy`, on one line.
pub(crate) fn line(text: &str) -> String {
    tidy(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_marks() {
        for (html, expected) in [
            ("路灯 不亮", "路灯 不亮"),
            ("<p>一、路灯&nbsp;不亮</p><p>二&amp;三<br>四</p>", "一、路灯 不亮\n二&三\n四"),
            ("a<b>b</b>c &lt;b&gt;", "abc <b>"),
            ("<script>alert('x')</script><style>p{}</style>好", "好"),
            ("<div>a</div>b", "a\nb"),
            ("a < b", "a < b"),
            ("<p title='>'>x", "x"),
            ("<!-- c -->x<![CDATA[y]]>", "x"),
            ("", ""),
        ] {
            assert_eq!(of(html), expected, "{html}");
        }
    }

    #[test]
    fn depth_and_length_cost_their_length() {
        let deep = format!("前{}后", "<div>".repeat(200_000));
        assert!(of(&deep).starts_with('前'));
        assert!(of(&"<b><p>x".repeat(50_000)).len() >= 5_000, "it ends where it gets too deep");
        assert_eq!(of(&"<p>x</p>".repeat(50_000)).lines().count(), 50_000);
        assert_eq!(of(&"&amp;".repeat(100_000)).len(), 100_000);
    }
}
