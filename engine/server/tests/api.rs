//! The API from outside: real routes, real engine, store in memory, channels by script.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod support;

use http::StatusCode;
use serde_json::{Value, json};
use support::{ADMIN, App, COMPLAINT, HANDLER, PETITIONER, SCHEDULER, Sent, send};

#[tokio::test]
async fn every_route_refuses_strangers() {
    let app = App::start().await;
    for route in yiwang_server::routes() {
        let path = route.pattern.replace("{*path}", "x").replace("{id}", "x").replace("{no}", "x");
        let path = path.replace("{digest}", "x").replace("{code}", "x").replace("{call}", "x");
        let path = path.replace("{namespace}", "x").replace("{name}", "x").replace("{version}", "x");
        let anonymous = route.policy == yiwang_server::Policy::Anonymous;
        // Without a policy for everyone there is no way in for a stranger; and only these kinds are open.
        assert_eq!(
            anonymous,
            path.starts_with("/channels/")
                || path.starts_with("/deliveries/")
                || path == "/healthz"
                || path == "/readyz"
                || path.starts_with("/api/v1/track/"),
            "{} {path} is open to anyone",
            route.method
        );
        if anonymous {
            continue;
        }
        for token in
            [None, Some("nothing"), Some("yw_pat_"), Some(app.token("expired")), Some(app.token("revoked"))]
        {
            let answer = app.call(&route.method, &path, token).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} {path} with {token:?}", route.method);
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"yiwang\"");
            answer.is_problem();
        }
        if route.policy != yiwang_server::Policy::Authenticated {
            let answer = app.call(&route.method, &path, Some(app.token(PETITIONER))).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {path} as a petitioner", route.method);
            answer.is_problem();
        }
    }
}

#[tokio::test]
async fn tricks_with_paths_find_nothing() {
    let app = App::start().await;
    for path in [
        "/healthz/../api/v1/tokens",
        "/healthz/%2e%2e/api/v1/tokens",
        "/channels/form/../../api/v1/tokens",
        "/channels/form/%2e%2e/%2e%2e/api/v1/tokens",
        "//api/v1/tokens",
        "/api//v1/tokens",
        "/api/v1//tokens",
        "/api/v1/tokens;x",
        "/api/v1/tokens/",
        "/api/v1/./tokens",
        "/API/v1/tokens",
        "/api/v1/Tokens",
        "/api/v1/%74okens",
        "/api/v1/tokens/healthz",
        "/api/v1/tokens%00",
        "/api/v1/tokens/configs",
        "/healthz;/api/v1/tokens",
        "/healthz%2f..%2fapi",
        "/",
    ] {
        let answer = app.call("GET", path, None).await;
        // A path below a channel goes to that channel's plugin and nowhere else.
        let ok = [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED, StatusCode::METHOD_NOT_ALLOWED];
        let channel = path.starts_with("/channels/form/") && answer.status == StatusCode::OK;
        assert!(ok.contains(&answer.status) || channel, "{path}: {}", answer.status);
        assert!(!answer.text().contains("person"), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn roles_are_needed_and_are_enough() {
    let app = App::start().await;
    for (method, path, as_whom, expected) in [
        ("GET", "/api/v1/me", PETITIONER, 200),
        ("GET", "/api/v1/work-items", PETITIONER, 200),
        ("GET", "/api/v1/work-items?all=true", PETITIONER, 403),
        ("GET", "/api/v1/cases", HANDLER, 200),
        ("GET", "/api/v1/rejections", HANDLER, 403),
        ("POST", "/api/v1/channels/form:unpark", HANDLER, 403),
        ("GET", "/api/v1/tokens", HANDLER, 403),
        ("GET", "/api/v1/tokens", ADMIN, 200),
        ("POST", "/api/v1/definitions", HANDLER, 403),
        ("POST", "/api/v1/events", HANDLER, 403),
        ("POST", "/api/v1/instances/0000000000000:cancel", HANDLER, 403),
        ("POST", "/api/v1/instances/0000000000000:cancel", ADMIN, 404),
        ("POST", "/api/v1/instances/0000000000000:explode", ADMIN, 404),
        ("DELETE", "/api/v1/cases", ADMIN, 405),
    ] {
        let answer = app.call(method, path, Some(app.token(as_whom))).await;
        assert_eq!(answer.status.as_u16(), expected, "{method} {path} as {as_whom}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_token_cannot_be_given_another_way() {
    let app = App::start().await;
    let token = app.token(ADMIN);
    for (name, value) in [
        ("x-forwarded-user", "admin".to_owned()),
        ("authorization", format!("Basic {token}")),
        ("authorization", token.to_owned()),
        ("cookie", format!("token={token}")),
        ("x-api-key", token.to_owned()),
    ] {
        let answer = send(&app, Sent::new("GET", "/api/v1/tokens").header(name, &value)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    let in_query = app.call("GET", &format!("/api/v1/tokens?access_token={token}"), None).await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED);
    let twice = Sent::new("GET", "/api/v1/me")
        .header("authorization", &format!("Bearer {token}"))
        .header("authorization", &format!("Bearer {token}"));
    assert_eq!(send(&app, twice).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn bad_input_is_a_problem_with_a_code() {
    let app = App::start().await;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let large = format!("{{\"source\": \"{}\"}}", "x".repeat(3 << 20));
    let instances = "/api/v1/instances";
    for (path, content_type, body, status, code) in [
        (instances, "application/json", b"{".as_slice(), 400, "request.json"),
        (instances, "application/json", b"", 400, "request.json"),
        (instances, "application/json", b"\xff\xfe", 400, "request.encoding"),
        (instances, "application/json", deep.as_bytes(), 400, "request.json-depth"),
        (
            instances,
            "application/json",
            br#"{"workflow":"a/b","workflow":"c/d"}"#,
            400,
            "request.json-duplicate-key",
        ),
        (instances, "application/json", br#"{"workflow":"a/b","inptu":{}}"#, 422, "request.fields"),
        (instances, "application/json", br#"{"workflow":7}"#, 422, "request.fields"),
        (instances, "application/json", br#"{}"#, 422, "request.fields"),
        (instances, "application/json", br#"[]"#, 422, "request.fields"),
        (instances, "application/json", br#"{"workflow":"a/b","key":""}"#, 422, "request.fields"),
        (instances, "application/json", br#"{"workflow":"no/such"}"#, 404, "resource.not-found"),
        (instances, "text/plain", b"{}", 415, "request.content-type"),
        (instances, "application/json; charset=gbk", b"{}", 415, "request.content-type"),
        (
            instances,
            "multipart/form-data",
            br#"{"files":{"a":{"filepath":"/etc/passwd"}}}"#,
            415,
            "request.content-type",
        ),
        (instances, "", b"{}", 415, "request.content-type"),
        ("/api/v1/definitions", "application/json", large.as_bytes(), 413, "request.too-large"),
        ("/api/v1/definitions", "application/json", br#"{"source":"do: ["}"#, 422, "definition.invalid"),
        ("/api/v1/events", "application/json", b"{}", 415, "request.content-type"),
        ("/api/v1/events", "application/cloudevents+json", b"{}", 422, "event.invalid"),
        ("/api/v1/tokens", "application/json", br#"{"person":" x"}"#, 422, "request.fields"),
        (
            "/api/v1/tokens",
            "application/json",
            br#"{"person":"x","expires":"1999-01-01T00:00:00Z"}"#,
            422,
            "request.fields",
        ),
        ("/api/v1/nothing", "application/json", b"{}", 404, "route.unknown"),
        ("/api/v1/me", "application/json", b"{}", 405, "route.method"),
    ] {
        let mut request = Sent::new("POST", path).bearer(app.token(ADMIN)).body(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let answer = send(&app, request).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{path} {shown}: {}",
            answer.text()
        );
        answer.is_problem();
    }
    for (path, code) in [
        ("/api/v1/cases?stat=closed", "request.query"),
        ("/api/v1/cases?state=gone", "request.query"),
        ("/api/v1/cases?limit=501", "request.query"),
        ("/api/v1/cases?limit=-1", "request.query"),
        ("/api/v1/cases?limit=1&limit=2", "request.query"),
        ("/api/v1/instances/x%27%20or%201=1", "resource.not-found"),
    ] {
        let answer = app.call("GET", path, Some(app.token(ADMIN))).await;
        assert_eq!(answer.code(), code, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_person_decides_a_work_item() {
    let app = App::start().await;
    app.deploy(COMPLAINT).await;
    let started = app
        .post(ADMIN, "/api/v1/instances", json!({ "workflow": "test/ask", "input": { "q": "路灯" } }))
        .await;
    assert_eq!(started.status, StatusCode::CREATED, "{}", started.text());
    let instance = started.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(started.header("location"), format!("/api/v1/instances/{instance}"));

    let list = app.get(HANDLER, "/api/v1/work-items").await;
    let item = list.json()["items"][0].clone();
    let id = item["id"].as_str().unwrap();
    assert_eq!(item["title"], "答复:路灯");
    assert_eq!(app.get(PETITIONER, "/api/v1/work-items").await.json()["items"], json!([]));
    let hidden = app.get(PETITIONER, &format!("/api/v1/work-items/{id}")).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let not_theirs = app.post(ADMIN, &format!("/api/v1/work-items/{id}:claim"), json!({})).await;
    assert_eq!((not_theirs.status.as_u16(), not_theirs.code().as_str()), (403, "work-item.not-candidate"));

    let claimed = app.post(HANDLER, &format!("/api/v1/work-items/{id}:claim"), json!({})).await;
    assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.text());
    assert_eq!(claimed.json()["assignee"], HANDLER);
    let stale = Sent::new("POST", &format!("/api/v1/work-items/{id}:complete"))
        .bearer(app.token(HANDLER))
        .header("if-match", item["version"].to_string().as_str())
        .json(&json!({ "form": { "text": "好" } }));
    assert_eq!(send(&app, stale).await.code(), "request.header");
    let stale = Sent::new("POST", &format!("/api/v1/work-items/{id}:complete"))
        .bearer(app.token(HANDLER))
        .header("if-match", &format!("\"{}\"", item["version"]))
        .json(&json!({ "form": { "text": "好" } }));
    let stale = send(&app, stale).await;
    assert_eq!((stale.status.as_u16(), stale.code().as_str()), (412, "resource.changed"), "{}", stale.text());

    let path = format!("/api/v1/work-items/{id}:complete");
    let wrong = app.post(HANDLER, &path, json!({ "form": { "text": 7 } })).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (422, "data.invalid"), "{}", wrong.text());
    let decision = json!({ "form": { "text": "已修复" }, "decision": "d-1" });
    let done = app.post(HANDLER, &path, decision.clone()).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["completion"]["decision"], "d-1");
    assert_eq!(done.header("etag"), format!("\"{}\"", done.json()["version"]));
    // The same decision again is the same; another one comes too late.
    assert_eq!(app.post(HANDLER, &path, decision).await.status, StatusCode::OK);
    let late = app.post(HANDLER, &path, json!({ "form": { "text": "x" }, "decision": "d-2" })).await;
    assert_eq!(late.code(), "work-item.decided");

    let ended = app.get(HANDLER, &format!("/api/v1/instances/{instance}?wait=true")).await.json();
    assert_eq!((&ended["status"], &ended["output"]), (&json!("completed"), &json!({ "answer": "已修复" })));
    let history = app.get(HANDLER, &format!("/api/v1/instances/{instance}/history")).await.json();
    let lines = history["items"].as_array().unwrap();
    assert_eq!(lines[0]["event"], "started");
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with('Z'))), "{history}");
}

#[tokio::test]
async fn a_start_key_starts_once() {
    let app = App::start().await;
    app.deploy(COMPLAINT).await;
    let start = |key: &'static str, q: &'static str| {
        let body = json!({ "workflow": "test/ask", "input": { "q": q } });
        Sent::new("POST", "/api/v1/instances")
            .bearer(app.token(ADMIN))
            .header("idempotency-key", key)
            .json(&body)
    };
    let first = send(&app, start("k", "a")).await;
    let again = send(&app, start("k", "a")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(send(&app, start("k", "b")).await.code(), "start-key.conflict");
    assert_eq!(send(&app, start("l", "b")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_operator_repairs_an_instance_once_and_says_why() {
    let app = App::start().await;
    app.deploy(COMPLAINT).await;
    let started = app
        .post(ADMIN, "/api/v1/instances", json!({ "workflow": "test/ask", "input": { "q": "路灯" } }))
        .await
        .json();
    let at = format!("/api/v1/instances/{}", started["id"].as_str().unwrap());
    let standing = app.get(HANDLER, &format!("{at}/standing")).await.json();
    let task = standing["items"][0]["task"].as_str().unwrap().to_owned();
    assert_eq!(standing["items"][0]["waits"], "work-item");

    let refused = app.post(HANDLER, &format!("{at}:skip"), json!({ "reason": "x" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for (verb, body, code) in [
        ("skip", json!({}), "repair.reason"),
        ("skip", json!({ "reason": "x", "task": "nowhere" }), "repair.nowhere"),
        ("skip", json!({ "reason": "x", "tusk": "t" }), "request.fields"),
        ("move", json!({ "reason": "x", "to": "nowhere" }), "repair.scope"),
        ("patch", json!({ "reason": "x" }), "repair.patch"),
        ("rerun", json!({ "reason": "x" }), "resource.conflict"),
        ("rerun", json!({ "reason": "x", "task": "nowhere" }), "repair.nowhere"),
    ] {
        let answer = app.post(ADMIN, &format!("{at}:{verb}"), body).await;
        assert_eq!(answer.code(), code, "{}", answer.text());
        answer.is_problem();
    }

    let again = app.post(ADMIN, &format!("{at}:rerun"), json!({ "reason": "重做", "task": task })).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    let skip = json!({ "reason": "已电话答复", "decision": "d1", "output": { "form": { "text": "好" } } });
    let done = app.post(ADMIN, &format!("{at}:skip"), skip.clone()).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["now"]["status"], "completed");
    let same = app.post(ADMIN, &format!("{at}:skip"), skip).await;
    assert_eq!((same.status, &same.json()["at"]), (StatusCode::OK, &done.json()["at"]));
    let history = app.get(ADMIN, &format!("{at}/history")).await.json();
    let repairs: Vec<_> =
        history["items"].as_array().unwrap().iter().filter(|line| line["event"] == "repaired").collect();
    assert_eq!(repairs.len(), 2, "{history}");
    assert_eq!(repairs[1]["reason"], "已电话答复");

    let rerun = json!({ "reason": "误办", "decision": "d2" });
    let new = app.post(ADMIN, &format!("{at}:rerun"), rerun.clone()).await;
    assert_eq!(new.status, StatusCode::CREATED, "{}", new.text());
    let same = app.post(ADMIN, &format!("{at}:rerun"), rerun).await;
    assert_eq!((same.status, &same.json()["id"]), (StatusCode::OK, &new.json()["id"]));
    let id = new.json()["id"].as_str().unwrap().to_owned();
    let first = app.get(ADMIN, &format!("/api/v1/instances/{id}/history")).await.json()["items"][0].clone();
    assert_eq!(first["cause"]["of"], started["id"]);
    assert_eq!(first["input"], json!({ "q": "路灯" }));
}

#[tokio::test]
async fn an_instance_goes_on_by_another_version_after_a_preview() {
    let app = App::start().await;
    app.deploy(COMPLAINT).await;
    let start = json!({ "workflow": "test/ask", "input": { "q": "路灯" } });
    let started = app.post(ADMIN, "/api/v1/instances", start).await.json();
    let at = format!("/api/v1/instances/{}", started["id"].as_str().unwrap());
    let standing = app.get(ADMIN, &format!("{at}/standing")).await.json();
    let task = standing["items"][0]["name"].as_str().unwrap().to_owned();
    let wish = |version: &str, mapping: Value| json!({ "version": version, "mapping": mapping });
    let renamed = COMPLAINT.replacen("version: '1.0.0'", "version: '2.0.0'", 1);
    let renamed = renamed.replacen(&format!("- {task}:"), "- renamed:", 1);

    let unknown = app.post(ADMIN, &format!("{at}:preview-migration"), wish("2.0.0", json!({}))).await;
    assert_eq!(unknown.code(), "resource.not-found");
    app.deploy(&renamed).await;
    let preview = app.post(ADMIN, &format!("{at}:preview-migration"), wish("2.0.0", json!({}))).await.json();
    assert_eq!(preview["verdict"], "needs-mapping", "{preview}");
    let mapping = json!({ task.clone(): "renamed" });
    let preview = app.post(ADMIN, &format!("{at}:preview-migration"), wish("2.0.0", mapping.clone())).await;
    let preview = preview.json();
    assert_eq!((&preview["verdict"], &preview["lines"][0]["event"]), (&json!("safe"), &json!("repaired")));

    let mut body = wish("2.0.0", json!({}));
    body["reason"] = json!("新规");
    let refused = app.post(ADMIN, &format!("{at}:migrate"), body.clone()).await;
    assert_eq!(refused.code(), "migration.mapping", "{}", refused.text());
    assert_eq!(app.get(ADMIN, &at).await.json()["workflow"]["version"], "1.0.0", "nothing has changed");
    body["mapping"] = mapping;
    let done = app.post(ADMIN, &format!("{at}:migrate"), body).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["now"]["workflow"]["version"], "2.0.0");
    assert_eq!(app.get(ADMIN, &at).await.json()["workflow"]["version"], "2.0.0");

    // It goes on by the new text, with the work that was offered by the old one.
    let item = app.get(HANDLER, "/api/v1/work-items").await.json()["items"][0].clone();
    let id = item["id"].as_str().unwrap();
    assert!(item["task"].as_str().unwrap().ends_with("/renamed"), "{item}");
    assert_eq!(
        app.post(HANDLER, &format!("/api/v1/work-items/{id}:claim"), json!({})).await.status,
        StatusCode::OK
    );
    let decided = json!({ "form": { "text": "好" } });
    let decided = app.post(HANDLER, &format!("/api/v1/work-items/{id}:complete"), decided).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
    assert_eq!(app.get(ADMIN, &at).await.json()["status"], "completed");
}

#[tokio::test]
async fn definitions_are_checked_and_never_change() {
    let app = App::start().await;
    let wrong = app.post(ADMIN, "/api/v1/definitions", json!({ "source": "document: {}\ndoo: []\n" })).await;
    assert_eq!(wrong.code(), "definition.invalid");
    let errors = wrong.json()["errors"].clone();
    assert!(errors.as_array().is_some_and(|all| all.len() > 1), "{errors}");
    assert!(errors[0]["start"]["line"].is_u64(), "{errors}");
    let chinese = Sent::new("POST", "/api/v1/definitions:validate")
        .bearer(app.token(HANDLER))
        .header("accept-language", "zh-CN,zh;q=0.9,en;q=0.5")
        .json(&json!({ "source": "document: {}\ndoo: []\n" }));
    let chinese = send(&app, chinese).await.json();
    assert_eq!(chinese["diagnostics"][0]["message"], "这里缺少键 `dsl`", "{chinese}");
    let valid =
        app.post(HANDLER, "/api/v1/definitions:validate", json!({ "source": COMPLAINT })).await.json();
    assert_eq!(valid["valid"], true, "{valid}");
    app.deploy(COMPLAINT).await;
    let again = app.post(ADMIN, "/api/v1/definitions", json!({ "source": COMPLAINT })).await;
    assert_eq!(again.status, StatusCode::OK);
    let changed = COMPLAINT.replace("答复", "回复");
    assert_eq!(
        app.post(ADMIN, "/api/v1/definitions", json!({ "source": changed })).await.code(),
        "definition.exists"
    );
    let got = app.get(HANDLER, "/api/v1/definitions/test/ask").await.json();
    assert_eq!((&got["version"], &got["source"]), (&json!("1.0.0"), &json!(COMPLAINT)));
    assert_eq!(
        app.get(HANDLER, "/api/v1/definitions/test/ask/versions/2.0.0").await.status,
        StatusCode::NOT_FOUND
    );
}

/// A list for a form: all of it, or every mistake with its row.
#[tokio::test]
async fn a_list_is_taken_whole_or_told_row_by_row() {
    let app = App::start().await;
    let rows = json!({
        "type": "object",
        "required": ["id", "date"],
        "properties": {
            "id": { "type": "string", "title": "站址编码", "maxLength": 6 },
            "date": { "type": "string", "title": "开通日期", "format": "date" },
        },
    });
    let form = json!({ "type": "object", "properties": { "stations": { "type": "array", "items": rows } } });
    let body = json!({ "source": COMPLAINT, "forms": { "forms/list": form } });
    assert_eq!(app.post(ADMIN, "/api/v1/definitions", body).await.status, StatusCode::CREATED);
    let read = |query: &str, file: &[u8]| {
        Sent::new("POST", &format!("/api/v1/tables:read?{query}"))
            .bearer(app.token(HANDLER))
            .header("accept-language", "zh-CN")
            .body(file)
    };
    let list = "workflow=test/ask&form=forms/list&member=stations";
    let good = send(&app, read(list, "开通日期,站址编码\n2024/3/5,QC-1\n".as_bytes())).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text());
    assert_eq!(good.json()["rows"], json!([{ "id": "QC-1", "date": "2024-03-05" }]));
    let broken =
        send(&app, read(list, "站址编码,开通日期\nQC-1,2024-03-05\nQC-00002,昨天\n".as_bytes())).await;
    let broken = broken.json();
    assert_eq!((&broken["ok"], &broken["count"], &broken["rows"]), (&json!(false), &json!(2), &json!([])));
    assert_eq!(
        broken["errors"],
        json!([
            { "row": 3, "column": "开通日期", "code": "cell.not-date", "message": "“昨天”不是日期，应如 2024-03-31" },
            { "row": 3, "column": "站址编码", "code": "cell.too-long", "message": "超过 6 个字" },
        ])
    );
    for (query, file, code) in [
        ("workflow=test/no&form=forms/list", "a", "resource.not-found"),
        ("workflow=test/ask&form=forms/no", "a", "resource.not-found"),
        ("workflow=test/ask&form=forms/list&member=no", "a", "request.query"),
        ("workflow=test/ask&form=forms/list&sheets=1", "a", "request.query"),
        (list, "a\0b", "data.invalid"),
        (list, "PK\u{3}\u{4}", "data.invalid"),
    ] {
        assert_eq!(send(&app, read(query, file.as_bytes())).await.code(), code, "{query}");
    }
}

#[tokio::test]
async fn a_text_is_checked_with_what_it_needs_from_elsewhere() {
    let app = App::start().await;
    let uri = "https://functions.example/greet/function.yaml";
    let source = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: greets, version: '1.0.0' }}\ndo:\n  - hello: {{ call: '{uri}', with: {{ name: li }} }}\n"
    );
    let check = async |who: &'static str, resources: Value| {
        let body = json!({ "source": source, "resources": resources });
        app.post(who, "/api/v1/definitions:validate", body).await.json()
    };
    for who in [HANDLER, ADMIN] {
        let valid = check(who, json!({ uri: "set: { text: x }" })).await;
        assert_eq!(valid, json!({ "valid": true, "diagnostics": [] }));
        let wrong = check(who, json!({ uri: "sett: { text: x }" })).await;
        assert!(wrong["diagnostics"][0]["help"].as_str().unwrap().contains("sett"), "{wrong}");
    }
    // A fetch is made for those only who may deploy; nothing here makes calls.
    let told = |checked: &Value| checked["diagnostics"][0]["message"].as_str().unwrap().to_owned();
    let handler = told(&check(HANDLER, json!({})).await);
    assert!(handler.contains("role process_admin only"), "{handler}");
    let admin = told(&check(ADMIN, json!({})).await);
    assert!(admin.contains("could not be fetched") && !admin.contains("process_admin"), "{admin}");
    let deployed = app.post(ADMIN, "/api/v1/definitions", json!({ "source": source })).await.json();
    assert_eq!(deployed["errors"][0]["message"], admin, "{deployed}");
}

#[tokio::test]
async fn events_are_taken_once() {
    let app = App::start().await;
    let event = |source: &str| json!({ "specversion": "1.0", "id": "1", "source": source, "type": "t", "data": { "a": 1 } });
    let post = |event: Value, who: &'static str| {
        Sent::new("POST", "/api/v1/events")
            .bearer(app.token(who))
            .header("content-type", "application/cloudevents+json")
            .body(event.to_string().as_bytes())
    };
    let first = send(&app, post(event("/s"), ADMIN)).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    assert_eq!(first.json()["items"][0]["duplicate"], false);
    assert_eq!(send(&app, post(event("/s"), ADMIN)).await.json()["items"][0]["duplicate"], true);
    assert_eq!(send(&app, post(event("/channels/form"), support::PUBLISHER)).await.code(), "auth.forbidden");
    assert_eq!(send(&app, post(event("/s2"), support::PUBLISHER)).await.status, StatusCode::ACCEPTED);
    let inbox = app.get(ADMIN, "/api/v1/inbox?undelivered=true").await.json();
    assert_eq!(inbox["items"].as_array().map(Vec::len), Some(2), "{inbox}");
}

#[tokio::test]
async fn channels_hear_without_a_token() {
    let app = App::start().await;
    let ok = send(&app, Sent::new("POST", "/channels/form/a%20b?x=1").body("投诉".as_bytes())).await;
    assert_eq!((ok.status.as_u16(), ok.text().as_str()), (200, "POST /a%20b x=1 6"));
    assert_eq!(app.get(ADMIN, "/api/v1/inbox").await.json()["items"].as_array().map(Vec::len), Some(1));

    let forged =
        send(&app, Sent::new("POST", "/channels/form/forged").body("诉".repeat(5_000).as_bytes())).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
    let kept = app.get(ADMIN, "/api/v1/rejections").await.json()["items"][0].clone();
    assert_eq!((&kept["code"], &kept["channel"]), (&json!("channel.bad-signature"), &json!("form")));
    assert_eq!(kept["excerpt"].as_str().map(|text| text.chars().count()), Some(300));

    assert_eq!(send(&app, Sent::new("POST", "/channels/nobody/")).await.code(), "resource.not-found");
    assert_eq!(app.post(ADMIN, "/api/v1/channels/form:unpark", json!({})).await.json()["id"], "form");
    let unknown = app.post(ADMIN, "/api/v1/channels/nobody:unpark", json!({})).await;
    assert_eq!(unknown.code(), "resource.not-found");
    let large = send(&app, Sent::new("POST", "/channels/form/").body(&vec![b'x'; 200_000])).await;
    assert_eq!(large.code(), "request.too-large");
    let put = send(&app, Sent::new("PUT", "/channels/form/")).await;
    assert_eq!((put.code().as_str(), put.header("allow")), ("route.method", "GET, POST, OPTIONS".to_owned()));
    let panicked = send(&app, Sent::new("POST", "/channels/form/panic")).await;
    assert_eq!((panicked.status.as_u16(), panicked.code().as_str()), (500, "server.internal"));
    assert!(!panicked.text().contains("secret"), "{}", panicked.text());
    assert_eq!(send(&app, Sent::new("GET", "/healthz")).await.status, StatusCode::OK);
}

/// A report comes in without a token, and stands with its message.
#[tokio::test]
async fn what_a_provider_reports_stands_with_the_message() {
    let app = App::start().await;
    let answer = send(&app, Sent::new("POST", "/deliveries/form/a/b").body(b"{}")).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "POST /a/b"));
    app.deploy(
        "document: { dsl: '1.0.3', namespace: test, name: tell, version: '1.0.0' }
do:
  - tell:
      call: notify:1.0.0@default
      with: { channel: form, to: { kind: mobile, address: '13800000000' }, body: 已受理 }
",
    )
    .await;
    let begun =
        app.post(ADMIN, "/api/v1/instances?wait=true", json!({ "workflow": "test/tell", "input": {} })).await;
    assert!(begun.status.is_success(), "{}", begun.text());
    let messages = app.get(ADMIN, "/api/v1/messages").await.json();
    let message = &messages["items"][0];
    assert_eq!((&message["state"], &message["providerId"]), (&json!("sent"), &json!("p1")));
    assert_eq!(message["report"]["state"], "failed");
    assert_eq!(message["report"]["code"], "sms.rejected");
    assert_eq!(send(&app, Sent::new("POST", "/deliveries/nobody/")).await.code(), "resource.not-found");
}

#[tokio::test]
async fn how_a_channel_does_is_asked_and_told() {
    let app = App::start().await;
    assert_eq!(app.get(ADMIN, "/api/v1/channels").await.json()["items"][0]["health"], json!(null));
    let form = app.get(ADMIN, "/api/v1/channels/form/health").await.json();
    assert_eq!((&form["id"], &form["health"]["status"]), (&json!("form"), &json!("degraded")));
    assert_eq!(app.get(ADMIN, "/api/v1/channels/nobody/health").await.code(), "resource.not-found");
}

#[tokio::test]
async fn a_sender_is_told_to_come_back_when_nothing_can_be_stored() {
    let app = App::start().await;
    app.stop_engine().await;
    let answer = send(&app, Sent::new("POST", "/channels/form/").body(b"x")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "server.unavailable"));
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn tokens_are_shown_once_and_end_when_revoked() {
    let app = App::start().await;
    let made = app
        .post(ADMIN, "/api/v1/tokens", json!({ "person": "王五", "roles": ["handler@城管局"] }))
        .await
        .json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(app.call("GET", "/api/v1/me", Some(secret)).await.json()["person"], "王五");
    let listed = app.get(ADMIN, "/api/v1/tokens").await;
    assert!(!listed.text().contains("secret") && !listed.text().contains("hash"), "{}", listed.text());
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(app.call("DELETE", &path, Some(app.token(ADMIN))).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.call("GET", "/api/v1/me", Some(secret)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.call("DELETE", &path, Some(app.token(ADMIN))).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn too_many_requests_are_told_to_wait() {
    let app = App::with_limit(0).await;
    let answer = app.get(ADMIN, "/api/v1/me").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "server.overloaded"));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(send(&app, Sent::new("GET", "/healthz")).await.status, StatusCode::OK);
}

#[test]
fn the_guide_names_every_route() {
    let page = include_str!("../../../docs/guide/api.md");
    let mut missing = Vec::new();
    for route in yiwang_server::routes() {
        let row = format!("| `{} {}` | {} |", route.method, route.pattern, route.policy.label());
        if !page.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "docs/guide/api.md lacks:\n{}", missing.join("\n"));
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains(" /")).count();
    assert_eq!(rows, yiwang_server::routes().len(), "docs/guide/api.md has rows for routes that are gone");
}

#[tokio::test]
async fn reference_documents_have_versions_and_their_mistakes_are_told() {
    let app = App::start().await;
    let path = "/api/v1/reference/calendar/hall";
    let put = async |body: &str, version: Value| {
        let body = json!({ "body": body, "reason": "周六开放", "version": version });
        send(&app, Sent::new("PUT", path).bearer(app.token(ADMIN)).json(&body)).await
    };
    assert_eq!(app.get(ADMIN, path).await.status, StatusCode::NOT_FOUND);
    let bad = put("id: hall\ndaysOff: [2024-02-30]\nmakeup: []\n", Value::Null).await;
    bad.is_problem();
    assert_eq!((bad.status, bad.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "reference.invalid"));
    let codes: Vec<_> =
        bad.json()["errors"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
    assert_eq!(codes, ["YW0201", "YW0501"]);
    let hall = "id: hall\nextends: [district]\nweek: [mon, tue, wed, thu, fri, sat]\n";
    assert_eq!(put(hall, json!(0)).await.status, StatusCode::CREATED);
    assert_eq!(put(hall, Value::Null).await.status, StatusCode::OK, "the same again");
    let changed = put("id: hall\n", json!(0)).await;
    assert_eq!(
        (changed.status, changed.code().as_str()),
        (StatusCode::PRECONDITION_FAILED, "resource.changed")
    );
    let versions = app.get(ADMIN, &format!("{path}/versions")).await.json();
    assert_eq!(versions["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&versions["items"][0]["by"], &versions["items"][0]["reason"]),
        (&json!(ADMIN), &json!("周六开放"))
    );
    assert_eq!(app.get(ADMIN, &format!("{path}?version=1")).await.json()["body"], json!(hall));
    let days = app.get(HANDLER, "/api/v1/calendars/hall?from=2024-02-16&to=2024-02-18").await.json();
    let works: Vec<_> = days["days"].as_array().unwrap().iter().map(|day| day["works"].clone()).collect();
    assert_eq!(works, [json!(false), json!(false), json!(true)], "{days}");
    assert_eq!(days["layers"], json!(["cn-mainland", "district", "hall"]));
    for path in ["/api/v1/calendars/none", "/api/v1/reference/weather/x"] {
        assert_eq!(app.get(ADMIN, path).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        app.get(ADMIN, "/api/v1/calendars/hall?from=2024-02-30&to=x").await.status,
        StatusCode::BAD_REQUEST
    );
    let clerk = Sent::new("PUT", path).bearer(app.token(HANDLER)).json(&json!({ "body": hall }));
    assert_eq!(send(&app, clerk).await.status, StatusCode::FORBIDDEN);
}

const DISTRICT: &str = "
units: [{id: 城管局, name: 区城管局, kind: bureau}]
people:
  - {id: 张三, name: 张三, roles: [handler@城管局]}
  - {id: 王女士, name: 王女士, roles: []}
  - {id: other-system, name: 李四, roles: [auditor]}
";

fn put(app: &App, body: &Value) -> Sent {
    Sent::new("PUT", "/api/v1/organisation").bearer(app.token(ADMIN)).json(body)
}

#[tokio::test]
async fn the_organisation_gives_roles_and_has_versions() {
    let app = App::start().await;
    let empty = app.get(HANDLER, "/api/v1/organisation").await;
    assert_eq!((empty.json()["version"].clone(), empty.header("etag")), (json!(0), "\"0\"".to_owned()));
    let wrong = "people: [{id: a, name: a, roles: [handlr@x]}, {id: a, name: b}]";
    let answer = send(&app, put(&app, &json!({ "text": wrong }))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "reference.invalid"));
    assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(3), "{}", answer.text());
    assert!(answer.text().contains("did you mean `handler`?"), "{}", answer.text());
    let checked = app.post(HANDLER, "/api/v1/organisation/check", json!({ "text": wrong })).await;
    assert_eq!(checked.json()["errors"], answer.json()["errors"]);

    let wish = json!({ "text": DISTRICT, "reason": "机构改革" });
    let stored = send(&app, put(&app, &wish).header("if-match", "\"0\"")).await;
    assert_eq!(stored.status, StatusCode::OK, "{}", stored.text());
    assert_eq!(stored.json()["reason"], "机构改革");
    let late = json!({ "organisation": { "people": [] } });
    let late = send(&app, put(&app, &late).header("if-match", "\"0\"")).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (412, "resource.changed"));
    let me = app.get(HANDLER, "/api/v1/me").await.json();
    assert_eq!(me["roles"], json!(["handler", "handler@城管局"]));

    // Of oneself everybody says it, of others not everybody.
    let away = json!({ "person": "王女士", "from": "2024-06-11" });
    let refused = app.post(HANDLER, "/api/v1/organisation/absences", away).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "auth.forbidden"));
    let away = json!({ "substitute": "other-system", "from": "2024-06-11", "reason": "培训" });
    let away = app.post(HANDLER, "/api/v1/organisation/absences", away).await;
    assert_eq!(away.json()["acting"], "other-system", "{}", away.text());
    let acts = app.get("other-system", "/api/v1/me").await.json();
    assert_eq!(acts["standsIn"][0]["person"], HANDLER);

    app.deploy(COMPLAINT).await;
    let start = json!({ "workflow": "test/ask", "input": { "q": "路灯" } });
    let instance = app.post(ADMIN, "/api/v1/instances", start).await.json()["id"].clone();
    let items = app.get("other-system", "/api/v1/work-items").await.json();
    let id = items["items"][0]["id"].as_str().unwrap();
    let claimed = app.post("other-system", &format!("/api/v1/work-items/{id}:claim"), json!({})).await;
    assert_eq!(claimed.json()["onBehalfOf"], HANDLER, "{}", claimed.text());
    let remark = json!({ "text": "看过现场", "decision": "c-1" });
    for _ in 0..2 {
        let path = format!("/api/v1/work-items/{id}:comment");
        let answer = app.post("other-system", &path, remark.clone()).await;
        assert_eq!(answer.json()["comments"].as_array().map(Vec::len), Some(1), "{}", answer.text());
    }
    let path = format!("/api/v1/work-items/{id}:attach");
    let lost = json!({ "file": { "name": "现场.jpg", "digest": format!("sha256:{}", "0".repeat(64)) } });
    assert_eq!(app.post("other-system", &path, lost).await.status.as_u16(), 404, "a file that is not kept");
    let elsewhere = json!({ "file": { "name": "现场.jpg", "ref": "档案 12 号" } });
    assert_eq!(app.post("other-system", &path, elsewhere).await.status.as_u16(), 200);
    let path = format!("/api/v1/work-items/{id}:hand-over");
    let nobody = app.post("other-system", &path, json!({ "to": "没有这人" })).await;
    assert_eq!((nobody.status.as_u16(), nobody.code().as_str()), (422, "work-item.person-unknown"));
    let path = format!("/api/v1/instances/{}/history", instance.as_str().unwrap());
    let history = app.get(HANDLER, &path).await.text();
    assert!(history.contains(r#""onBehalfOf":"张三""#), "{history}");

    let back = app.post(HANDLER, "/api/v1/organisation/people/%E5%BC%A0%E4%B8%89:back", json!({})).await;
    assert_eq!(back.json()["acting"], HANDLER, "{}", back.text());
    let versions = app.get(HANDLER, "/api/v1/organisation/versions").await.json();
    let who: Vec<_> = versions["items"].as_array().unwrap().iter().map(|one| one["by"].clone()).collect();
    assert_eq!(who, [HANDLER, HANDLER, ADMIN]);
}

#[tokio::test]
async fn a_forbidden_attempt_is_refused_and_remembered() {
    let app = App::start().await;
    app.deploy(
        &COMPLAINT.replace("candidateRoles", "conflicts: { people: [ 张三 ] }\n        candidateRoles"),
    )
    .await;
    let start = json!({ "workflow": "test/ask", "input": { "q": "路灯" } });
    let instance = app.post(ADMIN, "/api/v1/instances", start).await.json()["id"].clone();
    let items = app.get(HANDLER, "/api/v1/work-items").await.json();
    let id = items["items"][0]["id"].as_str().unwrap();
    for _ in 0..2 {
        let refused = app.post(HANDLER, &format!("/api/v1/work-items/{id}:claim"), json!({})).await;
        let code = "work-item.conflict-of-interest";
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, code), "{}", refused.text());
    }
    let path = format!("/api/v1/instances/{}/history", instance.as_str().unwrap());
    let history = app.get(HANDLER, &path).await.json();
    let lines = history["items"].as_array().unwrap();
    let attempts: Vec<_> = lines.iter().filter(|line| line["event"] == "work_item_refused").collect();
    assert_eq!(attempts.len(), 1, "{history}");
    assert_eq!((&attempts[0]["by"], &attempts[0]["attempt"]), (&json!(HANDLER), &json!("claim")));
}

/// Opens a case and waits for a decision about it.
const MATTER: &str = r#"document: { dsl: '1.0.3', namespace: test, name: matter, version: '1.0.0' }
do:
  - register:
      call: case-open:1.0.0@default
      with: { type: complaint, title: '${ .title }', content: '${ . }', channel: form }
  - decided:
      listen: { to: { one: { with: { type: cn.yiwang.sweep.decided.v1 } } } }
"#;

fn decide() -> Value {
    json!({
        "sweep": "clean-up", "where": {"open": true},
        "actions": [{"decide": {"outcome": "finish", "reason": "依法终止"}}],
        "rate": 1000,
    })
}

async fn with_matters(count: usize) -> App {
    let app = App::start().await;
    app.deploy(MATTER).await;
    for n in 0..count {
        let start = json!({"workflow": "test/matter", "input": {"title": format!("=路灯,{n}")}});
        assert_eq!(app.post(ADMIN, "/api/v1/instances", start).await.status, StatusCode::CREATED);
    }
    app
}

/// Asks until the sweep is over; the engine works on the same thread meanwhile.
async fn over(app: &App, id: &str) -> Value {
    for _ in 0..100_000 {
        let sweep = app.get(ADMIN, &format!("/api/v1/sweeps/{id}")).await.json();
        if !matches!(sweep["state"].as_str(), Some("waiting" | "counting" | "running")) {
            return sweep;
        }
        tokio::task::yield_now().await;
    }
    panic!("the sweep does not end");
}

#[tokio::test]
async fn a_sweep_is_previewed_approved_by_another_person_and_reported() {
    let app = with_matters(3).await;
    let body = json!({"definition": decide()});
    let preview = app.post(SCHEDULER, "/api/v1/sweeps:preview", body.clone()).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text());
    let preview = preview.json();
    assert_eq!((&preview["count"], &preview["needsApproval"]), (&json!(3), &json!(true)));
    assert_eq!(preview["byState"], json!([{"value": "registered", "count": 3}]));
    assert_eq!(preview["samples"].as_array().unwrap().len(), 3);
    assert_eq!(app.get(ADMIN, "/api/v1/sweeps").await.json()["items"], json!([]), "nothing was written");

    let begin = |body: Value, key: &str| {
        let sent = Sent::new("POST", "/api/v1/sweeps").bearer(app.token(SCHEDULER));
        send(&app, sent.header("idempotency-key", key).json(&body))
    };
    let keyless = app.post(SCHEDULER, "/api/v1/sweeps", body.clone()).await;
    assert_eq!((keyless.status, &*keyless.code()), (StatusCode::BAD_REQUEST, "request.header"));
    let blind = begin(body, "k").await;
    assert_eq!(blind.status, StatusCode::CONFLICT, "without its preview: {}", blind.text());
    let body = json!({"definition": decide(), "preview": preview["token"], "reason": "每周清理"});
    let begun = begin(body.clone(), "k").await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let again = begin(body, "k").await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &json!(id)));

    let approve = format!("/api/v1/sweeps/{id}:approve");
    let own = app.post(SCHEDULER, &approve, json!({})).await;
    assert_eq!((own.status, &*own.code()), (StatusCode::FORBIDDEN, "auth.forbidden"));
    assert_eq!(app.post(HANDLER, &approve, json!({})).await.status, StatusCode::FORBIDDEN);
    let approved = app.post(ADMIN, &approve, json!({"reason": "同意"})).await;
    assert_eq!(approved.json()["approved"]["person"], ADMIN, "{}", approved.text());
    let sweep = over(&app, &id).await;
    assert_eq!((&sweep["state"], &sweep["acted"]), (&json!("completed"), &json!(3)), "{sweep}");

    let lines = app.get(HANDLER, &format!("/api/v1/sweeps/{id}/lines?result=acted&limit=2")).await.json();
    assert_eq!(lines["items"].as_array().unwrap().len(), 2);
    assert!(lines["nextCursor"].is_string());
    let report = app.get(HANDLER, &format!("/api/v1/sweeps/{id}/report")).await.json();
    assert_eq!((&report["remaining"], &report["groups"][0]["count"]), (&json!(3), &json!(3)), "{report}");
    let csv = app.get(HANDLER, &format!("/api/v1/sweeps/{id}/report?format=csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(csv.text().lines().count(), 4, "{}", csv.text());
    let late = app.post(ADMIN, &format!("/api/v1/sweeps/{id}:cancel"), json!({})).await;
    assert_eq!((late.status, &*late.code()), (StatusCode::CONFLICT, "resource.conflict"));
}

#[tokio::test]
async fn who_may_not_suspend_one_instance_does_not_suspend_all() {
    let app = with_matters(2).await;
    let definition = json!({
        "sweep": "stop", "of": "instances", "where": {"workflow": "test/matter"},
        "actions": [{"suspend": "核查"}],
    });
    let preview =
        app.post(SCHEDULER, "/api/v1/sweeps:preview", json!({ "definition": definition })).await.json();
    assert_eq!((&preview["count"], &preview["samples"][0]["status"]), (&json!(2), &json!("waiting")));
    let ask = |who: &str| {
        let body = json!({ "definition": definition });
        let sent = Sent::new("POST", "/api/v1/sweeps").bearer(app.token(who));
        sent.header("idempotency-key", "stop").json(&body)
    };
    let refused = send(&app, ask(SCHEDULER)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "auth.forbidden"));
    let begun = send(&app, ask(ADMIN)).await.json();
    assert_eq!(over(&app, begun["id"].as_str().unwrap()).await["acted"], 2);
    let suspended = app.get(ADMIN, "/api/v1/instances?status=suspended").await.json();
    assert_eq!(suspended["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn mistakes_of_a_sweep_are_told_with_their_places() {
    let app = App::start().await;
    let definition = json!({"sweep": "x", "where": {"staet": "closed"}, "actions": [{"urgee": "快"}]});
    let answer = app.post(ADMIN, "/api/v1/sweeps:preview", json!({"definition": definition})).await;
    assert_eq!((answer.status, &*answer.code()), (StatusCode::UNPROCESSABLE_ENTITY, "sweep.invalid"));
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "/definition/where/staet");
    let detail = errors[0]["detail"].as_str().unwrap();
    assert_eq!(detail, "selector.unknown-field: there is no field `staet`; did you mean `state`?");
    assert_eq!(errors[1]["pointer"], "/definition/actions/0/urgee");
    let missing = app.get(ADMIN, "/api/v1/sweeps/0000000000001").await;
    assert_eq!((missing.status, &*missing.code()), (StatusCode::NOT_FOUND, "resource.not-found"));
}

#[tokio::test]
async fn a_schedule_is_shown_run_paused_and_resumed() {
    let app = App::start().await;
    app.deploy(
        "document: { dsl: '1.0.3', namespace: test, name: nightly, version: '1.0.0', \
         metadata: { yiwang: { schedule: { overlap: skip } } } }\n\
         schedule: { cron: '0 2 * * *' }\ndo:\n  - rest: { wait: PT1H }\n",
    )
    .await;
    let one = app.get(HANDLER, "/api/v1/schedules/test/nightly?next=2").await.json();
    assert_eq!((&one["kind"], &one["schedule"]), (&json!("cron"), &json!("0 2 * * *")), "{one}");
    assert_eq!((&one["timezone"], one["next"].as_array().unwrap().len()), (&json!("Asia/Shanghai"), 2));
    let run = |key: &'static str| {
        let sent = Sent::new("POST", "/api/v1/schedules/test/nightly:run").bearer(app.token(SCHEDULER));
        send(&app, sent.header("idempotency-key", key).json(&json!({"reason": "补跑"})))
    };
    let first = run("a").await;
    assert_eq!((first.status, &first.json()["outcome"]), (StatusCode::OK, &json!("started")));
    assert_eq!(run("a").await.json()["instance"], first.json()["instance"]);
    assert_eq!(run("b").await.status, StatusCode::CONFLICT, "the first is still active");
    let pause = json!({"reason": "检修"});
    app.post(SCHEDULER, "/api/v1/schedules/test/nightly:pause", pause).await;
    let paused = app.get(HANDLER, "/api/v1/schedules/test/nightly").await.json();
    assert_eq!((&paused["paused"]["by"], &paused["next"]), (&json!(SCHEDULER), &json!([])));
    app.post(SCHEDULER, "/api/v1/schedules/test/nightly:resume", json!({})).await;
    let runs = app.get(HANDLER, "/api/v1/schedules/test/nightly/runs").await.json();
    let outcomes: Vec<_> =
        runs["items"].as_array().unwrap().iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, [json!("resumed"), json!("paused"), json!("started")]);
    assert_eq!(runs["items"][2]["status"], "waiting");
    let unknown = app.post(ADMIN, "/api/v1/schedules/test/other:pause", json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn calls_of_a_channel_are_for_the_administrator() {
    let app = App::start().await;
    let calls = app.get(ADMIN, "/api/v1/channels/form/calls").await;
    assert_eq!((calls.status, &calls.json()["items"]), (StatusCode::OK, &json!([])));
    assert_eq!(app.get(ADMIN, "/api/v1/channels/nowhere/calls").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(ADMIN, "/api/v1/channels/form/calls/x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(HANDLER, "/api/v1/channels/form/calls").await.status, StatusCode::FORBIDDEN);
}
