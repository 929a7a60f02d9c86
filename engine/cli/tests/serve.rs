//! A real server process on a fresh folder: first start, restart, orderly end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A server; killed when the test ends early.
struct Server {
    child: Child,
    url: String,
    said: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yiwang"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YIWANG_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

impl Server {
    /// Starts it and reads what it says until it listens.
    fn start(project: &Path, more: &[&str]) -> Self {
        let mut command = binary();
        command.arg("serve").arg("--project").arg(project).args(["--listen", "127.0.0.1:0"]).args(more);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the server ended: {said}");
            said.push_str(&line);
            if let Some((_, url)) = line.trim().split_once("listens on ") {
                break url.to_owned();
            }
        };
        // Somebody has to read on, or the server would block on a full pipe.
        std::thread::spawn(move || lines.read_to_string(&mut String::new()));
        Self { child, url, said }
    }

    fn token(&self) -> Option<&str> {
        self.said.split_whitespace().find(|word| word.starts_with("yw_pat_"))
    }

    fn ask(&self, token: &str, arguments: &[&str]) -> (i32, Value) {
        let mut command = binary();
        command.args(arguments).args(["--server", &self.url, "--token", token, "-o", "json"]);
        let done = command.output().unwrap();
        (done.status.code().unwrap(), serde_json::from_slice(&done.stdout).unwrap_or_default())
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn workflow(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("flows/asks")
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let own = workflow(&folder);
    std::fs::create_dir_all(&own).unwrap();
    std::fs::copy("tests/fixtures/asks.yaml", own.join("workflow.yaml")).unwrap();
    std::fs::write(folder.path().join("yiwang.yaml"), "casePrefix: T\nworkflows: flows\n").unwrap();
    folder
}

#[test]
fn what_was_begun_goes_on_after_a_kill() {
    let folder = project();
    let server = Server::start(folder.path(), &[]);
    let token = server.token().expect("the first start prints a token").to_owned();
    let (code, started) = server.ask(&token, &["instance", "start", "test/asks", "--key", "k"]);
    assert_eq!((code, &started["status"]), (0, &"waiting".into()), "{started}");
    let (_, made) = server.ask(&token, &["token", "create", "--person", "张三", "--role", "handler"]);
    let handler = made["secret"].as_str().unwrap().to_owned();
    server.kill();

    let server = Server::start(folder.path(), &[]);
    assert_eq!(server.token(), None, "a later start prints no token");
    let (_, items) = server.ask(&handler, &["task", "list"]);
    let id = items["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{items}")).to_owned();
    assert_eq!(server.ask(&token, &["task", "claim", &id]).0, 6, "the administrator is no candidate");
    assert_eq!(server.ask(&handler, &["task", "claim", &id]).0, 0);
    assert_eq!(server.ask(&handler, &["task", "complete", &id, "--decision", "d"]).0, 0);
    assert_eq!(server.ask(&handler, &["task", "complete", &id, "--decision", "d"]).0, 0);
    assert_eq!(server.ask(&handler, &["task", "complete", &id, "--decision", "e"]).0, 5);
    let (_, again) = server.ask(&token, &["instance", "start", "test/asks", "--key", "k"]);
    assert_eq!((&again["id"], &again["status"]), (&started["id"], &"completed".into()), "{again}");
    server.stop();
}

#[test]
fn a_token_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = project();
    let path = folder.path().join("admin.token");
    std::fs::write(&path, "old").unwrap();
    let server = Server::start(folder.path(), &["--token-file", path.to_str().unwrap()]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(Some(text.trim()), server.token());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(folder.path().join("data")).unwrap().permissions().mode() & 0o777, 0o700);
    server.stop();
    let server = Server::start(folder.path(), &["--new-token"]);
    assert_ne!(server.token().expect("another token"), text.trim());
    server.stop();
}

#[test]
fn a_project_with_mistakes_does_not_start() {
    for (file, text, code) in [
        ("yiwang.yaml", "listn: 127.0.0.1:1\n", 4),
        ("channels/form.yaml", "id: form\ntitle: x\n", 4),
        ("flows/asks/workflow.yaml", "document: {}\n", 4),
        ("flows/asks/forms/x.json", "{", 4),
    ] {
        let folder = project();
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let done = binary().arg("serve").arg("--project").arg(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{file}: {said}");
        assert!(!said.contains("yw_pat_"), "{file}: {said}");
    }
}

#[test]
fn a_changed_text_under_the_same_version_does_not_start() {
    let folder = project();
    Server::start(folder.path(), &[]).stop();
    let path = workflow(&folder).join("workflow.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("请答复", "请回复")).unwrap();
    let done = binary().arg("serve").arg("--project").arg(folder.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(5), "{}", String::from_utf8_lossy(&done.stderr));
    Server::start(folder.path(), &["--no-deploy"]).stop();
}

fn run(arguments: &[&str]) -> (i32, Value, String) {
    let done = binary().args(arguments).args(["-o", "json"]).output().unwrap();
    let out = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code().unwrap(), out, String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_backup_of_a_running_server_is_proved_and_starts_elsewhere() {
    let folder = project();
    let server = Server::start(folder.path(), &[]);
    let token = server.token().unwrap().to_owned();
    let (_, started) = server.ask(&token, &["instance", "start", "test/asks", "--key", "k"]);
    let (_, made) = server.ask(&token, &["token", "create", "--person", "张三", "--role", "handler"]);
    let handler = made["secret"].as_str().unwrap().to_owned();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    std::fs::create_dir_all(data.join("blobs/ab")).unwrap();
    std::fs::write(data.join("blobs/ab/file"), "kept").unwrap();
    let (data, copy) = (data.to_str().unwrap(), copy.to_str().unwrap());

    let (code, backup, err) = run(&["backup", "--data", data, "--to", copy]);
    assert_eq!((code, &backup["instances"], &backup["files"]), (0, &1.into(), &1.into()), "{backup} {err}");
    let (code, _, err) = run(&["backup", "--data", data, "--to", copy]);
    assert!(code == 5 && err.contains("backup.not-empty"), "{err}");
    let (code, _, err) = run(&["verify", "--data", data]);
    assert!(code == 1 && err.contains("in use"), "{err}");
    let (code, proof, _) = run(&["verify", "--data", copy]);
    assert_eq!((code, &proof["seal"]), (0, &backup["seal"]));
    server.stop();

    let elsewhere = project();
    let restored = elsewhere.path().join("data");
    let restored = restored.to_str().unwrap();
    let (code, _, err) = run(&["restore", "--from", copy, "--data", restored]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(std::fs::read_to_string(elsewhere.path().join("data/blobs/ab/file")).unwrap(), "kept");
    let server = Server::start(elsewhere.path(), &[]);
    assert_eq!(server.token(), None, "it is the same installation");
    let (_, items) = server.ask(&handler, &["task", "list"]);
    assert_eq!(items["items"][0]["instance"], started["id"], "{items}");
    server.stop();

    // A copy that is not what it says of itself is none.
    let manifest = std::fs::read_to_string(folder.path().join("copy/backup.json")).unwrap();
    let seal = backup["seal"].as_str().unwrap();
    std::fs::write(folder.path().join("copy/backup.json"), manifest.replace(seal, "00")).unwrap();
    let third = folder.path().join("third");
    let (code, _, err) = run(&["restore", "--from", copy, "--data", third.to_str().unwrap()]);
    assert!(code == 1 && err.contains("backup.seal"), "{err}");
}

#[test]
fn what_was_known_at_a_time_is_exported() {
    let folder = project();
    let server = Server::start(folder.path(), &[]);
    let token = server.token().unwrap().to_owned();
    let (_, first) = server.ask(&token, &["instance", "start", "test/asks", "--key", "1"]);
    let between = first["updated"].as_str().unwrap().to_owned();
    loop {
        // Until the clock has gone on by a millisecond.
        let (_, second) = server.ask(&token, &["instance", "start", "test/asks"]);
        if second["updated"].as_str().unwrap() > between.as_str() {
            break;
        }
    }
    server.stop();
    let data = folder.path().join("data");
    let lines = |more: &[&str]| {
        let done = binary().args(["export", "--data", data.to_str().unwrap()]).args(more).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let all = lines(&[]);
    let then = lines(&["--at", &between]);
    assert!(then.len() < all.len() && !then.is_empty(), "{} of {}", then.len(), all.len());
    assert!(then.iter().all(|line| line["instance"] == first["id"]), "{then:?}");
    assert_eq!((&then[0]["event"], &then[0]["workflow"]), (&"started".into(), &"test/asks".into()));
    assert_eq!(lines(&["--workflow", "test/other"]).len(), 0);

    let done = binary().args(["-o", "json", "doctor", "--project"]).arg(folder.path()).output().unwrap();
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    for code in
        ["data.rights", "data.fsync", "store.chain", "clock.behind", "store.incidents", "calendar.ends"]
    {
        let finding = told["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code);
        assert_eq!(finding.unwrap_or_else(|| panic!("{code}: {told}"))["ok"], true, "{told}");
    }
}

/// Asks until a message has been tried so often.
fn tried(server: &Server, token: &str, id: &str, attempts: u64) -> Value {
    for _ in 0..500 {
        let (_, message) = server.ask(token, &["message", "show", id]);
        if message["attempts"] == attempts && message["state"] == "failed" {
            return message;
        }
    }
    panic!("{id} was not tried {attempts} times");
}

#[test]
fn dead_letters_are_sent_again_after_a_kill_and_given_up_by_the_hundred() {
    let folder = project();
    let own = folder.path().join("flows/tells");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::copy("tests/fixtures/tells.yaml", own.join("workflow.yaml")).unwrap();
    let server = Server::start(folder.path(), &[]);
    let token = server.token().unwrap().to_owned();
    for _ in 0..3 {
        let (code, ended) = server.ask(&token, &["instance", "start", "test/tells", "--wait"]);
        assert_eq!((code, &ended["status"]), (1, &"faulted".into()), "{ended}");
    }
    let (_, dead) = server.ask(&token, &["message", "list", "--state", "failed", "--channel", "gone"]);
    assert_eq!(dead["items"].as_array().unwrap().len(), 3, "{dead}");
    let id = dead["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(dead["items"][0]["code"], "channel.unknown");
    server.kill();

    let server = Server::start(folder.path(), &[]);
    let retry = ["message", "retry", &id, "--reason", "渠道已恢复", "--key", "k"];
    assert_eq!(server.ask(&token, &retry).0, 0);
    let again = tried(&server, &token, &id, 2);
    assert_eq!(again["id"], id, "the same message");
    assert_eq!(server.ask(&token, &retry).0, 0, "the same decision");
    assert_eq!(tried(&server, &token, &id, 2)["attempts"], 2);

    let all = ["--channel", "gone", "--code", "channel.unknown", "--reason", "渠道停用"];
    let (code, meant) = server.ask(&token, &[&["message", "drop", "--dry-run"], &all[..]].concat());
    assert_eq!((code, meant["items"].as_array().map(Vec::len)), (0, Some(3)), "{meant}");
    assert_eq!(server.ask(&token, &[&["message", "drop"], &all[..]].concat()).0, 4, "nobody can be asked");
    let (code, done) = server.ask(&token, &[&["message", "drop", "--yes"], &all[..]].concat());
    assert_eq!((code, &done["done"], &done["refused"]), (0, &3.into(), &serde_json::json!([])), "{done}");
    let (_, dead) = server.ask(&token, &["message", "list", "--state", "failed"]);
    assert_eq!(dead["items"], serde_json::json!([]));
    let (code, _) = server.ask(&token, &["message", "retry", &id, "--reason", "x"]);
    assert_eq!(code, 5, "what was given up is not sent again");
    let instance = id.split('.').next().unwrap();
    let (_, history) = server.ask(&token, &["instance", "history", instance]);
    let told = history["items"].as_array().unwrap_or_else(|| panic!("{history}"));
    let told: Vec<_> =
        told.iter().filter(|line| line["event"] == "repaired").map(|line| &line["reason"]).collect();
    assert_eq!(told, ["渠道已恢复", "渠道停用"], "history tells both");
    server.stop();
}
