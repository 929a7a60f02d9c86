//! `call: http`: bodies, headers, outputs, statuses, secrets.

use expect_test::expect;
use serde_json::{Value, json};
use yiwang_dsl::definition::Protocol;

use crate::support::{Seen, call, call_with, json_reply, performer, reply, serve, told};

fn pet(_: &Seen) -> String {
    json_reply(&json!({ "id": 1, "name": "milou" }))
}

#[tokio::test]
async fn content_is_deserialised_by_its_type() {
    let server = serve(|seen| match seen.target.as_str() {
        "/json" => json_reply(&json!({ "a": [1] })),
        "/problem" => reply(200, &[("content-type", "application/problem+json; charset=utf-8")], "{\"b\":2}"),
        "/text" => reply(200, &[("content-type", "text/plain")], "你好"),
        "/bytes" => reply(200, &[("content-type", "application/octet-stream")], "abc"),
        "/nothing" => reply(204, &[], ""),
        _ => reply(200, &[("content-type", "application/json")], "{oops"),
    })
    .await;
    let performer = performer();
    let get = async |path: &str, output: &str| {
        let endpoint = json!({ "uri": server.url(path) });
        call(&performer, json!({ "method": "get", "endpoint": endpoint, "output": output })).await
    };
    assert_eq!(get("/json", "content").await.unwrap(), json!({ "a": [1] }));
    assert_eq!(get("/problem", "content").await.unwrap(), json!({ "b": 2 }));
    assert_eq!(get("/text", "content").await.unwrap(), json!("你好"));
    assert_eq!(get("/bytes", "content").await.unwrap(), json!("YWJj"));
    assert_eq!(get("/text", "raw").await.unwrap(), json!("5L2g5aW9"));
    assert_eq!(get("/nothing", "content").await.unwrap(), Value::Null);
    let fault = get("/broken", "content").await.unwrap_err();
    expect!["communication/500 Unreadable Content: the answer is said to be `application/json` and is not: key must be a string at line 1 column 2: {oops"].assert_eq(&told(&fault, &server));
}

#[tokio::test]
async fn a_response_shows_what_was_asked_and_hides_who_asked() {
    let server = serve(pet).await;
    let with = json!({
        "method": "get",
        "endpoint": { "uri": server.url("/pets?tag=a"), "authentication": { "basic": { "use": "login" } } },
        "headers": { "X-Key": null, "accept": "application/json" },
        "query": { "key": null, "page": 2, "of": ["x", "y z"], "none": null },
        "output": "response",
    });
    let deferred = [("/headers/X-Key", "$secrets.key"), ("/query/key", "\"k:\" + $secrets.key")];
    let output = call_with(&performer(), Protocol::Http, with, &deferred, &["key", "login"]).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.header("x-key"), "s3cr3t-k3y");
    assert!(seen.target.contains("key=k%3As3cr3t-k3y"), "{}", seen.target);
    assert_eq!(seen.header("authorization"), "Basic bGk6b3BlbiBzZXNhbWU=");
    let shown = serde_json::to_string_pretty(&output).unwrap().replace(&server.at.to_string(), "SERVER");
    expect![[r#"
        {
          "content": {
            "id": 1,
            "name": "milou"
          },
          "headers": {
            "Connection": "close",
            "Content-Length": "23",
            "Content-Type": "application/json"
          },
          "request": {
            "headers": {
              "Accept": "application/json",
              "Authorization": "Basic ***",
              "X-Key": "***"
            },
            "method": "get",
            "uri": "http://SERVER/pets?tag=a&key=***&of=x&of=y+z&page=2"
          },
          "statusCode": 200
        }"#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn bodies_are_written_as_their_content_type_says() {
    let server = serve(|_| reply(201, &[], "")).await;
    let performer = performer();
    let post = async |headers: Value, body: Value| {
        let endpoint = json!({ "uri": server.url("/") });
        let with = json!({ "method": "POST", "endpoint": endpoint, "headers": headers, "body": body });
        call(&performer, with).await.map(|_| {
            let seen = server.seen().pop().unwrap();
            assert_eq!(seen.header("idempotency-key"), "0000000000001.7");
            format!("{} | {}", seen.header("content-type"), seen.body.replace('\r', ""))
        })
    };
    let xml = json!({ "content-type": "application/xml" });
    let form = json!({ "Content-Type": "application/x-www-form-urlencoded" });
    let parts = json!({ "content-type": "multipart/form-data" });
    let file = json!({ "base64": "YWI=", "filename": "n.txt", "contentType": "text/plain" });
    let mut all = Vec::new();
    for (headers, body) in [
        (json!({}), json!({ "b": 1, "a": [true] })),
        (json!({}), json!([1, 2])),
        (json!({}), json!("plain 文")),
        (xml.clone(), json!("<a/>")),
        (form, json!({ "a": "x y&z", "b": [1, 2], "c": null })),
        (parts, json!({ "a": "1", "f": file })),
    ] {
        all.push(post(headers, body).await.unwrap());
    }
    expect![[r#"
        application/json | {"a":[true],"b":1}
        application/json | [1,2]
        text/plain; charset=utf-8 | plain 文
        application/xml | <a/>
        application/x-www-form-urlencoded | a=x+y%26z&b=1&b=2
        multipart/form-data; boundary=yiwang-boundary | --yiwang-boundary
        content-disposition: form-data; name="a"

        1
        --yiwang-boundary
        content-disposition: form-data; name="f"; filename="n.txt"
        content-type: text/plain

        ab
        --yiwang-boundary--
    "#]]
    .assert_eq(&all.join("\n"));
    let fault = post(xml, json!({ "a": 1 })).await.unwrap_err();
    assert_eq!(fault.status, 400);
}

#[tokio::test]
async fn an_author_may_name_the_key_himself_and_reading_needs_none() {
    let server = serve(pet).await;
    let performer = performer();
    let endpoint = json!({ "uri": server.url("/") });
    let own = json!({ "method": "post", "endpoint": endpoint, "headers": { "Idempotency-Key": "mine" } });
    call(&performer, own).await.unwrap();
    call(&performer, json!({ "method": "get", "endpoint": endpoint })).await.unwrap();
    let seen = server.seen();
    let keys: Vec<&str> = seen.iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys, ["mine", ""]);
}

#[tokio::test]
async fn a_status_outside_is_a_fault_with_that_status() {
    let server = serve(|seen| match seen.target.as_str() {
        "/missing" => reply(404, &[("content-type", "text/plain")], "no such pet, s3cr3t-k3y"),
        "/moved" => reply(302, &[("location", "/pet")], ""),
        "/same" => reply(304, &[], ""),
        "/broken" => reply(503, &[], ""),
        _ => pet(seen),
    })
    .await;
    let performer = performer();
    let get = async |path: &str, redirect: bool| {
        let with = json!({
            "method": "get", "endpoint": { "uri": server.url(path) }, "redirect": redirect,
            "headers": { "x": null },
        });
        call_with(&performer, Protocol::Http, with, &[("/headers/x", "$secrets.key")], &["key"]).await
    };
    let mut lines = Vec::new();
    for (path, redirect) in
        [("/missing", false), ("/missing", true), ("/moved", false), ("/same", false), ("/broken", false)]
    {
        lines.push(told(&get(path, redirect).await.unwrap_err(), &server));
    }
    expect![[r#"
        communication/404 Not Found: `GET http://SERVER/missing` answered 404 Not Found: no such pet, ***
        communication/404 Not Found: `GET http://SERVER/missing` answered 404 Not Found: no such pet, ***
        communication/302 Found: `GET http://SERVER/moved` answered 302 Found; `redirect: true` would follow it
        communication/304 Not Modified: `GET http://SERVER/same` answered 304 Not Modified
        communication/503 Service Unavailable: `GET http://SERVER/broken` answered 503 Service Unavailable"#]].assert_eq(&lines.join("\n"));
    assert_eq!(get("/moved", true).await.unwrap(), json!({ "id": 1, "name": "milou" }));
    assert_eq!(get("/same", true).await.unwrap(), Value::Null);
}

#[tokio::test]
async fn a_secret_that_is_not_there_stops_the_call() {
    let server = serve(pet).await;
    let with = json!({ "method": "get", "endpoint": { "uri": server.url("/") }, "headers": { "x": null } });
    let deferred = [("/headers/x", "$secrets.lost")];
    let fault = call_with(&performer(), Protocol::Http, with, &deferred, &["lost"]).await.unwrap_err();
    assert_eq!(told(&fault, &server), "authorization/403: the secret `lost` is not there for this workflow");
    // A secret that the workflow does not list is not for it.
    let endpoint = json!({ "uri": server.url("/"), "authentication": { "basic": { "use": "key" } } });
    let fault = call(&performer(), json!({ "method": "get", "endpoint": endpoint })).await.unwrap_err();
    assert_eq!(told(&fault, &server), "authorization/403: the secret `key` is not there for this workflow");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn what_is_no_request_is_told() {
    let server = serve(pet).await;
    let performer = performer();
    let at = json!({ "uri": server.url("/") });
    let named = json!({ "uri": server.url("/").replace("//", "//li:pw@") });
    let mut lines = Vec::new();
    for with in [
        json!({ "method": "get", "endpoint": { "uri": "ftp://a/b" } }),
        json!({ "method": "get", "endpoint": { "uri": "/relative?secret" } }),
        json!({ "method": "get", "endpoint": {} }),
        json!({ "method": "no method", "endpoint": at }),
        json!({ "method": "get", "endpoint": at, "headers": { "a b": "c" } }),
        json!({ "method": "get", "endpoint": at, "headers": { "host": "c" } }),
        json!({ "method": "get", "endpoint": at, "headers": { "a": "b\r\nc: d" } }),
        json!({ "method": "get", "endpoint": at, "query": { "a": { "b": 1 } } }),
        json!({ "method": "get", "endpoint": named }),
        json!({ "method": "get", "endpoint": at, "output": "all" }),
    ] {
        lines.push(told(&call(&performer, with).await.unwrap_err(), &server));
    }
    expect![[r#"
        configuration/400: `ftp` is no scheme of HTTP addresses
        configuration/400: `/relative` is no address: relative URL without a base
        configuration/400: `endpoint.uri` must be a text
        configuration/400: `no method` is no HTTP method
        configuration/400: `a b` is no header
        configuration/400: the header `host` is set by the engine itself
        configuration/400: the header `a` holds a line break
        configuration/400: `a` must be a text, a number or a boolean
        configuration/400: an address with a user name in it; write an `authentication`
        configuration/400: `output` must be `raw`, `content` or `response`"#]]
    .assert_eq(&lines.join("\n"));
    assert!(server.seen().is_empty());
}
