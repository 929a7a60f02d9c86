//! The server: made, started, stopped, started again.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::Psql;

/// Whom an administrator runs the server as, the first one that there is.
const OTHERS: [&str; 2] = ["postgres", "nobody"];

/// Does a commit wait for the disk?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in production.
    Full,
    /// Faster, for what kills no machine.
    None,
}

/// How a server is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Does a commit wait for the disk?
    pub durability: Durability,
    /// Further lines of `postgresql.conf`.
    pub lines: Vec<String>,
    /// What it shows to those who speak TLS; none: it speaks none.
    pub certificate: Option<Certificate>,
}

/// A server's certificate, in PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate, and those between it and its authority.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { durability: Durability::None, lines: Vec::new(), certificate: None }
    }
}

/// A server. It is stopped when dropped.
#[derive(Debug)]
pub struct Cluster {
    binaries: PathBuf,
    folder: TempDir,
    user: Option<&'static str>,
    port: u16,
    made: AtomicU32,
}

impl Cluster {
    /// Makes a server and starts it. None: this machine has no server's binaries; the caller says so and skips.
    ///
    /// # Errors
    /// When it does not start; the error holds what it said.
    pub fn start(settings: &Settings) -> io::Result<Option<Self>> {
        let Some(binaries) = binaries() else { return Ok(None) };
        let folder = TempDir::with_prefix("yiwang-pg-")?;
        let user = other_user(folder.path())?;
        if let Some(user) = user {
            run(Command::new("chown").arg(user).arg(folder.path()))?;
        }
        // A free one now; who else takes it before the server does makes the start fail, and is told.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { binaries, folder, user, port, made: AtomicU32::new(0) };
        let data = cluster.data();
        run(cluster
            .command("initdb")
            .args(["--username=yiwang", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data))?;
        let mut lines = vec![
            format!("port = {port}"),
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("unix_socket_directories = '{}'", cluster.folder.path().display()),
            "max_connections = 300".to_owned(),
            "shared_buffers = 32MB".to_owned(),
        ];
        if settings.durability == Durability::None {
            lines.push("fsync = off".to_owned());
        }
        if let Some(certificate) = &settings.certificate {
            lines.extend(cluster.keep(certificate)?);
        }
        lines.extend(settings.lines.iter().cloned());
        let set = cluster.folder.path().join("settings.conf");
        fs::write(&set, lines.join("\n") + "\n")?;
        fs::set_permissions(&set, fs::Permissions::from_mode(0o644))?;
        cluster.go_on()?;
        Ok(Some(cluster))
    }

    /// Lays the certificate beside the data, as the server wants it: the key is its user's alone.
    fn keep(&self, certificate: &Certificate) -> io::Result<Vec<String>> {
        let mut lines = vec!["ssl = on".to_owned()];
        let files = [("ssl_cert_file", &certificate.chain), ("ssl_key_file", &certificate.key)];
        for (setting, text) in files {
            let path = self.folder.path().join(setting);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            if let Some(user) = self.user {
                run(Command::new("chown").arg(user).arg(&path))?;
            }
            lines.push(format!("{setting} = '{}'", path.display()));
        }
        Ok(lines)
    }

    /// The server that the tests of this process share: the first one that asks makes it, the last one that lets
    /// go stops it. It does not wait for the disk.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn shared() -> io::Result<Option<Arc<Self>>> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Ok(Some(cluster));
        }
        let Some(cluster) = Self::start(&Settings::default())?.map(Arc::new) else { return Ok(None) };
        *shared = Arc::downgrade(&cluster);
        Ok(Some(cluster))
    }

    /// Starts it again after a stop, on the same data and address.
    ///
    /// # Errors
    /// When it does not start.
    pub fn go_on(&self) -> io::Result<()> {
        let log = self.folder.path().join("log");
        let options = format!("-c config_file={}", self.folder.path().join("settings.conf").display());
        let options = format!("{options} -c data_directory={}", self.data().display());
        let hba = self.data().join("pg_hba.conf");
        let options = format!("{options} -c hba_file={}", hba.display());
        run(self
            .command("pg_ctl")
            .args(["start", "--wait", "--timeout=60", "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(&log)
            .arg("-o")
            .arg(options))
        .map_err(|error| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            io::Error::other(format!("{error}\n{said}"))
        })
    }

    /// Stops it at once, as a failing server does: connections are broken off, nothing is tidied up.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn crash(&self) -> io::Result<()> {
        self.stop("immediate")
    }

    fn stop(&self, mode: &str) -> io::Result<()> {
        // pg_ctl reads the process's id from the data folder: no other server is met.
        run(self.command("pg_ctl").args(["stop", "--wait", "--mode", mode, "-D"]).arg(self.data()))
    }

    /// Makes an empty database and gives its URL, on the loopback's port.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn database(&self) -> io::Result<String> {
        let name = format!("d{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.run_sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        Ok(format!("postgres://yiwang@127.0.0.1:{}/{name}", self.port))
    }

    /// Runs this SQL in the database of this URL or name, and gives what it printed: rows, columns parted by `|`.
    ///
    /// # Errors
    /// When it fails.
    pub fn run_sql(&self, database: &str, sql: &str) -> io::Result<String> {
        let output = self.psql(database).args(["-c", sql]).output()?;
        printed(output)
    }

    /// A session of one's own in this database, for transactions that stay open.
    ///
    /// # Errors
    /// When it does not begin.
    pub fn session(&self, database: &str) -> io::Result<Psql> {
        Psql::start(self.psql(database))
    }

    fn psql(&self, database: &str) -> Command {
        let name = database.rsplit('/').next().unwrap_or(database);
        let mut command = Command::new(self.binaries.join("psql"));
        command.env_clear().args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "yiwang",
            "-d",
            name,
        ]);
        command.arg("-h").arg(self.folder.path()).arg("-p").arg(self.port.to_string());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server, as the user that may run it.
    fn command(&self, program: &str) -> Command {
        let path = self.binaries.join(program);
        let mut command = match self.user {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
        };
        // The server must not keep a folder that only the administrator may enter.
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Nothing is left to do when this fails: it is gone already.
        drop(self.crash());
    }
}

/// Where the server's programs are.
fn binaries() -> Option<PathBuf> {
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.filter(|output| output.status.success());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = told.into_iter().chain(std::env::split_paths(&path));
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("psql").is_file())
}

/// Whom to run the server as; none: as who runs the test.
fn other_user(made: &Path) -> io::Result<Option<&'static str>> {
    if fs::metadata(made)?.uid() != 0 {
        return Ok(None);
    }
    let is_there = |user: &&'static str| {
        Command::new("id").arg(user).output().is_ok_and(|output| output.status.success())
    };
    Ok(OTHERS.into_iter().find(is_there))
}

fn run(command: &mut Command) -> io::Result<()> {
    printed(command.output()?).map(drop)
}

fn printed(output: Output) -> io::Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(io::Error::other(String::from_utf8_lossy(&said).into_owned()))
}
