//! Workflows: deployed, listed, shown, checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yiwang_dsl::Diagnostic;
use yiwang_dsl::diagnostic::{Language, Located, Severity};
use yiwang_dsl::resource::{Resources, needed};
use yiwang_runtime::{DefinitionInfo, Error};

use crate::call::{Answer, Call, ok, with_status};
use crate::policy::{PROCESS_ADMIN, Policy};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::view::{PageView, time};

const DEPLOYERS: Policy = Policy::Role(&[PROCESS_ADMIN]);

pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/v1/definitions/{namespace}/{name}";
    let version = "/api/v1/definitions/{namespace}/{name}/versions/{version}";
    routes.add(Policy::Staff, Method::GET, "/api/v1/definitions", list);
    routes.add(DEPLOYERS, Method::POST, "/api/v1/definitions", deploy);
    routes.add(Policy::Staff, Method::POST, "/api/v1/definitions:validate", validate);
    routes.add(Policy::Staff, Method::GET, one, get);
    routes.add(Policy::Staff, Method::GET, version, get);
}

/// One version, for lists.
#[derive(Serialize)]
struct DefinitionView {
    namespace: String,
    name: String,
    version: String,
    hash: String,
    title: Option<String>,
    deployed: String,
    by: String,
    /// A start without a version takes this one.
    newest: bool,
}

impl From<DefinitionInfo> for DefinitionView {
    fn from(of: DefinitionInfo) -> Self {
        Self {
            namespace: of.id.namespace,
            name: of.id.name,
            version: of.id.version,
            hash: of.hash.0.to_string(),
            title: of.title,
            deployed: time(of.at),
            by: of.by,
            newest: of.newest,
        }
    }
}

/// All versions of all workflows, in order of name and version.
async fn list(call: Call) -> Answer {
    let all = call.app.handle.definitions();
    ok(&PageView::whole(all.into_iter().map(DefinitionView::from).collect()))
}

/// One version with its text; without a version in the path, the newest.
async fn get(call: Call) -> Answer {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        head: DefinitionView,
        source: &'a str,
        forms: BTreeMap<&'a str, &'a Value>,
    }
    let workflow = format!("{}/{}", call.param("namespace"), call.param("name"));
    let version = call.params.get("version").map(String::as_str);
    let missing = || Problem::not_found("workflow", &workflow);
    let found = call.app.handle.definition(&workflow, version).ok_or_else(missing)?;
    let head = call.app.handle.definitions().into_iter().find(|info| info.hash == found.hash);
    ok(&Whole {
        head: head.ok_or_else(missing)?.into(),
        source: &found.definition.source,
        forms: found.forms.iter().map(|(name, form)| (&**name, &form.document)).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    source: String,
    /// JSON Schemas by the name that `form.ref` uses, e.g. `forms/dispatch`.
    #[serde(default)]
    forms: BTreeMap<String, Value>,
    /// Texts from elsewhere that lie where the caller is, by URI: functions and schemas. Others are fetched.
    #[serde(default)]
    resources: BTreeMap<String, Arc<str>>,
}

/// 201 for a new version; 200 when this very content is deployed already.
async fn deploy(mut call: Call) -> Answer {
    #[derive(Serialize)]
    struct Done {
        namespace: String,
        name: String,
        version: String,
        hash: String,
        warnings: Vec<Located>,
    }
    let language = call.language();
    let text: Text = call.json().await?;
    let by = call.actor()?.person.clone();
    let deployed =
        match call.app.handle.deploy_with(&text.source, text.forms, text.resources.into(), &by).await {
            Ok(deployed) => deployed,
            Err(Error::Invalid(remarks)) => {
                let sentence = Error::Invalid(remarks.clone()).to_string();
                return Err(Problem::in_definition(sentence, located(&remarks, &text.source, language)));
            }
            Err(Error::InvalidForm { name, problem }) => {
                let pointer = format!("/forms/{}", name.replace('~', "~0").replace('/', "~1"));
                return Err(
                    Problem::from(Error::InvalidForm { name, problem: problem.clone() }).at(pointer, problem)
                );
            }
            Err(error) => return Err(error.into()),
        };
    tracing::info!(workflow = ?deployed.id, by, existing = deployed.existing, "workflow deployed");
    let status = if deployed.existing { StatusCode::OK } else { StatusCode::CREATED };
    let (id, hash) = (deployed.id, deployed.hash.0.to_string());
    let warnings = located(&deployed.warnings, &text.source, language);
    with_status(status, &Done { namespace: id.namespace, name: id.name, version: id.version, hash, warnings })
}

/// 200 whatever the text is: its mistakes are the answer, not a failure. They are those that a deployment finds.
async fn validate(mut call: Call) -> Answer {
    #[derive(Serialize)]
    struct Checked {
        valid: bool,
        diagnostics: Vec<Located>,
    }
    let language = call.language();
    let text: Text = call.json().await?;
    // Who sends no forms may only want to know about the text.
    let with_forms =
        (!text.forms.is_empty()).then(|| call.app.catalog.with_forms(text.forms.keys().cloned()));
    let catalog = with_forms.as_ref().unwrap_or(&call.app.catalog);
    let resources = Resources::from(text.resources);
    // A fetch goes where the text says, with secrets that it names: who may not deploy it has none made.
    let resources = if DEPLOYERS.admit(Some(call.actor()?)).is_ok() {
        call.app.handle.complete_texts(&text.source, resources).await
    } else {
        without_fetching(&text.source, resources)
    };
    let (_, remarks) = yiwang_dsl::check_with(&text.source, catalog, &resources);
    let valid = remarks.iter().all(|remark| remark.severity() != Severity::Error);
    ok(&Checked { valid, diagnostics: located(&remarks, &text.source, language) })
}

/// The texts at hand, and for the others the reason why there is none.
fn without_fetching(source: &str, mut resources: Resources) -> Resources {
    loop {
        let wanted = needed(source, &resources);
        if wanted.is_empty() {
            return resources;
        }
        for one in wanted {
            let reason =
                format!("the server does so for the role {PROCESS_ADMIN} only; send it along in `resources`");
            resources.refuse(one.uri, reason);
        }
    }
}

fn located(remarks: &[Diagnostic], source: &str, language: Language) -> Vec<Located> {
    remarks.iter().map(|remark| remark.locate(source, language)).collect()
}
