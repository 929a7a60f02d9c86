//! The fixtures of every plugin, run on its component, and what every plugin must stand.

use std::path::PathBuf;

use yiwang_host::conformance::{self, Verdict};
use yiwang_host::fixture;

use xtask::plugins::Plugin;

use crate::support::{plugin, plugins};

/// Compiled code is shared by the tests, or each of their processes would compile it.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_of_every_plugin_holds() {
    let mut wrong = Vec::new();
    let mut steps = 0;
    for plugin in plugins() {
        for (path, fixture) in fixture::all(&plugin.sources.join("fixtures")).unwrap() {
            let name = format!("{}/{}", plugin.name, path.file_name().unwrap().to_string_lossy());
            steps += fixture.steps.len();
            match fixture::run(&plugin.wasm, &cache(), &fixture).await {
                Ok(told) => wrong.extend(told.into_iter().map(|what| format!("{name} {what}"))),
                Err(reason) => wrong.push(format!("{name}: {reason}")),
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(steps > 5, "the fixtures are found");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plugin_of_this_repository_conforms() {
    let mut wrong = Vec::new();
    let template = |plugin: &Plugin| plugin.name.starts_with("my-");
    for plugin in plugins().into_iter().filter(|plugin| plugin.shipped || template(plugin)) {
        let checks = conformance::run(&plugin.wasm, &plugin.sources.join("fixtures"), &cache()).await;
        for check in checks.unwrap_or_else(|reason| panic!("{}: {reason}", plugin.name)) {
            if check.verdict == Verdict::Failed {
                wrong.push(format!("{} {}:\n    {}", plugin.name, check.name, check.problems.join("\n    ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The checks find what they are there for.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_conform_is_told_apart() {
    let hostile = plugin("hostile");
    let folder = tempfile::tempdir().unwrap();
    let fixture = r#"{"channel": {"grants": {"secrets": ["bound"]}, "secrets": {"bound": "s"}},
        "steps": [
            {"request": {"path": "/ok", "headers": {"x-signature": "abc"}}, "signed": ["x-signature"], "expect": {"body": "ok"}},
            {"request": {"path": "/panic"}, "expect": {"status": 200}},
            {"notification": {"recipientKind": "x", "recipient": "x", "body": "panic"}, "expect": {"outcome": "done"}}
        ]}"#;
    std::fs::write(folder.path().join("a.json"), fixture).unwrap();
    let checks = conformance::run(&hostile.wasm, folder.path(), &cache()).await.unwrap();
    let verdict = |name: &str| checks.iter().find(|check| check.name == name).unwrap().verdict;
    assert_eq!(verdict("manifest"), Verdict::Failed, "its permissions have no reasons");
    assert_eq!(verdict("fixtures"), Verdict::Failed, "two steps expect something else");
    assert_eq!(verdict("replay"), Verdict::Passed);
    assert_eq!(verdict("signature"), Verdict::Failed, "it looks at no signature");
    assert_eq!(verdict("hostile"), Verdict::Failed, "a message of it traps");
}
