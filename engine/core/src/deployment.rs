//! A definition together with the files it refers to: what an instance is pinned to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use yiwang_dsl::definition::{DefinitionHash, Schema};
use yiwang_dsl::{Data, Definition};

/// One deployed version of a workflow.
#[derive(Debug)]
pub struct Deployment {
    /// The workflow.
    pub definition: Definition,
    /// Forms by the name that `form.ref` uses, e.g. `forms/dispatch`.
    pub forms: BTreeMap<String, Schema>,
    /// Hash over the text, the texts from elsewhere that it uses and all forms.
    pub hash: DefinitionHash,
    /// Read from the text the first time an expression asks for it.
    document: OnceLock<Data>,
}

/// The same text is the same deployment.
impl PartialEq for Deployment {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Deployment {
    /// Puts a definition and its forms together.
    pub fn new(definition: Definition, forms: BTreeMap<String, Schema>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(definition.source.as_bytes());
        for (uri, text) in &definition.resources {
            // No form has a name like this: a form and a text are never taken for each other.
            hasher.update([0, 1]);
            hasher.update(uri.as_bytes());
            hasher.update([0]);
            hasher.update(text.as_bytes());
        }
        for (name, form) in &forms {
            hasher.update([0]);
            hasher.update(name.as_bytes());
            hasher.update([0]);
            hasher.update(form.document.to_string().as_bytes());
        }
        let hash = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { definition, forms, hash: DefinitionHash(Arc::from(hash)), document: OnceLock::new() }
    }

    /// The workflow's text as data: what `$workflow.definition` shows.
    pub(crate) fn document(&self) -> &Data {
        self.document.get_or_init(|| read(&self.definition.source))
    }

    /// What stands at a JSON Pointer of the text: what `$task.definition` shows.
    ///
    /// A task of a function from elsewhere is named by that text's URI, `#` and the pointer in it.
    pub(crate) fn part(&self, pointer: &str) -> Data {
        let elsewhere = pointer.rsplit_once('#').and_then(|(uri, pointer)| {
            let text = self.definition.resources.get(uri)?;
            Some((read(text), pointer))
        });
        let (mut part, pointer) = elsewhere.unwrap_or_else(|| (self.document().clone(), pointer));
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let member = match part.items() {
                Some(mut items) => step.parse().ok().and_then(|at| items.nth(at)),
                None => part.get(&step),
            };
            part = member.unwrap_or_default();
        }
        part
    }
}

fn read(text: &str) -> Data {
    match yiwang_dsl::yaml::parse(text) {
        Ok(node) => Data::from(node.to_json()),
        Err(_) => Data::null(),
    }
}
