//! The text protocol of NATS: frames of the server out of bytes, frames of the client as bytes.
//!
//! Own code instead of `async-nats`: core publish and subscribe is this page, while the client crate resolves
//! names and follows the cluster's addresses by itself, past the egress policy.

use bytes::{Buf as _, Bytes, BytesMut};
use serde_json::{Map, Value};
use yiwang_dsl::Fault;

use crate::{fault, limits};

/// What a server says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Frame {
    /// About itself.
    Info(Value),
    /// A message of a subscription.
    Message(Incoming),
    /// Wants a pong.
    Ping,
    /// Has done all that was asked before.
    Pong,
    /// Well.
    Ok,
    /// Not well.
    Error(String),
}

/// A message that came in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incoming {
    /// Where it was published.
    pub(crate) subject: String,
    /// By name, several of one name joined by commas.
    pub(crate) headers: Map<String, Value>,
    /// As it came.
    pub(crate) payload: Bytes,
}

/// Takes the next whole frame; none until more has come.
pub(super) fn next(buffer: &mut BytesMut, payload_max: usize) -> Result<Option<Frame>, Fault> {
    let Some(end) = buffer.windows(2).position(|window| window == b"\r\n") else {
        if buffer.len() > limits::BROKER_LINE_BYTES_MAX {
            return Err(broken("a line without end"));
        }
        return Ok(None);
    };
    let line = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((&line, ""));
    let rest = rest.trim();
    let frame = match word.to_ascii_uppercase().as_str() {
        "INFO" => Frame::Info(serde_json::from_str(rest).map_err(|_| broken("an INFO that is no JSON"))?),
        "PING" => Frame::Ping,
        "PONG" => Frame::Pong,
        "+OK" => Frame::Ok,
        "-ERR" => Frame::Error(rest.trim_matches('\'').to_owned()),
        "MSG" => return message(buffer, end + 2, rest, false, payload_max),
        "HMSG" => return message(buffer, end + 2, rest, true, payload_max),
        _ => return Err(broken("something that is not NATS")),
    };
    buffer.advance(end + 2);
    Ok(Some(frame))
}

/// `subject sid [reply] [header bytes] total bytes`, then as many bytes.
fn message(
    buffer: &mut BytesMut,
    head_len: usize,
    rest: &str,
    with_headers: bool,
    payload_max: usize,
) -> Result<Option<Frame>, Fault> {
    let wrong = || broken("a message whose head cannot be read");
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let sizes = if with_headers { 2 } else { 1 };
    if fields.len() < 2 + sizes || fields.len() > 3 + sizes {
        return Err(wrong());
    }
    let size = |at: usize| fields[at].parse::<usize>().map_err(|_| wrong());
    let total = size(fields.len() - 1)?;
    let headers_len = if with_headers { size(fields.len() - 2)? } else { 0 };
    if headers_len > total {
        return Err(wrong());
    }
    if total > payload_max {
        return Err(broken(&format!("a message of more than {payload_max} bytes")));
    }
    if buffer.len() < head_len + total + 2 {
        return Ok(None);
    }
    let subject = fields[0].to_owned();
    buffer.advance(head_len);
    let headers = headers(&buffer.split_to(headers_len))?;
    let payload = buffer.split_to(total - headers_len).freeze();
    buffer.advance(2);
    Ok(Some(Frame::Message(Incoming { subject, headers, payload })))
}

fn headers(block: &[u8]) -> Result<Map<String, Value>, Fault> {
    let text = String::from_utf8_lossy(block);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    if !block.is_empty() && !first.starts_with("NATS/1.0") {
        return Err(broken("headers of another version"));
    }
    let mut headers = Map::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.to_owned(),
        };
        headers.insert(name.to_owned(), Value::String(joined));
    }
    Ok(headers)
}

/// Publishes.
pub(super) fn publish(subject: &str, headers: &[(String, String)], payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    if headers.is_empty() {
        frame.extend_from_slice(format!("PUB {subject} {}\r\n", payload.len()).as_bytes());
    } else {
        let mut block = "NATS/1.0\r\n".to_owned();
        for (name, value) in headers {
            block.push_str(&format!("{name}: {value}\r\n"));
        }
        block.push_str("\r\n");
        let total = block.len() + payload.len();
        frame.extend_from_slice(format!("HPUB {subject} {} {total}\r\n{block}", block.len()).as_bytes());
    }
    frame.extend_from_slice(payload);
    frame.extend_from_slice(b"\r\n");
    frame
}

/// Is it a subject? `*` and `>` stand for any part where one listens.
pub(super) fn is_subject(text: &str, wildcards: bool) -> bool {
    let part = |part: &str| {
        let plain =
            !part.is_empty() && !part.contains(['*', '>']) && part.chars().all(|c| c > ' ' && c != '\u{7f}');
        plain || (wildcards && matches!(part, "*" | ">"))
    };
    text.split('.').all(part)
}

/// Can it be sent as a header?
pub(super) fn is_header(name: &str, value: &str) -> bool {
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    named && !value.contains(['\r', '\n', '\0'])
}

fn broken(what: &str) -> Fault {
    fault::communication(500, "No Answer", format!("the NATS server sent {what}"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(stream: &str, expected: Expect) {
        let mut buffer = BytesMut::new();
        let mut told = String::new();
        // Byte by byte, as the worst network would.
        'all: for byte in stream.bytes() {
            buffer.extend_from_slice(&[byte]);
            loop {
                match next(&mut buffer, 20) {
                    Ok(Some(frame)) => told.push_str(&format!("{frame:?}\n")),
                    Ok(None) => break,
                    Err(fault) => {
                        told.push_str(&fault.detail.unwrap());
                        break 'all;
                    }
                }
            }
        }
        expected.assert_eq(&told);
    }

    #[test]
    fn frames_are_read_from_pieces_of_any_size() {
        check(
            "INFO {\"a\":1} \r\nPING\r\npong\r\n+OK\r\n-ERR 'No'\r\n",
            expect![[r#"
            Info(Object {"a": Number(1)})
            Ping
            Pong
            Ok
            Error("No")
        "#]],
        );
        check(
            "MSG a.b 1 5\r\nhello\r\nMSG a 1 reply 0\r\n\r\n",
            expect![[r#"
            Message(Incoming { subject: "a.b", headers: {}, payload: b"hello" })
            Message(Incoming { subject: "a", headers: {}, payload: b"" })
        "#]],
        );
        check(
            "HMSG a 1 19 20\r\nNATS/1.0\r\nA: b\r\n\r\n!!\r\n",
            expect![[r#"
            Message(Incoming { subject: "a", headers: {"A": String("b")}, payload: b"!" })
        "#]],
        );
        check("MSG a 1 21\r\n", expect!["the NATS server sent a message of more than 20 bytes"]);
        check("HMSG a 1 9 3\r\n", expect!["the NATS server sent a message whose head cannot be read"]);
        check("HTTP/1.1 400 Bad Request\r\n", expect!["the NATS server sent something that is not NATS"]);
    }

    #[test]
    fn nothing_of_a_workflow_becomes_a_frame() {
        let frame = publish("a.b", &[("X".to_owned(), "y".to_owned())], b"hi");
        assert_eq!(frame, b"HPUB a.b 18 20\r\nNATS/1.0\r\nX: y\r\n\r\nhi\r\n");
        for subject in ["", "a b", "a..b", "a\r\nPUB", ".a", "a.*", "a.>"] {
            assert!(!is_subject(subject, false), "{subject}");
        }
        assert!(is_subject("orders.*.>", true) && is_subject("/notifications", false));
        assert!(is_header("A-b", "c d") && !is_header("a", "b\r\nc") && !is_header("a:b", "c"));
    }
}
