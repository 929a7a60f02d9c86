//! The life of a plugin by the command line: signed, installed, granted, replaced while a server runs on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::plugins::Language;
use yiwang_e2e::http::Client;
use yiwang_e2e::server::Server;

use crate::world::binary;

const CHANNEL: &str = "id: form\ntitle: 填报\nplugin: web-form # by the city\nconfig: { channel: form }\n";

/// A project with one channel and a publisher's key.
struct Town {
    folder: TempDir,
    key: PathBuf,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("publisher.key");
        fs::create_dir(folder.path().join("channels")).unwrap();
        fs::write(folder.path().join("channels/form.yaml"), CHANNEL).unwrap();
        let town = Self { folder, key };
        let told = town.does(&["keygen", "publisher.key"]);
        fs::write(town.path("trust.yaml"), told.replace("your-name", "yiwang")).unwrap();
        town
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plugin(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), &[&["plugin"], arguments].concat())
    }

    /// Does it, and gives what it printed.
    fn does(&self, arguments: &[&str]) -> String {
        let done = self.plugin(arguments);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stdout));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Does not, with this exit code and these words.
    fn refuses(&self, arguments: &[&str], code: i32, words: &str) {
        let done = self.plugin(arguments);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }

    /// The one plugin of the project.
    fn listed(&self) -> Value {
        let all: Value = serde_json::from_str(&self.does(&["list", "-o", "json"])).unwrap();
        all["items"][0].clone()
    }

    /// The component, with these texts replaced by others of the same length, signed.
    fn release(&self, name: &str, changes: &[(&str, &str)]) {
        let form =
            xtask::plugins::built().unwrap().into_iter().find(|plugin| plugin.name == "web-form").unwrap();
        let mut bytes = fs::read(form.wasm).unwrap();
        // In the manifest: the list of parts behind it has versions, too.
        let manifest = b"\"apiVersion\"";
        let manifest = bytes.windows(manifest.len()).rposition(|window| window == manifest).unwrap();
        for (from, to) in changes {
            assert_eq!(from.len(), to.len());
            let mut windows = bytes[manifest..].windows(from.len());
            let at = manifest + windows.position(|window| window == from.as_bytes()).unwrap();
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        fs::write(self.path(name), bytes).unwrap();
        self.does(&["sign", name, "--key", &self.key.to_string_lossy()]);
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", xtask::plugins::cache_home())
        .env_remove("CARGO_TARGET_DIR");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("YIWANG_")) {
        command.env_remove(name);
    }
    command.output().unwrap()
}

#[test]
fn what_is_installed_was_accepted() {
    let town = Town::new();
    town.release("one.wasm", &[]);
    town.refuses(&["install", "one.wasm"], 5, "plugin.not-accepted");
    town.does(&["install", "one.wasm", "--accept"]);
    town.refuses(&["install", "one.wasm", "--accept"], 5, "plugin.installed");
    assert_eq!(town.listed()["state"], "ready");
    assert_eq!(town.listed()["channels"], json!(["form"]));

    // Another file, another signature, another key.
    let installed = town.path("plugins/web-form.wasm");
    let good = fs::read(&installed).unwrap();
    let mut changed = good.clone();
    let at = changed.len() - 2;
    changed[at] ^= 1;
    fs::write(town.path("bad.wasm"), &changed).unwrap();
    fs::copy(town.path("one.wasm.sig"), town.path("bad.wasm.sig")).unwrap();
    let refused = town.plugin(&["upgrade", "bad.wasm", "--accept"]);
    assert!(!refused.status.success());
    town.release("two.wasm", &[("\"version\":\"0.1.0\"", "\"version\":\"0.2.0\"")]);
    fs::copy(town.path("two.wasm"), &installed).unwrap();
    assert!(town.listed()["state"].as_str().unwrap().contains("plugin.differs"), "{}", town.listed());
    fs::write(&installed, &good).unwrap();
    fs::copy(town.path("two.wasm.sig"), town.path("plugins/web-form.wasm.sig")).unwrap();
    assert!(town.listed()["state"].as_str().unwrap().contains("plugin.signature-invalid"));
    fs::copy(town.path("one.wasm.sig"), town.path("plugins/web-form.wasm.sig")).unwrap();
    let trust = fs::read_to_string(town.path("trust.yaml")).unwrap();
    fs::write(town.path("trust.yaml"), "publishers: []\n").unwrap();
    assert!(town.listed()["state"].as_str().unwrap().contains("plugin.key-unknown"));
    fs::write(town.path("trust.yaml"), trust).unwrap();
    assert_eq!(town.listed()["state"], "ready");

    // Without a signature, and without anybody who is trusted.
    fs::copy(town.path("two.wasm"), town.path("three.wasm")).unwrap();
    town.refuses(&["upgrade", "three.wasm"], 6, "plugin.unsigned");
    fs::remove_file(town.path("trust.yaml")).unwrap();
    town.refuses(&["upgrade", "two.wasm"], 6, "plugin.no-trust");
}

#[test]
fn a_running_server_takes_up_what_is_accepted_and_nothing_else() {
    let town = Town::new();
    town.release("one.wasm", &[]);
    town.does(&["install", "one.wasm", "--accept"]);
    town.does(&["grant", "form", "--kv", "--blobs"]);
    let written = fs::read_to_string(town.path("channels/form.yaml")).unwrap();
    assert!(
        written.starts_with(CHANNEL) && written.contains("grants:\n  blobs: true\n  kv: true\n"),
        "{written}"
    );
    town.refuses(&["grant", "form", "--secret", "key"], 5, "plugin.not-asked");

    let server = Server::start(&binary(), town.folder.path(), &[]).unwrap();
    let token = server.administrator_token().unwrap();
    let mut citizen = Client::new(server.address());
    let mut says = |text: &str| {
        let answer = citizen.post("/channels/form", &json!({ "content": text })).unwrap();
        answer.status
    };
    let channel = |verb: &str| {
        let address = format!("http://{}", server.address());
        run(town.folder.path(), &["channel", verb, "-o", "json", "--server", &address, "--token", &token])
    };
    let running = || {
        let told: Value = serde_json::from_slice(&channel("list").stdout).unwrap();
        told["items"][0]["plugin"].as_str().unwrap().to_owned()
    };
    assert_eq!((says("路灯不亮"), running()), (202, "web-form 0.1.0".to_owned()));

    // More is asked for: somebody has to say yes.
    let more = [
        ("\"version\":\"0.1.0\"", "\"version\":\"0.2.0\""),
        ("\"maxBytes\":4194304", "\"maxBytes\":5194304"),
    ];
    town.release("two.wasm", &more);
    town.refuses(&["upgrade", "two.wasm"], 5, "plugin.not-accepted");
    let told = town.does(&["upgrade", "two.wasm", "--accept", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["permissions"][0]["more"]["kind"], "kv");
    assert_eq!(running(), "web-form 0.1.0", "until it is told to");
    assert!(channel("reload").status.success());
    assert_eq!((says("井盖松动"), running()), (202, "web-form 0.2.0".to_owned()));

    // What nobody has accepted is not taken up, and what runs goes on.
    let accepted = fs::read(town.path("plugins/web-form.wasm")).unwrap();
    fs::copy(town.path("one.wasm"), town.path("plugins/web-form.wasm")).unwrap();
    let refused = channel("reload");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(5) && said.contains("plugin.differs"), "{said}");
    assert_eq!((says("噪声扰民"), running()), (202, "web-form 0.2.0".to_owned()));
    fs::write(town.path("plugins/web-form.wasm"), accepted).unwrap();

    town.does(&["rollback", "web-form"]);
    assert!(channel("reload").status.success());
    assert_eq!((says("垃圾未清"), running()), (202, "web-form 0.1.0".to_owned()));
    assert_eq!(town.listed()["previous"], "0.2.0");

    town.does(&["disable", "form"]);
    assert!(channel("reload").status.success());
    assert_eq!(says("无人受理"), 503);
    town.does(&["enable", "form"]);
    assert!(channel("reload").status.success());
    assert_eq!(says("有人受理"), 202);
}

/// From an idea to a component that conforms, in a folder of the author's own.
#[test]
fn an_author_needs_nothing_of_this_repository() {
    authored("rust");
}

#[test]
fn an_author_in_javascript_does_the_same() {
    if possible(Language::JavaScript) {
        authored("javascript");
    }
}

#[test]
fn an_author_in_python_does_the_same() {
    if possible(Language::Python) {
        authored("python");
    }
}

/// Has this machine what makes plugins in this language? At a desk without it the test says so.
#[allow(clippy::print_stderr, reason = "people read why a test was skipped")]
fn possible(language: Language) -> bool {
    match xtask::plugins::makes(language).unwrap() {
        Ok(()) => true,
        Err(obstacle) => {
            eprintln!("skipped: {obstacle}");
            false
        }
    }
}

fn authored(language: &str) {
    // The same folder each time: cargo then builds only what has changed.
    let home = xtask::plugins::output().join("test/author").join(language);
    let desk = home.join("town-hall-desk");
    fs::create_dir_all(&home).unwrap();
    if desk.exists() {
        fs::remove_dir_all(&desk).unwrap();
    }
    let does = |folder: &Path, arguments: &[&str]| {
        let done = run(folder, &[&["plugin"], arguments].concat());
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stdout));
        (String::from_utf8(done.stdout).unwrap(), said)
    };
    does(&home, &["new", "town-hall-desk", "--language", language]);
    let (built, _) = does(&desk, &["build", "-o", "json"]);
    let built: Value = serde_json::from_str(&built).unwrap();
    let component = built["file"].as_str().unwrap();
    let (tested, _) = does(&desk, &["test", component, "--fixtures", "fixtures", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&tested).unwrap()["failed"], 0);
    let (conforms, _) = does(&desk, &["conformance", component, "--fixtures", "fixtures", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&conforms).unwrap()["conforms"], true);
    let (shown, _) = does(&desk, &["inspect", component, "-o", "json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["name"], &shown["signature"]), (&json!("town-hall-desk"), &json!("none")));
    if language == "rust" {
        let (list, _) = does(&desk, &["inspect", component, "--sbom"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["metadata"]["component"]["name"], "town-hall-desk");
        let beside = fs::read_to_string(built["sbom"].as_str().unwrap()).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&beside).unwrap(),
            list,
            "the list beside it is the one in it"
        );
        let parts = list["components"].as_array().unwrap();
        assert!(parts.iter().any(|part| part["name"] == "yiwang-sdk"));
        assert_eq!(
            (&shown["sbom"]["parts"], &shown["sbom"]["format"]),
            (&json!(parts.len()), &json!("CycloneDX 1.6"))
        );
    } else {
        // Its tools make no list; an author may hand one over with `--module`.
        assert_eq!((&built["sbom"], &shown["sbom"]), (&Value::Null, &Value::Null));
    }
    fs::write(desk.join("request.json"), r#"{"json": {"text": "几点上班"}}"#).unwrap();
    let (given, said) = does(&desk, &["run", component, "--request", "request.json", "-o", "table"]);
    assert_eq!(serde_json::from_str::<Value>(&given).unwrap()["status"], 202);
    assert!(said.contains("memory") && said.contains("config.get 1"), "{said}");
}
