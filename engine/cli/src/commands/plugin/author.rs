//! What an author does: `new`, `build`, `world`, `test`, `conformance`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use yiwang_builder::{Finished, Source, manifest, template, world};
use yiwang_host::conformance::Verdict;
use yiwang_host::{conformance as checks, fixture};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::services::user_cache;

#[derive(clap::Args, Debug)]
pub(super) struct NewArgs {
    /// Name of the plugin: lower-case letters, digits and dashes.
    name: String,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = Language::Rust, value_name = "LANGUAGE")]
    language: Language,
    /// The folder to make; without it, one with the name of the plugin.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Languages with an SDK.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Language {
    /// Compiled; the smallest and fastest.
    Rust,
    /// With an engine of 2 MB in the component; TypeScript as well.
    #[value(name = "javascript", alias = "typescript")]
    JavaScript,
    /// With an interpreter of 18 MB in the component.
    Python,
}

#[derive(clap::Args, Debug)]
pub(super) struct BuildArgs {
    /// Folder with plugin.toml, and Cargo.toml, package.json or pyproject.toml as it is written in.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Take what another compiler has made, a core module or a component, instead of compiling.
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// List of the parts of what another compiler has made, as CycloneDX in JSON; of Rust it is made here.
    #[arg(long, value_name = "FILE", requires = "module")]
    sbom: Option<PathBuf>,
    /// The component; without it, NAME.wasm where the compiler puts what it makes.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(super) struct WorldArgs {
    /// Folder with plugin.toml.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// The folder to write; what is there is replaced.
    #[arg(long, default_value = "wit", value_name = "DIR")]
    to: PathBuf,
}

/// A component with its fixtures.
#[derive(clap::Args, Debug)]
pub(super) struct SubjectArgs {
    /// A component, or the folder of a plugin, which is built first.
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
    /// Folder with the fixtures; without it, `fixtures` in the folder or beside the component.
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
}

pub(super) fn new(args: &NewArgs) -> Result<(), Failure> {
    let to = args.to.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let language = match args.language {
        Language::Rust => yiwang_builder::Language::Rust,
        Language::JavaScript => yiwang_builder::Language::JavaScript,
        Language::Python => yiwang_builder::Language::Python,
    };
    template::write(language, &args.name, &to)
        .map_err(|error| Failure::new(Exit::Conflict, "plugin.not-made", format!("{error:#}")))?;
    let tests = match args.language {
        Language::Rust => "cargo test",
        Language::JavaScript => "npm install && npm test",
        Language::Python => "PYTHONPATH=sdk/python:src python3 -m unittest discover test",
    };
    output::line(&to.display().to_string());
    output::note(&format!(
        "next:\n    cd {}\n    {tests}\n    yiwang plugin test\n    yiwang plugin conformance",
        to.display()
    ));
    Ok(())
}

pub(super) fn world(args: &WorldArgs) -> Result<(), Failure> {
    let written = manifest::of(&args.folder).and_then(|manifest| world::write(&manifest, &args.to));
    written.map_err(|error| Failure::new(Exit::Invalid, "plugin.not-built", format!("{error:#}")))?;
    output::line(&args.to.display().to_string());
    Ok(())
}

pub(super) fn build(args: &BuildArgs, wanted: Option<Format>) -> Result<(), Failure> {
    let source = match &args.module {
        Some(module) => Source::Compiled { module, folder: &args.folder, sbom: args.sbom.as_deref() },
        None => Source::Folder(&args.folder),
    };
    let built = built(source, args.to.as_deref())?;
    if wanted == Some(Format::Json) {
        output::json(&json!({
            "name": built.name, "version": built.version, "file": built.wasm.display().to_string(),
            "digest": format!("sha256:{}", built.digest), "size": built.size, "imports": built.imports,
            "sbom": built.sbom.as_ref().map(|path| path.display().to_string()), "parts": built.parts,
        }));
        return Ok(());
    }
    let imports = if built.imports.is_empty() { "nothing".to_owned() } else { built.imports.join(" ") };
    output::note(&format!(
        "{} {}: {} KiB, imports {imports}, sha256:{}",
        built.name,
        built.version,
        built.size.div_ceil(1024),
        built.digest
    ));
    if let Some(sbom) = &built.sbom {
        output::note(&format!("{} parts, listed in {}", built.parts, sbom.display()));
    }
    output::line(&built.wasm.display().to_string());
    Ok(())
}

fn built(source: Source<'_>, to: Option<&Path>) -> Result<Finished, Failure> {
    yiwang_builder::build(source, to, &mut |line| output::note(&line)).map_err(|error| {
        Failure::new(Exit::Invalid, "plugin.not-built", format!("{error:#}"))
            .help("what the compiler says stands above; docs/guide/plugins.md has the steps")
    })
}

impl SubjectArgs {
    /// The component, built if it must be, and its fixtures.
    fn subject(&self) -> Result<(PathBuf, PathBuf), Failure> {
        let beside = |folder: &Path| self.fixtures.clone().unwrap_or_else(|| folder.join("fixtures"));
        if self.path.is_dir() {
            return Ok((built(Source::Folder(&self.path), None)?.wasm, beside(&self.path)));
        }
        if !self.path.is_file() {
            let message = format!("there is no component {}", self.path.display());
            return Err(Failure::new(Exit::NotFound, "cli.file", message));
        }
        Ok((self.path.clone(), beside(self.path.parent().unwrap_or(Path::new(".")))))
    }
}

pub(super) async fn test(args: &SubjectArgs, wanted: Option<Format>) -> Result<(), Failure> {
    let (component, folder) = args.subject()?;
    let fixtures = fixture::all(&folder).map_err(unreadable)?;
    if fixtures.is_empty() {
        let message = format!("there are no fixtures in {}", folder.display());
        return Err(Failure::new(Exit::NotFound, "fixture.none", message)
            .help("fixtures are files *.json; docs/guide/plugins.md shows one"));
    }
    let (mut failed, mut steps, mut told) = (0, 0, Vec::new());
    for (path, fixture) in &fixtures {
        let wrong =
            fixture::run(&component, &user_cache(), fixture).await.unwrap_or_else(|reason| vec![reason]);
        steps += fixture.steps.len();
        failed += usize::from(!wrong.is_empty());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if wanted != Some(Format::Json) {
            let mark = if wrong.is_empty() { "ok     " } else { "FAILED " };
            output::line(&format!("{mark} {name}  {}", fixture.about));
            for what in &wrong {
                output::line(&format!("        {what}"));
            }
        }
        told.push(
            json!({ "file": name, "about": fixture.about, "passed": wrong.is_empty(), "problems": wrong }),
        );
    }
    if wanted == Some(Format::Json) {
        output::json(&json!({ "passed": fixtures.len() - failed, "failed": failed, "fixtures": told }));
    } else {
        output::line(&format!("{} fixtures, {steps} steps: {failed} failed", fixtures.len()));
    }
    if failed > 0 { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

pub(super) async fn conformance(args: &SubjectArgs, wanted: Option<Format>) -> Result<(), Failure> {
    let (component, folder) = args.subject()?;
    let all = checks::run(&component, &folder, &user_cache()).await.map_err(unreadable)?;
    let failed = all.iter().filter(|check| check.verdict == Verdict::Failed).count();
    if wanted == Some(Format::Json) {
        let checks: Vec<Value> = all.iter().map(|check| json!(check)).collect();
        output::json(&json!({ "conforms": failed == 0, "checks": checks }));
    } else {
        for check in &all {
            let mark = match check.verdict {
                Verdict::Passed => "ok     ",
                Verdict::Failed => "FAILED ",
                Verdict::Skipped => "-      ",
            };
            output::line(&format!("{mark} {:<11} {}", check.name, check.says));
            for problem in &check.problems {
                output::line(&format!("                    {problem}"));
            }
        }
    }
    if failed > 0 { Err(Failure::said(Exit::Failed)) } else { Ok(()) }
}

fn unreadable(reason: String) -> Failure {
    Failure::new(Exit::Invalid, "plugin.unsound", reason)
}
