//! The real server as a child process: started, killed, brought back. Ended by its own process id only.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::http::Client;

/// Longest wait for a start: a debug build compiles its plugins for the machine first.
const START_WITHIN: Duration = Duration::from_secs(120);
/// Longest wait for an orderly end.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// The binary of the tests, built from the sources as they are now.
///
/// # Errors
/// When it does not build.
pub fn built() -> io::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "yiwang-cli"]).current_dir(crate::project::repository());
    if !build.status()?.success() {
        return Err(io::Error::other("`cargo build --package yiwang-cli` failed"));
    }
    // target/debug/deps/<this test> → target/debug/yiwang
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(2).ok_or_else(|| io::Error::other("a test without a folder"))?;
    Ok(folder.join("yiwang"))
}

/// One server on one project folder. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    variables: Vec<(String, String)>,
    child: Child,
    starts: u32,
}

impl Server {
    /// Starts it on a free loopback port and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready in time; the error holds the end of its log.
    pub fn start(binary: &Path, folder: &Path, variables: &[(String, String)]) -> io::Result<Self> {
        let mut server = Self::begin(binary, folder, variables)?;
        server.wait()?;
        Ok(server)
    }

    /// Starts it on a free loopback port and waits for nothing: a node that stands by is not ready for long.
    ///
    /// # Errors
    /// When the process cannot be made.
    pub fn begin(binary: &Path, folder: &Path, variables: &[(String, String)]) -> io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = launch(binary, folder, address, variables)?;
        Ok(Self {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            address,
            variables: variables.to_vec(),
            child,
            starts: 1,
        })
    }

    /// Does it take work right now?
    pub fn is_ready(&self) -> bool {
        Client::new(self.address).get("/readyz").is_ok_and(|answer| answer.ok())
    }

    /// Where it listens. The same after a restart.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Where it writes what it has to say.
    pub fn log(&self) -> PathBuf {
        log_of(&self.folder)
    }

    /// The administrator's token, which the first start prints once.
    ///
    /// # Errors
    /// When it did not.
    pub fn administrator_token(&self) -> io::Result<String> {
        let text = fs::read_to_string(self.log())?;
        let at = text.find("yw_pat_").ok_or_else(|| io::Error::other(format!("no token in: {text}")))?;
        let token = text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        Ok(token.collect())
    }

    /// Ends it as a power failure would: SIGKILL, nothing is told to it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Brings it back on the same folder and address, and says how long that took.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn restart(&mut self) -> io::Result<Duration> {
        let began = Instant::now();
        self.begin_again()?;
        self.wait()?;
        Ok(began.elapsed())
    }

    /// The same without waiting until it is ready.
    ///
    /// # Errors
    /// When the process cannot be made.
    pub fn begin_again(&mut self) -> io::Result<()> {
        self.child = launch(&self.binary, &self.folder, self.address, &self.variables)?;
        self.starts += 1;
        Ok(())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not end in time; then it was killed.
    pub fn stop(&mut self) -> io::Result<()> {
        self.signal("TERM")?;
        self.ended().map(drop)
    }

    /// Sends its process a signal: `STOP` and `CONT`, for instance.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status()?;
        if sent.success() { Ok(()) } else { Err(io::Error::other(format!("SIG{name} was not sent"))) }
    }

    /// Has its process ended?
    ///
    /// # Errors
    /// When the system does not say.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        self.child.try_wait().map(|status| status.is_some())
    }

    /// Waits for its end, which it finds by itself or was asked to find.
    ///
    /// # Errors
    /// When it does not end in time; then it was killed.
    pub fn ended(&mut self) -> io::Result<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if began.elapsed() > STOP_WITHIN {
                self.kill()?;
                return Err(self.failure("the server did not end"));
            }
            sleep(LOOK);
        }
    }

    /// Leaves it running after this process has ended.
    pub fn leave(self) {
        std::mem::forget(self);
    }

    fn wait(&mut self) -> io::Result<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.failure(&format!("the server ended with {status}")));
            }
            if self.is_ready() {
                return Ok(());
            }
            if began.elapsed() > START_WITHIN {
                return Err(self.failure("the server was not ready in time"));
            }
            sleep(LOOK);
        }
    }

    fn failure(&self, what: &str) -> io::Error {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(20)..].join("\n");
        io::Error::other(format!("{what}; the end of {}:\n{end}", self.log().display()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to do when this fails: the process is gone already.
        drop(self.kill());
    }
}

fn launch(
    binary: &Path,
    folder: &Path,
    address: SocketAddr,
    variables: &[(String, String)],
) -> io::Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log_of(folder))?;
    let err: File = log.try_clone()?;
    let mut command = Command::new(binary);
    command.current_dir(folder).arg("serve").arg("--listen").arg(address.to_string());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(log).stderr(err).spawn()
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("server.log")
}
