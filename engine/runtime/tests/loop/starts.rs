//! Start keys and deployments.

use std::collections::BTreeMap;

use serde_json::json;
use yiwang_runtime::{Error, Start};

use crate::world::{World, start, workflow};

fn plain(name: &str) -> String {
    workflow(name, "", "  - once: {set: {n: 1}}")
}

#[tokio::test]
async fn the_same_key_starts_once_and_another_input_is_a_conflict() {
    let mut world = World::running(&[&plain("a"), &plain("b")]).await;
    let first = world.engine.start(start("test/a", Some("k"), json!({"x": 1, "y": 2}))).await.unwrap();
    let again = world.engine.start(start("test/a", Some("k"), json!({"y": 2, "x": 1}))).await.unwrap();
    assert_eq!((first.existing, again.existing), (false, true));
    assert_eq!(first.instance, again.instance);

    let other = world.engine.start(start("test/a", Some("k"), json!({"x": 2}))).await.unwrap_err();
    assert!(matches!(other, Error::StartConflict { instance, .. } if instance == first.instance));

    let elsewhere = world.engine.start(start("test/b", Some("k"), json!({"x": 2}))).await.unwrap();
    assert!(!elsewhere.existing, "keys belong to a workflow");
    assert_eq!(world.count("instances.completed").await, 2);
}

#[tokio::test]
async fn the_same_key_holds_over_a_restart() {
    let mut world = World::running(&[&plain("a")]).await;
    let first = world.start("test/a", Some("k"), json!(1)).await;
    world.restart().await;
    let again = world.engine.start(start("test/a", Some("k"), json!(1))).await.unwrap();
    assert_eq!((again.instance, again.existing), (first, true));
    let next = world.start("test/a", None, json!(1)).await;
    assert!(next > first, "ids go on after a restart at the same time");
}

#[tokio::test]
async fn an_unknown_workflow_or_version_is_told() {
    let mut world = World::running(&[&plain("a")]).await;
    let error = world.engine.start(start("test/b", None, json!(1))).await.unwrap_err();
    assert_eq!(error.code(), "workflow.unknown");
    let versioned = Start { version: Some("9.0.0".to_owned()), ..start("test/a", None, json!(1)) };
    assert_eq!(world.engine.start(versioned).await.unwrap_err().code(), "workflow.unknown");
}

#[tokio::test]
async fn a_version_never_changes_and_the_greatest_one_starts() {
    let mut world = World::new().await;
    let text =
        |version: &str, n: u32| plain("a").replace("1.0.0", version).replace("n: 1", &format!("n: {n}"));
    for (version, n) in [("1.9.0", 1), ("1.10.0", 2), ("1.2.0", 3)] {
        world.deploy(&text(version, n)).await;
    }
    let again = world.engine.deploy(&text("1.9.0", 1), BTreeMap::new(), "wang").await.unwrap();
    assert!(again.existing);
    let changed = world.engine.deploy(&text("1.9.0", 5), BTreeMap::new(), "wang").await.unwrap_err();
    assert_eq!(changed.code(), "workflow.conflict");
    world.restart().await;
    let ended = world.engine.start_and_wait(start("test/a", None, json!({}))).await.ended();
    let output = json!({"n": 2});
    let ending = yiwang_runtime::Ending::Completed(output.into());
    assert_eq!(ended.unwrap().unwrap().ending, ending, "1.10.0 is the greatest");
    let newest: Vec<_> = world.engine.definitions().into_iter().filter(|it| it.newest).collect();
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0].id.version, "1.10.0");
}

#[tokio::test]
async fn a_wrong_text_is_told_with_all_its_mistakes_and_nothing_is_stored() {
    let mut world = World::new().await;
    let error = world.engine.deploy("do: [", BTreeMap::new(), "li").await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(diagnostics) if !diagnostics.is_empty()), "{error:?}");
    let forms = BTreeMap::from([("forms/a".to_owned(), json!({"type": 7}))]);
    let error = world.engine.deploy(&plain("a"), forms, "li").await.unwrap_err();
    assert_eq!(error.code(), "form.invalid");
    assert_eq!(world.count("deployments").await, 0);
}
