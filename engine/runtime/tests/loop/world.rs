//! A store that can fail, channels that follow a script, and short words for what tests do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::input::{Cause, EffectOutcome};
use yiwang_core::reference::Reference;
use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Selection};
use yiwang_core::sweep::line::Summary;
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{Case, CaseNo, EffectId, Event, InstanceId, Timestamp, WorkItem};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;
use yiwang_runtime::harness::Harness;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{
    Answer, Batch, Census, ChannelInfo, ChannelRequest, Channels, CommitError, Delivery, DeploymentRow,
    Group, InboxRow, IncomingEvent, InstanceFilter, Loaded, Outside, Page, PageRequest, PollCursor,
    Query as _, Ranking, Received, Rejected, ScheduleRow, ScheduleRun, SelectFrom, ServiceCall, Services,
    Session, StartKey, Started, Store, StoreError, WorkItemFilter,
};
use yiwang_runtime::{Config, Start};

/// Noon of a working day in the district.
pub(crate) const NOON: Timestamp = Timestamp(1_718_078_400_000);

/// What goes wrong at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Nothing was written.
    Before,
    /// All was written, but nobody was told.
    After,
}

/// A store in memory with faults.
#[derive(Default)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryStore,
    pub(crate) commits: AtomicU64,
    pub(crate) loads: AtomicU64,
    /// At which commit, counted from 1.
    pub(crate) crash: Mutex<Option<(u64, Crash)>>,
    /// Instances whose snapshots read as something else.
    pub(crate) snapshots: Mutex<BTreeMap<InstanceId, Result<Vec<u8>, String>>>,
    /// The next look at what is buffered fails.
    pub(crate) deaf: AtomicBool,
}

fn fault() -> StoreError {
    StoreError::new("pretending to be a disk", "the test pulled the plug")
}

impl Store for Faulty {
    fn load(&self, ids: Vec<InstanceId>) -> BoxFuture<'_, Result<Vec<Loaded>, StoreError>> {
        async move {
            self.loads.fetch_add(ids.len() as u64, Ordering::Relaxed);
            let mut rows = self.inner.load(ids).await?;
            for row in &mut rows {
                if let Some(snapshot) = self.snapshots.lock().unwrap().get(&row.instance) {
                    row.state = snapshot.clone();
                }
            }
            Ok(rows)
        }
        .boxed()
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
            let crash = *self.crash.lock().unwrap();
            match crash.filter(|(at, _)| *at == number) {
                None => self.inner.commit(batch).await,
                Some((_, Crash::Before)) => Err(CommitError::Failed(fault())),
                Some((_, Crash::After)) => {
                    self.inner.commit(batch).await?;
                    Err(CommitError::Unknown(fault()))
                }
            }
        }
        .boxed()
    }

    fn started(&self, keys: Vec<StartKey>) -> BoxFuture<'_, Result<Vec<(StartKey, Started)>, StoreError>> {
        self.inner.started(keys)
    }
    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Timestamp, InstanceId)>, StoreError>> {
        self.inner.due(until, limit)
    }
    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.inner.next_due()
    }
    fn next_release(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.inner.next_release()
    }
    fn in_flight(
        &self,
        after: Option<InstanceId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<InstanceId>, StoreError>> {
        self.inner.in_flight(after, limit)
    }
    fn case_instances(
        &self,
        numbers: Vec<CaseNo>,
    ) -> BoxFuture<'_, Result<Vec<(CaseNo, InstanceId)>, StoreError>> {
        self.inner.case_instances(numbers)
    }
    fn cases_of_phones(
        &self,
        phones: Vec<(String, Timestamp)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Case>, StoreError>> {
        self.inner.cases_of_phones(phones, limit)
    }
    fn subscribers(
        &self,
        keys: Vec<SubscriptionKey>,
    ) -> BoxFuture<'_, Result<Vec<(SubscriptionKey, InstanceId)>, StoreError>> {
        self.inner.subscribers(keys)
    }
    fn known(&self, events: Vec<(String, String)>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.inner.known(events)
    }
    fn routable(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.inner.routable(now, limit)
    }
    fn gathering(&self, sessions: Vec<String>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.inner.gathering(sessions)
    }
    fn buffered(
        &self,
        keys: Vec<SubscriptionKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        if self.deaf.swap(false, Ordering::SeqCst) {
            return std::future::ready(Err(fault())).boxed();
        }
        self.inner.buffered(keys, now)
    }
    fn deployments(&self) -> BoxFuture<'_, Result<Vec<DeploymentRow>, StoreError>> {
        self.inner.deployments()
    }
    fn last_case_number(&self) -> BoxFuture<'_, Result<Option<(String, u32)>, StoreError>> {
        self.inner.last_case_number()
    }
    fn references(&self) -> BoxFuture<'_, Result<Vec<Reference>, StoreError>> {
        self.inner.references()
    }
    fn schedules(&self) -> BoxFuture<'_, Result<Vec<ScheduleRow>, StoreError>> {
        self.inner.schedules()
    }
    fn poll_cursors(&self) -> BoxFuture<'_, Result<Vec<PollCursor>, StoreError>> {
        self.inner.poll_cursors()
    }
    fn greatest_id(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.inner.greatest_id()
    }
}

impl Census for Faulty {
    fn select(&self, selection: Selection, from: SelectFrom, limit: usize) -> Answer<'_, Vec<Found>> {
        self.inner.select(selection, from, limit)
    }
    fn ranked(&self, selection: Selection, by: Ranking, limit: usize) -> Answer<'_, Vec<Found>> {
        self.inner.ranked(selection, by, limit)
    }
    fn tally(&self, selection: Selection, by: Vec<Field>) -> Answer<'_, Vec<Group>> {
        self.inner.tally(selection, by)
    }
    fn sweeps(&self, phase: Option<Phase>, page: PageRequest) -> Answer<'_, Page<Sweep>> {
        self.inner.sweeps(phase, page)
    }
    fn sweep(&self, id: InstanceId) -> Answer<'_, Option<Sweep>> {
        self.inner.sweep(id)
    }
    fn sweep_of_key(&self, key: String) -> Answer<'_, Option<Sweep>> {
        self.inner.sweep_of_key(key)
    }
    fn open_sweeps(&self) -> Answer<'_, Vec<Sweep>> {
        self.inner.open_sweeps()
    }
    fn sweep_lines(
        &self,
        sweep: InstanceId,
        result: Option<LineResult>,
        page: PageRequest,
    ) -> Answer<'_, Page<Line>> {
        self.inner.sweep_lines(sweep, result, page)
    }
    fn sweep_summary(&self, sweep: InstanceId) -> Answer<'_, Summary> {
        self.inner.sweep_summary(sweep)
    }
    fn schedule_rows(&self) -> Answer<'_, Vec<ScheduleRow>> {
        self.inner.schedule_rows()
    }
    fn schedule_runs(&self, workflow: Option<String>, page: PageRequest) -> Answer<'_, Page<ScheduleRun>> {
        self.inner.schedule_runs(workflow, page)
    }
}

/// Channels `wechat` and `sms` that note what they send.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) sent: Mutex<Vec<Delivery>>,
    /// What they answer, first to last; then always done.
    pub(crate) outcomes: Mutex<Vec<EffectOutcome>>,
    /// While set, a message stays under way for ever.
    pub(crate) stuck: AtomicBool,
}

impl Scripted {
    /// Bodies of what was sent, with the attempt.
    pub(crate) fn bodies(&self) -> Vec<(String, u32)> {
        self.sent.lock().unwrap().iter().map(|it| (it.message.body.clone(), it.attempt)).collect()
    }

    /// How many different messages were sent.
    pub(crate) fn distinct(&self) -> usize {
        self.sent.lock().unwrap().iter().map(|it| it.effect).collect::<BTreeSet<_>>().len()
    }
}

impl Channels for Scripted {
    fn list(&self) -> Vec<ChannelInfo> {
        let info = |id: &str| ChannelInfo {
            id: id.to_owned(),
            title: id.to_owned(),
            plugin: "scripted 1.0.0".to_owned(),
            provides: vec!["sender".to_owned()],
            problem: None,
            health: None,
        };
        vec![info("wechat"), info("sms")]
    }

    fn receive(&self, _: &str, _: ChannelRequest) -> BoxFuture<'_, Result<Received, Rejected>> {
        unreachable!("the runtime receives nothing by itself")
    }

    fn send(&self, _: &str, delivery: Delivery) -> BoxFuture<'_, EffectOutcome> {
        self.sent.lock().unwrap().push(delivery);
        if self.stuck.load(Ordering::Relaxed) {
            return futures::future::pending().boxed();
        }
        let mut outcomes = self.outcomes.lock().unwrap();
        let next = (!outcomes.is_empty()).then(|| outcomes.remove(0));
        let done = EffectOutcome::done(json!({"providerId": "p1"}));
        futures::future::ready(next.unwrap_or(done)).boxed()
    }
}

/// Services that note what they are called with and answer by a script.
#[derive(Default)]
pub(crate) struct Called {
    pub(crate) calls: Mutex<Vec<ServiceCall>>,
    /// For a URI, how many different calls fail before one succeeds. A call that is made again after a
    /// crash is not another one.
    pub(crate) fails: Mutex<BTreeMap<String, usize>>,
    /// What is answered, first to last; then the body of the call, or what a process would give.
    pub(crate) outcomes: Mutex<Vec<EffectOutcome>>,
}

impl Called {
    /// Different calls, by what their URI was.
    pub(crate) fn distinct(&self, uri: &str) -> Vec<EffectId> {
        let calls = self.calls.lock().unwrap();
        let mut ids: Vec<_> = calls.iter().filter(|it| uri_of(it) == uri).map(|it| it.effect).collect();
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        ids
    }
}

pub(crate) fn uri_of(call: &ServiceCall) -> String {
    let with = call.request.with.to_json();
    with["endpoint"]["uri"].as_str().or(with["endpoint"].as_str()).unwrap_or_default().to_owned()
}

impl Services for Called {
    fn call(&self, call: ServiceCall) -> BoxFuture<'_, EffectOutcome> {
        let (uri, id) = (uri_of(&call), call.effect);
        let with = call.request.with.to_json();
        self.calls.lock().unwrap().push(call);
        let mut outcomes = self.outcomes.lock().unwrap();
        if !outcomes.is_empty() {
            return futures::future::ready(outcomes.remove(0)).boxed();
        }
        let number = self.distinct(&uri).iter().position(|known| *known == id).unwrap();
        let fails = self.fails.lock().unwrap().get(&uri).copied().unwrap_or(0);
        let outcome = if number < fails {
            let error = Fault::new(Kind::Communication, "", format!("{uri} is not there"));
            EffectOutcome::Faulted { error }
        } else {
            EffectOutcome::done(with["body"].clone())
        };
        futures::future::ready(outcome).boxed()
    }
}

/// An engine with its surroundings.
pub(crate) struct World {
    pub(crate) store: Arc<Faulty>,
    pub(crate) channels: Arc<Scripted>,
    pub(crate) services: Arc<Called>,
    pub(crate) config: Config,
    pub(crate) engine: Harness,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Arc::default(), Arc::default(), NOON).await
    }

    /// With workflows deployed.
    pub(crate) async fn running(workflows: &[&str]) -> Self {
        let mut world = Self::new().await;
        for workflow in workflows {
            world.deploy(workflow).await;
        }
        world
    }

    pub(crate) async fn with(store: Arc<Faulty>, channels: Arc<Scripted>, now: Timestamp) -> Self {
        let config = Config { seed: Some(7), ..Config::default() };
        let services = Arc::default();
        let engine = open(&config, &store, &channels, &services, now).await;
        Self { store, channels, services, config, engine }
    }

    /// With other settings, from the beginning.
    pub(crate) async fn configured(config: Config) -> Self {
        let mut world = Self::new().await;
        world.config = Config { seed: Some(7), ..config };
        world.restart().await;
        world
    }

    pub(crate) async fn deploy(&mut self, workflow: &str) {
        let deployed = self.engine.deploy(workflow, BTreeMap::new(), "li").await;
        if let Err(error) = &deployed {
            panic!("{error}: {error:#?}");
        }
    }

    /// The process dies and starts again at the same time.
    pub(crate) async fn restart(&mut self) {
        let now = self.engine.now();
        self.engine = open(&self.config, &self.store, &self.channels, &self.services, now).await;
    }

    pub(crate) async fn start(&mut self, workflow: &str, key: Option<&str>, input: Value) -> InstanceId {
        self.engine.start(start(workflow, key, input)).await.unwrap().instance
    }

    pub(crate) async fn later(&mut self, millis: u64) {
        let at = self.engine.now().plus_millis(millis);
        self.engine.advance_to(at).await.unwrap();
    }

    /// What happened to an instance: words of its history, with what matters in them.
    pub(crate) async fn history(&self, id: InstanceId) -> Vec<Value> {
        let lines = self.store.inner.history(id, 0, 10_000).await.unwrap();
        lines.iter().map(|line| serde_json::from_str(line.get()).unwrap()).collect()
    }

    /// Times of the history lines with this word, since noon, in milliseconds.
    pub(crate) async fn times(&self, id: InstanceId, word: &str) -> Vec<i64> {
        let history = self.history(id).await;
        let lines = history.iter().filter(|line| line["event"] == word);
        lines.map(|line| line["at"].as_i64().unwrap() - NOON.0).collect()
    }

    /// The value of a member of the last line with this word.
    pub(crate) async fn last(&self, id: InstanceId, word: &str, member: &str) -> Value {
        let history = self.history(id).await;
        history.iter().rfind(|line| line["event"] == word).map_or(Value::Null, |line| line[member].clone())
    }

    /// Kept rejections, as `code: reason`.
    pub(crate) async fn rejections(&self) -> Vec<String> {
        let mut rows = self.store.inner.rejections(None, PageRequest::default()).await.unwrap().items;
        rows.reverse();
        rows.iter().map(|row| format!("{}: {}", row.code, row.reason)).collect()
    }

    pub(crate) async fn status(&self, id: InstanceId) -> String {
        let row = self.store.inner.instance(id).await.unwrap().unwrap();
        serde_json::to_value(row.status).unwrap().as_str().unwrap().to_owned()
    }

    /// All instances of a workflow, oldest first.
    pub(crate) async fn instances(&self, workflow: &str) -> Vec<InstanceId> {
        let filter = InstanceFilter { workflow: Some(workflow.to_owned()), status: None };
        let page = PageRequest { cursor: None, limit: 500 };
        let rows = self.store.inner.instances(filter, page).await.unwrap().items;
        rows.iter().rev().map(|row| row.id).collect()
    }

    pub(crate) async fn open_items(&self) -> Vec<WorkItem> {
        let page = PageRequest { cursor: None, limit: 500 };
        self.store.inner.work_items(WorkItemFilter::default(), page).await.unwrap().items
    }

    pub(crate) async fn count(&self, name: &str) -> u64 {
        self.store.inner.counts().await.unwrap().get(name).copied().unwrap_or(0)
    }

    pub(crate) async fn inbox(&self) -> Vec<InboxRow> {
        let page = PageRequest { cursor: None, limit: 500 };
        let mut rows = self.store.inner.inbox(false, page).await.unwrap().items;
        rows.reverse();
        rows
    }

    /// What became of each event, in order of arrival.
    pub(crate) async fn dispositions(&self) -> Vec<&'static str> {
        self.inbox().await.iter().map(|row| row.disposition.word()).collect()
    }
}

async fn open(
    config: &Config,
    store: &Arc<Faulty>,
    channels: &Arc<Scripted>,
    services: &Arc<Called>,
    now: Timestamp,
) -> Harness {
    let outside = Outside { channels: Arc::clone(channels) as _, services: Arc::clone(services) as _ };
    Harness::open(config.clone(), Arc::clone(store) as Arc<dyn Store>, outside, now).await.unwrap()
}

pub(crate) fn start(workflow: &str, key: Option<&str>, input: Value) -> Start {
    Start {
        workflow: workflow.to_owned(),
        version: None,
        key: key.map(str::to_owned),
        input: input.into(),
        cause: Cause::Request { person: "li".to_owned() },
    }
}

pub(crate) fn event(id: &str, kind: &str, data: Value) -> IncomingEvent {
    let event = Event {
        id: id.to_owned(),
        source: "/channels/wechat".to_owned(),
        r#type: kind.to_owned(),
        subject: None,
        time: NOON,
        data: data.into(),
        extensions: BTreeMap::new(),
    };
    IncomingEvent { event, session: None }
}

pub(crate) fn part(id: &str, session: &str, window: u64, data: Value) -> IncomingEvent {
    let session = Some(Session { key: session.to_owned(), window });
    IncomingEvent { session, ..event(id, "cn.test.intake.v1", data) }
}

/// A workflow `test/name` with these tasks, and what else stands at its top.
pub(crate) fn workflow(name: &str, top: &str, tasks: &str) -> String {
    format!(
        "document: {{dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0'}}\n{top}\ndo:\n{tasks}\n"
    )
}
