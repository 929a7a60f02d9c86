//! Texts from elsewhere that an open workflow needs: files are read anew each time, what lies on the network is
//! fetched when the workflow is opened or saved, and not while somebody is typing its address.
//!
//! ```text
//! opened, saved ─► wanted ─► task ─fetched─► kept here ─► remarks once more
//! changed       ─► remarks with what is kept, silent about what is not fetched yet
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use lsp_types::Uri;
use yiwang_dsl::diagnostic::Code;
use yiwang_dsl::resource::{Resources, needed};
use yiwang_dsl::{Catalog, Diagnostic};
use yiwang_runtime::ports::Services;

use super::documents;
use crate::project::{Project, in_files};
use crate::services;

/// What was fetched, and for which document.
pub(super) struct Fetched {
    pub(super) document: Uri,
    texts: Resources,
}

/// The texts that are known.
pub(super) struct Elsewhere {
    project: Option<PathBuf>,
    /// Made when the first text is wanted.
    services: Option<Arc<dyn Services>>,
    /// Those of the network.
    kept: Resources,
    done: Sender<Fetched>,
    pub(super) arrived: Receiver<Fetched>,
}

impl Elsewhere {
    pub(super) fn new(project: Option<&Path>) -> Self {
        let (done, arrived) = unbounded();
        Self { project: project.map(Path::to_owned), services: None, kept: Resources::new(), done, arrived }
    }

    /// All remarks on a text but those that only say that a fetch is not done yet.
    pub(super) fn remarks(&self, document: &Uri, text: &str, catalog: &Catalog) -> Vec<Diagnostic> {
        let texts = self.texts(document, text);
        let (_, mut remarks) = yiwang_dsl::check_with(text, catalog, &texts);
        let waiting = needed(text, &texts);
        remarks.retain(|remark| {
            remark.code != Code::NotFetched || !waiting.iter().any(|one| one.span == remark.span)
        });
        remarks
    }

    /// Fetches what a text wants and what is not kept; what could not be had is tried again.
    pub(super) fn fetch(&mut self, document: &Uri, text: &str) {
        self.forget_refusals();
        let known = self.texts(document, text);
        if needed(text, &known).is_empty() {
            return;
        }
        let Some(services) = self.services() else { return };
        let (done, document, text) = (self.done.clone(), document.clone(), text.to_owned());
        tokio::runtime::Handle::current().spawn(async move {
            let texts = yiwang_runtime::complete_texts(&services, &text, known).await;
            // Nobody listens any more when the editor has gone.
            drop(done.send(Fetched { document, texts }));
        });
    }

    /// Keeps what has come.
    pub(super) fn keep(&mut self, fetched: &Fetched) {
        for (uri, text) in fetched.texts.iter().filter(|(uri, _)| is_remote(uri)) {
            match text {
                Ok(text) => self.kept.add(uri, Arc::clone(text)),
                Err(reason) => self.kept.refuse(uri, reason),
            }
        }
    }

    fn texts(&self, document: &Uri, text: &str) -> Resources {
        // A function on the network may want a file and the other way round: both are asked together.
        // What has no file yet is taken to lie in the working folder.
        let path = documents::path(document).unwrap_or_else(|| PathBuf::from("workflow.yaml"));
        in_files(&path, text, self.kept.clone())
    }

    fn forget_refusals(&mut self) {
        let mut kept = Resources::new();
        for (uri, text) in self.kept.iter() {
            if let Ok(text) = text {
                kept.add(uri, Arc::clone(text));
            }
        }
        self.kept = kept;
    }

    fn services(&mut self) -> Option<Arc<dyn Services>> {
        if self.services.is_none() {
            let project = self.project.as_deref().and_then(|root| Project::open(root, None).ok());
            self.services = services::alone(project.as_ref(), &[]).ok();
        }
        self.services.clone()
    }
}

fn is_remote(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}
