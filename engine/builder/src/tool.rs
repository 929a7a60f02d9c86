//! Programs of other languages' registries that make components: their versions, and where they are installed.
//!
//! Each lies in a folder of its own below the user's cache, under a name with its versions; once there it needs no
//! network. Another version makes another component: this file is the one place that says which.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::output_of;

/// The wheel that puts `CPython` into a component; it brings `CPython` and its library.
pub const PYTHON: &str = "componentize-py==0.25.1";
/// The packages that make one module of a plugin in JavaScript or TypeScript, and put `QuickJS` around it.
pub const JAVASCRIPT: [&str; 2] = ["esbuild@0.28.2", "componentize-qjs@0.4.5"];

/// The folder with [`PYTHON`], which is installed there if it is missing; or why this machine cannot have it, with
/// what to do about it.
///
/// # Errors
/// The obstacle, for people.
pub fn python(progress: &mut dyn FnMut(String)) -> Result<PathBuf, String> {
    let folder = folder(&PYTHON.replace("==", "-"))?;
    if !works(Command::new("python3").arg("--version")) {
        return Err("python3 is not installed: sudo apt-get install python3 python3-pip".to_owned());
    }
    if folder.join("componentize_py").is_dir() {
        return Ok(folder);
    }
    if !works(Command::new("python3").args(["-m", "pip", "--version"])) {
        return Err("pip is not installed: sudo apt-get install python3-pip".to_owned());
    }
    install(PYTHON, &folder, progress, |half| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--root-user-action=ignore", "--no-deps", "--only-binary=:all:", "--target"])
            .arg(half)
            .arg(PYTHON);
        pip
    })
}

/// The folder whose `node_modules` has [`JAVASCRIPT`], installed there if they are missing; or why this machine
/// cannot have them, with what to do about it.
///
/// # Errors
/// The obstacle, for people.
pub fn javascript(progress: &mut dyn FnMut(String)) -> Result<PathBuf, String> {
    let folder = folder(&JAVASCRIPT.join("-").replace('@', "-"))?;
    if !works(Command::new("node").arg("--version")) {
        return Err("node is not installed: sudo apt-get install nodejs npm".to_owned());
    }
    if folder.join("node_modules").is_dir() {
        return Ok(folder);
    }
    if !works(Command::new("npm").arg("--version")) {
        return Err("npm is not installed: sudo apt-get install npm".to_owned());
    }
    install(&JAVASCRIPT.join(" "), &folder, progress, |half| {
        let mut npm = Command::new("npm");
        // What they need is in the packages: no script of theirs has to run.
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"])
            .arg("--prefix")
            .arg(half)
            .args(JAVASCRIPT);
        npm
    })
}

/// Installs beside and moves: half of it must not look like all of it.
fn install(
    what: &str,
    folder: &Path,
    progress: &mut dyn FnMut(String),
    command: impl FnOnce(&Path) -> Command,
) -> Result<PathBuf, String> {
    progress(format!("installing {what} into {}", folder.display()));
    let mut half = folder.as_os_str().to_owned();
    half.push(format!(".{}.half", std::process::id()));
    let half = PathBuf::from(half);
    let made = fs::create_dir_all(&half).map_err(|error| format!("{}: {error}", half.display()));
    made?;
    let status = command(&half).stdin(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        drop(fs::remove_dir_all(&half));
        return Err(format!("{what} could not be installed; why stands above"));
    }
    match fs::rename(&half, folder) {
        Ok(()) => Ok(folder.to_owned()),
        // Somebody else was faster.
        Err(_) if folder.is_dir() => {
            drop(fs::remove_dir_all(&half));
            Ok(folder.to_owned())
        }
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}

fn works(command: &mut Command) -> bool {
    output_of(command).is_some()
}

/// Where what CI installs lies, too.
fn folder(name: &str) -> Result<PathBuf, String> {
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let cache = cache.ok_or("neither XDG_CACHE_HOME nor HOME says where to install programs")?;
    Ok(cache.join("yiwang").join(name))
}
