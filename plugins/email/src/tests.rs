//! The logic, natively, against the fake host, with messages as mail programs write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::GB18030;
use mail_parser::MessageParser;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, from_str, json};
use yiwang_sdk::{MailError, MailReply, Recipient, fake};

use crate::Email;

fn config() -> Value {
    json!({
        "address": "tousu@qiaocheng.example.cn", "name": "谯城区一网统管", "region": "341602",
        "imap": {"server": "imaps://imap.example.cn", "mailbox": "INBOX"},
        "smtp": {"server": "smtps://smtp.example.cn"},
        "authservId": "mx.example.cn", "acknowledgements": ["acknowledgement"]
    })
}

fn host() -> fake::Host {
    fake::Host::new().config(config())
}

fn gb(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

fn lines(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect()
}

fn polled(host: &fake::Host, cursor: Option<&str>) -> Page {
    Email::poll(host, &host.context(), cursor.map(ToOwned::to_owned), 100).unwrap()
}

fn one(message: impl AsRef<[u8]>) -> (Event, fake::Host) {
    let host = host().message(7, message);
    let mut page = polled(&host, None);
    assert_eq!((page.events.len(), page.cursor.as_deref()), (1, Some("1.7")));
    (page.events.remove(0), host)
}

fn data(event: &Event) -> Value {
    from_str(&event.data).unwrap()
}

/// The reason for which it is set aside.
fn reason(message: impl AsRef<[u8]>) -> String {
    let (event, _) = one(message);
    assert_eq!(event.event_type, "cn.yiwang.mail.set-aside.v1", "{}", event.data);
    data(&event)["reason"].as_str().unwrap().to_owned()
}

fn plain(head: &[&str], body: &str) -> Vec<u8> {
    let head: String = head.iter().map(|line| format!("{line}\r\n")).collect();
    format!("From: wang@example.com\r\n{head}\r\n{body}\r\n").into_bytes()
}

/// As Foxmail writes: head and body in GB18030.
fn foxmail() -> Vec<u8> {
    let word = |text: &str| format!("=?gb18030?B?{}?=", STANDARD.encode(gb(text)));
    let body =
        STANDARD.encode(gb("薛阁街道南关小区路灯不亮三天了。\r\n请尽快安排人员维修，电话13800000000。"));
    let html = STANDARD.encode(gb("<html><body><p>薛阁街道南关小区</p></body></html>"));
    let photo = STANDARD.encode([&[0xff, 0xd8, 0xff, 0xe0], "jpeg".as_bytes()].concat());
    let name = word("现场照片.jpg");
    lines(&[
        "Return-Path: <wang@example.com>",
        "Authentication-Results: mx.example.cn; spf=pass smtp.mailfrom=wang@example.com; dkim=pass; dmarc=pass",
        &format!("From: \"{}\" <wang@example.com>", word("王小明")),
        "To: tousu@qiaocheng.example.cn",
        &format!("Subject: {}", word("南关小区路灯不亮")),
        "Date: Tue, 4 Jun 2024 14:29:58 +0800",
        "Message-ID: <tencent_5F6A@qq.com>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed;",
        "\tboundary=\"----=_NextPart_665EB2B6\"",
        "",
        "This is a multi-part message in MIME format.",
        "",
        "------=_NextPart_665EB2B6",
        "Content-Type: multipart/alternative;",
        "\tboundary=\"----=_NextPart_665EB2B7\"",
        "",
        "------=_NextPart_665EB2B7",
        "Content-Type: text/plain; charset=\"gb18030\"",
        "Content-Transfer-Encoding: base64",
        "",
        &body,
        "",
        "------=_NextPart_665EB2B7",
        "Content-Type: text/html; charset=\"gb18030\"",
        "Content-Transfer-Encoding: base64",
        "",
        &html,
        "",
        "------=_NextPart_665EB2B7--",
        "",
        "------=_NextPart_665EB2B6",
        &format!("Content-Type: image/jpeg; name=\"{name}\""),
        &format!("Content-Disposition: attachment; filename=\"{name}\""),
        "Content-Transfer-Encoding: base64",
        "",
        &photo,
        "",
        "------=_NextPart_665EB2B6--",
    ])
}

#[test]
fn a_message_of_foxmail_is_a_report_with_its_photo() {
    let (event, host) = one(foxmail());
    assert_eq!(
        (event.id.as_str(), event.event_type.as_str()),
        ("tencent_5F6A@qq.com", "cn.yiwang.intake.received.v1")
    );
    assert_eq!(event.time.as_deref(), Some("2024-06-04T06:30:00Z"), "when our server took it in");
    let told = data(&event);
    assert_eq!(told["title"], "南关小区路灯不亮");
    assert_eq!(told["content"], "薛阁街道南关小区路灯不亮三天了。\n请尽快安排人员维修，电话13800000000。");
    assert_eq!(told["petitioner"], json!({"name": "王小明", "openid": "wang@example.com"}));
    assert_eq!(
        (&told["channel"], &told["kind"], &told["region"]),
        (&json!("email"), &json!("complaint"), &json!("341602"))
    );
    assert_eq!(
        told["extra"]["mail"]["authentication"],
        json!({"spf": "pass", "dkim": "pass", "dmarc": "pass"})
    );
    assert_eq!(told["attachments"][0]["fileName"], "现场照片.jpg");
    assert_eq!(event.attachments.len(), 1);
    let kept = host.file(&event.attachments[0].digest).unwrap();
    assert_eq!(kept, [&[0xff, 0xd8, 0xff, 0xe0], "jpeg".as_bytes()].concat());
}

#[test]
fn heads_and_bodies_without_a_charset_are_gb18030() {
    let mut message = b"From: ".to_vec();
    message.extend(gb("李四"));
    message.extend(b" <li@example.com>\r\nSubject: ");
    message.extend(gb("噪声扰民"));
    message.extend(b"\r\n\r\n");
    message.extend(gb("夜间施工。"));
    let (event, _) = one(message);
    let told = data(&event);
    assert_eq!((&told["title"], &told["content"]), (&json!("噪声扰民"), &json!("夜间施工。")));
    assert_eq!(told["petitioner"]["name"], "李四");
    assert_eq!(event.id, "uid:1.7", "it has no Message-ID");
}

#[test]
fn html_alone_becomes_text() {
    let (event, _) = one(plain(
        &[
            "Subject: x",
            "Content-Type: text/html; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ],
        "<html><head><style>p{color:red}</style></head><body><p>=E8=B7=AF=E7=81=AF=E5=9D=8F=E4=BA=86<br>=E8=AF=B7=E4=BF=AE</p></body></html>",
    ));
    let content = data(&event)["content"].as_str().unwrap().to_owned();
    assert!(
        content.contains("路灯坏了") && content.contains("请修") && !content.contains("color"),
        "{content}"
    );
}

#[test]
fn long_names_in_rfc_2231_and_messages_in_messages_are_files() {
    let (event, host) = one(lines(&[
        "From: a@example.com",
        "Subject: fw",
        "Content-Type: multipart/mixed; boundary=x",
        "",
        "--x",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "见附件",
        "--x",
        "Content-Type: application/pdf;",
        " name*0*=UTF-8''%E5%85%B3%E4%BA%8E;",
        " name*1*=%E8%B7%AF%E7%81%AF.pdf",
        "Content-Transfer-Encoding: base64",
        "",
        "JVBERi0=",
        "--x",
        "Content-Type: message/rfc822",
        "",
        "From: b@example.com",
        "Subject: inner",
        "Auto-Submitted: auto-replied",
        "",
        "inner words",
        "--x",
        "Content-Type: application/ms-tnef; name=winmail.dat",
        "Content-Transfer-Encoding: base64",
        "",
        "eJ8+Ig==",
        "--x--",
    ]));
    let told = data(&event);
    let names: Vec<&str> =
        told["attachments"].as_array().unwrap().iter().map(|it| it["fileName"].as_str().unwrap()).collect();
    assert_eq!(names, ["关于路灯.pdf", "message.eml", "winmail.dat"]);
    assert_eq!((&told["title"], &told["content"]), (&json!("fw"), &json!("见附件")));
    assert_eq!(host.file(&event.attachments[0].digest).unwrap(), b"%PDF-");
    assert!(host.file(&event.attachments[1].digest).unwrap().starts_with(b"From: b@example.com\r\n"));
}

#[test]
fn a_broken_message_is_read_as_far_as_it_goes() {
    let (event, _) =
        one(plain(&["Subject: s", "Content-Type: multipart/mixed; boundary=x"], "words of no part"));
    assert_eq!(data(&event)["content"], "words of no part");
    let (event, _) =
        one(plain(&["Subject: s", "Content-Type: multipart/mixed; boundary=x"], "--x\r\n\r\nhalf"));
    assert_eq!(data(&event)["content"], "half");
    let (event, _) = one(plain(&["Subject: 只有标题"], ""));
    assert_eq!((&data(&event)["title"], &data(&event)["content"]), (&json!("只有标题"), &json!("只有标题")));
    assert_eq!(reason([0xff, 0xfe, 0, b'\n']), "no-sender");
    assert_eq!(reason(b""), "no-sender");
}

/// Cut, doubled and changed at random places that follow from a number: whatever comes of it is an event.
#[test]
fn thousands_of_broken_messages_are_read() {
    let good = foxmail();
    let mut seed = 1_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    for _ in 0..3_000 {
        let mut message = good.clone();
        for _ in 0..=next(4) {
            let (from, to) = (next(message.len()), next(message.len()));
            let (from, to) = (from.min(to), from.max(to));
            match next(4) {
                0 => drop(message.drain(from..to)),
                1 => message
                    .splice(from..from, good[from.min(good.len())..to.min(good.len())].to_vec())
                    .for_each(drop),
                2 if from < message.len() => message[from] = next(256) as u8,
                _ => message.truncate(to),
            }
        }
        assert_eq!(polled(&host().message(7, &message), None).cursor.as_deref(), Some("1.7"));
    }
}

#[test]
fn too_large_a_message_is_told_by_its_beginning() {
    let mut config = config();
    config["imap"]["messageBytesMax"] = json!(120);
    let host = fake::Host::new().config(config).message(1, plain(&["Subject: s"], &"长长的话。".repeat(100)));
    let event = polled(&host, None).events.remove(0);
    let size = data(&event)["extra"]["mail"]["onlyBeginning"]["size"].as_u64().unwrap();
    assert!(size > 1500 && data(&event)["content"].as_str().unwrap().starts_with("长长的话。"));
}

#[test]
fn more_files_and_words_than_a_report_takes_are_named() {
    let part = |at: usize| format!("--x\r\nContent-Type: image/png; name={at}.png\r\n\r\n{at}\r\n");
    let parts: String = (0..23).map(part).collect();
    let (event, _) = one(plain(
        &["Content-Type: multipart/mixed; boundary=x"],
        &format!("--x\r\n\r\n{}\r\n{parts}--x--", "字".repeat(21_000)),
    ));
    let told = data(&event);
    assert_eq!(event.attachments.len(), 20);
    assert_eq!(told["extra"]["mail"]["filesLeftOut"], json!(["20.png", "21.png", "22.png"]));
    assert_eq!(told["extra"]["mail"]["wordsLeftOut"], true);
    assert_eq!(told["content"].as_str().unwrap().chars().count(), 20_000);
}

#[test]
fn machines_are_set_aside() {
    for (head, expected) in [
        ("Auto-Submitted: auto-replied", "auto-reply"),
        ("Auto-Submitted: auto-generated (vacation)", "auto-reply"),
        ("X-Autoreply: yes", "auto-reply"),
        ("Precedence: bulk", "bulk"),
        ("Precedence: auto_reply", "auto-reply"),
        ("List-Id: <news.example.com>", "list"),
        ("List-Unsubscribe: <mailto:x@example.com>", "list"),
        ("Return-Path: <>", "bounce"),
    ] {
        assert_eq!(reason(plain(&["Subject: s", head], "x")), expected, "{head}");
    }
    for head in ["Auto-Submitted: no", "Precedence: first-class", "Return-Path: <wang@example.com>"] {
        assert_eq!(one(plain(&[head], "x")).0.event_type, "cn.yiwang.intake.received.v1", "{head}");
    }
    assert_eq!(reason("From: TOUSU@qiaocheng.example.cn\r\n\r\nx"), "own");
    assert_eq!(reason("From: MAILER-DAEMON@example.com\r\n\r\nx"), "bounce");
    assert_eq!(reason("From: (nobody)\r\nSubject: s\r\n\r\nx"), "no-sender");
}

#[test]
fn a_note_of_absence_from_exchange_is_set_aside() {
    let message = lines(&[
        "From: Li Si <lisi@corp.example.com>",
        "To: tousu@qiaocheng.example.cn",
        "Subject: =?utf-8?B?6Ieq5Yqo562U5aSNOiBbUUMtMjAyNDA2MDQtMDAwMTIzXSDlt7Llip7nu5M=?=",
        "Message-ID: <oof1@corp.example.com>",
        "In-Reply-To: <abc@qiaocheng.example.cn>",
        "X-MS-Has-Attach:",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "我在休假。",
    ]);
    let (event, _) = one(message);
    assert_eq!(
        (event.id.as_str(), event.subject.as_deref()),
        ("aside:oof1@corp.example.com", Some("QC-20240604-000123"))
    );
    let told = data(&event);
    assert_eq!(told["reason"], "auto-reply");
    assert_eq!(
        (&told["caseNo"], &told["inReplyTo"]),
        (&json!("QC-20240604-000123"), &json!("abc@qiaocheng.example.cn"))
    );
}

#[test]
fn a_bounce_says_who_was_not_reached() {
    let (event, host) = one(lines(&[
        "Return-Path: <>",
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.cn>",
        "Subject: Undelivered Mail Returned to Sender",
        "Message-ID: <20240604063000.1@mx.example.cn>",
        "Auto-Submitted: auto-replied",
        "Content-Type: multipart/report; report-type=delivery-status;",
        "\tboundary=\"B/mx\"",
        "",
        "--B/mx",
        "Content-Description: Notification",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "",
        "--B/mx",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.cn",
        "",
        "Final-Recipient: rfc822; nobody@example.com",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.com>: Recipient address",
        "    rejected: User unknown",
        "",
        "--B/mx",
        "Content-Type: message/rfc822",
        "",
        "Message-ID: <5f2c@qiaocheng.example.cn>",
        "Subject: [QC-20240604-000123] x",
        "",
        "body",
        "--B/mx--",
    ]));
    let told = data(&event);
    assert_eq!(told["reason"], "bounce");
    assert_eq!(
        told["bounce"],
        json!({
            "recipient": "nobody@example.com", "action": "failed", "status": "5.1.1",
            "diagnostic": "550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown",
            "messageId": "5f2c@qiaocheng.example.cn"
        })
    );
    assert!(event.attachments.is_empty());
    let page = polled(&host, None);
    let update = &page.updates[0];
    assert_eq!(
        (update.provider_id.as_str(), update.state),
        ("5f2c@qiaocheng.example.cn", DeliveryState::Failed)
    );
    assert_eq!(update.failure.as_ref().unwrap().code, "smtp.5.1.1");
    assert_eq!(page.updates.len(), 1);
}

#[test]
fn a_reply_about_a_case_is_a_verdict_or_says_which_case() {
    let reply = |words: &str| {
        one(plain(
            &["Subject: Re: [QC-20240604-000123] x", "Message-ID: <r1@x>", "In-Reply-To: <a@b>"],
            &format!("{words}\r\n\r\n> 您反映的问题已办结"),
        ))
        .0
    };
    let event = reply("满意，谢谢！");
    assert_eq!(
        (event.event_type.as_str(), event.subject.as_deref()),
        ("cn.yiwang.intake.feedback.v1", Some("QC-20240604-000123"))
    );
    assert_eq!(
        data(&event),
        json!({"caseNo": "QC-20240604-000123", "satisfied": true, "reason": "谢谢！", "openid": "wang@example.com"})
    );
    assert_eq!(data(&reply("不满意 没有修好"))["reason"], "没有修好");
    let event = reply("还有一盏灯不亮");
    assert_eq!(
        (event.event_type.as_str(), event.subject.as_deref()),
        ("cn.yiwang.intake.received.v1", Some("QC-20240604-000123"))
    );
    assert_eq!(
        (&data(&event)["content"], &data(&event)["title"]),
        (&json!("还有一盏灯不亮"), &json!("[QC-20240604-000123] x"))
    );
    assert_eq!(data(&event)["extra"]["mail"]["caseNo"], "QC-20240604-000123");
    let (event, _) = one(plain(&[], "评价 QC-20240604-000123 不满意 太慢"));
    assert_eq!(data(&event)["satisfied"], false);
}

#[test]
fn forged_senders_are_marked_or_set_aside() {
    let forged = plain(&["Authentication-Results: mx.example.cn; dmarc=fail"], "x");
    let (event, _) = one(&forged);
    assert_eq!(data(&event)["extra"]["mail"]["forged"], "DMARC fails");
    let mut config = config();
    config["unauthenticated"] = json!("set-aside");
    let host = fake::Host::new().config(config).message(1, forged);
    assert_eq!(data(&polled(&host, None).events[0])["reason"], "unauthenticated");
}

#[test]
fn the_place_moves_with_each_message_and_a_new_numbering_begins_anew() {
    let host =
        host().message(3, plain(&["Message-ID: <a>"], "x")).message(9, plain(&["Message-ID: <b>"], "y"));
    let page = polled(&host, None);
    assert_eq!((page.events.len(), page.cursor.as_deref(), page.more), (2, Some("1.9"), false));
    let page = polled(&host, Some("1.3"));
    assert_eq!((page.events[0].id.as_str(), page.events.len()), ("b", 1));
    let page = polled(&host, Some("1.9"));
    assert_eq!((page.events.len(), page.cursor.as_deref()), (0, Some("1.9")));
    host.renumber(2, &[(1, b"From: a@b.cn\r\nMessage-ID: <b>\r\n\r\ny")]);
    let page = polled(&host, Some("1.9"));
    assert_eq!((page.events[0].id.as_str(), page.cursor.as_deref()), ("b", Some("2.1")), "known by its id");
    assert!(host.lines().iter().any(|line| line.contains("numbered anew")));
    assert_eq!(polled(&host, Some("no place")).cursor.as_deref(), Some("2.1"));
    host.renumber(3, &[]);
    assert_eq!(polled(&host, Some("2.1")).cursor.as_deref(), Some("3.0"));
}

#[test]
fn what_came_before_the_first_day_is_left_alone() {
    let mut config = config();
    config["imap"]["since"] = json!("2024-06-05");
    let host = fake::Host::new().config(config).message(1, plain(&[], "x"));
    let page = polled(&host, None);
    assert_eq!((page.events.len(), page.cursor.as_deref()), (0, Some("1.1")));
}

#[test]
fn a_page_has_no_more_files_than_a_call_may_write() {
    let mut host = host();
    for uid in 1..=9 {
        host = host.message(uid, plain(&[&format!("Message-ID: <{uid}>")], "x"));
    }
    let part = |at: usize| format!("--x\r\nContent-Type: image/png; name={at}.png\r\n\r\n{at}\r\n");
    let parts: String = (0..20).map(part).collect();
    for uid in 10..=16 {
        host = host.message(
            uid,
            plain(&[&format!("Message-ID: <{uid}>"), "Content-Type: multipart/mixed; boundary=x"], &parts),
        );
    }
    let page = polled(&host, None);
    assert_eq!((page.events.len(), page.cursor.as_deref(), page.more), (13, Some("1.13"), true));
    let page = polled(&host, page.cursor.as_deref());
    assert_eq!((page.events.len(), page.more), (3, false));
}

#[test]
fn a_message_that_breaks_calls_off_is_passed() {
    let host = host().message(4, plain(&[], "x")).message(5, plain(&["Message-ID: <5>"], "y"));
    let mut ctx = host.context();
    ctx.attempt = 2;
    // Two calls that noted it and did not come to an end; the fake does, which makes no difference to the note.
    for _ in 0..2 {
        let page = Email::poll(&host, &ctx, None, 100).unwrap();
        assert_eq!((page.events.len(), page.more), (1, true));
        assert_eq!(page.events[0].event_type, "cn.yiwang.intake.received.v1");
    }
    let page = Email::poll(&host, &ctx, None, 100).unwrap();
    assert_eq!(data(&page.events[0])["reason"], "unreadable");
    assert_eq!((page.cursor.as_deref(), page.more), (Some("1.4"), true));
    ctx.attempt = 1;
    let page = Email::poll(&host, &ctx, page.cursor, 100).unwrap();
    assert_eq!(page.events[0].id, "5");
}

#[test]
fn a_mailbox_that_fails_says_what_can_be_done() {
    let host = host();
    let reply = MailReply { code: 0, status: String::new(), text: "Unsafe Login".to_owned() };
    for (error, kind, code) in [
        (MailError::Login("no".to_owned()), FailureKind::Misconfigured, "email.login"),
        (MailError::Denied("no".to_owned()), FailureKind::Misconfigured, "email.denied"),
        (MailError::Connect("no".to_owned()), FailureKind::Retryable, "email.unreachable"),
        (MailError::Refused(reply), FailureKind::Retryable, "email.refused"),
        (MailError::Timeout(false), FailureKind::Retryable, "email.timeout"),
    ] {
        host.mailbox_fails(Some(error));
        let failure = Email::poll(&host, &host.context(), None, 9).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code));
    }
}

#[test]
fn a_sender_that_never_stops_is_set_aside() {
    let mut config = config();
    config["senderPerHour"] = json!(3);
    let host = (1..=5).fold(fake::Host::new().config(config), |host, uid| {
        host.message(uid, plain(&[&format!("Message-ID: <{uid}>")], "x"))
    });
    let page = polled(&host, None);
    let reasons: Vec<Value> = page.events.iter().map(|event| data(event)["reason"].clone()).collect();
    assert_eq!(reasons, [Value::Null, Value::Null, Value::Null, json!("flood"), json!("flood")]);
    host.advance(3_600_001);
    host.renumber(1, &[(6, &plain(&["Message-ID: <6>"], "x"))]);
    assert_eq!(data(&polled(&host, Some("1.5")).events[0])["content"], "x");
}

#[test]
fn mistakes_of_the_configuration_are_named() {
    let at = |config: Value| {
        Email::validate_config(&config).into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
    };
    assert!(at(config()).is_empty());
    assert_eq!(at(json!({"address": "a@b.cn"})), [""]);
    assert_eq!(
        at(json!({
            "address": "a b@c.cn", "ownAddresses": ["a@b.cn", "x"], "imap": {"since": "2024-02-30"},
            "unauthenticated": "set-aside"
        })),
        ["/address", "/ownAddresses/1", "/imap/since", "/unauthenticated"]
    );
}

fn ok() -> Result<MailReply, MailError> {
    Ok(MailReply { code: 250, status: "2.0.0".to_owned(), text: "queued as 7".to_owned() })
}

fn notification(template: Option<&str>) -> Notification {
    Notification {
        idempotency_key: "i7.3".to_owned(),
        recipient: Recipient {
            kind: "email".to_owned(),
            address: "wang@example.com".to_owned(),
            display_name: Some("王小明".to_owned()),
        },
        template: template.map(ToOwned::to_owned),
        params: "{}".to_owned(),
        subject: Some("您反映的问题已办结".to_owned()),
        body: "您好：\n路灯已修好。\n.\n谢谢".to_owned(),
        body_type: "text/plain".to_owned(),
        attachments: Vec::new(),
        attributes: vec![("case-no".to_owned(), "QC-20240604-000123".to_owned())],
    }
}

fn sent(host: &fake::Host, notification: Notification) -> Result<Receipt, Failure> {
    Email::send(host, &host.context(), notification)
}

/// The last message that went out.
fn message(host: &fake::Host) -> Vec<u8> {
    match host.letters().pop().unwrap().message {
        Payload::Bytes(bytes) => bytes,
        _ => Vec::new(),
    }
}

#[test]
fn a_message_answers_what_the_person_wrote() {
    let host = host().message(7, foxmail()).mail_answer(ok()).mail_answer(ok());
    polled(&host, None);
    let receipt = sent(&host, notification(None)).unwrap();
    let outgoing = host.letters().pop().unwrap();
    assert_eq!(
        (outgoing.sender.as_str(), outgoing.recipients),
        ("tousu@qiaocheng.example.cn", vec!["wang@example.com".to_owned()])
    );
    assert_eq!(
        (outgoing.account.server.as_str(), outgoing.account.user.as_str()),
        ("smtps://smtp.example.cn", "tousu@qiaocheng.example.cn")
    );
    let bytes = message(&host);
    assert!(bytes.is_ascii(), "every server takes it");
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some("[QC-20240604-000123] 您反映的问题已办结"));
    assert_eq!(parsed.message_id().map(ToOwned::to_owned), receipt.provider_id);
    assert_eq!(parsed.in_reply_to().as_text(), Some("tencent_5F6A@qq.com"));
    assert_eq!(parsed.references().as_text(), Some("tencent_5F6A@qq.com"));
    assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("谯城区一网统管"));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2024-06-04T06:30:00Z");
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim(), "您好：\n路灯已修好。\n.\n谢谢");
    assert_eq!(receipt.attributes, [("smtp-reply".to_owned(), "250 2.0.0 queued as 7".to_owned())]);
    // Tried again it is the same message, byte for byte.
    sent(&host, notification(None)).unwrap();
    assert_eq!(message(&host), bytes);
}

#[test]
fn the_thread_of_a_case_stays_with_it() {
    let host = host().message(1, plain(&["Message-ID: <first@x>"], "x"));
    let host = (0..4).fold(host, |host, _| host.mail_answer(ok()));
    polled(&host, None);
    let answered = |host: &fake::Host| {
        MessageParser::default().parse(&message(host)).unwrap().in_reply_to().as_text().map(ToOwned::to_owned)
    };
    sent(&host, notification(None)).unwrap();
    host.renumber(1, &[(2, &plain(&["Message-ID: <second@x>"], "another matter"))]);
    polled(&host, Some("1.1"));
    sent(&host, notification(None)).unwrap();
    assert_eq!(answered(&host).as_deref(), Some("first@x"));
    let mut another = notification(None);
    another.attributes[0].1 = "QC-20240604-000124".to_owned();
    sent(&host, another).unwrap();
    assert_eq!(answered(&host).as_deref(), Some("second@x"));
    let mut told = notification(None);
    told.params = r#"{"inReplyTo": "<third@x>"}"#.to_owned();
    sent(&host, told).unwrap();
    assert_eq!(answered(&host).as_deref(), Some("third@x"));
}

#[test]
fn one_automatic_answer_a_day() {
    let host = host().mail_answer(ok()).mail_answer(ok()).mail_answer(ok());
    let acknowledged = |key: &str| {
        let mut notification = notification(Some("acknowledgement"));
        notification.idempotency_key = key.to_owned();
        let receipt = sent(&host, notification).unwrap();
        receipt.attributes.iter().all(|(name, _)| name != "suppressed")
    };
    assert!(acknowledged("i1.1"));
    let bytes = message(&host);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-replied"));
    assert!(!acknowledged("i2.1"), "another case of the same person on the same day");
    assert!(acknowledged("i1.1"), "the same one, tried again");
    host.advance(86_400_000);
    assert!(acknowledged("i3.1"));
    assert_eq!(host.letters().len(), 3);
}

#[test]
fn an_automatic_answer_that_failed_does_not_count() {
    let host = host().mail_answer(Err(MailError::Connect("no".to_owned()))).mail_answer(ok());
    assert_eq!(sent(&host, notification(Some("acknowledgement"))).unwrap_err().kind, FailureKind::Retryable);
    let mut other = notification(Some("acknowledgement"));
    other.idempotency_key = "i9.9".to_owned();
    assert!(sent(&host, other).unwrap().provider_id.is_some());
}

#[test]
fn what_servers_say_decides_what_comes_next() {
    let reply =
        |code: u16| Err(MailError::Refused(MailReply { code, status: String::new(), text: "no".to_owned() }));
    for (answer, kind, code) in [
        (reply(451), FailureKind::Retryable, "smtp.451"),
        (reply(421), FailureKind::Retryable, "smtp.421"),
        (reply(550), FailureKind::Permanent, "smtp.550"),
        (reply(535), FailureKind::Misconfigured, "smtp.535"),
        (Err(MailError::Login("no".to_owned())), FailureKind::Misconfigured, "email.login"),
        (Err(MailError::Lost(false)), FailureKind::Retryable, "email.unreachable"),
        (Err(MailError::Lost(true)), FailureKind::UnknownOutcome, "email.lost"),
        (Err(MailError::Timeout(true)), FailureKind::UnknownOutcome, "email.lost"),
        (Err(MailError::Tls("no".to_owned())), FailureKind::Retryable, "email.tls"),
        (Err(MailError::Denied("no".to_owned())), FailureKind::Misconfigured, "email.denied"),
    ] {
        let failure = sent(&host().mail_answer(answer), notification(None)).unwrap_err();
        assert_eq!((failure.kind, failure.code.as_str()), (kind, code));
    }
}

#[test]
fn nothing_that_was_written_becomes_a_header() {
    for address in ["a@b.cn\r\nBcc: c@d.cn", "a@b.cn, c@d.cn", "<a@b.cn>", "a b@c.cn", "", "王@b.cn"] {
        let mut notification = notification(None);
        notification.recipient.address = address.to_owned();
        assert_eq!(sent(&host(), notification).unwrap_err().code, "email.recipient", "{address:?}");
    }
    let mut notification = notification(None);
    notification.subject = Some("x\r\nBcc: c@d.cn\r\n\r\nbody".to_owned());
    notification.recipient.display_name = Some("王\r\nBcc: c@d.cn".to_owned());
    let host = host().mail_answer(ok());
    sent(&host, notification).unwrap();
    let bytes = message(&host);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert!(parsed.bcc().is_none());
    assert_eq!(parsed.subject(), Some("[QC-20240604-000123] x Bcc: c@d.cn body"));
    let mut stranger = super::tests::notification(None);
    stranger.recipient.kind = "mobile".to_owned();
    assert_eq!(sent(&host, stranger).unwrap_err().code, "email.recipient-kind");
}

#[test]
fn attachments_and_html_go_out_too() {
    let host = host().mail_answer(ok());
    let blob = Host::put_blob(&host, "application/pdf", Some("答复.pdf"), b"%PDF-1.7 body").unwrap();
    let mut notification = notification(None);
    notification.body = "<p>路灯已修好</p>".to_owned();
    notification.body_type = "text/html".to_owned();
    notification.attachments = vec![blob];
    sent(&host, notification).unwrap();
    let bytes = message(&host);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().trim(), "路灯已修好");
    assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>路灯已修好</p>");
    let attachment = parsed.attachment(0).unwrap();
    assert_eq!(attachment.contents(), b"%PDF-1.7 body");
    assert_eq!(mail_parser::MimeHeaders::attachment_name(attachment), Some("答复.pdf"));
}
