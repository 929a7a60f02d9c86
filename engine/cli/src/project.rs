//! A project folder: what one server runs.
//!
//! ```text
//! yiwang.yaml                      settings; every key is optional
//! channels/<id>.yaml               one channel each
//! workflows/<name>/workflow.yaml   one workflow each
//!                 /forms/*.json    its forms: JSON Schemas, used as `forms/<file name>`
//!                 /sweeps/*.yaml     its sweeps, known by name
//!                 /scenarios/*.yaml  its scenarios, for `yiwang test`
//!           calendars/*.yaml       calendars, besides the built-in ones
//!           sla/*.yaml             tables of promises
//! plugins.lock                     plugins that were accepted; with it, no other is run
//! trust.yaml                       whose signatures on plugins are trusted
//! ```
//! Unknown keys are mistakes, told with their place. What a channel's plugin wants is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::NamedSource;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use yiwang_core::Timestamp;
use yiwang_core::catalog::{channel_catalog, default_catalog};
use yiwang_core::lifecycle::Sink;
use yiwang_dsl::diagnostic::{Report, Severity};
use yiwang_dsl::lifecycle::LifecycleEvent;
use yiwang_dsl::resource::{Needed, Resources, needed};
use yiwang_dsl::{Catalog, Diagnostic, yaml};
use yiwang_host::{Installed, Lock, Trust};
use yiwang_services::process::Processes;

use crate::egress::{Egress, WorkflowSecret};
use crate::failure::{self, Exit, Failure};
use crate::language;
use crate::output;
use crate::references::{self, Document};

/// `yiwang.yaml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where to listen, e.g. `127.0.0.1:7420`.
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// Folder of the store, relative to the project.
    pub(crate) data: Option<PathBuf>,
    /// Before the date of a case number.
    pub(crate) case_prefix: Option<String>,
    /// Folder with the components of the plugins, relative to the project.
    pub(crate) plugins: Option<PathBuf>,
    /// Folder with the channels' files, relative to the project.
    pub(crate) channels: Option<PathBuf>,
    /// Folder with the workflows, relative to the project.
    pub(crate) workflows: Option<PathBuf>,
    /// Where the lifecycle events of all workflows are posted.
    pub(crate) lifecycle: Option<Lifecycle>,
    /// Sizes.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// What calls of workflows may reach.
    #[serde(default)]
    pub(crate) egress: Egress,
    /// What workflows may run on this machine; without it, nothing.
    #[serde(default)]
    pub(crate) processes: Processes,
    /// What calls of workflows may know, by name.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, WorkflowSecret>,
}

/// `lifecycle` of `yiwang.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Lifecycle {
    /// `CloudEvents` are posted here.
    pub(crate) uri: String,
    /// Names of lifecycle events, `workflow` and `task`.
    pub(crate) events: Vec<String>,
}

impl Lifecycle {
    /// What the engine is told.
    fn sink(&self) -> Result<Sink, Failure> {
        let mut events = BTreeSet::new();
        for name in &self.events {
            let named = LifecycleEvent::named(name);
            if named.is_empty() {
                let text = format!("yiwang.yaml: there is no lifecycle event `{name}`");
                return Err(Failure::new(Exit::Invalid, "project.lifecycle", text)
                    .help("`workflow`, `task`, or one of them like `workflow.completed`"));
            }
            events.extend(named);
        }
        Ok(Sink { uri: self.uri.clone(), events })
    }
}

impl Settings {
    /// The settings of the engine.
    pub(crate) fn engine(&self) -> Result<yiwang_runtime::Config, Failure> {
        let usual = yiwang_runtime::Config::default();
        Ok(yiwang_runtime::Config {
            case_prefix: self.case_prefix.clone().unwrap_or(usual.case_prefix),
            service_calls_max: self.limits.service_calls.unwrap_or(usual.service_calls_max),
            lifecycle: self.lifecycle.as_ref().map(Lifecycle::sink).transpose()?,
            processes: self.processes.allowed(),
            ..usual
        })
    }
}

/// `limits` of `yiwang.yaml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Limits {
    /// Bytes of a body that a channel gets.
    pub(crate) channel_body_bytes: Option<usize>,
    /// Requests served at a time.
    pub(crate) requests_concurrent: Option<usize>,
    /// Seconds that a script may compute.
    pub(crate) script_seconds: Option<u32>,
    /// Calls of one kind of service that are under way at the same time.
    pub(crate) service_calls: Option<usize>,
}

/// A project with all its paths.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) settings: Settings,
}

/// A channel as its file says.
#[derive(Clone, Debug)]
pub(crate) struct ChannelFile {
    pub(crate) path: PathBuf,
    pub(crate) id: String,
    /// All but the secrets.
    pub(crate) value: Value,
    pub(crate) secrets: BTreeMap<String, SecretSource>,
}

/// Where the value of a secret comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum SecretSource {
    /// An environment variable of the server.
    Env(String),
    /// A file, relative to the project; the line break at its end does not count.
    File(PathBuf),
    /// The value itself: for tests.
    Value(String),
}

/// A workflow with its forms, as files.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) path: PathBuf,
    pub(crate) source: String,
    pub(crate) forms: BTreeMap<String, Value>,
    /// Forms that are not JSON, and why.
    pub(crate) broken_forms: BTreeMap<String, String>,
    /// Texts from elsewhere that lie in files: functions and schemas.
    pub(crate) resources: Resources,
}

impl Project {
    /// Reads the settings: of `config`, or of `yiwang.yaml` if it is there.
    pub(crate) fn open(root: &Path, config: Option<&Path>) -> Result<Self, Failure> {
        if !root.is_dir() {
            let message = format!("there is no project folder {}", root.display());
            return Err(Failure::new(Exit::NotFound, "project.missing", message));
        }
        let usual = root.join("yiwang.yaml");
        let settings = match config {
            Some(path) => from_yaml(path)?,
            None if usual.exists() => from_yaml(&usual)?,
            None => Settings::default(),
        };
        Ok(Self { root: root.to_owned(), settings })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.below(self.settings.data.as_deref(), "data")
    }

    pub(crate) fn plugins(&self) -> PathBuf {
        self.below(self.settings.plugins.as_deref(), "plugins")
    }

    /// Which plugins were accepted.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.root.join("plugins.lock")
    }

    /// What it says, if it is there.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Failure> {
        let path = self.lock_path();
        if !path.exists() {
            return Ok(None);
        }
        let lock: Lock = from_yaml(&path)?;
        lock.check().map_err(|reason| {
            Failure::new(Exit::Invalid, "project.invalid", format!("{}: {reason}", path.display()))
        })?;
        Ok(Some(lock))
    }

    /// Whose plugins are trusted, if that is written down.
    pub(crate) fn trust(&self) -> Result<Option<Trust>, Failure> {
        let path = self.root.join("trust.yaml");
        if path.exists() { from_yaml(&path).map(Some) } else { Ok(None) }
    }

    /// What a server holds its plugins against; without a lock, nothing.
    pub(crate) fn installed(&self, now: Timestamp) -> Result<Option<Installed>, Failure> {
        let Some(lock) = self.lock()? else { return Ok(None) };
        Ok(Some(Installed { lock, trust: self.trust()?, now }))
    }

    fn below(&self, set: Option<&Path>, usual: &str) -> PathBuf {
        self.root.join(set.unwrap_or(Path::new(usual)))
    }

    /// All channels, in order of their files' names.
    pub(crate) fn channels(&self) -> Result<Vec<ChannelFile>, Failure> {
        let folder = self.below(self.settings.channels.as_deref(), "channels");
        let mut channels: Vec<ChannelFile> = Vec::new();
        for path in files(&folder, "yaml")? {
            let channel = channel(&path)?;
            if let Some(other) = channels.iter().find(|other| other.id == channel.id) {
                let message = format!(
                    "{} and {} are both the channel `{}`",
                    other.path.display(),
                    path.display(),
                    channel.id
                );
                return Err(Failure::new(Exit::Invalid, "project.channel", message));
            }
            channels.push(channel);
        }
        Ok(channels)
    }

    /// What its workflows may call, with these channels.
    pub(crate) fn catalog(&self, channels: impl IntoIterator<Item = String>) -> Catalog {
        let mut catalog = channel_catalog(channels);
        catalog.allow(self.settings.processes.allowed());
        catalog
    }

    /// All workflows, in order of their folders' names.
    pub(crate) fn packages(&self) -> Result<Vec<Package>, Failure> {
        let folder = self.below(self.settings.workflows.as_deref(), "workflows");
        if folder.is_dir() { packages(&folder) } else { Ok(Vec::new()) }
    }

    /// Its calendars and tables of promises, those that others extend first.
    pub(crate) fn references(&self) -> Result<Vec<Document>, Failure> {
        references::of_workflows(&self.below(self.settings.workflows.as_deref(), "workflows"))
    }
}

impl SecretSource {
    /// The value, read now: a rotated secret takes effect at its next use.
    pub(crate) fn read(&self, root: &Path) -> Option<String> {
        match self {
            Self::Env(name) => std::env::var(name).ok(),
            Self::File(path) => {
                let text = std::fs::read_to_string(root.join(path)).ok()?;
                Some(
                    text.strip_suffix('\n')
                        .map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned())
                        .unwrap_or(text),
                )
            }
            Self::Value(value) => Some(value.clone()),
        }
    }
}

impl Package {
    /// The workflow in this file, with the forms in `forms/` beside it, which must be JSON.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::read_as_written(path)?.whole()
    }

    /// The same whatever the forms are.
    fn read_as_written(path: &Path) -> Result<Self, Failure> {
        let source = text(path)?;
        let (mut forms, mut broken_forms) = (BTreeMap::new(), BTreeMap::new());
        for (name, file) in forms_beside(path)? {
            match serde_json::from_str(&text(&file)?) {
                Ok(schema) => drop(forms.insert(name, schema)),
                Err(error) => drop(broken_forms.insert(name, error.to_string())),
            }
        }
        let resources = in_files(path, &source, Resources::new());
        Ok(Self { path: path.to_owned(), source, forms, broken_forms, resources })
    }

    /// Only with forms that are JSON.
    fn whole(self) -> Result<Self, Failure> {
        let Some((name, problem)) = self.broken_forms.first_key_value() else { return Ok(self) };
        let file = self.path.with_file_name(format!("{name}.json"));
        let message = format!("{} is not JSON: {problem}", file.display());
        Err(Failure::new(Exit::Invalid, "form.invalid", message))
    }

    /// What it may call and which forms it has.
    pub(crate) fn catalog(&self, catalog: &Catalog) -> Catalog {
        catalog.with_forms(self.forms.keys().chain(self.broken_forms.keys()).cloned())
    }
}

/// The forms of the workflow in this file, by name.
pub(crate) fn forms_beside(workflow: &Path) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let files = files(&workflow.with_file_name("forms"), "json")?;
    let named = files.into_iter().map(|file| {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        (format!("forms/{stem}"), file)
    });
    Ok(named.collect())
}

/// The texts from elsewhere that lie in files: relative to the workflow's own, or `file:` URIs. What cannot be
/// read is noted with the reason; what lies on the network is left to who may go there. `texts`: those at hand.
pub(crate) fn in_files(path: &Path, source: &str, mut texts: Resources) -> Resources {
    loop {
        let mut wanted = needed(source, &texts);
        wanted.retain(|one| !one.uri.starts_with("http://") && !one.uri.starts_with("https://"));
        if wanted.is_empty() {
            return texts;
        }
        for Needed { uri, .. } in wanted {
            let file = uri.strip_prefix("file:").unwrap_or(&uri);
            let file = path.with_file_name(file.strip_prefix("//").unwrap_or(file));
            match std::fs::read_to_string(&file) {
                Ok(text) => texts.add(uri, text),
                Err(error) => texts.refuse(uri, format!("{}: {error}", file.display())),
            }
        }
    }
}

/// What workflows may call; with a project, its channels and the processes it allows too.
pub(crate) fn catalog(project: Option<&Path>) -> Result<Catalog, Failure> {
    let Some(root) = project else { return Ok(default_catalog()) };
    let project = Project::open(root, None)?;
    let ids = project.channels()?.into_iter().map(|channel| channel.id);
    Ok(project.catalog(ids))
}

/// The workflow of a file, or all `workflow.yaml` in and below a folder (two levels).
pub(crate) fn packages(path: &Path) -> Result<Vec<Package>, Failure> {
    packages_as_written(path)?.into_iter().map(Package::whole).collect()
}

/// The same, also with forms that are not JSON.
pub(crate) fn packages_as_written(path: &Path) -> Result<Vec<Package>, Failure> {
    if !path.is_dir() {
        return Ok(vec![Package::read_as_written(path)?]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let file = folder.join("workflow.yaml");
        if file.is_file() {
            found.push(Package::read_as_written(&file)?);
        } else if depth < 2 {
            let mut below = entries(&folder)?;
            below.retain(|path| path.is_dir());
            folders.extend(below.into_iter().rev().map(|folder| (folder, depth + 1)));
        }
    }
    Ok(found)
}

/// The channel of one file.
pub(crate) fn channel(path: &Path) -> Result<ChannelFile, Failure> {
    #[derive(Deserialize)]
    struct Own {
        id: String,
        #[serde(default)]
        secrets: BTreeMap<String, SecretSource>,
    }
    let own: Own = from_yaml(path)?;
    let mut value: Value = from_yaml(path)?;
    if let Some(members) = value.as_object_mut() {
        members.remove("secrets");
    }
    Ok(ChannelFile { path: path.to_owned(), id: own.id, value, secrets: own.secrets })
}

/// A YAML file as a type; its mistakes are printed with their places.
pub(crate) fn from_yaml<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    yaml::from_str(&text).map_err(|remarks| {
        print_remarks(path, &text, &remarks);
        Failure::new(Exit::Invalid, "project.invalid", format!("{} has mistakes", path.display()))
    })
}

/// Prints remarks with the lines they are about, on stderr. The number of errors among them.
pub(crate) fn print_remarks(path: &Path, source: &str, remarks: &[Diagnostic]) -> usize {
    let named = Arc::new(NamedSource::new(path.display().to_string(), source.to_owned()));
    let language = language::chosen();
    for remark in remarks {
        let report = Report { diagnostic: remark.clone(), source_code: Arc::clone(&named), language };
        output::note(&format!("{:?}", miette::Report::new(report)));
    }
    remarks.iter().filter(|remark| remark.severity() == Severity::Error).count()
}

/// The files of a folder with this extension, in order; none when there is no folder.
pub(crate) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = entries(folder)?;
    paths.retain(|path| path.is_file() && path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

/// The folders in a folder, in order.
pub(crate) fn folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = entries(folder)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// A file, or the YAML files in and below a folder, in order. Hidden folders are passed over.
pub(crate) fn yaml_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut found = Vec::new();
    for entry in entries(path)?.into_iter().filter(|entry| !hidden(entry)) {
        if entry.is_dir() {
            found.extend(yaml_files(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(entry);
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| failure::file("reading the folder", folder, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))
}
