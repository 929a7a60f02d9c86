//! The transport over standard streams: a child process, one message on each line. Only where the operator
//! allows it.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use yiwang_dsl::Fault;

use crate::process::Stdio;
use crate::process::child::{Group, Program, Running};
use crate::rpc::{self, Incoming};
use crate::{fault, process};

/// A conversation with one child. It ends with this value.
pub(super) struct Session {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    bytes_max: usize,
    complaints: JoinHandle<()>,
    _group: Group,
    _folder: TempDir,
}

impl Session {
    /// As `transport.stdio` says.
    pub(super) fn start(policy: &Stdio, given: &Value, bytes_max: usize) -> Result<Self, Fault> {
        let command = process::required(given, "command")?;
        if !policy.allow || !(policy.commands.is_empty() || policy.commands.iter().any(|one| one == command))
        {
            let detail = format!("the operator of this server does not allow MCP servers like `{command}`");
            return Err(fault::authorization(detail));
        }
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|error| fault::configuration(format!("no folder for it: {error}")))?;
        let mut environment = process::environment::inherited(&policy.environment);
        environment.extend(process::environment::given(given)?);
        let program = Program {
            program: PathBuf::from(command),
            arguments: process::arguments(given)?,
            environment,
            folder: folder.path().to_owned(),
        };
        let Running { group, stdin, stdout, mut stderr, child } = Running::start(&program)?;
        // What it complains of is read, or it would stop; nobody is told, for it is the server's own log.
        let complaints = tokio::spawn(async move {
            let _child = child;
            let mut buffer = [0; 4096];
            while stderr.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            std::future::pending::<()>().await;
        });
        let stdout = BufReader::new(stdout);
        Ok(Self { stdin, stdout, bytes_max, complaints, _group: group, _folder: folder })
    }

    /// Writes a request and waits for its answer; what the server asks in between is answered.
    pub(super) async fn ask(&mut self, id: u64, message: &Value) -> Result<Value, Fault> {
        self.tell(message).await?;
        let mut bytes = 0;
        loop {
            let line = self.line().await?;
            bytes += line.len();
            if bytes > self.bytes_max {
                return Err(self.too_much());
            }
            // Servers that print something else on their output are not rare.
            let Ok(incoming) = serde_json::from_str::<Value>(&line) else { continue };
            match rpc::read(&incoming, id)? {
                Incoming::Answer(answer) => return answer,
                Incoming::Asks { id, ping } => self.tell(&rpc::reply(&id, ping)).await?,
                Incoming::Other => {}
            }
        }
    }

    /// Writes a message that gets no answer.
    pub(super) async fn tell(&mut self, message: &Value) -> Result<(), Fault> {
        let written = self.stdin.write_all(format!("{message}\n").as_bytes()).await;
        written.map_err(|error| ended(&error.to_string()))
    }

    async fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        let limit = u64::try_from(self.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        let mut limited = (&mut self.stdout).take(limit);
        let read = limited.read_until(b'\n', &mut line).await.map_err(|error| ended(&error.to_string()))?;
        if read == 0 {
            return Err(ended("it has ended"));
        }
        if line.len() > self.bytes_max {
            return Err(self.too_much());
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn too_much(&self) -> Fault {
        let detail = format!("the server wrote more than {} bytes", self.bytes_max);
        fault::communication(500, "Answer Too Large", detail)
    }
}

fn ended(reason: &str) -> Fault {
    fault::communication(500, "No Answer", format!("the MCP server gave no answer: {reason}"))
}

impl Drop for Session {
    fn drop(&mut self) {
        self.complaints.abort();
    }
}
