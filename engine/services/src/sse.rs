//! Server-sent events: bytes in, events out (WHATWG HTML, "Server-sent events"). Own code: the format is a
//! page, and the crates for it bring a client of their own, past the egress policy.

use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SentEvent {
    /// `message` unless the server says another.
    pub(crate) event: String,
    /// Its lines, joined.
    pub(crate) data: String,
    /// The last id that was sent.
    pub(crate) id: String,
}

/// Takes a stream apart, in pieces of any size.
#[derive(Debug)]
pub(crate) struct Reader {
    line: Vec<u8>,
    after_return: bool,
    at_start: bool,
    next: SentEvent,
    has_data: bool,
    bytes_max: usize,
}

impl Reader {
    /// With a limit for one event.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            line: Vec::new(),
            after_return: false,
            at_start: true,
            next: SentEvent::default(),
            has_data: false,
            bytes_max,
        }
    }

    /// The events that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<SentEvent>, Fault> {
        let mut complete = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    complete.extend(self.end_of_line());
                }
                _ => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
            }
            if self.line.len() + self.next.data.len() > self.bytes_max {
                let detail = format!("a server-sent event has more than {} bytes", self.bytes_max);
                return Err(Fault::new(Kind::Communication, "", detail));
            }
        }
        Ok(complete)
    }

    fn end_of_line(&mut self) -> Option<SentEvent> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = if self.at_start { line.trim_start_matches('\u{feff}') } else { &*line };
        self.at_start = false;
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.next.data.push('\n');
                }
                self.next.data.push_str(value);
                self.has_data = true;
            }
            "event" => value.clone_into(&mut self.next.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.next.id),
            // `retry`, comments (no name before the colon), and what a later version may add.
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<SentEvent> {
        // The id stays for the events after it.
        let id = self.next.id.clone();
        let mut event = std::mem::replace(&mut self.next, SentEvent { id, ..SentEvent::default() });
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        if event.event.is_empty() {
            "message".clone_into(&mut event.event);
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(stream: &str, expected: Expect) {
        let told = |events: Vec<SentEvent>| -> String {
            events.iter().map(|found| format!("{}#{}: {:?}\n", found.event, found.id, found.data)).collect()
        };
        let whole = told(Reader::new(100).push(stream.as_bytes()).unwrap());
        let mut reader = Reader::new(100);
        let bytewise = stream.bytes().flat_map(|byte| reader.push(&[byte]).unwrap()).collect();
        assert_eq!(whole, told(bytewise), "cut into bytes it reads the same");
        expected.assert_eq(&whole);
    }

    #[test]
    fn events_end_with_an_empty_line() {
        check("data: a\n\ndata: b", expect!["message#: \"a\"\n"]);
        check("\u{feff}data:a\r\ndata:  b\r\n\r\n", expect!["message#: \"a\\n b\"\n"]);
        check("data: a\rdata: b\r\r", expect!["message#: \"a\\nb\"\n"]);
        check(
            ": hello\nid: 7\nevent: done\nretry: 9\ndata\n\nevent: lost\n\ndata: x\n\n",
            expect!["done#7: \"\"\nmessage#7: \"x\"\n"],
        );
    }

    #[test]
    fn an_endless_event_is_refused() {
        assert!(Reader::new(100).push(&[b'x'; 200]).is_err());
        assert!(Reader::new(100).push("data: 0123456789\n".repeat(20).as_bytes()).is_err());
    }
}
