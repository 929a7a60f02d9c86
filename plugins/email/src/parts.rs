//! The parts of a message, told apart line by line (RFC 2046): no part is in memory here.
//!
//! ```text
//! head ─┬─ multipart ─► preamble ─► --boundary ─► head of a part ─► … ─► --boundary--
//!       └─ anything else ─► begin, data …, end
//! ```
//! Broken ones are read as far as they go: a boundary that is not closed, one that belongs to an outer part, one that
//! never comes (then what stands there is text). What a part means is the caller's to say.

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use crate::charset;

/// Longest head of a part that is read; the rest of it is left out.
const HEAD_BYTES_MAX: usize = 256 << 10;
/// Multiparts within multiparts.
const DEPTH_MAX: usize = 20;
/// Text of a multipart that has no part.
const PREAMBLE_BYTES_MAX: usize = 256 << 10;

/// Who takes the parts.
pub(crate) trait Sink {
    type Error;

    /// The head of the message itself; comes first.
    fn message(&mut self, head: &Head);
    /// A part that has no parts begins.
    fn begin(&mut self, head: &Head) -> Result<(), Self::Error>;
    /// Bytes of it, as they are written.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
    /// It ends.
    fn end(&mut self) -> Result<(), Self::Error>;
}

/// The head of a message or a part.
#[derive(Debug)]
pub(crate) struct Head {
    /// As UTF-8.
    text: String,
    /// Number of the innermost `multipart/alternative` that it is in.
    pub(crate) alternative: Option<usize>,
    /// Is it (in) a part of its own, not the message itself?
    pub(crate) within: bool,
}

impl Head {
    fn new(bytes: &[u8], alternative: Option<usize>, within: bool) -> Self {
        // Heads of 8 bits are no longer allowed, and come every day.
        let mut text = charset::unnamed(bytes);
        // What was cut off has lines that end, too.
        text.push_str("\r\n\r\n");
        Self { text, alternative, within }
    }

    /// Parsed.
    pub(crate) fn parsed(&self) -> Message<'_> {
        let parser = MessageParser::default();
        let parsed = parser.parse_headers(self.text.as_str());
        // A part without a head is a part all the same.
        parsed.or_else(|| parser.parse_headers("X-None: 1\r\n\r\n")).expect("this is a head")
    }
}

/// A multipart that is not closed yet.
struct Multipart {
    boundary: Vec<u8>,
    alternative: Option<usize>,
}

enum State {
    /// In a head.
    Head(Vec<u8>),
    /// Before the first part of a multipart, or behind its last one.
    Between,
    /// In a part.
    Part,
}

/// The walk through one message.
pub(crate) struct Walk<'a, S: Sink> {
    sink: &'a mut S,
    state: State,
    open: Vec<Multipart>,
    alternatives: usize,
    /// A line that may be a boundary, not complete yet.
    line: Vec<u8>,
    /// A line's end that belongs to a boundary if one follows.
    line_end: Vec<u8>,
    at_start: bool,
    parts: usize,
    is_message: bool,
    preamble: Vec<u8>,
}

impl<'a, S: Sink> Walk<'a, S> {
    pub(crate) fn new(sink: &'a mut S) -> Self {
        Self {
            sink,
            state: State::Head(Vec::new()),
            open: Vec::new(),
            alternatives: 0,
            line: Vec::new(),
            line_end: Vec::new(),
            at_start: true,
            parts: 0,
            is_message: true,
            preamble: Vec::new(),
        }
    }

    /// Takes some more bytes of the message.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), S::Error> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(at + 1);
            self.line.extend_from_slice(line);
            self.take_line(true)?;
            rest = after;
        }
        self.line.extend_from_slice(rest);
        // A boundary has at most 70 characters; longer lines are handed on in pieces.
        if self.line.len() > 4096 {
            self.take_line(false)?;
        }
        Ok(())
    }

    /// The message ends.
    pub(crate) fn finish(mut self) -> Result<(), S::Error> {
        if !self.line.is_empty() {
            self.take_line(true)?;
        }
        if let Some(head) = self.take_head() {
            self.end_head(&head)?;
        }
        self.end_part(false)?;
        if self.parts == 0 && !self.preamble.is_empty() {
            let head = Head::new(b"", None, true);
            self.sink.begin(&head)?;
            self.sink.data(&self.preamble)?;
            self.sink.end()?;
        }
        Ok(())
    }

    fn take_line(&mut self, whole: bool) -> Result<(), S::Error> {
        let line = std::mem::take(&mut self.line);
        let at_start = std::mem::replace(&mut self.at_start, whole);
        if at_start
            && whole
            && let Some((depth, closes)) = self.boundary(&line)
        {
            return self.cross(depth, closes);
        }
        match &mut self.state {
            State::Head(head) => {
                if at_start && matches!(line.as_slice(), b"\r\n" | b"\n") {
                    let head = std::mem::take(head);
                    self.end_head(&head)
                } else {
                    if head.len() + line.len() <= HEAD_BYTES_MAX {
                        head.extend_from_slice(&line);
                    }
                    Ok(())
                }
            }
            State::Between => {
                if self.parts == 0 && self.preamble.len() + line.len() <= PREAMBLE_BYTES_MAX {
                    self.preamble.extend_from_slice(&line);
                }
                Ok(())
            }
            State::Part => {
                let end = std::mem::take(&mut self.line_end);
                if !end.is_empty() {
                    self.sink.data(&end)?;
                }
                let body = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(&line);
                self.line_end = line[body.len()..].to_vec();
                self.sink.data(body)
            }
        }
    }

    /// Which open multipart this line is a boundary of, and whether it closes it.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.strip_prefix(b"--")?.trim_ascii_end();
        let found = self.open.iter().rposition(|multipart| text == multipart.boundary);
        if let Some(depth) = found {
            return Some((depth, false));
        }
        let text = text.strip_suffix(b"--")?;
        self.open.iter().rposition(|multipart| text == multipart.boundary).map(|depth| (depth, true))
    }

    fn cross(&mut self, depth: usize, closes: bool) -> Result<(), S::Error> {
        // A part may end within its head.
        if let Some(head) = self.take_head() {
            self.end_head(&head)?;
        }
        self.end_part(true)?;
        self.open.truncate(if closes { depth } else { depth + 1 });
        self.state = if closes { State::Between } else { State::Head(Vec::new()) };
        Ok(())
    }

    fn take_head(&mut self) -> Option<Vec<u8>> {
        let State::Head(head) = &mut self.state else { return None };
        let head = std::mem::take(head);
        self.state = State::Between;
        Some(head)
    }

    fn end_head(&mut self, bytes: &[u8]) -> Result<(), S::Error> {
        let alternative = self.open.last().and_then(|multipart| multipart.alternative);
        let head = Head::new(bytes, alternative, !self.is_message);
        if std::mem::replace(&mut self.is_message, false) {
            self.sink.message(&head);
        }
        let parsed = head.parsed();
        let kind = parsed.content_type().filter(|kind| kind.ctype().eq_ignore_ascii_case("multipart"));
        let boundary = kind.and_then(|kind| kind.attribute("boundary")).unwrap_or_default().trim_end();
        if let Some(kind) = kind
            && !boundary.is_empty()
            && self.open.len() < DEPTH_MAX
        {
            let alternative =
                if kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("alternative")) {
                    self.alternatives += 1;
                    Some(self.alternatives)
                } else {
                    alternative
                };
            self.open.push(Multipart { boundary: boundary.as_bytes().to_vec(), alternative });
            self.state = State::Between;
            return Ok(());
        }
        self.parts += 1;
        self.state = State::Part;
        self.sink.begin(&head)
    }

    /// `by_boundary`: the line's end before a boundary is a part of it.
    fn end_part(&mut self, by_boundary: bool) -> Result<(), S::Error> {
        let end = std::mem::take(&mut self.line_end);
        if !matches!(std::mem::replace(&mut self.state, State::Between), State::Part) {
            return Ok(());
        }
        if !by_boundary && !end.is_empty() {
            self.sink.data(&end)?;
        }
        self.sink.end()
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    #[derive(Default)]
    struct Told(Vec<String>);

    impl Sink for Told {
        type Error = Infallible;

        fn message(&mut self, head: &Head) {
            self.0.push(format!("message {}", head.parsed().subject().unwrap_or_default()));
        }

        fn begin(&mut self, head: &Head) -> Result<(), Infallible> {
            let parsed = head.parsed();
            let kind = parsed
                .content_type()
                .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
            let alternative = head.alternative.map(|at| format!(" alternative {at}")).unwrap_or_default();
            self.0.push(format!("{}{alternative}: ", kind.unwrap_or_default()));
            Ok(())
        }

        fn data(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
            let text = String::from_utf8_lossy(bytes).escape_debug().to_string();
            if let Some(last) = self.0.last_mut() {
                last.push_str(&text);
            }
            Ok(())
        }

        fn end(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    fn told(message: &str) -> Vec<String> {
        let whole = walked(message, 1 << 20);
        for piece in [1, 7] {
            assert_eq!(walked(message, piece), whole, "by {piece}");
        }
        whole
    }

    fn walked(message: &str, piece: usize) -> Vec<String> {
        let mut told = Told::default();
        let mut walk = Walk::new(&mut told);
        for piece in message.as_bytes().chunks(piece) {
            let Ok(()) = walk.feed(piece);
        }
        let Ok(()) = walk.finish();
        told.0
    }

    #[test]
    fn parts_are_told_apart() {
        let message = "Subject: s\r\nContent-Type: multipart/mixed; boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n\
            Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n\
            --b \r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\n--a\r\nContent-Type: image/png\r\n\r\nx\r\n\r\n--a--\r\nepilogue";
        assert_eq!(
            told(message),
            [
                "message s",
                "text/plain alternative 1: one\\r\\ntwo",
                "text/html alternative 1: <p>",
                "image/png: x\\r\\n"
            ]
        );
    }

    #[test]
    fn broken_ones_are_read_as_far_as_they_go() {
        // Not closed; the outer boundary closes the inner one.
        let message = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n\
            --b\n\none\n--a\n\ntwo\n";
        assert_eq!(told(message), ["message ", ": one", ": two\\n"]);
        // It never comes.
        let message = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--aa\r\n\r\nwords\r\n";
        assert_eq!(told(message), ["message ", ": --aa\\r\\n\\r\\nwords\\r\\n"]);
        // Within a head.
        let message =
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\n--a--";
        assert_eq!(told(message), ["message ", "text/html: "]);
        assert_eq!(told("Subject: s"), ["message s", ": "]);
        assert_eq!(told("\r\nwords"), ["message ", ": words"]);
        assert_eq!(told(""), ["message ", ": "]);
    }

    #[test]
    fn only_lines_are_boundaries() {
        let message =
            "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx --a\r\n--ab\r\n--a-\r\n--a--\r\n";
        assert_eq!(told(message), ["message ", ": x --a\\r\\n--ab\\r\\n--a-"]);
    }
}
