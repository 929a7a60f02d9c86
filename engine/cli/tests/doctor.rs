//! `yiwang doctor --database`: what it says of a database, and that it changes nothing there.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on ends here")]

use std::process::Command;

use serde_json::Value;
use yiwang_postgres::{Cluster, Settings};

/// The finding about this database: code, `ok`, `look`, all that it says; and the command's exit code.
fn finding(url: &str) -> (String, bool, bool, String, i32) {
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("yiwang.yaml"), "{}\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_yiwang"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YIWANG_")) {
        command.env_remove(name);
    }
    command.args(["doctor", "-o", "json", "--database", url, "--project"]).arg(project.path());
    let output = command.output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = told["findings"].as_array().unwrap().iter().find(|one| one["what"] == "database").unwrap();
    let says = format!("{} {}", found["says"], found["help"]);
    let mark = |name: &str| found[name].as_bool().unwrap();
    let code = found["code"].as_str().unwrap().to_owned();
    (code, mark("ok"), mark("look"), says, output.status.code().unwrap())
}

#[test]
fn it_tells_how_a_database_is_and_changes_nothing() {
    let Some(cluster) = Cluster::start(&Settings::default()).unwrap() else {
        eprintln!("skipped: there are no binaries of a PostgreSQL server");
        return;
    };
    let url = cluster.database().unwrap();
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";

    // Empty: the first start makes the tables, the doctor does not.
    let (code, ok, look, says, _) = finding(&url);
    assert_eq!((&*code, ok, look), ("database.behind", true, true), "{says}");
    assert_eq!(cluster.run_sql(&url, tables).unwrap(), "0");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = yiwang_store::Postgres::new(&url).unwrap();
    runtime.block_on(async { yiwang_store::SqlStore::connect(&database).await.unwrap().close().await });
    let (code, ok, look, says, _) = finding(&url);
    assert_eq!((&*code, ok, look), ("database", true, false), "{says}");
    assert!(says.contains("reachable and fit; last turn: none yet"), "{says}");

    // Behind by one.
    cluster
        .run_sql(&url, "DELETE FROM migration WHERE version = (SELECT max(version) FROM migration)")
        .unwrap();
    let (code, ok, look, says, _) = finding(&url);
    assert_eq!((&*code, ok, look), ("database.behind", true, true), "{says}");
    assert!(says.contains("its schema is 1 behind"), "{says}");

    // Of a newer program.
    cluster.run_sql(&url, "INSERT INTO migration (version, name) VALUES (999, 'later')").unwrap();
    let (code, ok, _, says, exit) = finding(&url);
    assert_eq!((&*code, ok, exit), ("store.newer", false, 1), "{says}");

    // Of another one.
    let other = cluster.database().unwrap();
    cluster.run_sql(&other, "CREATE TABLE theirs (id int)").unwrap();
    assert_eq!(finding(&other).0, "store.foreign");

    // Which cannot be reached.
    cluster.crash().unwrap();
    let (code, ok, _, says, exit) = finding(&url);
    assert_eq!((&*code, ok, exit), ("store.open", false, 1), "{says}");
    assert!(says.contains("is the server up"), "{says}");
}
