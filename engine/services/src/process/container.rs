//! `run: container`, by the command line of Docker or Podman: which arguments it gets, and clearing up.
//!
//! The arguments are made by a pure function, so that they can be tested where no engine runs. A command is
//! run by the image's own `sh`, as the specification's examples need it (`$1` in a command, several lines).

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use yiwang_dsl::definition::DefinitionId;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};

use super::child::{self, Bounds, Ended, Program};
use super::{Containers, environment};
use crate::duration;
use crate::fault::{authorization as forbidden, configuration as mistake};

/// How long the engine may take to remove a container.
const REMOVAL_MAX: Duration = Duration::from_secs(60);
/// Letters of a container's name.
const NAME_LEN_MAX: usize = 200;
/// Exit code by which the engine's client says that it failed itself, not the container.
const ENGINE_FAILED: i32 = 125;

/// Runs a container and gives `{ code, stdout, stderr }`.
pub(crate) async fn run(
    policy: &Containers,
    workflow: &DefinitionId,
    task: &str,
    with: &Value,
) -> Result<Data, Fault> {
    if !policy.allow {
        return Err(forbidden("the operator of this server does not allow `run: container`"));
    }
    let plan = Plan::new(policy, &usual_name(workflow, task, &crate::uuid::v4()?), with)?;
    // Values stand in a file that only this user can read: arguments can be seen by everybody on the machine.
    let scratch = tempfile::tempdir().map_err(|error| mistake(format!("no folder for it: {error}")))?;
    let file = scratch.path().join("environment");
    std::fs::write(&file, plan.environment_file())
        .map_err(|error| mistake(format!("no file for its environment: {error}")))?;
    let client = Client::new(policy, scratch.path());
    let bounds =
        Bounds { time: Duration::from_secs(policy.seconds_max), output_bytes: policy.output_bytes_max };
    // The client's end is not the container's: when the call is dropped, the container is removed by name.
    let mut left = Left { client: client.clone(), name: plan.name.clone(), armed: true };
    let ended =
        child::run(&client.program(plan.arguments(policy, &file)), &super::stdin(with), bounds).await?;
    if ended.code == ENGINE_FAILED {
        return Err(refused(&ended));
    }
    left.armed = false;
    if let Cleanup::After(time) = plan.cleanup {
        client.remove_later(plan.name, time);
    }
    Ok(super::output(ended))
}

/// The engine's client could not run it: no such image, no engine, a name that is taken.
fn refused(ended: &Ended) -> Fault {
    let said = String::from_utf8_lossy(&ended.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    Fault::new(Kind::Runtime, "", format!("the container engine failed: {last}"))
}

/// `{workflow}-{uuid}.{namespace}-{task}`, as the specification recommends: unique, so that a second attempt
/// never meets the container of the first. Engines take no other letters than these.
fn usual_name(workflow: &DefinitionId, task: &str, uuid: &str) -> String {
    let task = task.rsplit('/').next().unwrap_or_default();
    let name = format!("{}-{uuid}.{}-{task}", workflow.name, workflow.namespace);
    let word = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.chars().map(|letter| if word(letter) { letter } else { '_' }).take(NAME_LEN_MAX).collect()
}

// ---------------------------------------------------------------------------------------------- the plan

/// What becomes of it after it has ended.
#[derive(Debug, PartialEq, Eq)]
enum Cleanup {
    Always,
    Never,
    After(Duration),
}

/// A container as `with` describes it, checked against the policy.
#[derive(Debug)]
struct Plan {
    name: String,
    image: String,
    command: Option<String>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    ports: Vec<(String, String)>,
    volumes: Vec<(String, String)>,
    pull: &'static str,
    cleanup: Cleanup,
}

impl Plan {
    fn new(policy: &Containers, usual_name: &str, with: &Value) -> Result<Self, Fault> {
        let name = match &with["name"] {
            Value::Null => usual_name.to_owned(),
            _ => name(super::required(with, "name")?)?,
        };
        let command = match &with["command"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            _ => return Err(mistake("`command` must be a text")),
        };
        let pull = match with["pullPolicy"].as_str() {
            None if with["pullPolicy"].is_null() => "missing",
            Some("ifNotPresent") => "missing",
            Some("always") => "always",
            Some("never") => "never",
            _ => return Err(mistake("`pullPolicy` is one of `ifNotPresent`, `always`, `never`")),
        };
        Ok(Self {
            name,
            image: image(policy, super::required(with, "image")?)?,
            command,
            arguments: super::arguments(with)?,
            environment: environment::given(with)?,
            ports: ports(policy, &with["ports"])?,
            volumes: volumes(policy, &with["volumes"])?,
            pull,
            cleanup: cleanup(&with["lifetime"])?,
        })
    }

    /// The values that fit in a file of `NAME=value` lines.
    fn environment_file(&self) -> String {
        let lines = self.environment.iter().filter(|(_, value)| !value.contains(['\n', '\r']));
        lines.map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    fn arguments(&self, policy: &Containers, environment_file: &Path) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut add = |items: &[&str]| all.extend(items.iter().map(|item| (*item).to_owned()));
        add(&["run", "--interactive", "--name", &self.name, "--pull", self.pull]);
        match self.cleanup {
            Cleanup::Always => add(&["--rm"]),
            Cleanup::Never => {}
            // Says to whoever clears up after a server that was stopped in between.
            Cleanup::After(time) => add(&["--label", &format!("yiwang.remove-after={}s", time.as_secs())]),
        }
        if let Some(network) = &policy.network {
            add(&["--network", network]);
        }
        add(&["--env-file", &environment_file.to_string_lossy()]);
        for (name, value) in self.environment.iter().filter(|(_, value)| value.contains(['\n', '\r'])) {
            add(&["--env", &format!("{name}={value}")]);
        }
        for (host, container) in &self.ports {
            add(&["--publish", &format!("{host}:{container}")]);
        }
        for (host, container) in &self.volumes {
            add(&["--volume", &format!("{host}:{container}")]);
        }
        match &self.command {
            Some(command) => add(&["--entrypoint", "sh", &self.image, "-c", command, "sh"]),
            None => add(&[&self.image]),
        }
        all.extend(self.arguments.iter().cloned());
        all
    }
}

/// An image's name, as engines write it: never something that the client takes for an option.
fn image(policy: &Containers, text: &str) -> Result<String, Fault> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte);
    if !text.bytes().all(word) || !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(mistake(format!("`{text}` is not the name of an image")));
    }
    if !policy.images.is_empty() && !policy.images.iter().any(|allowed| names(allowed, text)) {
        return Err(forbidden(format!("the operator of this server does not allow the image `{text}`")));
    }
    Ok(text.to_owned())
}

/// Is it that image, in whatever version, or one below that beginning? What follows a colon is a version only
/// when no `/` comes after it: `alpine:5000/x` is an image of the registry `alpine`.
fn names(allowed: &str, image: &str) -> bool {
    if allowed.ends_with('/') {
        return image.starts_with(allowed);
    }
    let Some(version) = image.strip_prefix(allowed) else { return false };
    let begins = allowed.ends_with(':') || version.is_empty() || version.starts_with([':', '@']);
    begins && !version.contains('/')
}

fn name(text: &str) -> Result<String, Fault> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !starts || !text.bytes().all(word) || text.len() > NAME_LEN_MAX {
        return Err(mistake(format!("`{text}` cannot name a container: letters, digits, `.`, `_` and `-`")));
    }
    Ok(text.to_owned())
}

/// `ports`: port of the host → port of the container.
fn ports(policy: &Containers, given: &Value) -> Result<Vec<(String, String)>, Fault> {
    let pairs = pairs("ports", given)?;
    if !pairs.is_empty() && !policy.ports {
        return Err(forbidden("the operator of this server does not allow containers to bind its ports"));
    }
    for (host, container) in &pairs {
        let number = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
        let inner = container.split_once('/').map_or(container.as_str(), |(port, protocol)| {
            if ["tcp", "udp", "sctp"].contains(&protocol) { port } else { "" }
        });
        if !number(host) || !number(inner) {
            return Err(mistake(format!("`{host}: {container}` does not map a port to a port")));
        }
    }
    Ok(pairs)
}

/// `volumes`: folder of the host, or a named volume → folder of the container, with `:ro` if it may.
fn volumes(policy: &Containers, given: &Value) -> Result<Vec<(String, String)>, Fault> {
    let pairs = pairs("volumes", given)?;
    for (host, container) in &pairs {
        let inner = container.strip_suffix(":ro").or(container.strip_suffix(":rw")).unwrap_or(container);
        if host.contains(':') || inner.contains(':') || !inner.starts_with('/') {
            return Err(mistake(format!("`{host}: {container}` does not map a folder to a folder")));
        }
        if !policy.volumes.iter().any(|allowed| lies_in(host, allowed)) {
            return Err(forbidden(format!("the operator of this server does not allow to mount `{host}`")));
        }
    }
    Ok(pairs)
}

/// Is it that folder or one below it, or that named volume? Links are resolved as far as they exist, so that
/// none inside of an allowed folder leads out of it.
fn lies_in(host: &str, allowed: &str) -> bool {
    if !host.starts_with('/') {
        return host == allowed;
    }
    let plain =
        |path: &Path| path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let real = |path: &Path| {
        let mut missing = PathBuf::new();
        let mut known = path;
        loop {
            match (known.canonicalize(), known.parent(), known.file_name()) {
                (Ok(found), ..) => return found.join(&missing),
                (Err(_), Some(parent), Some(name)) => {
                    missing = Path::new(name).join(&missing);
                    known = parent;
                }
                (Err(_), ..) => return path.to_owned(),
            }
        }
    };
    let (host, allowed) = (Path::new(host), Path::new(allowed));
    plain(host) && real(host).starts_with(real(allowed))
}

fn pairs(what: &str, given: &Value) -> Result<Vec<(String, String)>, Fault> {
    let members = match given {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) => members,
        _ => return Err(mistake(format!("`{what}` must be an object"))),
    };
    let pairs = members.iter().map(|(from, to)| match to {
        Value::String(text) => Ok((from.clone(), text.clone())),
        Value::Number(number) => Ok((from.clone(), number.to_string())),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(mistake(format!("`{what}.{from}` must be a text or a number")))
        }
    });
    pairs.collect()
}

fn cleanup(lifetime: &Value) -> Result<Cleanup, Fault> {
    match lifetime["cleanup"].as_str() {
        None | Some("never") => Ok(Cleanup::Never),
        Some("always") => Ok(Cleanup::Always),
        Some("eventually") => duration::required(&lifetime["after"], "lifetime.after").map(Cleanup::After),
        Some(_) => Err(mistake("`lifetime.cleanup` is one of `always`, `never`, `eventually`")),
    }
}

// -------------------------------------------------------------------------------------------- the client

/// The engine's command line.
#[derive(Clone, Debug)]
struct Client {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

impl Client {
    fn new(policy: &Containers, folder: &Path) -> Self {
        Self {
            program: policy.program.clone(),
            environment: environment::inherited(&policy.environment),
            folder: folder.to_owned(),
        }
    }

    fn program(&self, arguments: Vec<String>) -> Program {
        Program {
            program: self.program.clone(),
            arguments,
            environment: self.environment.clone(),
            folder: self.folder.clone(),
        }
    }

    /// Removes a container, running or not.
    async fn remove(mut self, name: String) {
        // The folder of the call is gone by now.
        self.folder = std::env::temp_dir();
        let program =
            self.program(vec!["rm".to_owned(), "--force".to_owned(), "--volumes".to_owned(), name.clone()]);
        let bounds = Bounds { time: REMOVAL_MAX, output_bytes: 64 << 10 };
        match child::run(&program, b"", bounds).await {
            Ok(ended) if ended.code == 0 => {}
            Ok(ended) => tracing::warn!(name, code = ended.code, "a container was not removed"),
            Err(fault) => tracing::warn!(name, detail = fault.detail, "a container was not removed"),
        }
    }

    /// Removes it when its time has come. A server that is stopped before leaves it; its label says since when
    /// it may go.
    fn remove_later(self, name: String, time: Duration) {
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            self.remove(name).await;
        });
    }
}

/// Removes the container of a call that did not come to its end.
struct Left {
    client: Client,
    name: String,
    armed: bool,
}

impl Drop for Left {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.armed, tokio::runtime::Handle::try_current()) {
            runtime.spawn(self.client.clone().remove(self.name.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn policy() -> Containers {
        Containers {
            allow: true,
            images: vec!["alpine".to_owned(), "registry.example.cn/tools/".to_owned()],
            volumes: vec!["/srv/shared".to_owned(), "cache".to_owned()],
            ports: true,
            ..Containers::default()
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it reads as a table")]
    fn check(policy: &Containers, with: Value, expected: Expect) {
        let told = match Plan::new(policy, "order-1.shop", &with) {
            Ok(plan) => {
                let file = plan.environment_file();
                let arguments = plan.arguments(policy, Path::new("/e")).join("|");
                if file.is_empty() { arguments } else { format!("{arguments}\n{file}") }
            }
            Err(fault) => format!("{} {}", fault.status, fault.detail.unwrap_or_default()),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn arguments_of_the_client() {
        check(
            &policy(),
            json!({ "image": "alpine" }),
            expect!["run|--interactive|--name|order-1.shop|--pull|missing|--env-file|/e|alpine"],
        );
        check(
            &policy(),
            json!({ "image": "alpine:3.20", "command": "echo $1\necho $2", "arguments": ["--a", "b c"],
                    "pullPolicy": "always", "lifetime": { "cleanup": "always" } }),
            expect![[r#"
                run|--interactive|--name|order-1.shop|--pull|always|--rm|--env-file|/e|--entrypoint|sh|alpine:3.20|-c|echo $1
                echo $2|sh|--a|b c"#]],
        );
        check(
            &Containers { network: Some("none".to_owned()), ..policy() },
            json!({ "image": "registry.example.cn/tools/convert@sha256:00", "name": "mine", "arguments": [1, true],
                    "pullPolicy": "never", "lifetime": { "cleanup": "eventually", "after": { "minutes": 30 } },
                    "environment": { "A": "b c", "LINES": "x\ny", "N": 1 },
                    "ports": { "8080": 80, "53": "53/udp" },
                    "volumes": { "/srv/shared/in": "/in:ro", "cache": "/cache" } }),
            expect![[r#"
                run|--interactive|--name|mine|--pull|never|--label|yiwang.remove-after=1800s|--network|none|--env-file|/e|--env|LINES=x
                y|--publish|53:53/udp|--publish|8080:80|--volume|/srv/shared/in:/in:ro|--volume|cache:/cache|registry.example.cn/tools/convert@sha256:00|1|true
                A=b c
                N=1
            "#]],
        );
    }

    #[test]
    fn what_the_operator_does_not_allow() {
        check(
            &policy(),
            json!({ "image": "alpine2" }),
            expect!["403 the operator of this server does not allow the image `alpine2`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine:5000/evil" }),
            expect!["403 the operator of this server does not allow the image `alpine:5000/evil`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "volumes": { "/srv/shared/../etc": "/x" } }),
            expect!["403 the operator of this server does not allow to mount `/srv/shared/../etc`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "volumes": { "/srv/shared2": "/x" } }),
            expect!["403 the operator of this server does not allow to mount `/srv/shared2`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "volumes": { "other": "/x" } }),
            expect!["403 the operator of this server does not allow to mount `other`"],
        );
        let closed = Containers { allow: true, ..Containers::default() };
        check(
            &closed,
            json!({ "image": "alpine", "ports": { "80": 80 } }),
            expect!["403 the operator of this server does not allow containers to bind its ports"],
        );
        check(
            &closed,
            json!({ "image": "alpine", "volumes": { "/": "/x" } }),
            expect!["403 the operator of this server does not allow to mount `/`"],
        );
    }

    #[test]
    fn mistakes_are_told() {
        check(&policy(), json!({}), expect!["400 `image` is missing"]);
        check(
            &policy(),
            json!({ "image": "--privileged" }),
            expect!["400 `--privileged` is not the name of an image"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "name": "-x" }),
            expect!["400 `-x` cannot name a container: letters, digits, `.`, `_` and `-`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "pullPolicy": "often" }),
            expect!["400 `pullPolicy` is one of `ifNotPresent`, `always`, `never`"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "ports": { "0": 80 } }),
            expect!["400 `0: 80` does not map a port to a port"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "ports": { "127.0.0.1:80": "80" } }),
            expect!["400 `127.0.0.1:80: 80` does not map a port to a port"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "volumes": { "cache": "/c:z" } }),
            expect!["400 `cache: /c:z` does not map a folder to a folder"],
        );
        check(
            &policy(),
            json!({ "image": "alpine", "lifetime": { "cleanup": "eventually" } }),
            expect!["400 `lifetime.after` is missing"],
        );
    }

    #[test]
    fn links_do_not_lead_out_of_an_allowed_folder() {
        let root = tempfile::tempdir().unwrap();
        let allowed = root.path().join("allowed");
        std::fs::create_dir(&allowed).unwrap();
        std::os::unix::fs::symlink("/", allowed.join("out")).unwrap();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        assert!(lies_in(&text(&allowed.join("new")), &text(&allowed)));
        assert!(!lies_in(&text(&allowed.join("out/etc")), &text(&allowed)));
    }

    /// An engine's client of a few lines: what it was asked goes into a file.
    fn engine(folder: &Path, body: &str) -> Containers {
        let program = folder.join("engine");
        std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}/asked\n{body}", folder.display()))
            .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        Containers { allow: true, program, ..Containers::default() }
    }

    fn order() -> DefinitionId {
        DefinitionId { namespace: "shop".to_owned(), name: "order".to_owned(), version: "1.0.0".to_owned() }
    }

    #[tokio::test]
    async fn a_container_runs_and_what_it_says_is_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let policy = engine(folder.path(), "cat; exit 4");
        let output =
            run(&policy, &order(), "/do/0/步骤 convert", &json!({ "image": "alpine", "stdin": "hello" }))
                .await
                .unwrap();
        expect![[r#"{"code":4,"stdout":"hello","stderr":""}"#]].assert_eq(&output.to_string());
        let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
        assert!(
            asked.starts_with("run --interactive --name order-") && asked.contains(".shop-___convert --pull"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_failing_engine_is_a_fault_and_a_slow_container_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let policy = engine(folder.path(), "echo 'no such image' >&2; exit 125");
        let fault =
            run(&policy, &order(), "/do/0/步骤 convert", &json!({ "image": "alpine" })).await.unwrap_err();
        expect!["500 the container engine failed: no such image"].assert_eq(&format!(
            "{} {}",
            fault.status,
            fault.detail.unwrap()
        ));

        let folder = tempfile::tempdir().unwrap();
        // `rm` says so through a pipe, which is read without waiting for a while.
        let pipe = folder.path().join("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let body = format!("if [ $1 = rm ]; then echo \"$@\" > {}; else sleep 600; fi", pipe.display());
        let policy = Containers { seconds_max: 1, ..engine(folder.path(), &body) };
        let with = json!({ "image": "alpine", "name": "slow" });
        let fault = run(&policy, &order(), "/do/0/步骤 convert", &with).await.unwrap_err();
        assert_eq!(fault.status, 408);
        let removed = tokio::fs::read_to_string(&pipe).await.unwrap();
        expect![[r#"
            rm --force --volumes slow
        "#]]
        .assert_eq(&removed);
    }
}
