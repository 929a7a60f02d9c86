//! Which compiler can make WebAssembly on this machine.
//!
//! In this order: the target of the toolchain in use; a distribution's `rustc` with the source of its
//! standard library, which is then compiled along; `rustup target add`; `apt-get install` as root. The first
//! that works is taken, and if none does the error names the commands to run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::output_of;

/// What components are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// A way to compile guests.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// `rustc -vV`, part of the stamp.
    pub version: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The target is installed.
    Installed,
    /// The standard library is built from source by this compiler.
    FromSource { rustc: PathBuf, sysroot: PathBuf, linker: PathBuf },
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.lines().next().unwrap_or_default();
        match &self.kind {
            Kind::Installed => write!(formatter, "{version}"),
            Kind::FromSource { rustc, .. } => {
                write!(formatter, "{version} at {}, its standard library from source", rustc.display())
            }
        }
    }
}

impl Toolchain {
    /// The first that works, installed if it must be; `progress` hears what is tried.
    ///
    /// # Errors
    /// With the commands to run.
    pub fn find(progress: &mut dyn FnMut(String)) -> Result<Self> {
        if let Some(toolchain) = installed().or_else(from_source) {
            return Ok(toolchain);
        }
        if run(
            Command::new("rustup").args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1"),
            progress,
        ) && let Some(toolchain) = installed()
        {
            return Ok(toolchain);
        }
        let root = output_of(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
        if root
            && run(Command::new("apt-get").args(["update", "-q"]), progress)
            && run(Command::new("apt-get").args(["install", "-y", "-q"]).args(PACKAGES), progress)
            && let Some(toolchain) = from_source()
        {
            return Ok(toolchain);
        }
        bail!(
            "no Rust compiler here can make WebAssembly; run one of\n    \
             rustup target add {TARGET}\n    \
             sudo apt-get install {}",
            PACKAGES.join(" ")
        );
    }

    /// Compiles these packages of the workspace in `root/workspace`; gives the folder with the modules.
    ///
    /// # Errors
    /// If cargo does not build them; it has said why on stderr.
    pub fn build(&self, root: &Path, workspace: &str, target_dir: &Path, names: &[&str]) -> Result<PathBuf> {
        // In the folder of the workspace: cargo finds its configuration by the current folder.
        let mut command = cargo();
        command.current_dir(root.join(workspace));
        command.args(["build", "--release", "--target", TARGET, "--target-dir"]).arg(target_dir);
        for name in names {
            command.args(["-p", name]);
        }
        // An author's own package begins with a lock file that knows more than it needs: cargo may prune it.
        if std::env::var_os("CI").is_some() && !workspace.is_empty() {
            command.arg("--locked");
        }
        let mut flags = vec![remap(root, "/yiwang")];
        // Guests have no source of randomness but what the host hands them: each crate that wants one says
        // where it is, or does not link.
        flags.push("--cfg=getrandom_backend=\"custom\"".to_owned());
        if let Some(home) = cargo_home() {
            flags.push(remap(&home, "/cargo"));
        }
        if let Kind::FromSource { rustc, sysroot, linker } = &self.kind {
            command.args(["-Z", "build-std=std,panic_abort"]);
            command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            flags.push(remap(sysroot, "/rust"));
            if let Ok(source) = sysroot.join("lib/rustlib/src/rust").canonicalize() {
                flags.push(remap(&source, "/rust"));
            }
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        let status = command.status().context("starting cargo")?;
        ensure!(status.success(), "cargo did not build the plugins");
        Ok(target_dir.join(TARGET).join("release"))
    }
}

/// Paths of this machine have no business in a component: a panic message would carry them, and two builds
/// in two folders would differ.
fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

/// Cargo, without what an outer cargo, clippy or coverage run has put into the environment.
#[must_use]
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PROFILE_") || name.starts_with("CARGO_PKG_"))
        {
            command.env_remove(name);
        }
    }
    command
}

fn installed() -> Option<Toolchain> {
    let sysroot = PathBuf::from(output_of(rustc().args(["--print", "sysroot"]))?);
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let there = std::fs::read_dir(library)
        .ok()?
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"));
    there.then_some(())?;
    Some(Toolchain { version: output_of(rustc().arg("-vV"))?, kind: Kind::Installed })
}

/// A distribution's compiler with `rust-src` (Debian: `rustc-web` and `rust-web-src`).
fn from_source() -> Option<Toolchain> {
    let rustc = PathBuf::from("/usr/bin/rustc");
    let sysroot = PathBuf::from(output_of(Command::new(&rustc).args(["--print", "sysroot"]))?);
    if !sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").exists() {
        return None;
    }
    let version = output_of(Command::new(&rustc).arg("-vV"))?;
    Some(Toolchain { version, kind: Kind::FromSource { rustc, sysroot, linker: linker()? } })
}

/// `rust-lld` of the toolchain in use, or an LLD of the system.
fn linker() -> Option<PathBuf> {
    let sysroot = PathBuf::from(output_of(rustc().args(["--print", "sysroot"]))?);
    let verbose = output_of(rustc().arg("-vV"))?;
    let host = verbose.lines().find_map(|line| line.strip_prefix("host: "))?;
    let bundled = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if bundled.exists() {
        return Some(bundled);
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .flat_map(|folder| ["rust-lld", "wasm-ld", "lld"].map(|name| folder.join(name)))
        .find(|path| path.exists())
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn cargo_home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

fn run(command: &mut Command, progress: &mut dyn FnMut(String)) -> bool {
    progress(format!("trying {command:?}").replace('"', ""));
    command.stdin(Stdio::null()).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}
