//! Scripts are handed to the sandbox with everything filled in, their code fetched where it lies elsewhere.

use std::sync::Arc;

use expect_test::expect;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use yiwang_core::effect::Service;
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_dsl::{Data, Fault};
use yiwang_services::script::{Script, Scripts};
use yiwang_services::{Config, Performer};

use crate::world::{self, Answer, Server};

/// Gives back what it is handed.
struct Mirror;

impl Scripts for Mirror {
    fn run(&self, script: Script) -> BoxFuture<'_, Result<Data, Fault>> {
        async move { Ok(script.with) }.boxed()
    }
}

fn performer() -> Performer {
    let mut config = Config { scripts: Arc::new(Mirror), ..Config::default() };
    config.egress.allow = vec!["127.0.0.0/8".parse().unwrap()];
    Performer::new(config).unwrap()
}

#[tokio::test]
async fn code_is_handed_over_or_fetched_first() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /a.js" => Answer::status(200, "return 1"),
        _ => Answer::status(404, ""),
    });
    let (server, performer) = (server.await, performer());
    let run = async |with| match world::call(&performer, Service::Script(ScriptLanguage::Js), with).await {
        Ok(output) => output.to_string(),
        Err(told) => told.replace(&server.address.to_string(), "host"),
    };
    expect![[r#"{"arguments":["x"],"code":"1"}"#]]
        .assert_eq(&run(json!({ "code": "1", "arguments": ["x"] })).await);
    let from = |path: &str| json!({ "endpoint": { "uri": server.url(path) } });
    expect![[r#"{"code":"return 1","stdin":"x"}"#]]
        .assert_eq(&run(json!({ "source": from("/a.js"), "stdin": "x" })).await);
    expect![
        "communication 404 the document http://host/b.js cannot be had: the server answered 404 Not Found"
    ]
    .assert_eq(&run(json!({ "source": from("/b.js") })).await);
    let closed = json!({ "endpoint": { "uri": server.url("/a.js"), "authentication": { "bearer": {} } } });
    expect!["configuration 400 the authentication `bearer` cannot be used: missing field `token`"]
        .assert_eq(&run(json!({ "source": closed })).await);
}

#[tokio::test]
async fn without_a_sandbox_no_script_runs() {
    let performer = world::performer(yiwang_services::Processes::default());
    let told = world::call(&performer, Service::Script(ScriptLanguage::Python), json!({ "code": "" })).await;
    expect!["configuration 400 nothing here runs scripts in Python"].assert_eq(&told.unwrap_err());
}
