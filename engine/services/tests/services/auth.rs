//! Each scheme of authentication against a server that asks for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use yiwang_dsl::Fault;
use yiwang_services::Performer;

use crate::support::{Seen, Server, call, json_reply, performer, reply, serve, told};

async fn get(performer: &Performer, server: &Server, authentication: Value) -> Result<Value, Fault> {
    let endpoint = json!({ "uri": server.url("/a?b=c"), "authentication": authentication });
    call(performer, json!({ "method": "get", "endpoint": endpoint })).await
}

#[tokio::test]
async fn basic_and_bearer_are_shown_at_once() {
    let server = serve(|seen| json_reply(&json!(seen.header("authorization")))).await;
    let performer = performer();
    let check = async |authentication: Value, shown: &str| {
        assert_eq!(get(&performer, &server, authentication).await.unwrap(), json!(shown));
    };
    check(json!({ "basic": { "username": "li", "password": "开门" } }), "Basic bGk65byA6Zeo").await;
    check(json!({ "basic": { "use": "login" } }), "Basic bGk6b3BlbiBzZXNhbWU=").await;
    check(json!({ "bearer": { "token": "abc" } }), "Bearer abc").await;
    check(json!({ "bearer": { "use": "bearer" } }), "Bearer t0k3n-of-mine").await;
    let fault = get(&performer, &server, json!({ "basic": { "username": "li" } })).await.unwrap_err();
    assert_eq!(
        told(&fault, &server),
        "configuration/400: the authentication `basic` cannot be used: missing field `password`"
    );
}

fn digest(seen: &Seen) -> String {
    let shown = seen.header("authorization");
    if !shown.starts_with("Digest ") {
        let ask = "Basic realm=\"x\", Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", algorithm=MD5, \
                   Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", algorithm=SHA-256, opaque=\"o\"";
        return reply(401, &[("www-authenticate", ask)], "");
    }
    json_reply(&json!(shown))
}

#[tokio::test]
async fn digest_answers_the_strongest_challenge() {
    let server = serve(digest).await;
    let authentication = json!({ "digest": { "use": "login" } });
    let shown = get(&performer(), &server, authentication).await.unwrap();
    let shown = shown.as_str().unwrap();
    for part in
        ["username=\"li\"", "nonce=\"n2\"", "uri=\"/a?b=c\"", "algorithm=SHA-256", "opaque=\"o\"", "qop=auth"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn wrong_credentials_are_not_repeated_for_ever() {
    let server = serve(|_| reply(401, &[("www-authenticate", "Digest realm=\"r\", nonce=\"n\"")], "")).await;
    let fault = get(&performer(), &server, json!({ "digest": { "use": "login" } })).await.unwrap_err();
    assert_eq!(
        told(&fault, &server),
        "communication/401 Unauthorized: `GET http://SERVER/a` answered 401 Unauthorized"
    );
    assert_eq!(server.seen().len(), 2);
}

/// An authority at `/realm` that counts its tokens, and beside it a service that wants the newest of them.
async fn authority(life: u64) -> (Server, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let wanted = Arc::new(AtomicUsize::new(0));
    let least = Arc::clone(&wanted);
    let server = serve(move |seen| {
        if seen.method == "POST" {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            if seen.body.contains("wrong") {
                let body = r#"{"error":"invalid_grant","error_description":"no such client"}"#;
                return reply(400, &[], body);
            }
            let refresh = if seen.body.contains("password") { json!("again") } else { Value::Null };
            return json_reply(&json!({
                "access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": life,
                "refresh_token": refresh,
            }));
        }
        let shown = seen.header("authorization").strip_prefix("Bearer token-");
        let number: usize = shown.and_then(|it| it.parse().ok()).unwrap_or(0);
        if number < least.load(Ordering::SeqCst) {
            return reply(401, &[], "");
        }
        json_reply(&json!(number))
    })
    .await;
    (server, wanted)
}

fn oauth(server: &Server, more: Value) -> Value {
    let mut settings = json!({
        "authority": server.url("/realm/"), "grant": "client_credentials",
        "client": { "id": "me", "secret": "my secret" },
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "oauth2": settings })
}

/// The requests for tokens.
fn asked(server: &Server) -> Vec<Seen> {
    server.seen().into_iter().filter(|seen| seen.method == "POST").collect()
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let (server, wanted) = authority(3600).await;
    let performer = performer();
    let authentication = oauth(&server, json!({ "scopes": ["a", "b"], "audiences": ["x", "y"] }));
    assert_eq!(get(&performer, &server, authentication.clone()).await.unwrap(), json!(1));
    assert_eq!(get(&performer, &server, authentication.clone()).await.unwrap(), json!(1));
    wanted.store(2, Ordering::SeqCst);
    assert_eq!(get(&performer, &server, authentication.clone()).await.unwrap(), json!(2));
    wanted.store(9, Ordering::SeqCst);
    let fault = get(&performer, &server, authentication).await.unwrap_err();
    assert_eq!(fault.status, 401);
    let asked = asked(&server);
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].target, "/realm/oauth2/token");
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&client_id=me&client_secret=my+secret&scope=a+b&audience=x&audience=y"
    );
}

#[tokio::test]
async fn a_token_that_has_ended_is_refreshed() {
    let (server, _) = authority(0).await;
    let performer = performer();
    let more = json!({ "grant": "password", "username": "li", "password": "pass word" });
    for _ in 0..2 {
        get(&performer, &server, oauth(&server, more.clone())).await.unwrap();
    }
    let bodies: Vec<String> = asked(&server).into_iter().map(|seen| seen.body).collect();
    assert_eq!(
        bodies,
        [
            "grant_type=password&username=li&password=pass+word&client_id=me&client_secret=my+secret",
            "grant_type=refresh_token&refresh_token=again&client_id=me&client_secret=my+secret",
        ]
    );
}

#[tokio::test]
async fn clients_show_themselves_in_five_ways() {
    let (server, _) = authority(3600).await;
    let asked = async |client: Value, more: Value| {
        let mut more = more;
        more["client"] = client;
        get(&performer(), &server, oauth(&server, more)).await.unwrap();
        asked(&server).pop().unwrap()
    };
    let way = |name: &str| json!({ "id": "m:e", "secret": "my secret", "authentication": name });
    let seen = asked(way("client_secret_basic"), json!({})).await;
    assert_eq!(seen.header("authorization"), "Basic bSUzQWU6bXkrc2VjcmV0");
    assert_eq!(seen.body, "grant_type=client_credentials");
    let encoding = json!({ "request": { "encoding": "application/json" } });
    let seen = asked(way("client_secret_post"), encoding).await;
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(
        seen.body,
        r#"{"client_id":"m:e","client_secret":"my secret","grant_type":"client_credentials"}"#
    );
    let seen = asked(way("client_secret_jwt"), json!({ "endpoints": { "token": "/t" } })).await;
    assert_eq!(seen.target, "/realm/t");
    let assertion = seen.body.split("client_assertion=").nth(1).unwrap();
    assert_eq!(assertion.split('.').count(), 3, "{assertion}");
    assert!(seen.body.contains("client-assertion-type%3Ajwt-bearer"), "{}", seen.body);
    let signed = json!({ "id": "me", "assertion": "a.b.c", "authentication": "private_key_jwt" });
    assert!(asked(signed, json!({})).await.body.ends_with("client_assertion=a.b.c"));
    let seen = asked(json!({ "id": "me", "authentication": "none" }), json!({})).await;
    assert_eq!(seen.body, "grant_type=client_credentials&client_id=me");
}

#[tokio::test]
async fn tokens_are_exchanged_and_refreshed_by_what_is_given() {
    let (server, _) = authority(3600).await;
    let asked = async |more: Value| {
        get(&performer(), &server, oauth(&server, more)).await.unwrap();
        asked(&server).pop().unwrap().body
    };
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let body = asked(json!({
        "grant": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject": { "token": "theirs", "type": kind }, "actor": { "token": "ours", "type": kind },
    }))
    .await;
    assert!(body.contains("subject_token=theirs&subject_token_type=urn%3A"), "{body}");
    assert!(body.contains("actor_token=ours&actor_token_type=urn%3A"), "{body}");
    let body = asked(json!({ "grant": "refresh_token", "subject": { "token": "kept", "type": kind } })).await;
    assert!(body.starts_with("grant_type=refresh_token&refresh_token=kept"), "{body}");
}

#[tokio::test]
async fn what_cannot_give_a_token_says_why() {
    let (server, _) = authority(3600).await;
    let performer = performer();
    let told =
        async |more: Value| told(&get(&performer, &server, oauth(&server, more)).await.unwrap_err(), &server);
    let fault = told(json!({ "grant": "authorization_code" })).await;
    assert!(fault.starts_with("configuration/400: the grant `authorization_code` needs a person"), "{fault}");
    assert_eq!(
        told(json!({ "client": { "id": "wrong", "secret": "super secret" } })).await,
        "authentication/401: http://SERVER/realm/oauth2/token gave no token: `invalid_grant`: no such client"
    );
    assert_eq!(
        told(json!({ "grant": "password" })).await,
        "configuration/400: the authentication needs `username` for its grant"
    );
    let fault = told(json!({ "grant": "telepathy" })).await;
    let begins = "configuration/400: the authentication `oauth2` cannot be used: unknown variant";
    assert!(fault.starts_with(begins), "{fault}");
}

#[tokio::test]
async fn an_authority_is_asked_what_it_is() {
    // `{"iss":"https://id.example.cn"}` between two parts that are not looked at.
    let token = "e30.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY24ifQ.x";
    let server = serve(move |seen| match seen.target.as_str() {
        "/realm/.well-known/openid-configuration" => {
            let at = format!("http://{}", seen.header("host"));
            let (issuer, endpoint) = (format!("{at}/realm"), format!("{at}/elsewhere"));
            json_reply(&json!({ "issuer": issuer, "token_endpoint": endpoint }))
        }
        "/elsewhere" => json_reply(&json!({ "access_token": token, "token_type": "Bearer" })),
        _ => json_reply(&json!(seen.header("authorization"))),
    })
    .await;
    let check = async |issuers: Value, path: &str| {
        let more = json!({ "issuers": issuers, "authority": server.url(path) });
        let settings = json!({ "oidc": oauth(&server, more)["oauth2"] });
        match get(&performer(), &server, settings).await {
            Ok(shown) => shown.to_string(),
            Err(fault) => told(&fault, &server),
        }
    };
    let shown = format!("\"Bearer {token}\"");
    assert_eq!(check(json!([]), "/realm").await, shown);
    assert_eq!(check(json!([]), "/realm/.well-known/openid-configuration").await, shown);
    let own = server.url("/realm");
    assert_eq!(check(json!([own, "https://id.example.cn/"]), "/realm").await, shown);
    assert_eq!(
        check(json!(["https://other.cn"]), "/realm").await,
        "authentication/401: the authority http://SERVER/realm says that it is `http://SERVER/realm`; list it \
         under `issuers` if it may be"
    );
    assert_eq!(
        check(json!([own]), "/realm").await,
        "authentication/401: the token is of `https://id.example.cn`, which is no issuer of it"
    );
}
