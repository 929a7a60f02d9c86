//! Mail servers that are not as they should be: a script speaks for them. What real ones do is in `mail_servers`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use yiwang_core::input::EffectOutcome;
use yiwang_core::{EffectId, InstanceId};
use yiwang_runtime::ports::{Channels as _, Delivery, Poll, PollFailed};

use crate::support::{Fixture, NOW, plugin};

/// A server that says `greeting`, and to each line what the script answers; at `None` it hangs up.
fn serve(
    greeting: &'static str,
    answer: impl Fn(&str) -> Option<String> + Send + 'static,
) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut said = stream.write_all(greeting.as_bytes()).is_ok();
            let mut line = String::new();
            while said && reader.read_line(&mut line).is_ok_and(|len| len > 0) {
                kept.lock().unwrap().push(line.trim_end().to_owned());
                let Some(answer) = answer(line.trim_end()) else { break };
                said = stream.write_all(answer.as_bytes()).is_ok();
                line.clear();
            }
        }
    });
    (port, heard)
}

fn channel(imap: u16, smtp: u16, grant: &Value) -> Value {
    let granted = |scheme: &str, port: u16| {
        let mut granted = grant.clone();
        granted["url"] = json!(format!("{scheme}://127.0.0.1:{port}"));
        granted
    };
    json!({
        "config": {
            "address": "tousu@mail.test",
            "imap": {"server": format!("imap://127.0.0.1:{imap}")},
            "smtp": {"server": format!("smtp://127.0.0.1:{smtp}")},
        },
        "grants": {
            "kv": true, "blobs": true, "secrets": ["password"],
            "mail": [granted("imap", imap), granted("smtp", smtp)],
        },
        "secrets": {"password": "geh\"eim"},
    })
}

/// Everything is granted.
fn open() -> Value {
    json!({"private": true, "plain": true})
}

async fn host(imap: u16, smtp: u16, grant: &Value) -> Fixture {
    let host = Fixture::new(&plugin("email"), &channel(imap, smtp, grant)).await;
    assert_eq!(host.problem(), None);
    host
}

async fn polled(host: &Fixture) -> Result<usize, PollFailed> {
    let poll = Poll { cursor: None, events_max: 10, attempt: 1, now: NOW };
    host.host.poll("test", poll).await.map(|page| page.events.len())
}

async fn sent(host: &Fixture) -> EffectOutcome {
    let message = json!({
        "recipient_kind": "email", "recipient": "wang@mail.test", "params": {},
        "subject": "s", "body": "a\n.\nb",
    });
    let delivery = Delivery {
        effect: EffectId { instance: InstanceId(7), n: 3 },
        attempt: 1,
        message: serde_json::from_value(message).unwrap(),
        now: NOW,
    };
    host.host.send("test", delivery).await
}

/// Kind and code of an outcome, and what is said about it.
fn told(outcome: EffectOutcome) -> (&'static str, String, String) {
    match outcome {
        EffectOutcome::Done { output, .. } => ("done", String::new(), output.to_json().to_string()),
        EffectOutcome::Retryable { code, message, .. } => ("retryable", code, message),
        EffectOutcome::Permanent { code, message } => ("permanent", code, message),
        EffectOutcome::Faulted { error } => ("faulted", error.r#type, String::new()),
    }
}

/// An SMTP server that behaves, but for what `otherwise` says.
fn smtp(line: &str, otherwise: &[(&str, Option<&str>)]) -> Option<String> {
    if let Some((_, answer)) =
        otherwise.iter().find(|(begins, _)| line == *begins || *begins != "." && line.starts_with(begins))
    {
        return answer.map(str::to_owned);
    }
    let is_command =
        ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"].iter().any(|word| line.starts_with(word));
    Some(match line {
        _ if line.starts_with("EHLO") => {
            "250-test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 1000000\r\n".to_owned()
        }
        _ if line.starts_with("AUTH") => "235 ok\r\n".to_owned(),
        "DATA" => "354 go on\r\n".to_owned(),
        "." => "250 2.0.0 queued\r\n".to_owned(),
        _ if is_command => "250 ok\r\n".to_owned(),
        _ => String::new(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_inside_and_passwords_in_the_clear_need_their_grants() {
    let (port, heard) = serve("220 hello\r\n", |line| smtp(line, &[]));
    let (kind, code, message) = told(sent(&host(1, port, &json!({})).await).await);
    assert_eq!((kind, code.as_str()), ("retryable", "email.denied"), "{message}");
    assert!(
        message.contains(&format!("mail: [{{url: \"smtp://127.0.0.1:{port}\", private: true}}]")),
        "{message}"
    );
    assert!(heard.lock().unwrap().is_empty(), "nobody was asked");
    let (kind, code, message) = told(sent(&host(1, port, &json!({"private": true})).await).await);
    assert_eq!((kind, code.as_str()), ("retryable", "email.tls"), "{message}");
    assert!(message.contains("STARTTLS"), "{message}");
    assert!(
        heard.lock().unwrap().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"),
        "no password"
    );
    let (kind, _, message) = told(sent(&host(1, port, &open()).await).await);
    assert_eq!(kind, "done", "{message}");
    let heard = heard.lock().unwrap().join("\n");
    assert!(heard.contains("AUTH PLAIN AHRvdXN1QG1haWwudGVzdABnZWgiZWlt"), "{heard}");
    assert!(heard.contains("\na\n..\nb\n.\n"), "a dot of the words is no end: {heard}");
    // A host that nobody granted.
    let mut other = channel(1, port, &open());
    other["grants"]["mail"] = json!([]);
    let other = Fixture::new(&plugin("email"), &other).await;
    let (_, code, message) = told(sent(&other).await);
    assert!(code == "email.denied" && message.contains("add to its grants: mail:"), "{message}");
    assert!(!message.contains("geh"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_taken_is_not_sent_again() {
    for (begins, answer, expected) in [
        ("MAIL", None, ("retryable", "email.unreachable")),
        ("DATA", None, ("retryable", "email.unreachable")),
        ("DATA", Some("451 4.3.0 not now\r\n"), ("retryable", "smtp.451")),
        ("RCPT", Some("550-5.1.1 no\r\n550 5.1.1 such user\r\n"), ("permanent", "smtp.550")),
        ("AUTH", Some("535 no\r\n"), ("retryable", "email.login")),
        ("AUTH", Some("454 4.7.0 too many tries\r\n"), ("retryable", "smtp.454")),
        (".", None, ("permanent", "email.lost")),
        (".", Some("what?\r\n"), ("permanent", "email.lost")),
        (".", Some("554 5.7.1 spam\r\n"), ("permanent", "smtp.554")),
        (".", Some("452 4.2.2 full\r\n"), ("retryable", "smtp.452")),
        ("EHLO", Some("hello?\r\n"), ("retryable", "email.protocol")),
    ] {
        let answers = [(begins, answer)];
        let (port, _) = serve("220 hello\r\n", move |line| smtp(line, &answers));
        let (kind, code, message) = told(sent(&host(1, port, &open()).await).await);
        assert_eq!((kind, code.as_str()), expected, "{begins} {answer:?}: {message}");
        assert_eq!(code == "email.lost", message.contains("may have been sent"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_before_tls_is_not_believed() {
    let offer = |line: &str| {
        Some(match line {
            _ if line.starts_with("EHLO") => "250-test\r\n250 STARTTLS\r\n".to_owned(),
            "STARTTLS" => "220 go on\r\n250-test\r\n250 AUTH PLAIN\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        })
    };
    let (port, heard) = serve("220 hello\r\n", offer);
    let (_, code, message) = told(sent(&host(1, port, &json!({"private": true})).await).await);
    assert_eq!(code, "email.protocol", "{message}");
    assert!(!heard.lock().unwrap().iter().any(|line| line.starts_with("AUTH")));
    let (port, heard) = serve("* OK hello\r\n", |line| {
        let tag = line.split(' ').next().unwrap_or_default();
        Some(format!("{tag} OK go on\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"))
    });
    let failed = polled(&host(port, 1, &json!({"private": true})).await).await.unwrap_err();
    assert_eq!(failed.code, "email.protocol");
    assert!(!heard.lock().unwrap().iter().any(|line| line.contains("LOGIN")));
}

/// An IMAP server that behaves, but for what `otherwise` says.
fn imap(line: &str, otherwise: &[(&str, Option<&str>)]) -> Option<String> {
    let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
    if let Some((_, answer)) = otherwise.iter().find(|(begins, _)| command.starts_with(begins)) {
        return answer.map(|answer| answer.replace("TAG", tag));
    }
    Some(match command {
        "CAPABILITY" => format!("* CAPABILITY IMAP4rev1 ID\r\n{tag} OK done\r\n"),
        _ if command.starts_with("EXAMINE") => {
            format!(
                "* 1 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 8] ok\r\n{tag} OK [READ-ONLY] done\r\n"
            )
        }
        _ if command.starts_with("UID SEARCH") => format!("* SEARCH 7\r\n{tag} OK done\r\n"),
        _ if command.contains("RFC822.SIZE") => {
            format!(
                "* 1 FETCH (UID 7 RFC822.SIZE 12 INTERNALDATE \"04-Jun-2024 14:29:00 +0800\")\r\n{tag} OK done\r\n"
            )
        }
        _ if command.contains("BODY.PEEK") => {
            format!("* 1 FETCH (UID 7 BODY[]<0> {{24}}\r\nFrom: a@mail.test\r\n\r\nabc)\r\n{tag} OK done\r\n")
        }
        _ => format!("{tag} OK done\r\n"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_that_lie_cost_their_own_call() {
    let nested = format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(100_000));
    let endless = format!("* OK {}", "a".repeat(3 << 20));
    let huge = "* 1 FETCH (UID 7 BODY[]<0> {4000000000}\r\nabc".to_owned();
    for (begins, answer, expected) in [
        ("LOGIN", Some("TAG NO [AUTHENTICATIONFAILED] no\r\n"), ("email.login", true)),
        (
            "CAPABILITY",
            Some("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"),
            ("email.login", true),
        ),
        (
            "EXAMINE",
            Some("TAG NO Unsafe Login. Please contact kefu@188.com for help\r\n"),
            ("email.refused", false),
        ),
        ("EXAMINE", Some("* BYE over\r\n"), ("email.refused", false)),
        ("EXAMINE", Some("TAG OK no number\r\n"), ("email.protocol", false)),
        ("UID SEARCH", None, ("email.lost", false)),
        ("UID FETCH", Some(&nested), ("email.protocol", false)),
        ("UID FETCH", Some(&endless), ("email.protocol", false)),
        ("UID FETCH 7 (UID BODY", Some(&huge), ("email.protocol", false)),
        ("UID FETCH", Some("what?\r\n"), ("email.protocol", false)),
    ] {
        let (begins, answer) = (begins.to_owned(), answer.map(str::to_owned));
        let (port, _) = serve("* OK hello\r\n", move |line| {
            // A server that promises 4 GB and goes on talking.
            if answer.as_deref().is_some_and(|answer| answer.contains("4000000000"))
                && line.contains("BODY.PEEK")
            {
                return Some(format!("{}{}", answer.as_deref().unwrap_or_default(), "x".repeat(3 << 20)));
            }
            imap(line, &[(&begins, answer.as_deref())])
        });
        let failed = polled(&host(port, 1, &open()).await).await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.parks), expected, "{}", failed.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_server_cannot_give_stops_nobody() {
    let (port, _) = serve("* OK hello\r\n", |line| {
        imap(line, &[("UID FETCH 7 (UID BODY", Some("TAG NO data error\r\n"))])
    });
    let host = host(port, 1, &open()).await;
    let poll = Poll { cursor: None, events_max: 10, attempt: 1, now: NOW };
    let page = host.host.poll("test", poll).await.unwrap();
    assert_eq!(page.cursor.as_deref(), Some("9.7"));
    let told = page.events[0].event.data.to_json();
    assert_eq!((&told["reason"], &told["uid"]), (&json!("unreadable"), &json!("9.7")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_only_looked_at() {
    let (port, heard) = serve("* OK hello\r\n", |line| imap(line, &[]));
    let host = host(port, 1, &open()).await;
    assert_eq!(polled(&host).await.unwrap(), 1);
    let heard = heard.lock().unwrap().clone();
    let commands: Vec<&str> =
        heard.iter().filter_map(|line| line.split_once(' ')).map(|(_, rest)| rest).collect();
    assert_eq!(
        commands,
        [
            "CAPABILITY",
            "LOGIN \"tousu@mail.test\" \"geh\\\"eim\"",
            &format!("ID (\"name\" \"yiwang\" \"version\" \"{}\")", env!("CARGO_PKG_VERSION")),
            "EXAMINE \"INBOX\"",
            "UID SEARCH UID 1:*",
            "UID FETCH 7 (UID RFC822.SIZE INTERNALDATE)",
            "UID FETCH 7 (UID BODY.PEEK[]<0.262144>)",
            "LOGOUT",
        ]
    );
}
