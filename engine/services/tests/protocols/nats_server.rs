//! A real NATS server as a child, on a port of its own choice.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// It ends with this value.
pub(crate) struct NatsServer {
    _child: Child,
    _log: Lines<BufReader<ChildStderr>>,
    /// `host:port`.
    pub(crate) address: String,
}

impl NatsServer {
    /// Starts one with these further arguments; none where there is no such program.
    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        let found = ["nats-server", "/usr/sbin/nats-server"].into_iter().find(|program| {
            let told = std::process::Command::new(program).arg("--version").stdout(Stdio::null()).status();
            (Path::new(program).is_absolute() && Path::new(program).exists()) || told.is_ok()
        });
        let Some(program) = found else {
            eprintln!("skipped: there is no nats-server; on Debian: apt-get install nats-server");
            return None;
        };
        let mut child = Command::new(program)
            .args(["--addr", "127.0.0.1", "--port", "-1"])
            .args(arguments)
            .kill_on_drop(true)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut address = String::new();
        while let Some(line) = log.next_line().await.unwrap() {
            if let Some((_, found)) = line.split_once("Listening for client connections on ") {
                address = found.trim().to_owned();
            }
            if line.contains("Server is ready") {
                return Some(Self { _child: child, _log: log, address });
            }
        }
        unreachable!("nats-server ended before it was ready");
    }
}
