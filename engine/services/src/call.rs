//! One call with its secrets filled in, and what must not be shown of it.

use std::fmt;

use serde_json::Value;
use yiwang_core::effect::Service;
use yiwang_core::{EffectId, Timestamp};
use yiwang_dsl::definition::{DefinitionId, Protocol};
use yiwang_dsl::expression::Deferred;
use yiwang_dsl::{Data, Fault};
use yiwang_runtime::ports::ServiceCall;

use crate::fault;
use crate::mask::Mask;
use crate::secret::Secrets;

/// One call to be performed.
pub struct Call {
    /// The same over all attempts and crashes.
    pub effect: EffectId,
    /// Of which kind.
    pub service: Service,
    /// What the language calls `with`, whole.
    pub with: Data,
    /// Expressions that judge messages which come in during the call.
    pub later: Vec<Deferred>,
    /// What those may read as `$secrets`.
    pub secrets: Data,
    /// What must not be shown.
    pub mask: Mask,
    /// When it began.
    pub now: Timestamp,
    /// Which workflow asks.
    pub workflow: DefinitionId,
    /// `use.secrets`: the names it may ask for.
    pub names: Vec<String>,
    /// By which scheme it has shown who it is, once it has.
    pub scheme: Option<String>,
}

impl Call {
    /// Fills in the secrets.
    ///
    /// # Errors
    /// When one is missing, or an expression fails.
    pub fn new(call: ServiceCall, source: &Secrets) -> Result<Self, Fault> {
        let ServiceCall { effect, request, now, .. } = call;
        let service = request.service;
        let (later, deferred): (Vec<Deferred>, Vec<Deferred>) =
            request.deferred.into_iter().partition(|one| is_later(service, &one.pointer));
        let mut mask = Mask::default();
        let mut secrets = Vec::new();
        for name in &request.secrets {
            let read = deferred.iter().chain(&later).any(|one| one.text.contains(name.as_str()));
            match source(name, &request.workflow) {
                _ if !read => {}
                Some(value) => {
                    mask.hide_all(&value);
                    secrets.push((name.clone(), Data::from(value)));
                }
                None => return Err(missing(name)),
            }
        }
        let secrets = Data::object(secrets);
        let mut with = request.with;
        for one in &deferred {
            let value = one.evaluate(&secrets).map_err(|error| fault::expression(mask.masked(&error.0)))?;
            // A text made of a secret is as secret, e.g. one that is encoded.
            if let Some(text) = value.as_str() {
                mask.hide(text);
            }
            with = with
                .replaced(&one.pointer, value)
                .ok_or_else(|| fault::expression(format!("`{}` has no place in the request", one.pointer)))?;
        }
        let (workflow, names) = (request.workflow, request.secrets);
        Ok(Self { effect, service, with, later, secrets, mask, now, workflow, names, scheme: None })
    }

    /// The value of a secret that the request names, e.g. by `authentication: { basic: { use: name } }`. Its
    /// texts are hidden from now on.
    ///
    /// # Errors
    /// When the workflow may not have it, or it is not there.
    pub fn secret(&mut self, name: &str, source: &Secrets) -> Result<Value, Fault> {
        let listed = self.names.iter().any(|listed| listed == name);
        let value = listed.then(|| source(name, &self.workflow)).flatten().ok_or_else(|| missing(name))?;
        self.mask.hide_all(&value);
        Ok(value)
    }

    /// A member of `with`; null counts as absent.
    pub fn get(&self, name: &str) -> Option<Data> {
        self.with.get(name).filter(|value| !value.is_null())
    }

    /// A member of `with` that must be a text.
    ///
    /// # Errors
    /// When it is something else, or is not there.
    pub fn text(&self, name: &str) -> Result<String, Fault> {
        let value = self.get(name);
        let text = value.as_ref().and_then(Data::as_str).map(str::to_owned);
        text.ok_or_else(|| fault::configuration(format!("`{name}` must be a text")))
    }

    /// A fault with what must not be shown replaced.
    #[must_use]
    pub fn masked(&self, fault: Fault) -> Fault {
        let hide = |text: Option<String>| text.map(|text| self.mask.masked(&text));
        Fault { title: hide(fault.title), detail: hide(fault.detail), ..fault }
    }
}

/// Without what is sent: a secret may be in it.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Call");
        shown.field("effect", &self.effect).field("service", &self.service).finish_non_exhaustive()
    }
}

/// Is the expression at this place of a request for what comes in during the call?
fn is_later(service: Service, pointer: &str) -> bool {
    service == Service::Protocol(Protocol::AsyncApi) && pointer.starts_with("/subscription/")
}

fn missing(name: &str) -> Fault {
    fault::authorization(format!("the secret `{name}` is not there for this workflow"))
}
