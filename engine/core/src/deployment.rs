//! A definition together with the files it refers to: what an instance is pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use yiwang_dsl::Definition;
use yiwang_dsl::definition::{DefinitionHash, Schema};

/// One deployed version of a workflow.
#[derive(Debug)]
pub struct Deployment {
    /// The workflow.
    pub definition: Definition,
    /// Forms by the name that `form.ref` uses, e.g. `forms/dispatch`.
    pub forms: BTreeMap<String, Schema>,
    /// Hash over the text and all forms.
    pub hash: DefinitionHash,
}

impl Deployment {
    /// Puts a definition and its forms together.
    pub fn new(definition: Definition, forms: BTreeMap<String, Schema>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(definition.source.as_bytes());
        for (name, form) in &forms {
            hasher.update([0]);
            hasher.update(name.as_bytes());
            hasher.update([0]);
            hasher.update(form.document.to_string().as_bytes());
        }
        let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { definition, forms, hash: DefinitionHash(Arc::from(hash)) }
    }
}
