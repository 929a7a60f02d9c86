//! The platform's XML: one element with flat fields. Written for hostile input.
//!
//! No document type, no processing instruction, no entity but the five that XML itself has: what a parser
//! could be talked into fetching or growing is refused. Deeper elements are read over.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Largest document.
const BYTES_MAX: usize = 1 << 20;
/// Deepest nesting; a menu event has three levels.
const DEPTH_MAX: usize = 8;
/// Most fields.
const FIELDS_MAX: usize = 64;

/// The fields directly below the root element, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document.
///
/// # Errors
/// Why it is not taken.
pub fn read(text: &str) -> Result<Fields, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("the XML has more than {BYTES_MAX} bytes"));
    }
    let mut reader = Reader::from_str(text);
    let mut fields = Fields::default();
    let mut open: Vec<String> = Vec::new();
    let mut roots = 0;
    loop {
        match reader.read_event().map_err(|error| format!("no XML: {error}"))? {
            Event::Eof if roots == 1 && open.is_empty() => return Ok(fields),
            Event::Eof => return Err("the XML ends too early".to_owned()),
            Event::Start(start) => {
                let name = start.name();
                let name = name_of(name.as_ref())?;
                if open.len() == DEPTH_MAX {
                    return Err(format!("the XML is nested deeper than {DEPTH_MAX} levels"));
                }
                roots += usize::from(open.is_empty());
                if open.len() == 1 {
                    if fields.0.len() == FIELDS_MAX || fields.get(&name).is_some() {
                        return Err("the XML has a field twice, or too many".to_owned());
                    }
                    fields.0.push((name.clone(), String::new()));
                }
                open.push(name);
            }
            Event::End(_) => drop(open.pop()),
            Event::Empty(_) if open.is_empty() => roots += 1,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) => {}
            Event::Text(part) => {
                let part = part.xml10_content();
                add(&mut fields, &open, &part)?;
            }
            Event::CData(part) => {
                let part = part.xml10_content();
                add(&mut fields, &open, &part)?;
            }
            Event::GeneralRef(reference) => {
                let char = match reference.resolve_char_ref() {
                    Ok(Some(char)) => char,
                    _ => match &*reference {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err("the XML names an entity".to_owned()),
                    },
                };
                add(&mut fields, &open, char.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err("the XML has a document type".to_owned()),
            Event::PI(_) => return Err("the XML has a processing instruction".to_owned()),
        }
        if roots > 1 {
            return Err("the XML has two roots".to_owned());
        }
    }
}

fn add(fields: &mut Fields, open: &[String], part: &str) -> Result<(), String> {
    match open.len() {
        0 if part.trim().is_empty() => Ok(()),
        0 => Err("the XML has text outside its root".to_owned()),
        2 => {
            let (_, value) = fields.0.last_mut().ok_or("a field has no name")?;
            value.push_str(part);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn name_of(name: &str) -> Result<String, String> {
    let plain =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { Ok(name.to_owned()) } else { Err("the XML has an unusable element name".to_owned()) }
}

/// A text inside `<![CDATA[…]]>`, whatever it holds.
#[must_use]
pub fn cdata(text: &str) -> String {
    let plain: String =
        text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect();
    format!("<![CDATA[{}]]>", plain.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_fields_are_read() {
        let text = "<?xml version=\"1.0\"?><xml>\n<A><![CDATA[x<y&z]]></A> <B>1 &lt; 2 &#20013;</B><C/><D><E>deep</E></D></xml>\n";
        let fields = read(text).unwrap();
        assert_eq!(fields.get("A"), Some("x<y&z"));
        assert_eq!(fields.get("B"), Some("1 < 2 中"));
        assert_eq!(fields.get("D"), Some(""), "what lies deeper is read over");
        assert_eq!(fields.get("E"), None);
    }

    #[test]
    fn what_a_parser_could_be_talked_into_is_refused() {
        let deep = format!("<xml>{}{}</xml>", "<a>".repeat(20), "</a>".repeat(20));
        let many: String = (0..100).map(|n| format!("<f{n}>x</f{n}>")).collect();
        let billion = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><xml><A>&b;</A></xml>";
        for text in [
            "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><xml><MsgId>&b;</MsgId></xml>",
            billion,
            "<xml><A>&xxe;</A></xml>",
            "<?php system('id') ?><xml/>",
            &deep,
            &format!("<xml>{many}</xml>"),
            &format!("<xml><A>{}</A></xml>", "x".repeat(BYTES_MAX)),
            "<xml><A>1</A><A>2</A></xml>",
            "<xml></xml><xml></xml>",
            "text<xml/>",
            "<xml><A>",
            "<xml><A></B></xml>",
            "<a:b xmlns:a=\"x\"/><c/>",
            "",
            "{}",
        ] {
            assert!(read(text).is_err(), "{}", text.chars().take(80).collect::<String>());
        }
    }

    #[test]
    fn cdata_cannot_be_left() {
        let fields = read(&format!("<xml><A>{}</A></xml>", cdata("a]]><B>x</B>\u{0}"))).unwrap();
        assert_eq!(fields.get("A"), Some("a]]><B>x</B>"));
    }
}
