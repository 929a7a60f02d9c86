//! Mail that nobody means well with, for the conformance checks: every plugin that reads or sends mail must stand it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Letter, MailAnswer};

/// Mailboxes with one such message each.
pub(crate) fn mailboxes() -> Vec<(&'static str, MailAnswer)> {
    let boxed = |(what, bytes): (&'static str, Vec<u8>)| {
        let letter = Letter { uid: 7, base64: Some(STANDARD.encode(bytes)), ..Letter::default() };
        (what, MailAnswer { messages: vec![letter], ..MailAnswer::default() })
    };
    let mut all: Vec<_> = messages().into_iter().map(boxed).collect();
    let cut = Letter {
        uid: 7,
        lines: vec!["From: a@b.cn".to_owned(), "Subject: x".to_owned()],
        size: Some(1 << 30),
        ..Letter::default()
    };
    all.push(("one that is too large", MailAnswer { messages: vec![cut], ..MailAnswer::default() }));
    let last = Letter { uid: u32::MAX, lines: vec!["From: a@b.cn".to_owned()], ..Letter::default() };
    all.push((
        "the last UID",
        MailAnswer { uid_validity: Some(u32::MAX), messages: vec![last], ..MailAnswer::default() },
    ));
    all.extend(failures());
    all
}

/// What a server may answer to a message.
pub(crate) fn failures() -> Vec<(&'static str, MailAnswer)> {
    let fails =
        |why: &'static str| (why, MailAnswer { fails: Some(why.to_owned()), ..MailAnswer::default() });
    let code = |what, code| (what, MailAnswer { code: Some(code), ..MailAnswer::default() });
    let mut all: Vec<_> =
        ["connect", "tls", "login", "timeout", "timeout-after", "lost", "lost-after", "garbage"]
            .into_iter()
            .map(fails)
            .collect();
    all.extend([
        code("shutting down", 421),
        code("come back later", 450),
        code("nobody logged in", 530),
        code("no such user", 550),
        code("no number of SMTP", 0),
        code("a number beyond all", 999),
    ]);
    all
}

fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let headed = |head: &str, body: &str| format!("From: a@b.cn\r\n{head}\r\n\r\n{body}").into_bytes();
    let nested = |depth: usize| {
        let open: String = (0..depth)
            .map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"))
            .collect();
        headed(open.trim_end(), "deep")
    };
    let parts: String =
        (0..2_000).map(|at| format!("--x\r\nContent-Type: image/png; name={at}\r\n\r\n.\r\n")).collect();
    vec![
        ("nothing", Vec::new()),
        ("a zero byte", vec![0]),
        ("no header", b"\r\nbody".to_vec()),
        ("no body", b"From: a@b.cn".to_vec()),
        ("bytes of no text", (0..=255).cycle().take(4_000).collect()),
        ("lines without an end", vec![b'a'; 1 << 20]),
        ("a header without an end", headed(&format!("Subject: {}", "长".repeat(200_000)), "")),
        ("many headers", headed(&"X: y\r\n".repeat(20_000), "")),
        ("line ends in a subject", headed("Subject: =?utf-8?B?YQ0KQmNjOiBldmlsQGV2aWwuY24=?=", "a")),
        ("an address of signs", b"From: \"\r\n\t<>,,<@>:;\r\nTo: (((((\r\n\r\na".to_vec()),
        ("an id of signs", headed("Message-ID: <\u{202e}\0 >\r\nIn-Reply-To: <<<<>", "a")),
        ("a boundary that never comes", headed("Content-Type: multipart/mixed; boundary=x", "--y\r\n\r\na")),
        (
            "a boundary of nothing",
            headed("Content-Type: multipart/mixed; boundary=\"\"", "--\r\n\r\na\r\n----"),
        ),
        ("parts without an end", headed("Content-Type: multipart/mixed; boundary=x", "--x\r\n--x\r\n--x")),
        ("deep parts", nested(3_000)),
        ("many parts", headed("Content-Type: multipart/mixed; boundary=x", &parts)),
        ("an unknown charset", headed("Content-Type: text/plain; charset=klingon", "\u{e4}")),
        ("half of a letter", headed("Content-Type: text/plain; charset=gb18030", "\u{fffd}")),
        ("base64 that is none", headed("Content-Transfer-Encoding: base64", "=====!!!!A===")),
        ("quoted that is none", headed("Content-Transfer-Encoding: quoted-printable", "=\r\n=ZZ=4=")),
        ("a page of tags", headed("Content-Type: text/html", &"<b><table><".repeat(50_000))),
        (
            "names that lead elsewhere",
            headed(
                "Content-Type: multipart/mixed; boundary=x",
                "--x\r\nContent-Disposition: attachment; filename=\"../../etc/passwd\0\u{202e}gpj.exe\"\r\n\r\nx\r\n--x--",
            ),
        ),
        (
            "a report of nothing",
            headed(
                "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
                "--x\r\nContent-Type: message/delivery-status\r\n\r\n:::\r\n--x--",
            ),
        ),
        (
            "a report of a message without end",
            headed(
                "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
                &format!(
                    "--x\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: {}\r\n\
                     Diagnostic-Code: \u{202e}{}\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
                     Message-ID: <{}\0>\r\n\r\n--x--",
                    "5.".repeat(300),
                    "长".repeat(3_000),
                    "长".repeat(300)
                ),
            ),
        ),
    ]
}
