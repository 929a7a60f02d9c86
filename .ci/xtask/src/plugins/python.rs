//! The builder of the interpreter in Python: `componentize-py`, a ready program in a Python wheel, which needs
//! neither a compiler nor, once it is installed, a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use yiwang_builder::output_of;

/// The wheel. It brings `CPython` and its library; another version makes another interpreter.
pub(super) const BUILDER: &str = "componentize-py==0.25.1";
/// Runs the program without its start script, which carries the path of the Python that installed it.
const START: &str =
    "import sys; from componentize_py import script; sys.argv[0] = 'componentize-py'; sys.exit(script())";

/// Makes the component from `src` of the interpreter's folder.
pub(super) fn build(root: &Path, tool: &Path, sources: &Path, to: &Path) -> Result<()> {
    let wit = root.join("sdk/wit/script");
    // CPython writes what it has compiled beside what it reads: it is given a copy.
    let copy = to.with_extension("sources");
    copied(&sources.join("src/yiwang_script"), &copy.join("yiwang_script"))?;
    let status = python()
        .args(["-c", START, "--quiet", "--world", "script", "--wit-path"])
        .arg(&wit)
        .args(["componentize", "--stub-wasi", "yiwang_script", "--python-path"])
        .arg(&copy)
        .arg("--output")
        .arg(to)
        .env("PYTHONPATH", tool)
        .env_remove("VIRTUAL_ENV")
        .status()
        .context("starting componentize-py")?;
    fs::remove_dir_all(&copy).with_context(|| format!("removing {}", copy.display()))?;
    ensure!(status.success(), "componentize-py did not build the interpreter");
    Ok(())
}

/// The modules of a package; it has no folders.
fn copied(from: &Path, to: &Path) -> Result<()> {
    // What was left behind by a build that was ended.
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("listing {}", from.display()))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|it| it == "py")) {
            fs::copy(&path, to.join(name)).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}

/// The folder with the tool, which is installed there if it is missing; or why this machine cannot have it, with
/// what to do about it.
pub(super) fn tool(progress: &mut dyn FnMut(String)) -> Result<PathBuf, String> {
    let folder = folder().ok_or("neither XDG_CACHE_HOME nor HOME says where to install its builder")?;
    let works = |arguments: &[&str]| output_of(python().args(arguments)).is_some();
    if !works(&["--version"]) {
        return Err("python3 is not installed: sudo apt-get install python3 python3-pip".to_owned());
    }
    if folder.join("componentize_py").is_dir() {
        return Ok(folder);
    }
    if !works(&["-m", "pip", "--version"]) {
        return Err("pip is not installed: sudo apt-get install python3-pip".to_owned());
    }
    progress(format!("installing {BUILDER} into {}", folder.display()));
    // Beside, then moved: half of it must not look like all of it.
    let half = folder.with_extension(format!("{}.half", std::process::id()));
    let status = python()
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--root-user-action=ignore", "--no-deps", "--only-binary=:all:", "--target"])
        .arg(&half)
        .arg(BUILDER)
        .stdin(Stdio::null())
        .status();
    let moved = match status {
        Ok(status) if status.success() => fs::rename(&half, &folder),
        Ok(_) | Err(_) => {
            drop(fs::remove_dir_all(&half));
            return Err(format!("pip did not install {BUILDER}; it says why above"));
        }
    };
    moved.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Where what CI installs lies, too.
fn folder() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
    Some(cache.join("yiwang").join(BUILDER.replace("==", "-")))
}

fn python() -> Command {
    Command::new("python3")
}
