//! One engine that plays one scenario: under a virtual clock, on the store in memory, in one of two modes.
//!
//! In the second mode the engine is dropped after each turn and opened again on the same store: nothing but
//! what was committed survives. What the scenario's words mean is not known here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use yiwang_core::input::{Cause, OperatorCommand};
use yiwang_core::lifecycle::Sink;
use yiwang_core::transition::Status;
use yiwang_core::work_item::Actor;
use yiwang_core::{Event, InstanceId, Timestamp};
use yiwang_dsl::Diagnostic;
use yiwang_dsl::error::TypeAliases;
use yiwang_dsl::lifecycle::LifecycleEvent;
use yiwang_runtime::harness::{Harness, Step};
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{
    ChannelInfo, ChannelRequest, Channels, Delivery, IncomingEvent, InstanceFilter, Outside, PageRequest,
    Query as _, Received, Rejected, Store,
};
use yiwang_runtime::{Config, Error, OperatorAct, Start};
use yiwang_services::egress::Mapping;
use yiwang_services::{Performer, egress};

use crate::sandbox::Sandbox;
use crate::stub::{HOSTS, LIFECYCLE, Stub};
use crate::trace::{Line, Trace};

/// Times that a run may go on to the next timer: a scenario that needs more is a loop.
const WAKES_MAX: usize = 20_000;

/// Turns at one time: more means that tasks keep each other going for ever.
const TURNS_MAX: usize = 20_000;

/// Begins on a Sunday morning in the district.
pub const BEGINNING: Timestamp = Timestamp(1_767_225_600_000);

/// Engines killed by this process so far.
static KILLED: AtomicU64 = AtomicU64::new(0);

/// How many engines were killed and opened again so far.
pub fn killed() -> u64 {
    KILLED.load(Ordering::Relaxed)
}

/// How the engine lives through a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// From beginning to end.
    InMemory,
    /// Killed and opened again between every two commits.
    Reloaded,
}

impl Mode {
    /// In the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::InMemory, Self::Reloaded];

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::InMemory => "in memory",
            Self::Reloaded => "reloaded after every commit",
        }
    }
}

/// The surroundings of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// When it begins.
    pub now: Option<Timestamp>,
    /// Secrets that the operator provides.
    pub secrets: BTreeMap<String, Value>,
    /// Are lifecycle events told?
    pub lifecycle: bool,
    /// Are the misprinted error types of the official kit taken for the real ones?
    pub legacy_aliases: bool,
}

/// A workflow that was refused: code and sentence of each mistake.
pub type Refused = Vec<(String, String)>;

/// One engine and what it has done.
pub struct Run {
    /// In which mode.
    pub mode: Mode,
    /// The services outside.
    pub stub: Arc<Stub>,
    store: Arc<MemoryStore>,
    outside: Outside,
    config: Config,
    engine: Option<Harness>,
    /// The workflow under test: `namespace/name`.
    workflow: Option<String>,
    /// What was started by hand.
    instance: Option<InstanceId>,
    /// Why the workflow under test was not deployed.
    pub refused: Option<Refused>,
    /// Events that the scenario published: source and id.
    published: Vec<(String, String)>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("mode", &self.mode)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

impl Run {
    /// An engine on an empty store.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn open(mode: Mode, surroundings: &Surroundings, stub: Arc<Stub>) -> Result<Self, String> {
        let store = Arc::new(MemoryStore::new());
        let services = services(surroundings, &stub)?;
        let outside = Outside { channels: Arc::new(NoChannels), services: Arc::new(services) };
        let error_types =
            if surroundings.legacy_aliases { TypeAliases::Legacy } else { TypeAliases::default() };
        // The change of a status is told by other events already; the specification leaves it open.
        let told = LifecycleEvent::ALL.into_iter().filter(|event| !event.name().ends_with("status-changed"));
        let sink = Sink { uri: LIFECYCLE.to_owned(), events: told.collect() };
        let lifecycle = surroundings.lifecycle.then_some(sink);
        let config = Config { seed: Some(1), error_types, lifecycle, ..Config::default() };
        let mut run = Self {
            mode,
            stub,
            store,
            outside,
            config,
            engine: None,
            workflow: None,
            instance: None,
            refused: None,
            published: Vec::new(),
        };
        run.start_engine(surroundings.now.unwrap_or(BEGINNING)).await?;
        Ok(run)
    }

    async fn start_engine(&mut self, now: Timestamp) -> Result<(), String> {
        // The old one is gone before the new one reads the store.
        self.engine = None;
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let engine = Harness::open(self.config.clone(), store, self.outside.clone(), now).await;
        self.engine = Some(engine.map_err(|error| format!("the engine does not open: {error}"))?);
        Ok(())
    }

    fn engine(&mut self) -> &mut Harness {
        self.engine.as_mut().expect("an engine is there between two calls")
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.engine.as_ref().expect("an engine is there between two calls").now()
    }

    /// Something was committed: in the second mode the engine dies here.
    async fn committed(&mut self) -> Result<(), String> {
        match self.mode {
            Mode::InMemory => Ok(()),
            Mode::Reloaded => {
                let engine = self.engine.take().expect("an engine is there between two calls");
                let engine = engine.reopen(&self.config).await;
                KILLED.fetch_add(1, Ordering::Relaxed);
                self.engine = Some(engine.map_err(|error| format!("the engine does not open: {error}"))?);
                Ok(())
            }
        }
    }

    /// Deploys a workflow; the one under test may be refused.
    ///
    /// # Errors
    /// When the engine failed.
    pub async fn deploy(&mut self, text: &str) -> Result<(), String> {
        match self.engine().deploy(text, BTreeMap::new(), "author").await {
            Ok(deployed) => self.workflow = Some(yiwang_runtime::workflow_name(&deployed.id)),
            Err(Error::Invalid(remarks)) => self.refused = Some(remarks.iter().map(remark).collect()),
            Err(error) => return Err(error.to_string()),
        }
        self.committed().await
    }

    /// Starts the workflow under test.
    ///
    /// # Errors
    /// When the engine failed.
    pub async fn start(&mut self, input: Value) -> Result<(), String> {
        let Some(workflow) = self.workflow.clone() else { return Ok(()) };
        let cause = Cause::Request { person: "tester".to_owned() };
        let start = Start { workflow, version: None, key: None, input: input.into(), cause };
        let begun = self.engine().start(start).await.map_err(|error| error.to_string())?;
        self.instance = Some(begun.instance);
        self.committed().await?;
        self.settle().await
    }

    /// Does all that is to be done at this time.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub async fn settle(&mut self) -> Result<(), String> {
        for _ in 0..TURNS_MAX {
            match self.engine().step().await {
                Step::Looked => {}
                Step::Committed => self.committed().await?,
                Step::Idle => return Ok(()),
            }
        }
        Err(format!("there is still something to do after {TURNS_MAX} turns"))
    }

    /// Lets time pass until `at`, or until the instance under test has ended if that is asked for.
    async fn go_on(&mut self, at: Option<Timestamp>) -> Result<(), String> {
        self.settle().await?;
        for _ in 0..WAKES_MAX {
            if at.is_none() && self.has_ended().await? {
                return Ok(());
            }
            let due = self.engine().next_due().await.map_err(|error| error.to_string())?;
            let Some(due) = due.filter(|due| due.0 != i64::MAX && at.is_none_or(|at| *due <= at)) else {
                if let Some(at) = at {
                    let now = self.now().max(at);
                    self.engine().set_clock(now);
                }
                return Ok(());
            };
            let now = self.now().max(due);
            self.engine().set_clock(now);
            self.settle().await?;
        }
        Err(format!("{WAKES_MAX} timers have fired and it goes on and on"))
    }

    /// Lets time pass until the instance has ended, or nothing more can happen by itself.
    ///
    /// # Errors
    /// When the engine failed or does not stop.
    pub async fn to_end(&mut self) -> Result<(), String> {
        self.go_on(None).await
    }

    /// Lets this much time pass.
    ///
    /// # Errors
    /// When the engine failed or does not stop.
    pub async fn pass(&mut self, millis: u64) -> Result<(), String> {
        let at = self.now().plus_millis(millis);
        self.go_on(Some(at)).await
    }

    /// The engine is down for so long: it learns of the time only when it is back.
    ///
    /// # Errors
    /// When it does not open again.
    pub async fn down(&mut self, millis: u64) -> Result<(), String> {
        let at = self.now().plus_millis(millis);
        self.start_engine(at).await?;
        self.settle().await
    }

    /// Publishes CloudEvents; what a scenario leaves out is filled in.
    ///
    /// # Errors
    /// When one is no CloudEvent.
    pub async fn publish(&mut self, events: &[Value]) -> Result<(), String> {
        for event in events {
            let event = self.event(event)?;
            self.published.push((event.source.clone(), event.id.clone()));
            let incoming = vec![IncomingEvent { event, session: None }];
            self.engine().publish(incoming).await.map_err(|error| error.to_string())?;
            self.committed().await?;
            self.settle().await?;
        }
        Ok(())
    }

    fn event(&self, event: &Value) -> Result<Event, String> {
        let members = event.as_object().ok_or("an event is an object")?;
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = self.published.len() + 1;
        let known = ["specversion", "id", "source", "type", "subject", "time", "data", "datacontenttype"];
        let extensions = members.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        Ok(Event {
            id: text("id").unwrap_or_else(|| format!("event-{number}")),
            source: text("source").unwrap_or_else(|| "https://example.com/events".to_owned()),
            r#type: text("type").ok_or("an event has a type")?,
            subject: text("subject"),
            time: text("time").and_then(|text| Timestamp::parse(&text)).unwrap_or_else(|| self.now()),
            data: members.get("data").cloned().unwrap_or(Value::Null).into(),
            extensions: extensions.map(|(name, value)| (name.clone(), value.clone().into())).collect(),
        })
    }

    /// An operator acts on the instance under test.
    ///
    /// # Errors
    /// When the engine refuses it.
    pub async fn operator(&mut self, command: OperatorCommand) -> Result<(), String> {
        let instance = self.instance.ok_or("nothing was started")?;
        let by = Actor::new("operator", Vec::new());
        let act = OperatorAct { instance, command, by, reason: None };
        self.engine().operator(act).await.map_err(|error| error.to_string())?;
        self.committed().await?;
        self.settle().await
    }

    /// Phase of the instance under test.
    ///
    /// # Errors
    /// When nothing was started.
    pub async fn status(&self) -> Result<Status, String> {
        let instance = self.instance.ok_or("nothing was started")?;
        let found = self.store.instance(instance).await.map_err(|error| error.to_string())?;
        found.map(|found| found.status).ok_or_else(|| "the instance is not stored".to_owned())
    }

    async fn has_ended(&self) -> Result<bool, String> {
        if self.instance.is_none() {
            return Ok(true);
        }
        Ok(match self.status().await? {
            Status::Cancelled | Status::Faulted | Status::Completed => true,
            Status::Pending | Status::Running | Status::Waiting | Status::Suspended => false,
        })
    }

    /// History of the instance under test.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn trace(&self) -> Result<Trace, String> {
        match self.instance {
            Some(instance) => self.trace_of(instance).await,
            None => Ok(Trace::default()),
        }
    }

    async fn trace_of(&self, instance: InstanceId) -> Result<Trace, String> {
        let lines = self.store.history(instance, 0, usize::MAX).await.map_err(|error| error.to_string())?;
        Ok(Trace(lines.iter().filter_map(|line| Line::read(line.get())).collect()))
    }

    /// Histories of all instances of the workflow under test, in the order in which they began.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn traces(&self) -> Result<Vec<Trace>, String> {
        let filter = InstanceFilter { workflow: self.workflow.clone(), status: None };
        let page = PageRequest { cursor: None, limit: 500 };
        let found = self.store.instances(filter, page).await.map_err(|error| error.to_string())?;
        let mut traces = Vec::new();
        for summary in found.items.iter().rev() {
            traces.push(self.trace_of(summary.id).await?);
        }
        Ok(traces)
    }

    /// Events that workflows have published, in order, as envelopes.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn emitted(&self) -> Result<Vec<Value>, String> {
        let page = PageRequest { cursor: None, limit: 500 };
        let rows = self.store.inbox(false, page).await.map_err(|error| error.to_string())?;
        let ours = |event: &Event| self.published.iter().any(|(s, id)| *s == event.source && *id == event.id);
        let emitted = rows.items.iter().rev().filter(|row| !ours(&row.event));
        Ok(emitted.map(|row| row.event.envelope().to_json()).collect())
    }

    /// Lifecycle events that were told, in order.
    pub fn told(&self) -> Vec<Value> {
        let posted = self.stub.requests().into_iter().filter(|request| request.uri == LIFECYCLE);
        posted.map(|request| request.body["body"].clone()).collect()
    }

    /// Everything that is stored of all instances, as one text: for looking whether a secret is in it.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn stored(&self) -> Result<String, String> {
        let page = PageRequest { cursor: None, limit: 500 };
        let found = self.store.instances(InstanceFilter::default(), page);
        let found = found.await.map_err(|error| error.to_string())?;
        let ids: Vec<InstanceId> = found.items.iter().map(|summary| summary.id).collect();
        let mut text = String::new();
        for loaded in Store::load(&*self.store, ids.clone()).await.map_err(|error| error.to_string())? {
            text.push_str(&String::from_utf8_lossy(&loaded.state.unwrap_or_default()));
        }
        for id in ids {
            for line in self.store.history(id, 0, usize::MAX).await.map_err(|error| error.to_string())? {
                text.push_str(line.get());
            }
        }
        Ok(text)
    }

    /// What this run must have in common with the other.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn picture(&self) -> Result<Value, String> {
        let mut instances = Vec::new();
        for trace in self.traces().await? {
            instances.push(json!({ "tasks": trace.words(), "ending": format!("{:?}", trace.ending()) }));
        }
        let emitted = self.emitted().await?;
        let types: Vec<&Value> = emitted.iter().map(|event| &event["type"]).collect();
        Ok(json!({ "instances": instances, "emitted": types, "refused": self.refused }))
    }
}

fn remark(diagnostic: &Diagnostic) -> (String, String) {
    (diagnostic.code.to_string(), diagnostic.message.to_string())
}

/// Performs calls as in production, but for a host map that leads to the stub and its authority.
fn services(surroundings: &Surroundings, stub: &Stub) -> Result<Performer, String> {
    let address = stub.address.to_string();
    let hosts: Result<Vec<_>, _> = HOSTS.iter().map(|host| Mapping::new(host, &address)).collect();
    let egress = egress::Config {
        allow: vec!["127.0.0.1".parse().map_err(|error: egress::NotATarget| error.to_string())?],
        hosts: hosts.map_err(|error| error.to_string())?,
        certificates: vec![Stub::authority()?.as_bytes().to_vec()],
        ..egress::Config::default()
    };
    let secrets = surroundings.secrets.clone();
    let config = yiwang_services::Config {
        egress,
        secrets: Arc::new(move |name, _| secrets.get(name).cloned()),
        scripts: Arc::new(Sandbox),
        ..yiwang_services::Config::default()
    };
    Performer::new(config).map_err(|error| error.to_string())
}

/// There are no channels.
struct NoChannels;

impl Channels for NoChannels {
    fn list(&self) -> Vec<ChannelInfo> {
        Vec::new()
    }

    fn receive(&self, _: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        unreachable!("the runtime receives nothing by itself")
    }

    fn send(&self, channel: &str, _: Delivery) -> BoxFuture<'_, yiwang_core::input::EffectOutcome> {
        let message = format!("there is no channel `{channel}`");
        let outcome =
            yiwang_core::input::EffectOutcome::Permanent { code: "channel.unknown".to_owned(), message };
        Box::pin(std::future::ready(outcome))
    }
}
