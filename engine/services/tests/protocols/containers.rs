//! Containers by a real engine: Podman with an image of one static program. Says "skipped" where that cannot run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::expect;
use serde_json::{Value, json};
use tempfile::TempDir;
use yiwang_core::effect::Service;
use yiwang_services::Performer;

use crate::world;

const IMAGE: &str = "localhost/yiwang-test:1";

/// Podman with storage of its own, and the image.
struct Engine {
    folder: TempDir,
    client: PathBuf,
}

impl Engine {
    /// None, with the reason, where no engine can run a container.
    fn start() -> Option<Self> {
        let skipped = |why: &str| {
            eprintln!("skipped: {why}; on Debian: apt-get install podman runc busybox-static");
            None
        };
        let busybox = Path::new("/bin/busybox");
        if !busybox.exists() {
            return skipped("there is no static busybox to make an image of");
        }
        if Command::new("podman").arg("--version").output().is_err() {
            return skipped("there is no podman");
        }
        let folder = tempfile::tempdir().unwrap();
        let engine = Self { client: folder.path().join("engine"), folder };
        engine.write_client();
        engine.write_image(busybox);
        // Many machines of CI are containers themselves, and let no further one begin.
        let probe = engine.ask(&["run", "--rm", "--network", "host", IMAGE, "true"]);
        if !probe.status.success() {
            return skipped(&format!(
                "podman runs nothing here: {}",
                String::from_utf8_lossy(&probe.stderr).trim()
            ));
        }
        Some(engine)
    }

    /// The client as an operator may have it: a short script that knows where things lie.
    fn write_client(&self) {
        let at = self.folder.path().display();
        let settings = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\ncgroupns = \"host\"\n";
        std::fs::write(self.folder.path().join("containers.conf"), settings).unwrap();
        let script = format!(
            "#!/bin/sh\nexport CONTAINERS_CONF={at}/containers.conf\n\
             exec podman --root {at}/storage --runroot {at}/run --storage-driver vfs \
             --cgroup-manager cgroupfs --runtime runc \"$@\"\n"
        );
        std::fs::write(&self.client, script).unwrap();
        std::fs::set_permissions(&self.client, std::fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn write_image(&self, busybox: &Path) {
        let bin = self.folder.path().join("image/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::copy(busybox, bin.join("busybox")).unwrap();
        for name in ["sh", "cat", "echo", "true", "sleep"] {
            std::os::unix::fs::symlink("busybox", bin.join(name)).unwrap();
        }
        let archive = self.folder.path().join("image.tar");
        let mut pack = Command::new("tar");
        pack.arg("-C").arg(self.folder.path().join("image")).arg("-cf").arg(&archive).arg(".");
        assert!(pack.status().unwrap().success());
        let imported = self.ask(&["import", &archive.to_string_lossy(), IMAGE]);
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        Command::new(&self.client).args(arguments).output().unwrap()
    }

    /// The names of all containers, running or not.
    fn names(&self) -> Vec<String> {
        let told = self.ask(&["ps", "--all", "--format", "{{.Names}}"]);
        String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn performer(&self, seconds_max: u64) -> Performer {
        let shared = self.folder.path().join("image");
        let containers = json!({ "allow": true, "program": self.client, "images": ["localhost/"],
            "network": "host", "volumes": [shared], "secondsMax": seconds_max });
        world::performer(serde_json::from_value(json!({ "container": containers })).unwrap())
    }

    async fn run(&self, with: Value) -> Result<Value, String> {
        world::call(&self.performer(60), Service::Container, with).await
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.ask(&["rm", "--all", "--force", "--time", "0"]);
    }
}

#[tokio::test]
async fn a_real_engine_runs_what_a_workflow_asks_for() {
    let Some(engine) = Engine::start() else { return };
    let shared = engine.folder.path().join("image");
    let output =
        engine.run(json!({ "image": IMAGE, "pullPolicy": "never", "lifetime": { "cleanup": "always" },
        "command": "echo \"$1\"\ncat\necho \"$NAME\"\necho \"$TEXT\"\nsh -c 'echo x > /shared/new' || exit 3",
        "arguments": ["一 二"], "stdin": "in\n", "environment": { "NAME": "a b", "TEXT": "x\ny" },
        "volumes": { (shared.to_string_lossy()): "/shared:ro" } }));
    let output = output.await.unwrap();
    assert_eq!(output["code"], 3, "{output}");
    expect!["一 二\nin\na b\nx\ny\n"].assert_eq(output["stdout"].as_str().unwrap());
    assert!(output["stderr"].as_str().unwrap().contains("Read-only file system"), "{output}");
    assert!(!shared.join("new").exists());
    assert_eq!(engine.names(), Vec::<String>::new(), "it was to be removed");

    let kept =
        engine.run(json!({ "image": IMAGE, "pullPolicy": "never", "name": "kept", "command": "true" }));
    expect![[r#"{"code":0,"stderr":"","stdout":""}"#]].assert_eq(&kept.await.unwrap().to_string());
    assert_eq!(engine.names(), ["kept"]);

    let missing =
        engine.run(json!({ "image": "localhost/missing:1", "pullPolicy": "never" })).await.unwrap_err();
    assert!(missing.starts_with("runtime 500 the container engine failed: "), "{missing}");

    // What takes too long is gone, not only its client.
    let slow = json!({ "image": IMAGE, "pullPolicy": "never", "name": "slow", "command": "sleep 600" });
    let told = world::call(&engine.performer(2), Service::Container, slow).await.unwrap_err();
    assert!(told.starts_with("timeout 408"), "{told}");
    while engine.names().contains(&"slow".to_owned()) {
        tokio::task::yield_now().await;
    }
}
