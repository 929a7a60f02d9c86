//! Where scripts run: the host's sandbox, with interpreters that are built when they are stale.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_dsl::error::Kind;
use yiwang_dsl::{Data, Fault};
use yiwang_host::{Scripts, ScriptsConfig};
use yiwang_services::script::{self, Script};

/// Why scripts in a language cannot be played on this machine; none if they can.
pub fn obstacle(language: ScriptLanguage) -> Option<String> {
    built(language).as_ref().err().cloned()
}

/// The sandbox, one for all scenarios.
#[derive(Debug)]
pub struct Sandbox;

impl script::Scripts for Sandbox {
    fn run(&self, script: Script) -> BoxFuture<'_, Result<Data, Fault>> {
        async move {
            let Script { language, with, effect, now } = script;
            let fault = |reason: String| Fault::new(Kind::Configuration, "", reason);
            built(language).as_ref().map_err(|obstacle| fault(obstacle.clone()))?;
            let scripts = ready().as_ref().map_err(|reason| fault(reason.clone()))?;
            scripts.run(language, &with, &effect, now).await
        }
        .boxed()
    }
}

fn built(language: ScriptLanguage) -> &'static Result<PathBuf, String> {
    static JS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let (cell, name) = match language {
        ScriptLanguage::Js => (&JS, "script-js"),
        ScriptLanguage::Python => (&PYTHON, "script-python"),
    };
    cell.get_or_init(|| {
        xtask::plugins::interpreter_if_possible(name).unwrap_or_else(|error| Err(format!("{error:#}")))
    })
}

fn ready() -> &'static Result<Arc<Scripts>, String> {
    static READY: OnceLock<Result<Arc<Scripts>, String>> = OnceLock::new();
    READY.get_or_init(|| {
        let config = ScriptsConfig::new(vec![xtask::plugins::output()], xtask::plugins::script_cache());
        let scripts = Scripts::start(config);
        scripts.map(Arc::new).map_err(|error| error.to_string())
    })
}
