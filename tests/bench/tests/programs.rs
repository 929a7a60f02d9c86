//! The programs of the bench run to their end on little work, and what they tell is whole. How fast it was is
//! not looked at: that is told on a quiet machine, of a release build.

#![expect(clippy::unwrap_used, reason = "this crate is one test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use yiwang_e2e::server::built;

/// Runs a program, and gives what it printed.
fn output(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{program}\n{out}\n{err}");
    out
}

#[test]
fn the_load_runs_every_scenario_and_tells_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let (json, plots) = (folder.path().join("load.json"), folder.path().join("plots"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (binary, json_text, plots_text) = (text(&built().unwrap()), text(&json), text(&plots));
    let arguments = [&binary, "--quick", "--json", &json_text, "--plots", &plots_text];
    let told = output(env!("CARGO_BIN_EXE_yiwang-bench-load"), &arguments);

    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let lines = report["lines"].as_array().unwrap();
    let scenarios: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line["what"].as_str()?.split_once(' '))
        .map(|(first, _)| first)
        .collect();
    for scenario in ["W1", "W2", "W3", "W4", "W5"] {
        assert!(scenarios.contains(scenario), "{scenario} is missing:\n{told}");
    }
    assert!(told.contains("not for showing"), "a small load says that it is one:\n{told}");
    // A step is a transition of its own: one step is two turns, ten are eleven.
    let turns: BTreeSet<String> = lines
        .iter()
        .map(|line| &line["values"]["turns"])
        .filter(|n| n.is_f64())
        .map(Value::to_string)
        .collect();
    assert_eq!(turns, BTreeSet::from(["11.0".to_owned(), "2.0".to_owned()]));
    let mut files: Vec<String> =
        fs::read_dir(&plots).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, ["w1-arrivals.svg", "w1-clients.svg", "w2-clients.svg"]);
}

#[test]
fn every_list_of_cases_is_read() {
    let told = output(env!("CARGO_BIN_EXE_yiwang-bench-cases"), &["500"]);
    assert!(told.contains("a case number") && told.contains("not for showing"), "{told}");
}

#[test]
fn a_sweep_beside_live_work_reaches_all_its_targets() {
    let binary = built().unwrap();
    let told = output(env!("CARGO_BIN_EXE_yiwang-bench-sweep"), &[binary.to_str().unwrap(), "40"]);
    assert!(told.contains("40 targets") && told.contains("0 failed"), "{told}");
}
