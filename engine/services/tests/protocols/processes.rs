//! Shell and containers are off until the operator allows them.

use expect_test::expect;
use serde_json::json;
use yiwang_core::effect::Service;
use yiwang_services::Processes;

use crate::world;

#[tokio::test]
async fn nothing_runs_unless_it_is_allowed() {
    let closed = world::performer(Processes::default());
    let told = world::call(&closed, Service::Shell, json!({ "command": "true" })).await.unwrap_err();
    expect!["authorization 403 the operator of this server does not allow `run: shell`"].assert_eq(&told);
    let told = world::call(&closed, Service::Container, json!({ "image": "alpine" })).await.unwrap_err();
    expect!["authorization 403 the operator of this server does not allow `run: container`"].assert_eq(&told);
    let settings = serde_json::from_value(json!({ "shell": { "allow": true } })).unwrap();
    let open = world::performer(settings);
    let output = world::call(&open, Service::Shell, json!({ "command": "echo hi" })).await.unwrap();
    expect![[r#"{"code":0,"stderr":"","stdout":"hi\n"}"#]].assert_eq(&output.to_string());
}
