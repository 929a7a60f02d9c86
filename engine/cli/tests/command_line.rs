//! The binary as a script sees it: what goes to stdout, what to stderr, and the exit code.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect, expect_file};
use serde_json::Value;

struct Done {
    code: i32,
    out: String,
    err: String,
}

fn yiwang(arguments: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yiwang"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YIWANG_")) {
        command.env_remove(name);
    }
    let done = command.env("NO_COLOR", "1").env("LC_ALL", "C").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
}

fn fixture(name: &str) -> String {
    format!("tests/fixtures/{name}")
}

fn check(arguments: &[&str], code: i32, out: &Expect) {
    let done = yiwang(arguments);
    assert_eq!(done.code, code, "{arguments:?}\n{}\n{}", done.out, done.err);
    out.assert_eq(&done.out);
}

/// Help texts are read by people and scripts alike: `UPDATE_EXPECT=1` rewrites them.
#[test]
fn help_is_as_written_down() {
    let mut text = String::new();
    let commands = "serve check fmt graph schema lsp run test table deploy instance task case calendar channel plugin token message rejection incident \
                    doctor backup restore verify export explain completion";
    for command in [""].into_iter().chain(commands.split_whitespace()) {
        let arguments = if command.is_empty() { vec!["--help"] } else { vec![command, "--help"] };
        let done = yiwang(&arguments);
        assert_eq!(done.code, 0, "{command}: {}", done.err);
        text.push_str(&format!("$ yiwang {}\n{}\n", arguments.join(" "), done.out));
    }
    // Clap leaves blanks at the ends of some lines.
    let text: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    expect_file!["fixtures/help.txt"].assert_eq(&text);
}

#[test]
fn exit_codes_tell_what_kind_of_failure_it_was() {
    let missing = fixture("no-such.yaml");
    let broken = fixture("broken.yaml");
    let raises = fixture("raises.yaml");
    let fails = fixture("scenarios-fail");
    for (arguments, code) in [
        (vec!["version"], 0),
        (vec![], 2),
        (vec!["no-such-command"], 2),
        (vec!["check"], 2),
        (vec!["check", &missing], 3),
        (vec!["check", &broken], 4),
        (vec!["run", &broken], 4),
        (vec!["run", &raises], 1),
        (vec!["run", &raises, "--input", "{"], 4),
        (vec!["run", &raises, "--input-file", "no-such.json"], 3),
        (vec!["test", &fails], 1),
        (vec!["test", "tests/fixtures/no-such"], 3),
        (vec!["explain", "request.json"], 0),
        (vec!["explain", "no.such"], 3),
        (vec!["task", "list"], 6),
        (vec!["task", "list", "--token", "x", "--server", "http://127.0.0.1:9"], 7),
        (vec!["serve", "--project", "no-such"], 3),
        (vec!["completion", "bash"], 0),
    ] {
        let done = yiwang(&arguments);
        assert_eq!(done.code, code, "{arguments:?}\n{}\n{}", done.out, done.err);
        let prints = code == 0 || arguments == ["test", &*fails];
        assert_eq!(done.out.is_empty(), !prints, "{arguments:?}: {}", done.out);
        assert_eq!(done.err.is_empty(), code == 0, "{arguments:?}: {}", done.err);
    }
}

#[test]
fn mistakes_are_shown_with_their_lines() {
    let done = yiwang(&["check", &fixture("broken.yaml")]);
    expect![[r#"
        YW0101 (docs/errors/YW0101.md)

          × there is no task `派单了`
           ╭─[tests/fixtures/broken.yaml:5:13]
         4 │       set: { a: 1 }
         5 │       then: 派单了
           ·             ──────
         6 │   - 派单:
           ╰────
          help: did you mean `派单`?

        YW0303 (docs/errors/YW0303.md)

          × there is no function `nosuch`
           ╭─[tests/fixtures/broken.yaml:7:26]
         6 │   - 派单:
         7 │       set: { b: '${ .a | nosuch }' }
           ·                          ──────
           ╰────
          help: a member is read by `.nosuch`, a text stands in quotes

        1 checked: 2 errors, 0 warnings
    "#]]
    .assert_eq(&done.err);
}

#[test]
fn mistakes_are_data_with_json() {
    let done = yiwang(&["check", &fixture("broken.yaml"), "-o", "json"]);
    assert_eq!(done.code, 4);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found["valid"], false);
    let remark = &found["files"][0]["diagnostics"][0];
    assert_eq!(remark["code"], "YW0101");
    assert_eq!(remark["start"]["line"], 5);
    assert!(remark["help"].as_str().is_some_and(|help| help.contains("派单")), "{remark}");
}

#[test]
fn a_run_prints_its_output_and_nothing_else() {
    check(
        &["run", "../../examples/hello", "--input", r#"{"name": "谯城"}"#],
        0,
        &expect![[r#"
            {"greeting":"你好，谯城","characters":5}
        "#]],
    );
    check(
        &["run", &fixture("waits.yaml"), "--virtual-time"],
        0,
        &expect![[r#"
            {"waited":true}
        "#]],
    );
}

#[test]
fn a_faulted_run_says_its_error_on_stderr() {
    let done = yiwang(&["run", &fixture("raises.yaml")]);
    assert_eq!((done.code, &*done.out), (1, ""));
    let error: Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!((&error["status"], &error["instance"]), (&409.into(), &"/do/0/fail".into()), "{error}");
}

#[test]
fn a_run_that_needs_a_person_says_so() {
    let done = yiwang(&["run", &fixture("asks.yaml"), "-o", "json"]);
    assert_eq!(done.code, 1);
    let error: Value = serde_json::from_str(&done.err).unwrap();
    assert_eq!(error["code"], "run.waiting");
}

#[test]
fn a_run_in_a_file_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("run.db");
    let db = db.to_str().unwrap();
    for _ in 0..2 {
        let done = yiwang(&["run", &fixture("waits.yaml"), "--virtual-time", "--db", db]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
    assert!(Path::new(db).exists());
}

#[test]
fn scenarios_name_the_line_that_failed() {
    let done = yiwang(&["test", &fixture("scenarios-fail"), "-o", "json"]);
    assert_eq!(done.code, 1);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&found["passed"], &found["failed"]), (&1.into(), &2.into()), "{found}");
    let by_name = |name: &str| {
        let all = found["scenarios"].as_array().unwrap();
        all.iter().find(|one| one["file"].as_str().unwrap().ends_with(name)).unwrap().clone()
    };
    assert_eq!(by_name("wrong.yaml")["failures"][0]["line"], 5);
    assert_eq!(by_name("wrong.yaml")["failures"][0]["message"], "it is \"waiting\"");
    assert!(by_name("typo.yaml")["failures"][0]["message"].as_str().unwrap().contains("starts"));
    assert_eq!(found["coverage"][0]["ran"], 1);
}

#[test]
fn a_scenario_that_fails_tells_the_faults() {
    let done = yiwang(&["test", &fixture("scenarios-faulted"), "-o", "json"]);
    assert_eq!(done.code, 1);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    let message = found["scenarios"][0]["failures"][0]["message"].as_str().unwrap();
    assert!(message.contains("there are no open work items"), "{message}");
    assert!(message.contains("instance 1 (faults) has faulted: validation in /do/0/ask"), "{message}");
    assert!(message.contains("name candidateRoles, candidatePeople or candidateUnits"), "{message}");
}

#[test]
fn forms_are_checked_with_the_workflow() {
    let folder = tempfile::tempdir().unwrap();
    let text = "document: { dsl: '1.0.3', namespace: test, name: forms, version: '1.0.0' }
do:
  - a: { call: human-task:1.0.0@default, with: { title: a, candidateRoles: [ r ], form: { ref: forms/boken } } }
  - b: { call: human-task:1.0.0@default, with: { title: b, candidateRoles: [ r ], form: { ref: forms/broken } } }
";
    std::fs::write(folder.path().join("workflow.yaml"), text).unwrap();
    std::fs::create_dir(folder.path().join("forms")).unwrap();
    std::fs::write(folder.path().join("forms/broken.json"), "{ \"type\": ").unwrap();
    let done = yiwang(&["check", &folder.path().display().to_string(), "-o", "json"]);
    assert_eq!(done.code, 4, "{}", done.err);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    let remarks: Vec<String> = found["files"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|file| file["diagnostics"].as_array().unwrap())
        .map(|remark| format!("{} {}", remark["code"], remark["message"]))
        .collect();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].contains("YW0125") && remarks[0].contains("`forms/boken`"), "{remarks:?}");
    assert!(remarks[1].contains("form.invalid") && remarks[1].contains("not JSON: "), "{remarks:?}");
}

#[test]
fn every_page_of_a_code_can_be_explained() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let done = yiwang(&["explain", "yw0101"]);
    assert_eq!(done.out.trim_end(), std::fs::read_to_string(folder.join("YW0101.md")).unwrap().trim_end());
}

#[test]
fn authors_read_chinese_if_they_like() {
    let broken = fixture("broken.yaml");
    let done = yiwang(&["check", &broken]);
    assert!(done.err.contains("there is no task"), "{}", done.err);
    let done = yiwang(&["--lang", "zh", "check", &broken]);
    assert!(done.err.contains("没有步骤"), "{}", done.err);
    let done = yiwang(&["check", &broken, "-o", "json", "--lang", "zh"]);
    assert!(done.out.contains("没有步骤"), "{}", done.out);
    let done = yiwang(&["explain", "YW0101", "--lang", "zh"]);
    assert!(done.out.starts_with("# YW0101：`then`"), "{}", done.out);
    let done = yiwang(&["explain", "request.json", "--lang", "zh"]);
    assert!(done.out.starts_with("## request.json\n400。"), "{}", done.out);
}

/// What `yiwang doctor` says about one thing in a project with these settings: its exit code and the line.
fn doctor(settings: &str, what: &str) -> (i32, String) {
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("yiwang.yaml"), settings).unwrap();
    std::fs::write(project.path().join("no.pem"), "no certificate").unwrap();
    std::fs::write(project.path().join("login"), r#"{"username": "li", "password": "x"}"#).unwrap();
    let done = yiwang(&["-o", "json", "doctor", "--project", project.path().to_str().unwrap()]);
    let Ok(told) = serde_json::from_str::<Value>(&done.out) else { return (done.code, done.err) };
    let findings = told["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["what"] == what).unwrap();
    (i32::from(finding["ok"] == false), finding["says"].as_str().unwrap().to_owned())
}

#[test]
fn doctor_says_what_calls_may_reach_and_know() {
    let open = "egress: { allow: [10.0.0.0/8:443], deny: ['*'], hosts: { a.cn: 10.0.0.1 } }";
    assert_eq!(doctor("{}", "egress"), (0, "calls reach the public network".to_owned()));
    let says = "calls reach nothing but what is allowed; allowed 10.0.0.0/8:443; denied *; 1 hosts mapped";
    assert_eq!(doctor(open, "egress"), (0, says.to_owned()));
    let says = "reading the certificate";
    assert!(doctor("egress: { certificates: [gone.pem] }", "egress").1.contains(says));
    let secrets = "secrets: { a: { file: login, workflows: [x/*] }, b: { value: { token: y } } }";
    assert_eq!(doctor(secrets, "secrets"), (0, "2 for workflows".to_owned()));
    let (bad, says) = doctor("secrets: { gone: { file: no-such-file } }", "secrets");
    assert_eq!((bad, says.contains("not there: gone")), (1, true), "{says}");
}

#[test]
fn mistakes_in_the_settings_of_calls_are_shown_with_their_lines() {
    for settings in [
        "egress:\n  allow: [10.0.0.0/8, 'http://a.cn']",
        "egress:\n  hosts: { a.cn: localhost }",
        "egress:\n  permit: []",
        "egress:\n  limits: { totalSeconds: soon }",
        "secrets:\n  a: { env: A, file: b }",
        "secrets:\n  a: { vault: x }",
    ] {
        let (code, text) = doctor(settings, "egress");
        assert_eq!(code, 4, "{settings}: {text}");
        assert!(text.contains("yiwang.yaml:2:"), "{settings}: {text}");
    }
}

#[test]
fn working_time_is_worked_out_at_the_desk() {
    let check = |arguments: &[&str], out: &Expect| {
        let arguments: Vec<&str> = ["calendar"].iter().chain(arguments).copied().collect();
        check(&arguments, 0, out);
    };
    check(
        &["add", "2024-02-09T17:00", "--working-hours", "2", "-o", "table"],
        &expect![["2024-02-18 09:30\n"]],
    );
    check(
        &["add", "2024-02-08 10:00", "--working-days", "2", "-o", "table"],
        &expect![["2024-02-18 17:30\n"]],
    );
    check(
        &["add", "2024-01-26T10:00", "--calendar-days", "15", "-o", "table"],
        &expect![["2024-02-18 17:30\n"]],
    );
    check(
        &["add", "2024-01-26T10:00", "--calendar-days", "15", "--roll", "none", "-o", "table"],
        &expect![["2024-02-11 00:00\n"]],
    );
    check(
        &["elapsed", "2024-02-09T16:30", "2024-02-18T09:00", "-o", "table"],
        &expect![["PT2H of working time, 1 working days\n"]],
    );
    check(
        &["add", "2026-12-31T10:00", "--working-days", "1"],
        &expect![[r#"
        {
          "calendar": "district",
          "due": "2027-01-01 17:30",
          "dueAt": "2027-01-01T09:30:00Z",
          "provisional": true
        }
    "#]],
    );
    let february = yiwang(&["calendar", "show", "2024-02", "-o", "name"]);
    assert_eq!(february.out.lines().count(), 18, "{}", february.out);
    let unknown =
        yiwang(&["calendar", "add", "2024-02-09T17:00", "--working-days", "1", "--calendar", "hall"]);
    assert_eq!((unknown.code, unknown.err.contains("cn-mainland, district")), (3, true), "{}", unknown.err);
}

#[test]
fn mistakes_of_a_calendar_are_told_with_their_places() {
    let file = fixture("broken-calendar.yaml");
    let done = yiwang(&["calendar", "check", &file, "-o", "json"]);
    assert_eq!(done.code, 4, "{}", done.err);
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let remarks = told["files"][0]["diagnostics"].as_array().unwrap();
    let remarks: Vec<_> = remarks
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), it["start"]["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(remarks, [("YW0502", 4), ("YW0501", 5), ("YW0503", 6)]);
}
