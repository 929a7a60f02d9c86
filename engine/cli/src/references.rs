//! Reference documents as files of a project: `calendars/*.yaml`, `sla/*.yaml` and `retention/default.yaml` beside the
//! workflows, and the `sweeps/*.yaml` of each process.

use std::path::{Path, PathBuf};

use yiwang_core::Timestamp;
use yiwang_core::district::District;
use yiwang_core::reference::{Kind, Reference};
use yiwang_dsl::yaml::{self, Node};

use crate::failure::{self, Exit, Failure};
use crate::project::{files, print_remarks};

/// The folders, by kind, in the order in which their documents are taken.
const FOLDERS: [(Kind, &str); 3] =
    [(Kind::Calendar, "calendars"), (Kind::Sla, "sla"), (Kind::Retention, "retention")];

/// The folder of a process that has its sweeps.
const SWEEPS: &str = "sweeps";

/// One document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) body: String,
}

impl Document {
    /// Reads a file; its `id` is its name, or of a sweep its `sweep`, or else that of the file.
    pub(crate) fn read(kind: Kind, path: &Path) -> Result<Self, Failure> {
        let body = std::fs::read_to_string(path).map_err(|error| failure::file("reading", path, error))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = id(&body, if kind == Kind::Sweep { "sweep" } else { "id" }).unwrap_or(stem);
        Ok(Self { path: path.to_owned(), kind, name, body })
    }
}

fn id(body: &str, key: &str) -> Option<String> {
    yaml::parse(body).ok()?.get(key).and_then(Node::as_str).map(str::to_owned)
}

/// The documents of a folder of workflows, those that others extend first.
pub(crate) fn of_workflows(folder: &Path) -> Result<Vec<Document>, Failure> {
    let mut all = Vec::new();
    for (kind, below) in FOLDERS {
        for path in files(&folder.join(below), "yaml")? {
            all.push(Document::read(kind, &path)?);
        }
    }
    let mut folders = vec![folder.join(SWEEPS)];
    folders.extend(crate::project::folders(folder)?.into_iter().map(|process| process.join(SWEEPS)));
    for sweeps in folders {
        for path in files(&sweeps, "yaml")? {
            all.push(Document::read(Kind::Sweep, &path)?);
        }
    }
    Ok(in_order(all))
}

/// The sweeps of the workflows in a folder, or the one in a file that lies in a folder `sweeps`.
pub(crate) fn sweeps(path: &Path) -> Result<Vec<Document>, Failure> {
    if path.is_dir() {
        let mut all = of_workflows(path)?;
        all.retain(|document| document.kind == Kind::Sweep);
        return Ok(all);
    }
    let is_one = path.parent().is_some_and(|folder| folder.ends_with(SWEEPS));
    if is_one { Ok(vec![Document::read(Kind::Sweep, path)?]) } else { Ok(Vec::new()) }
}

/// A document comes after those that it extends.
fn in_order(mut left: Vec<Document>) -> Vec<Document> {
    let mut done: Vec<Document> = Vec::new();
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|document| document.name.clone()).collect();
        let waits = |document: &Document| {
            let extends =
                yaml::parse(&document.body).ok().and_then(|root| root.get("extends").map(Node::to_json));
            let extends: Vec<String> =
                extends.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
            extends.iter().any(|base| *base != document.name && names.contains(base))
        };
        // Of those that wait for each other one comes first all the same: the mistake is told there.
        let at = left.iter().position(|document| !waits(document)).unwrap_or(0);
        done.push(left.remove(at));
    }
    done
}

/// The district with these documents; what does not pass is printed.
pub(crate) fn district(documents: &[Document]) -> Result<District, Failure> {
    let mut district = District::new();
    for document in documents {
        let reference = Reference {
            number: district.last_number() + 1,
            kind: document.kind,
            name: document.name.clone(),
            version: 1,
            at: Timestamp::default(),
            by: "project".to_owned(),
            reason: None,
            body: document.body.as_str().into(),
        };
        district = district.with(reference).map_err(|remarks| {
            print_remarks(&document.path, &document.body, &remarks);
            let message = format!("{} has mistakes", document.path.display());
            Failure::new(Exit::Invalid, "reference.invalid", message)
        })?;
    }
    Ok(district)
}
