//! `run: script`: hands the script, with all its parts filled in, to a sandbox. Which, is not known here.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;
use yiwang_core::{EffectId, Timestamp};
use yiwang_dsl::definition::ScriptLanguage;
use yiwang_dsl::{Data, Fault};

use crate::auth::Credentials;
use crate::call::Call;
use crate::performer::Inner;
use crate::{document, fault};

/// A sandbox for scripts.
pub trait Scripts: Send + Sync {
    /// Runs one to its end; gives `{ code, stdout, stderr }`.
    fn run(&self, script: Script) -> BoxFuture<'_, Result<Data, Fault>>;
}

/// A script and all that it is handed.
#[derive(Clone, Debug)]
pub struct Script {
    /// In which language.
    pub language: ScriptLanguage,
    /// An object of `code`, `arguments`, `environment`, `stdin`.
    pub with: Data,
    /// Whose effect it is: its randomness follows from it.
    pub effect: EffectId,
    /// Where its clock begins.
    pub now: Timestamp,
}

/// No sandbox: every script fails with a configuration error.
#[derive(Clone, Copy, Debug)]
pub struct NoScripts;

impl Scripts for NoScripts {
    fn run(&self, script: Script) -> BoxFuture<'_, Result<Data, Fault>> {
        let detail = format!("nothing here runs scripts in {:?}", script.language);
        std::future::ready(Err(fault::configuration(detail))).boxed()
    }
}

/// Performs a `run: script`; its code may have to be fetched first.
pub(crate) async fn perform(inner: &Inner, call: &mut Call, language: ScriptLanguage) -> Result<Data, Fault> {
    let with = match call.get("source") {
        None => call.with.clone(),
        Some(source) => {
            let code = fetched(inner, call, &source).await?;
            with_code(&call.with, code)
        }
    };
    inner.scripts.run(Script { language, with, effect: call.effect, now: call.now }).await
}

async fn fetched(inner: &Inner, call: &mut Call, source: &Data) -> Result<String, Fault> {
    let endpoint = source.get("endpoint").unwrap_or_else(|| source.clone());
    let uri = endpoint.get("uri").unwrap_or_else(|| endpoint.clone());
    let uri = uri.as_str().ok_or_else(|| fault::configuration("`source.endpoint.uri` must be a text"))?;
    let credentials = Credentials::of(inner, call, endpoint.get("authentication"))?;
    let (_, bytes) = document::fetch(inner, call, &credentials, uri).await?;
    let text = String::from_utf8(bytes.to_vec());
    text.map_err(|_| fault::configuration("what `source` names is no text in UTF-8"))
}

fn with_code(with: &Data, code: String) -> Data {
    let mut with = with.to_json();
    if let Some(members) = with.as_object_mut() {
        members.remove("source");
        members.insert("code".to_owned(), Value::String(code));
    }
    with.into()
}
