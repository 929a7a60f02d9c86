//! `cargo xtask plugins`: from the sources in `plugins/` to components in `target/plugins/`.
//!
//! ```text
//! sources ─► stamp unchanged? ─► done
//!               │ no
//!               ▼
//! toolchain ─► cargo build (guests' workspace) ─┐
//! tools of JavaScript or Python ────────────────┴► component ─► manifest, SBOM ─► check ─► .wasm .cdx.json .sha256 .stamp
//! ```
//!
//! Tests call [`built`] and get the paths; a missing compiler is an error there, never a skipped test. A plugin in
//! another language is left out with a word at a desk that has not its tools, and an error in CI.
//! Nothing here knows what a plugin does.

mod interpreter;
mod native;
mod new;
mod stamp;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use sha2::{Digest as _, Sha256};

use interpreter::{Built, Interpreter};
pub use yiwang_builder::Language;
use yiwang_builder::{Manifest, Toolchain, component, hex, manifest, sbom, tool};

/// What `cargo xtask plugins` takes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Only these plugins and interpreters, by name.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Run the unit tests of the plugins and of the SDK natively instead of building.
    #[arg(long)]
    pub test: bool,
    /// Build even what has not changed.
    #[arg(long)]
    pub force: bool,
    /// Make a new plugin from the template and stop.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["only", "test", "force"])]
    pub new: Option<String>,
}

/// One plugin, built.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where its sources and fixtures are.
    pub sources: PathBuf,
    /// The component.
    pub wasm: PathBuf,
    /// False: for tests and examples only; it lies in the folder `test` beside the others.
    pub shipped: bool,
}

/// Does what the arguments say.
///
/// # Errors
/// With what to do about it, where that is known.
pub fn run(args: Args) -> Result<()> {
    if let Some(name) = &args.new {
        return new::from_template(&root(), name);
    }
    if args.test {
        return native::test(&root(), &target().join("guests"));
    }
    let (interpreters, plugins) = split(&args.only);
    for known in interpreters {
        let built = interpreter_built(known, args.force, &mut |line| say(&line))?;
        // Of all that there is, what cannot be built here is left out; what was asked for by name is not.
        match built {
            Err(obstacle) if args.only.is_empty() && !in_ci() => {
                say(&format!("skipped {}: {obstacle}", known.name));
            }
            Err(obstacle) => bail!("{}: {obstacle}", known.name),
            Ok(_) => {}
        }
    }
    if args.only.is_empty() || !plugins.is_empty() {
        let plugins = build(&plugins, args.force, &mut |line| say(&line))?;
        let shipped = plugins.iter().filter(|plugin| plugin.shipped).count();
        say(&format!("{shipped} plugins are in {}", output().display()));
    }
    Ok(())
}

/// Interpreters and plugins of what was asked for; of nothing: all interpreters.
fn split(only: &[String]) -> (Vec<&'static Interpreter>, Vec<String>) {
    let asked = |name: &str| only.iter().any(|asked| asked == name);
    let interpreters = interpreter::ALL.iter().filter(|known| only.is_empty() || asked(known.name)).collect();
    let is_interpreter = |name: &str| interpreter::ALL.iter().any(|known| known.name == name);
    (interpreters, only.iter().filter(|asked| !is_interpreter(asked)).cloned().collect())
}

/// Builds an interpreter of `run: script` if it is stale, and gives the component.
///
/// # Errors
/// If it does not build, or there is no toolchain for it.
pub fn interpreter(name: &str) -> Result<PathBuf> {
    interpreter_if_possible(name)?.map_err(|obstacle| anyhow!("{name}: {obstacle}"))
}

/// The same, or why this machine has not what it takes: tests say so and are skipped, but in CI.
///
/// # Errors
/// If it does not build.
pub fn interpreter_if_possible(name: &str) -> Result<Result<PathBuf, String>> {
    let built = interpreter_built(known(name)?, false, &mut |line| say(&line))?;
    if let Err(obstacle) = &built
        && in_ci()
    {
        bail!("{name}: {obstacle}");
    }
    Ok(built)
}

/// Can this machine make plugins in this language, or why not? In CI it must.
///
/// # Errors
/// In CI, if it cannot.
pub fn makes(language: Language) -> Result<Result<(), String>> {
    let there = tools_of(language, &mut |line| say(&line));
    if let Err(obstacle) = &there {
        ensure!(!in_ci(), "{obstacle}");
    }
    Ok(there)
}

fn tools_of(language: Language, progress: &mut dyn FnMut(String)) -> Result<(), String> {
    match language {
        Language::Rust => Ok(()),
        Language::JavaScript => tool::javascript(progress).map(|_| ()),
        Language::Python => tool::python(progress).map(|_| ()),
    }
}

fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

fn known(name: &str) -> Result<&'static Interpreter> {
    let known = interpreter::ALL.iter().find(|known| known.name == name);
    known.with_context(|| format!("there is no interpreter `{name}`"))
}

fn interpreter_built(known: &Interpreter, force: bool, progress: &mut dyn FnMut(String)) -> Result<Built> {
    let (output, _lock) = locked_output()?;
    known.build(&root(), &output, &target().join("guests"), force, progress)
}

/// The folder of the components, and the right to write there until it is dropped.
fn locked_output() -> Result<(PathBuf, fs::File)> {
    let output = output();
    fs::create_dir_all(output.join("test")).with_context(|| format!("making {}", output.display()))?;
    let lock = fs::File::create(output.join(".lock"))?;
    lock.lock().context("waiting for another build of the plugins")?;
    Ok((output, lock))
}

/// Builds what is stale and gives all plugins. Safe to call from many processes at once.
///
/// # Errors
/// If a plugin does not build, or there is no toolchain for it.
pub fn built() -> Result<Vec<Plugin>> {
    build(&[], false, &mut |line| say(&line))
}

/// The folder with the components.
#[must_use]
pub fn output() -> PathBuf {
    target().join("plugins")
}

/// What tests give as `XDG_CACHE_HOME` to those who compile interpreters: `CPython` takes a minute, once for all.
#[must_use]
pub fn cache_home() -> PathBuf {
    output().join("test/cache-home")
}

/// Where they compile them to below it.
#[must_use]
pub fn script_cache() -> PathBuf {
    cache_home().join("yiwang/plugin-cache")
}

fn build(only: &[String], force: bool, progress: &mut dyn FnMut(String)) -> Result<Vec<Plugin>> {
    let root = root();
    let (output, _lock) = locked_output()?;
    let mut there = Vec::new();
    for manifest in selected(&root, only)? {
        let language = Language::of(&manifest.folder)?;
        there.push((manifest, language));
    }
    let mut left_out = Vec::new();
    let (rust, others): (Vec<_>, Vec<_>) =
        there.iter().partition(|(_, language)| *language == Language::Rust);
    if !rust.is_empty() {
        let manifests: Vec<&Manifest> = rust.iter().map(|(manifest, _)| manifest).collect();
        by_cargo(&root, &output, &manifests, force, progress)?;
    }
    for (manifest, language) in others {
        if let Err(obstacle) = by_tools(&root, &output, manifest, *language, force, progress)? {
            ensure!(!in_ci(), "{}: {obstacle}", manifest.name);
            progress(format!("skipped {}: {obstacle}", manifest.name));
            left_out.push(manifest.name.clone());
        }
    }
    there.retain(|(manifest, _)| !left_out.contains(&manifest.name));
    let plugin = |(manifest, _): (Manifest, Language)| Plugin {
        wasm: path_of(&output, &manifest),
        shipped: manifest.shipped,
        name: manifest.name,
        version: manifest.version,
        sources: manifest.folder,
    };
    Ok(there.into_iter().map(plugin).collect())
}

/// What is stale of those in Rust, by one run of cargo.
fn by_cargo(
    root: &Path,
    output: &Path,
    manifests: &[&Manifest],
    force: bool,
    progress: &mut dyn FnMut(String),
) -> Result<()> {
    let toolchain = Toolchain::find(progress)?;
    let base = stamp::base(root, &toolchain)?;
    let mut stale = Vec::new();
    for manifest in manifests {
        let stamp = stamp::of(&base, manifest)?;
        if force || !fresh(&path_of(output, manifest), &stamp) {
            stale.push((manifest, stamp));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = stale.iter().map(|(manifest, _)| manifest.name.as_str()).collect();
    progress(format!("building {} with {toolchain}", names.join(", ")));
    let modules = toolchain.build(root, "plugins", &target().join("guests"), &names)?;
    for (at, (manifest, stamp)) in stale.iter().enumerate() {
        let module = modules.join(format!("{}.wasm", manifest.name.replace('-', "_")));
        let line = finish(manifest, &module, &path_of(output, manifest), stamp, Some(&toolchain.version))
            .with_context(|| format!("making a component of `{}`", manifest.name))?;
        progress(format!("[{}/{}] {line}", at + 1, stale.len()));
    }
    Ok(())
}

/// One in another language, if it is stale; or why this machine cannot have what makes it.
fn by_tools(
    root: &Path,
    output: &Path,
    manifest: &Manifest,
    language: Language,
    force: bool,
    progress: &mut dyn FnMut(String),
) -> Result<Result<(), String>> {
    let stamp = stamp::of(&stamp::of_language(root, language)?, manifest)?;
    let wasm = path_of(output, manifest);
    if !force && fresh(&wasm, &stamp) {
        return Ok(Ok(()));
    }
    if let Err(obstacle) = tools_of(language, progress) {
        return Ok(Err(obstacle));
    }
    let work = target().join("guests").join(&manifest.name);
    let made = yiwang_builder::made(language, manifest, &work, progress)?;
    let line = finish(manifest, &made, &wasm, &stamp, None)
        .with_context(|| format!("making a component of `{}`", manifest.name))?;
    progress(line);
    Ok(Ok(()))
}

fn fresh(wasm: &Path, stamp: &str) -> bool {
    wasm.exists() && fs::read_to_string(wasm.with_extension("stamp")).is_ok_and(|old| old == stamp)
}

/// Writes component, digest and stamp; the stamp last, so that a crash in between means another build.
fn finish(
    manifest: &Manifest,
    made: &Path,
    wasm: &Path,
    stamp: &str,
    compiler: Option<&str>,
) -> Result<String> {
    let module = fs::read(made).with_context(|| format!("reading {}", made.display()))?;
    let parts =
        compiler.map(|compiler| sbom::of_package(&manifest.folder, &manifest.name, compiler)).transpose()?;
    let bytes = component::encode(&module, &manifest.json, parts.as_ref())?;
    let imports = component::check(&bytes, manifest)?;
    let digest = hex(&Sha256::digest(&bytes));
    fs::write(wasm, &bytes)?;
    fs::write(wasm.with_extension("sha256"), format!("{digest}  {}.wasm\n", manifest.name))?;
    if let Some(parts) = &parts {
        sbom::write(parts, wasm)?;
    }
    fs::write(wasm.with_extension("stamp"), stamp)?;
    Ok(format!(
        "{} {}: {} KiB, imports {}, sha256:{}…",
        manifest.name,
        manifest.version,
        bytes.len() / 1024,
        if imports.is_empty() { "nothing".to_owned() } else { imports.join(" ") },
        &digest[..12]
    ))
}

fn selected(root: &Path, only: &[String]) -> Result<Vec<Manifest>> {
    let mut manifests = manifest::all(root)?;
    for name in only {
        if !manifests.iter().any(|manifest| manifest.name == *name) {
            let known: Vec<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
            bail!("there is no plugin `{name}`; there are {}", known.join(", "));
        }
    }
    manifests.retain(|manifest| only.is_empty() || only.contains(&manifest.name));
    Ok(manifests)
}

fn path_of(output: &Path, manifest: &Manifest) -> PathBuf {
    let folder = if manifest.shipped { output.to_owned() } else { output.join("test") };
    folder.join(format!("{}.wasm", manifest.name))
}

/// The root of the repository: two levels above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("this crate lies in .ci/xtask").to_owned()
}

fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

#[allow(clippy::print_stderr, reason = "progress is what people read")]
fn say(line: &str) {
    eprintln!("plugins: {line}");
}
