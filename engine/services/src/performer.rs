//! The port `Services`: takes a call, gives it to the module of its kind, turns what failed into a fault.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use yiwang_core::effect::Service;
use yiwang_core::input::EffectOutcome;
use yiwang_dsl::Fault;
use yiwang_dsl::definition::Protocol;
use yiwang_runtime::ports::{ServiceCall, Services};

use crate::auth::Tokens;
use crate::call::Call;
use crate::document::Documents;
use crate::egress::{self, Egress};
use crate::process::{self, Processes};
use crate::script::{self, NoScripts, Scripts};
use crate::secret::{self, Secrets};
use crate::{a2a, asyncapi, grpc, http, mcp, openapi};

/// What the operator decides.
pub struct Config {
    /// The way out.
    pub egress: egress::Config,
    /// Secrets of workflows.
    pub secrets: Secrets,
    /// What may be run on this machine.
    pub processes: Processes,
    /// Where scripts run.
    pub scripts: Arc<dyn Scripts>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            egress: egress::Config::default(),
            secrets: secret::none(),
            processes: Processes::default(),
            scripts: Arc::new(NoScripts),
        }
    }
}

/// Performs calls. Cheap to clone.
#[derive(Clone)]
pub struct Performer {
    pub(crate) inner: Arc<Inner>,
}

/// What the modules of the protocols work with.
pub(crate) struct Inner {
    pub(crate) egress: Egress,
    pub(crate) secrets: Secrets,
    pub(crate) processes: Processes,
    pub(crate) scripts: Arc<dyn Scripts>,
    pub(crate) tokens: Tokens,
    pub(crate) documents: Documents,
}

impl Performer {
    /// Makes ready to perform.
    ///
    /// # Errors
    /// When the operator's certificates cannot be used.
    pub fn new(config: Config) -> Result<Self, egress::Error> {
        let Config { egress, secrets, processes, scripts } = config;
        Ok(Self {
            inner: Arc::new(Inner {
                egress: Egress::new(egress)?,
                secrets,
                processes,
                scripts,
                tokens: Tokens::default(),
                documents: Documents::default(),
            }),
        })
    }

    /// The way out, for what is fetched before a workflow runs.
    pub fn egress(&self) -> &Egress {
        &self.inner.egress
    }
}

impl Services for Performer {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        Box::pin(async move {
            self.inner.perform(call).await.unwrap_or_else(|error| EffectOutcome::Faulted { error })
        })
    }
}

impl Inner {
    async fn perform(&self, call: ServiceCall) -> Result<EffectOutcome, Fault> {
        let task = call.request.task.clone();
        let mut call = Call::new(call, &self.secrets)?;
        let performed = match call.service {
            Service::Protocol(Protocol::A2a) => a2a::perform(self, &mut call).await,
            Service::Protocol(Protocol::AsyncApi) => asyncapi::perform(self, &mut call).await,
            Service::Protocol(Protocol::Grpc) => grpc::perform(self, &mut call).await,
            Service::Protocol(Protocol::Http) => http::perform(self, &mut call).await,
            Service::Protocol(Protocol::Mcp) => mcp::perform(self, &mut call).await,
            Service::Protocol(Protocol::OpenApi) => openapi::perform(self, &mut call).await,
            Service::Shell => process::shell::run(&self.processes.shell, &call.with.to_json()).await,
            Service::Container => {
                let policy = &self.processes.container;
                process::container::run(policy, &call.workflow, &task, &call.with.to_json()).await
            }
            Service::Script(language) => script::perform(self, &mut call, language).await,
        };
        match performed {
            Ok(output) => Ok(EffectOutcome::Done { output, authorization: call.scheme }),
            Err(fault) => Err(call.masked(fault)),
        }
    }
}

impl fmt::Debug for Performer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performer").field("egress", &self.inner.egress).finish_non_exhaustive()
    }
}
