//! What people do at the command line, from a mistake in a file to a closed work item.

use std::process::Output;

use serde_json::{Value, json};
use yiwang_e2e::project::repository;

use crate::world::{World, yiwang};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn json_of(output: &Output) -> Value {
    let out = text(&output.stdout);
    let err = text(&output.stderr);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}\nstdout: {out}\nstderr: {err}"))
}

/// A file with these words in a folder that is gone after the test.
fn file(name: &str, words: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, words).unwrap();
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn mistakes_are_told_all_at_once_with_their_places() {
    let (_folder, path) = file(
        "workflow.yaml",
        "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - first:
      set: { a: '${ .b | lenght }' }
      then: secnd
  - second:
      call: human-tsk:1.0.0@default
      with: { title: x }
",
    );
    let told = yiwang(&["check", &path]);
    assert_eq!(code(&told), 4, "{}", text(&told.stderr));
    let shown = text(&told.stderr);
    for part in ["secnd", "second", "human-task", "lenght", "workflow.yaml"] {
        assert!(shown.contains(part), "`{part}` is missing in:\n{shown}");
    }
    let told = yiwang(&["check", &path, "-o", "json"]);
    assert_eq!(code(&told), 4);
    let told = json_of(&told);
    let remarks = told["files"][0]["diagnostics"].as_array().unwrap();
    assert!(remarks.len() >= 3, "{remarks:#?}");
    assert!(remarks.iter().all(|remark| remark["code"].as_str().is_some_and(|code| code.starts_with("YW"))));
}

#[test]
fn a_file_that_is_not_there_and_a_wrong_flag_have_codes_of_their_own() {
    assert_eq!(code(&yiwang(&["check", "no-such-folder/workflow.yaml"])), 3);
    assert_eq!(code(&yiwang(&["check"])), 2);
    assert_eq!(code(&yiwang(&["case", "list", "--server", "http://127.0.0.1:9", "--token", "x"])), 7);
}

#[test]
fn the_hello_example_runs() {
    let hello = "examples/hello/workflow.yaml";
    let ran = yiwang(&["run", hello, "--input", r#"{"name": "谯城"}"#, "-o", "json"]);
    assert_eq!(code(&ran), 0, "{}", text(&ran.stderr));
    assert_eq!(json_of(&ran), json!({ "greeting": "你好，谯城", "characters": 5 }));
    let refused = yiwang(&["run", hello, "--input", "{}"]);
    assert_ne!(code(&refused), 0);
    let refused = yiwang(&["run", hello, "--input", "{broken"]);
    assert_ne!(code(&refused), 0);
}

#[test]
fn a_faulted_run_ends_with_one_and_shows_the_error() {
    let (_folder, path) = file(
        "workflow.yaml",
        "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }
do:
  - fail:
      raise:
        error: { type: 'https://example.com/errors/no-unit', status: 409, title: 没有承办单位 }
",
    );
    let ran = yiwang(&["run", &path, "-o", "json"]);
    assert_eq!(code(&ran), 1, "{}", text(&ran.stderr));
    let shown = text(&ran.stderr);
    assert!(shown.contains("https://example.com/errors/no-unit"), "{shown}");
    assert!(shown.contains("/do/0/fail"), "{shown}");
}

#[test]
fn an_administrator_deploys_and_a_person_decides() {
    let world = World::new(11);
    let (_folder, path) = file(
        "workflow.yaml",
        "document: { dsl: '1.0.3', namespace: a, name: ask, version: '1.0.0' }
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        title: 请审批
        candidateRoles: [ approver@区城管局 ]
        outcomes: [ yes, no ]
",
    );
    let deployed = world.yiwang(&["deploy", &path, "-o", "json"]);
    assert_eq!(code(&deployed), 0, "{}", text(&deployed.stderr));
    let started = world.yiwang(&["instance", "start", "a/ask", "--key", "k1", "-o", "json"]);
    let instance = json_of(&started)["id"].as_str().unwrap().to_owned();
    let again = world.yiwang(&["instance", "start", "a/ask", "--key", "k1", "-o", "json"]);
    assert_eq!(json_of(&again)["id"], json!(instance), "the same key starts once");
    let other = world.yiwang(&["instance", "start", "a/ask", "--key", "k1", "--input", r#"{"b":1}"#]);
    assert_eq!(code(&other), 5, "the same key with another input is a conflict");

    let made = ["token", "create", "--person", "zhou", "--role", "approver@区城管局", "-o", "json"];
    let secret = json_of(&world.yiwang(&made))["secret"].as_str().unwrap().to_owned();
    let made = ["token", "create", "--person", "wu", "--role", "approver@区住建局", "-o", "json"];
    let stranger = json_of(&world.yiwang(&made))["secret"].as_str().unwrap().to_owned();

    let listed = json_of(&world.yiwang(&["task", "list", "--token", &secret, "-o", "json"]));
    let item = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let none = json_of(&world.yiwang(&["task", "list", "--token", &stranger, "-o", "json"]));
    assert_eq!(none["items"], json!([]), "another unit sees nothing");
    assert_ne!(code(&world.yiwang(&["task", "claim", &item, "--token", &stranger])), 0);
    assert_eq!(code(&world.yiwang(&["task", "claim", &item, "--token", &secret])), 0);
    let wrong = ["task", "complete", &item, "--outcome", "perhaps", "--token", &secret];
    assert_eq!(code(&world.yiwang(&wrong)), 4, "an outcome that is not offered");
    let decide = ["task", "complete", &item, "--outcome", "yes", "--decision", "d1", "--token", &secret];
    assert_eq!(code(&world.yiwang(&decide)), 0);
    assert_eq!(code(&world.yiwang(&decide)), 0, "the same decision is the same decision");
    let other = ["task", "complete", &item, "--outcome", "no", "--decision", "d2", "--token", &secret];
    assert_eq!(code(&world.yiwang(&other)), 5, "another decision is a conflict");

    let shown = json_of(&world.yiwang(&["instance", "show", &instance, "-o", "json"]));
    assert_eq!(shown["status"], json!("completed"));
    assert_eq!(shown["output"]["outcome"], json!("yes"));
    let history = world.yiwang(&["instance", "history", &instance, "-o", "json"]);
    assert!(text(&history.stdout).contains("work_item_completed"));
    assert_eq!(code(&world.yiwang(&["instance", "show", "0000000000001"])), 3);
    assert_eq!(code(&world.yiwang(&["case", "list", "--token", "yw_pat_wrong"])), 6);
}

#[test]
fn the_district_project_has_all_its_channels_ready() {
    let world = World::new(12);
    let listed = json_of(&world.yiwang(&["channel", "list", "-o", "json"]));
    let items = listed["items"].as_array().or(listed.as_array()).unwrap();
    let ready = |id: &str| items.iter().any(|one| one["id"] == id && one["problem"].is_null());
    for channel in yiwang_e2e::complaints::CHANNELS {
        assert!(ready(channel.id), "{} is not ready: {listed:#}", channel.id);
    }
    assert!(ready("notify"), "{listed:#}");
    let process = repository().join("workflows/citizen-complaint");
    let deployed = world.yiwang(&["deploy", &process.to_string_lossy()]);
    assert_eq!(code(&deployed), 0, "{}", text(&deployed.stderr));
}
