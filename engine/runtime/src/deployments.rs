//! What is deployed: compiled definitions by hash, by name, and by the events they want.
//!
//! A [`Deployments`] never changes: a commit with a new deployment puts a new one in its place, so that
//! readers hold a consistent view without a lock. It does not know who runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yiwang_core::correlation::{self, SubscriptionKey};
use yiwang_core::{Deployment, Event, Timestamp, schedule};
use yiwang_dsl::definition::{DefinitionHash, DefinitionId, Schedule, Schema};
use yiwang_dsl::resource::Resources;
use yiwang_dsl::{Catalog, Data, Diagnostic};

use crate::ports::DeploymentRow;
use crate::request::Deployed;
use crate::{Error, limits};

/// `namespace/name`: what start keys and schedules belong to.
pub fn workflow_name(id: &DefinitionId) -> String {
    format!("{}/{}", id.namespace, id.name)
}

/// One deployed definition, for lists.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinitionInfo {
    /// Namespace, name and version.
    pub id: DefinitionId,
    /// Hash of text and forms.
    pub hash: DefinitionHash,
    /// For people.
    pub title: Option<String>,
    /// When it was deployed.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// A start without a version takes this one.
    pub newest: bool,
}

/// Checks texts against the catalog of functions and channels.
#[derive(Debug)]
pub(crate) struct Compiler {
    catalog: Catalog,
}

/// A text that has passed.
pub(crate) struct Compiled {
    pub(crate) deployment: Arc<Deployment>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Compiler {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self { catalog }
    }

    /// Checks text and forms that are deployed now, with the texts from elsewhere that it uses.
    pub(crate) fn compile(
        &self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        resources: &Resources,
    ) -> Result<Compiled, Error> {
        let catalog = self.catalog.with_forms(forms.keys().cloned());
        compile(&catalog, source, forms, resources)
    }

    /// The same with what was deployed once. Whether all its forms came with it was not asked then.
    pub(crate) fn compile_stored(
        &self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        resources: &Resources,
    ) -> Result<Compiled, Error> {
        compile(&self.catalog, source, forms, resources)
    }
}

fn compile(
    catalog: &Catalog,
    source: &str,
    forms: BTreeMap<String, serde_json::Value>,
    resources: &Resources,
) -> Result<Compiled, Error> {
    let elsewhere: usize = resources.iter().map(|(_, text)| text.map_or(0, |text| text.len())).sum();
    let bytes = source.len() + crate::weight::weight(&forms) + elsewhere;
    if bytes > limits::DEPLOYMENT_BYTES_MAX {
        let what = "the workflow with its forms".to_owned();
        return Err(Error::TooLarge { what, bytes, limit: limits::DEPLOYMENT_BYTES_MAX });
    }
    let (definition, diagnostics) = yiwang_dsl::check_with(source, catalog, resources);
    let Some(definition) = definition else { return Err(Error::Invalid(diagnostics)) };
    let forms = forms.into_iter().map(|(name, document)| match form(document) {
        Ok(schema) => Ok((name, schema)),
        Err(problem) => Err(Error::InvalidForm { name, problem }),
    });
    let deployment = Deployment::new(definition, forms.collect::<Result<_, _>>()?);
    Ok(Compiled { deployment: Arc::new(deployment), warnings: diagnostics })
}

impl Compiled {
    /// How it is stored.
    pub(crate) fn row(&self, at: Timestamp, by: &str) -> DeploymentRow {
        let forms = self.deployment.forms.iter();
        DeploymentRow {
            hash: self.deployment.hash.clone(),
            id: self.deployment.definition.id.clone(),
            source: Arc::clone(&self.deployment.definition.source),
            forms: forms.map(|(name, form)| (name.clone(), form.document.clone())).collect(),
            resources: self.deployment.definition.resources.clone(),
            at,
            by: by.to_owned(),
        }
    }
}

fn form(document: serde_json::Value) -> Result<Schema, String> {
    match jsonschema::validator_for(&document) {
        Ok(validator) => Ok(Schema { document, validator }),
        Err(error) => Err(error.to_string()),
    }
}

/// All deployments at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployments {
    by_hash: BTreeMap<DefinitionHash, Arc<Entry>>,
    by_workflow: BTreeMap<String, BTreeMap<Version, Arc<Entry>>>,
    /// Ways to correlate, by literal event type; each (type, `from` texts) once over all versions.
    shapes: BTreeMap<Option<String>, Vec<ShapeRef>>,
    /// Stored deployments that this engine cannot compile, and why.
    broken: BTreeMap<DefinitionHash, String>,
}

#[derive(Debug)]
struct Entry {
    deployment: Arc<Deployment>,
    at: Timestamp,
    by: String,
}

/// Semantic versions in their order; a text that is none comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(Option<semver::Version>, String);

/// A shape lives in its definition: the number finds it again.
#[derive(Clone, Debug)]
struct ShapeRef {
    deployment: Arc<Deployment>,
    index: usize,
    from: Vec<String>,
}

impl Deployments {
    /// With one more. The same hash twice is one.
    pub(crate) fn add(&mut self, deployment: Arc<Deployment>, at: Timestamp, by: &str) {
        if self.by_hash.contains_key(&deployment.hash) {
            return;
        }
        let id = &deployment.definition.id;
        let entry = Arc::new(Entry { deployment: Arc::clone(&deployment), at, by: by.to_owned() });
        let version = Version(semver::Version::parse(&id.version).ok(), id.version.clone());
        self.by_workflow.entry(workflow_name(id)).or_default().insert(version, Arc::clone(&entry));
        self.by_hash.insert(deployment.hash.clone(), entry);
        for (index, shape) in correlation::shapes(&deployment.definition).iter().enumerate() {
            let from: Vec<_> = shape.from.iter().map(|from| from.text.clone()).collect();
            let known = self.shapes.entry(shape.event_type.map(str::to_owned)).or_default();
            if known.iter().all(|other| other.from != from) {
                known.push(ShapeRef { deployment: Arc::clone(&deployment), index, from });
            }
        }
    }

    /// Notes a stored deployment that does not compile.
    pub(crate) fn add_broken(&mut self, hash: DefinitionHash, why: String) {
        self.broken.insert(hash, why);
    }

    /// What an instance is pinned to, or why it cannot run.
    pub(crate) fn pinned(&self, hash: &DefinitionHash) -> Result<&Arc<Deployment>, String> {
        self.by_hash.get(hash).map(|entry| &entry.deployment).ok_or_else(|| {
            let why = self.broken.get(hash).map_or("it is not stored", String::as_str);
            format!("its definition {} cannot be used: {why}", hash.0)
        })
    }

    /// A workflow's deployment; no version: the greatest one.
    pub(crate) fn find(&self, workflow: &str, version: Option<&str>) -> Option<Arc<Deployment>> {
        let versions = self.by_workflow.get(workflow)?;
        let entry = match version {
            Some(version) => versions.iter().find(|(known, _)| known.1 == version).map(|(_, entry)| entry),
            None => versions.last_key_value().map(|(_, entry)| entry),
        };
        entry.map(|entry| Arc::clone(&entry.deployment))
    }

    /// The deployment with exactly this content: it need not be compiled again.
    pub(crate) fn with_content(
        &self,
        source: &str,
        forms: &BTreeMap<String, serde_json::Value>,
    ) -> Option<Deployed> {
        let mut known = self.by_hash.values().map(|entry| &entry.deployment);
        let same = known.find(|known| {
            *known.definition.source == *source
                && known.forms.len() == forms.len()
                && known.forms.iter().zip(forms).all(|(a, b)| a.0 == b.0 && a.1.document == *b.1)
        })?;
        let (id, hash) = (same.definition.id.clone(), same.hash.clone());
        Some(Deployed { id, hash, existing: true, warnings: Vec::new() })
    }

    pub(crate) fn infos(&self) -> Vec<DefinitionInfo> {
        let workflows = self.by_workflow.values();
        let infos = workflows.flat_map(|versions| {
            let newest = versions.last_key_value().map(|(version, _)| version);
            versions.iter().map(move |(version, entry)| DefinitionInfo {
                id: entry.deployment.definition.id.clone(),
                hash: entry.deployment.hash.clone(),
                title: entry.deployment.definition.title.clone(),
                at: entry.at,
                by: entry.by.clone(),
                newest: newest == Some(version),
            })
        });
        infos.collect()
    }

    /// The greatest version of each workflow, with the time of its deployment.
    pub(crate) fn newest(&self) -> impl Iterator<Item = (&String, &Arc<Deployment>, Timestamp)> {
        self.by_workflow.iter().filter_map(|(workflow, versions)| {
            let (_, entry) = versions.last_key_value()?;
            Some((workflow, &entry.deployment, entry.at))
        })
    }

    /// What this event starts: deployment and workflow input.
    pub(crate) fn starts(&self, event: &Event) -> Vec<(Arc<Deployment>, Data)> {
        let by_event =
            |deployment: &Deployment| matches!(deployment.definition.schedule, Some(Schedule::On { .. }));
        let newest = self.newest().filter(|(_, deployment, _)| by_event(deployment));
        newest
            .filter_map(|(_, deployment, _)| {
                let input = schedule::start_input(&deployment.definition, event)?;
                Some((Arc::clone(deployment), input))
            })
            .collect()
    }

    /// Which deployments put this event into a set that an instance begins with.
    pub(crate) fn gatherers(&self, event: &Event) -> Vec<Arc<Deployment>> {
        let newest = self.newest().map(|(_, deployment, _)| deployment);
        newest.filter(|deployment| schedule::gathers(&deployment.definition, event)).cloned().collect()
    }

    /// Is there a workflow that this event could begin, or that could listen for it?
    pub(crate) fn hears(&self, event: &Event) -> bool {
        !self.keys(event).is_empty() || !self.starts(event).is_empty() || !self.gatherers(event).is_empty()
    }

    /// Under which keys a listener for this event may stand.
    pub(crate) fn keys(&self, event: &Event) -> Vec<SubscriptionKey> {
        let of_type = self.shapes.get(&Some(event.r#type.clone()));
        let of_any = self.shapes.get(&None);
        let mut keys = BTreeSet::new();
        for found in of_type.into_iter().chain(of_any).flatten() {
            let shapes = correlation::shapes(&found.deployment.definition);
            keys.extend(shapes.get(found.index).and_then(|shape| shape.key(event)));
        }
        keys.into_iter().collect()
    }
}
