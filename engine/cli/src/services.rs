//! Who performs the calls of workflows: the services, with the host's sandbox for scripts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use yiwang_dsl::error::Kind;
use yiwang_dsl::resource::{Resources, needed};
use yiwang_dsl::{Data, Fault};
use yiwang_host::{Scripts, ScriptsConfig};
use yiwang_runtime::ports::Services;
use yiwang_services::Config;
use yiwang_services::egress::Target;
use yiwang_services::script::Script;

use crate::egress;
use crate::failure::Failure;
use crate::project::{Package, Project};

/// The services of a project, with compiled interpreters below `data`.
pub(crate) fn of_project(project: &Project, data: &Path) -> Result<Arc<dyn Services>, Failure> {
    let folders = interpreters(Some(project.plugins()));
    let mut config = ScriptsConfig::new(folders, data.join("plugin-cache"));
    if let Some(seconds) = project.settings.limits.script_seconds {
        config.time_max = Duration::from_secs(seconds.into());
    }
    performer(config, egress::config(Some(project), &[])?)
}

/// The services of `yiwang run`, which may know no project; `allow`: reached besides.
pub(crate) fn alone(project: Option<&Project>, allow: &[Target]) -> Result<Arc<dyn Services>, Failure> {
    let scripts = ScriptsConfig::new(interpreters(project.map(Project::plugins)), user_cache());
    performer(scripts, egress::config(project, allow)?)
}

/// All texts from elsewhere that a workflow needs to be checked: those in files, and those that are fetched by
/// the rules of the project.
pub(crate) fn texts(project: Option<&Path>, package: &Package) -> Result<Resources, Failure> {
    let known = package.resources.clone();
    if needed(&package.source, &known).is_empty() {
        return Ok(known);
    }
    let project = project.map(|root| Project::open(root, None)).transpose()?;
    let services = alone(project.as_ref(), &[])?;
    let complete = yiwang_runtime::complete_texts(&services, &package.source, known);
    // The commands that check are not async themselves: they may run again and again, by a watcher.
    Ok(tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(complete)))
}

fn performer(scripts: ScriptsConfig, config: Config) -> Result<Arc<dyn Services>, Failure> {
    let scripts = Arc::new(Sandbox { config: scripts, ready: OnceLock::new() });
    Ok(Arc::new(egress::performer(Config { scripts, ..config })?))
}

/// Folders that may hold interpreters: the project's, and those where an installation and a build have them.
fn interpreters(project: Option<PathBuf>) -> Vec<PathBuf> {
    let binary = std::env::current_exe().ok();
    let beside = binary.as_deref().and_then(Path::parent).map(|folder| folder.join("plugins"));
    let above =
        binary.as_deref().and_then(|path| path.ancestors().nth(2)).map(|folder| folder.join("plugins"));
    project.into_iter().chain(beside).chain(above).collect()
}

/// Where a person's own compiled components lie.
pub(crate) fn user_cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache"));
    cache.or_else(home).unwrap_or_else(std::env::temp_dir).join("yiwang/plugin-cache")
}

/// The host's sandbox, made ready when the first script comes.
struct Sandbox {
    config: ScriptsConfig,
    ready: OnceLock<Result<Scripts, String>>,
}

impl Sandbox {
    fn ready(&self) -> Result<&Scripts, Fault> {
        let start = || {
            Scripts::start(self.config.clone()).map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                format!("{error}: {cause}")
            })
        };
        let ready = self.ready.get_or_init(start).as_ref();
        ready.map_err(|reason| Fault::new(Kind::Runtime, "", format!("scripts are not ready: {reason}")))
    }
}

impl yiwang_services::script::Scripts for Sandbox {
    fn run(&self, script: Script) -> BoxFuture<'_, Result<Data, Fault>> {
        Box::pin(async move {
            let Script { language, with, effect, now } = script;
            self.ready()?.run(language, &with, &effect, now).await
        })
    }
}
