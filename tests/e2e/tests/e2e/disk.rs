//! The real server on a disk that fills up under load and is emptied again, and on one that cannot be written.
//!
//! The disk is one of memory, which the test mounts; where it may not, the test says that it was skipped.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use yiwang_e2e::http::{Client, Request, Response};
use yiwang_e2e::project;
use yiwang_e2e::random::Random;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::senders::Secrets;
use yiwang_e2e::server::Server;
use yiwang_e2e::staff::expect;

use crate::walk::{self, Load, WALK};
use crate::world;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// Starts that are acknowledged before the disk fills up, and again after it was emptied.
const STARTS: usize = 50;

/// A small disk of memory.
struct Disk {
    at: PathBuf,
}

impl Disk {
    /// None: this machine does not let us.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=96m", "tmpfs"], at).then(|| Self { at: at.to_owned() })
    }

    /// Writes until nothing more goes in.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        for len in [1 << 20, 4_096, 1] {
            let block = vec![0; len];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn writable(&self, writable: bool) {
        let options = if writable { "remount,rw" } else { "remount,ro" };
        assert!(mount(&["-o", options], &self.at), "the disk could not be remounted");
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg("--lazy").arg(&self.at).status();
        assert!(gone.is_ok_and(|status| status.success()) || std::thread::panicking(), "it stays mounted");
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let mounted = Command::new("mount").args(arguments).arg(at).stderr(Stdio::null()).status();
    mounted.is_ok_and(|status| status.success())
}

/// Asks until the answer is as wished.
fn until(what: &str, server: &Server, mut ask: impl FnMut() -> Option<Response>) -> Response {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        let log = || fs::read_to_string(server.log()).unwrap_or_default();
        assert!(began.elapsed() < PATIENCE, "{what}: never; log: {}", log());
        sleep(LOOK);
    }
}

#[test]
fn a_full_disk_refuses_work_and_loses_none_and_a_read_only_one_is_told() {
    let secrets = Secrets::invent(&mut Random::new(world::seed()));
    let receiver = Receiver::start(&secrets.notify).unwrap();
    let folder = world::district(&receiver);
    let compiled = folder.path().join("compiled");
    let data = folder.path().join("data");
    if data.exists() {
        fs::rename(&data, &compiled).unwrap();
    }
    let Some(disk) = Disk::mount(&data) else {
        println!("skipped: no disk of memory may be mounted here");
        return;
    };
    if compiled.exists() {
        project::copy(&compiled, &data).unwrap();
    }
    let variables = project::variables(&secrets);
    let mut server = Server::start(&world::binary(), folder.path(), &variables).unwrap();
    let token = server.administrator_token().unwrap();
    let mut administrator = Client::with_token(server.address(), &token);
    let deploy = json!({ "source": WALK });
    expect(administrator.post("/api/v1/definitions", &deploy).unwrap(), "deploying").unwrap();

    let load = Load::start(&[server.address()], &token);
    let wait_for = |starts: usize| {
        let began = Instant::now();
        while load.acknowledged() < starts {
            assert!(began.elapsed() < PATIENCE, "{} of {starts} starts", load.acknowledged());
            sleep(LOOK);
        }
    };
    wait_for(STARTS);
    disk.fill();
    // An event that nobody waits for: it is stored, or refused.
    let mut probe = 0;
    let mut publish = |client: &mut Client| {
        probe += 1;
        let event = json!({
            "specversion": "1.0", "id": format!("probe-{probe}"), "source": "/probe", "type": "probe", "data": {},
        });
        let request = Request::new("POST", "/api/v1/events");
        client.send(&request.body("application/cloudevents+json", event.to_string())).ok()
    };
    let refused = until("a refusal", &server, || publish(&mut administrator).filter(|answer| !answer.ok()));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (503, &json!("server.unavailable")),
        "{}",
        refused.text()
    );
    assert!(administrator.get("/api/v1/instances?limit=1").unwrap().ok(), "what is there can be read");
    assert!(Client::new(server.address()).get("/healthz").unwrap().ok(), "the process lives");
    let before = load.acknowledged();
    disk.empty();
    until("work again", &server, || publish(&mut administrator).filter(Response::ok));
    wait_for(before + STARTS);
    let acknowledged = load.end();
    walk::wait_for_all(&mut administrator, || fs::read_to_string(server.log()).unwrap());
    walk::check(&mut administrator, &acknowledged, &receiver);
    assert!(!server.has_ended().unwrap() && server.starts() == 1, "the same process all the time");
    server.stop().unwrap();
    let path = data.to_string_lossy().into_owned();
    let verified = world::yiwang(&["verify", "--data", &path]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));

    disk.writable(false);
    server.begin_again().unwrap();
    let status = server.ended().unwrap();
    let log = fs::read_to_string(server.log()).unwrap();
    assert!(!status.success() && log.contains("data"), "{log}");
    disk.writable(true);
    server.restart().unwrap();
    server.stop().unwrap();
    println!("{} instances, a disk that was full and one that was read-only: each once", acknowledged.len());
}
