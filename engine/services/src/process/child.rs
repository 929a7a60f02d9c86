//! One child process, from start to end: alone in its group, bounded in time and output, killed as a whole.
//!
//! ```text
//! start ─► group ─┬─ stdin written, closed
//!                 ├─ stdout, stderr read up to a limit
//!                 └─ ends: what is left of the group is killed, the rest of the outputs is read
//! dropped (cancelled, too long, too loud) ─► the group is killed
//! ```
//! It knows nothing of shells, containers or protocols.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

use crate::fault::configuration as mistake;

/// What is started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// A name to be looked up in `PATH`, or a path.
    pub(crate) program: PathBuf,
    /// What it gets as arguments.
    pub(crate) arguments: Vec<String>,
    /// All of its environment. A later one of the same name wins.
    pub(crate) environment: Vec<(String, String)>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
}

/// How much one process may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From its start to its end.
    pub(crate) time: Duration,
    /// Of each output.
    pub(crate) output_bytes: usize,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; 128 and the signal's number when a signal ended it, as shells say it.
    pub(crate) code: i32,
    /// What it wrote.
    pub(crate) stdout: Vec<u8>,
    /// What it complained of.
    pub(crate) stderr: Vec<u8>,
}

/// A running process. Dropping it kills its whole group.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) group: Group,
    pub(crate) stdin: ChildStdin,
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

/// Runs it to its end.
pub(crate) async fn run(program: &Program, stdin: &[u8], bounds: Bounds) -> Result<Ended, Fault> {
    let running = Running::start(program)?;
    match tokio::time::timeout(bounds.time, running.finish(stdin, bounds.output_bytes)).await {
        Ok(ended) => ended,
        Err(_) => {
            let detail = format!("the process took longer than {} s and was killed", bounds.time.as_secs());
            Err(Fault::new(Kind::Timeout, "", detail))
        }
    }
}

impl Running {
    /// Starts it with pipes to all its streams.
    pub(crate) fn start(program: &Program) -> Result<Self, Fault> {
        let mut command = Command::new(&program.program);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&program.folder)
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let told = |error: std::io::Error| {
            mistake(format!("`{}` could not be started: {error}", program.program.display()))
        };
        let mut child = command.spawn().map_err(told)?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self {
            stdin: child.stdin.take().expect("it is piped"),
            stdout: child.stdout.take().expect("it is piped"),
            stderr: child.stderr.take().expect("it is piped"),
            group: Group(id),
            child,
        })
    }

    async fn finish(self, input: &[u8], bytes_max: usize) -> Result<Ended, Fault> {
        let Self { mut child, mut group, mut stdin, stdout, stderr } = self;
        let written = async {
            // A child that does not read its input to the end has closed the pipe, which is its right.
            drop(stdin.write_all(input).await);
            drop(stdin);
            Ok(())
        };
        let ended = async {
            let status = child.wait().await.map_err(|error| failed(&error))?;
            // What it left in the background would hold the pipes open.
            group.kill();
            Ok(status)
        };
        let ((), status, stdout, stderr) = tokio::try_join!(
            written,
            ended,
            read(stdout, "output", bytes_max),
            read(stderr, "error output", bytes_max)
        )?;
        use std::os::unix::process::ExitStatusExt as _;
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        Ok(Ended { code, stdout, stderr })
    }
}

async fn read(pipe: impl AsyncRead + Unpin, which: &str, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    pipe.take(limit).read_to_end(&mut bytes).await.map_err(|error| failed(&error))?;
    if bytes.len() > bytes_max {
        let detail = format!("the process wrote more than {bytes_max} bytes to its {which} and was killed");
        return Err(Fault::new(Kind::Runtime, "", detail));
    }
    Ok(bytes)
}

fn failed(error: &std::io::Error) -> Fault {
    Fault::new(Kind::Runtime, "", format!("the process could not be followed: {error}"))
}

/// The group of a child, named after it. Killed once.
pub(crate) struct Group(Option<Pid>);

impl Group {
    fn kill(&mut self) {
        if let Some(group) = self.0.take() {
            // It fails when nobody is left in it, which is what is wanted.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
