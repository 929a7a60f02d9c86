//! Everything that a plugin must not do. The path of the request chooses what; see the host's tests.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::json;
use yiwang_sdk::{HealthStatus, Level, OutgoingRequest, delivery};

struct Hostile;

impl Channel for Hostile {
    fn webhook<H: Host>(host: &H, ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        let ok = || Outcome::answer(HttpResponse::text(200, "ok"));
        let event = |id: &str, data: &str| {
            let mut event = Event::new("test.event", id, &json!({}));
            data.clone_into(&mut event.data);
            event
        };
        let with = |event: Event| Outcome::new(HttpResponse::text(200, "ok"), vec![event]);
        let header =
            |name: &str, value: &str| Outcome::answer(HttpResponse::text(200, "ok").with(name, value));
        let said = |text: String| Outcome::answer(HttpResponse::text(200, text));
        Ok(match request.path.as_str() {
            "/ok" => with(event("ok", r#"{"n":1}"#)),
            "/loop" => endless(),
            "/memory" => eat(),
            "/reserve" => said(Vec::<u8>::new().try_reserve(1 << 30).is_err().to_string()),
            "/panic" => explode(),
            "/recursion" => said(sink(1).to_string()),
            "/events" => Outcome::new(
                HttpResponse::text(200, "ok"),
                (0..10_000).map(|n| event(&n.to_string(), "{}")).collect(),
            ),
            "/headers" => Outcome::answer(HttpResponse {
                headers: (0..40_000)
                    .map(|n| Header { name: format!("x-{n}"), value: String::new() })
                    .collect(),
                ..HttpResponse::empty(200)
            }),
            "/body" => said("x".repeat(32 << 20)),
            "/body-2mib" => said("x".repeat(2 << 20)),
            "/utf8" => said(not_utf8()),
            "/crlf" => header("x-a", "b\r\nset-cookie: c=d"),
            "/header-name" => header("x a", "b"),
            "/set-cookie" => header("set-cookie", "a=b"),
            "/status" => Outcome::answer(HttpResponse::empty(99)),
            "/broken-json" => with(event("x", "{\"n\":")),
            "/deep-json" => with(event("x", &format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100)))),
            "/schema" => with(event("x", r#"{"n":"one"}"#)),
            "/type" => with(Event::new("cn.yiwang.case.closed.v1", "x", &json!({}))),
            "/id" => with(event("a\nb", "{}")),
            "/bidi" => with(event("a\u{202E}b", "{}")),
            "/time" => with(Event { time: Some("yesterday".to_owned()), ..event("x", "{}") }),
            "/core-attribute" => with(event("x", "{}").with("source", "/channels/another")),
            "/half-session" => with(event("x", "{}").with("session", "a")),
            "/attachment" => with(Event { attachments: vec![stranger()], ..event("x", "{}") }),
            "/event-in-refusal" => Outcome::new(HttpResponse::empty(400), vec![event("x", "{}")]),
            "/updates" => Outcome { updates: vec![arrived("p1")], ..ok() },
            "/many-updates" => Outcome { updates: vec![arrived("p1"); 501], ..ok() },
            "/update-id" => Outcome { updates: vec![arrived("a\nb")], ..ok() },
            "/update-time" => {
                let time = Some("yesterday".to_owned());
                Outcome { updates: vec![DeliveryUpdate { time, ..arrived("p1") }], ..ok() }
            }
            "/update-code" => Outcome { updates: vec![DeliveryUpdate::failed("p1", "a b", "x")], ..ok() },
            "/update-in-refusal" => {
                Outcome { updates: vec![arrived("p1")], ..Outcome::answer(HttpResponse::empty(400)) }
            }
            "/code" => return Err(Failure::permanent("a b\n", "x")),
            "/log" => {
                for _ in 0..100_000 {
                    host.log(Level::Error, &"x".repeat(10_000), &[("a", "b\nc")]);
                }
                ok()
            }
            "/random" => said(host.random(1 << 20).len().to_string()),
            "/handles" => {
                let stores = (0..10_000).filter(|_| host.put_blob("a/b", None, b"x").is_ok()).count();
                said(stores.to_string())
            }
            "/blob" => said(format!("{:?}", host.blob(&stranger(), 100))),
            "/kv" => {
                let first = host.kv_set("a", &[0; 900], None);
                let second = host.kv_set("b", &[0; 900], None);
                let key = host.kv_set("", b"x", None);
                said(format!("{first:?} {second:?} {key:?}"))
            }
            "/secrets" => {
                let secret = |name: &str| format!("{:?}", host.secret(name));
                said(format!("{} {} {}", secret("seen"), secret("bound"), secret("another")))
            }
            "/fetch" => {
                let url = request.query("url").unwrap_or_default();
                let mut outgoing = OutgoingRequest::new(request.query("method").unwrap_or("GET"), url);
                outgoing.max_redirects = 5;
                if let Some(value) = request.query("header") {
                    outgoing = outgoing.with("x-test", value);
                }
                if let Some(body) = request.query("body") {
                    outgoing.body = Payload::Text(body.to_owned());
                }
                said(format!("{:?}", host.http(outgoing)))
            }
            "/requests" => {
                let url = request.query("url").unwrap_or_default();
                let sent = (0..100).filter(|_| host.http(OutgoingRequest::new("GET", url)).is_ok()).count();
                said(sent.to_string())
            }
            "/left" => said((ctx.deadline_ms - ctx.now_ms).to_string()),
            _ => return Err(Failure::refused(999, "test.refused", "a status that is none")),
        })
    }

    /// The cursor chooses what; see the host's tests.
    fn poll<H: Host>(
        host: &H,
        ctx: &CallContext,
        cursor: Option<String>,
        max_events: u32,
    ) -> Result<Page, Failure> {
        let event = |n: u32| Event::new("test.event", n.to_string(), &json!({ "n": n }));
        let page = |events: Vec<Event>| Page {
            updates: vec![arrived("p1")],
            events,
            cursor: Some("next".to_owned()),
            more: true,
            next_after_ms: Some(90_000),
        };
        match cursor.as_deref() {
            None => Ok(page(vec![event(ctx.attempt), event(max_events)])),
            Some("loop") => endless(),
            Some("panic") => explode(),
            Some("many") => Ok(page((0..=max_events).map(event).collect())),
            Some("type") => Ok(page(vec![Event::new("cn.yiwang.case.closed.v1", "x", &json!({}))])),
            Some("long-cursor") => Ok(Page { cursor: Some("x".repeat(4097)), ..page(Vec::new()) }),
            Some("zero-cursor") => Ok(Page { cursor: Some("a\0b".to_owned()), ..page(Vec::new()) }),
            Some("never") => Ok(Page { next_after_ms: Some(u64::MAX), ..page(Vec::new()) }),
            Some("file") => {
                let kept = host.put_blob("text/plain", Some("a.txt"), b"a").ok();
                Ok(page(vec![Event { attachments: kept.into_iter().collect(), ..event(1) }]))
            }
            Some("stranger") => Ok(page(vec![Event { attachments: vec![stranger()], ..event(1) }])),
            Some("retry") => Err(Failure::retryable("test.later", "x").after(Some(7_000))),
            Some("misconfigured") => Err(Failure::misconfigured("test.setup", "x")),
            Some(_) => {
                Ok(Page { events: Vec::new(), updates: Vec::new(), cursor, more: false, next_after_ms: None })
            }
        }
    }

    /// The path chooses what; see the host's tests.
    fn delivery_callback<H: Host>(
        _host: &H,
        ctx: &CallContext,
        request: HttpRequest,
    ) -> Result<delivery::Outcome, Failure> {
        let mount = ctx.attributes.iter().find(|(name, _)| name == "mount-path");
        let said = mount.map(|(_, path)| path.clone()).unwrap_or_default();
        match request.path.as_str() {
            "/panic" => explode(),
            "/refuse" => Err(Failure::refused(401, "test.refused", "x")),
            _ => Ok(delivery::Outcome {
                response: HttpResponse::text(200, said),
                updates: vec![arrived("p1"), DeliveryUpdate::failed("p2", "test.gone", "空号\u{202E}\n")],
            }),
        }
    }

    /// The title of the channel chooses what.
    fn check_health<H: Host>(_host: &H, ctx: &CallContext) -> Health {
        let title = ctx.attributes.iter().find(|(name, _)| name == "channel-title");
        match title.map_or("", |(_, title)| title.as_str()) {
            "loop" => endless(),
            "panic" => explode(),
            "long" => Health {
                status: HealthStatus::Degraded,
                message: "x\n".repeat(10_000),
                details: vec![("a\nb".to_owned(), "y".repeat(10_000)); 100],
            },
            _ => Health {
                status: HealthStatus::Down,
                message: "the provider is away".to_owned(),
                details: vec![("asked".to_owned(), ctx.now_ms.to_string())],
            },
        }
    }

    fn send<H: Host>(_host: &H, _ctx: &CallContext, notification: Notification) -> Result<Receipt, Failure> {
        match notification.body.as_str() {
            "panic" => explode(),
            "retry" => Err(Failure::retryable("test.later", "x").after(Some(u64::MAX))),
            "unknown" => Err(Failure::unknown_outcome("test.unknown", "x")),
            "permanent" => Err(Failure::permanent("test.never", "x\u{202E}\n")),
            "receipt" => Ok(Receipt {
                provider_id: Some("a\nb".to_owned()),
                state: DeliveryState::Sent,
                attributes: Vec::new(),
            }),
            _ => Ok(Receipt {
                provider_id: Some(notification.idempotency_key),
                state: DeliveryState::Accepted,
                attributes: Vec::new(),
            }),
        }
    }
}

fn endless() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

fn eat() -> Outcome {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; 1 << 20]);
        core::hint::black_box(&eaten);
    }
}

#[allow(clippy::panic, reason = "that is the attack")]
fn explode<T>() -> T {
    panic!("on purpose");
}

#[allow(unconditional_recursion, reason = "that is the attack")]
fn sink(depth: u64) -> u64 {
    let frame = [depth; 64];
    core::hint::black_box(&frame);
    sink(core::hint::black_box(depth + 1)) + frame[3]
}

fn not_utf8() -> String {
    let bytes = core::hint::black_box(vec![b'a', 0xff, 0xfe]);
    // SAFETY: none. It is the attack; nothing here reads the text, the host must refuse it.
    unsafe { String::from_utf8_unchecked(bytes) }
}

fn arrived(id: &str) -> DeliveryUpdate {
    DeliveryUpdate::new(id, DeliveryState::Delivered)
}

fn stranger() -> BlobRef {
    BlobRef {
        digest: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
        size: 3,
        media_type: "text/plain".to_owned(),
        file_name: None,
    }
}

yiwang_sdk::export_channel!(Hostile: webhook, poller, sender, delivery_callback);
