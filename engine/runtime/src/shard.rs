//! The owner of all instances: takes a batch, turns it, commits it, and only then lets anyone know.
//!
//! ```text
//! requests, due things ─► prepare ─► turn ─► commit ─► release: answers, effects, timers
//!                          (reads)  (pure)  (durable)
//! ```
//! One cycle can be driven by hand: the engine's task does it for real, the harness for scenarios and the
//! simulator. Channels, queues and tasks are not known here.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use yiwang_core::district::District;
use yiwang_core::lifecycle::Sink;
use yiwang_core::sweep::Sweep;
use yiwang_core::transition::{CaseNumbers, Status};
use yiwang_core::{Effect, EffectId, InstanceId, Timestamp};

use crate::answers::{Answers, Failure, tell};
use crate::deployments::{Compiler, Deployments};
use crate::doing::Events;
use crate::hot::Hot;
use crate::ids::{Entropy, Ids};
use crate::ports::{Batch, CommitError, Disposition, IncidentRow, ScheduleRow, Store, StoreError};
use crate::prepare::{self, Beside, Due, Prepared, prepare};
use crate::request::{Ended, Reply, Request};
use crate::schedules::Schedules;
use crate::sessions::Sessions;
use crate::sweeps::{Look, Sweeps};
use crate::tally::Tally;
use crate::timers::Timers;
use crate::turn::{Finished, Parked, Turn, Working};
use crate::{Config, Error, limits, references};

/// So many more instances that somebody waits for, and those who have gone are looked for.
const WAITERS_SWEEP: usize = 1_024;

/// One shard.
pub(crate) struct Shard {
    store: Arc<dyn Store>,
    compiler: Arc<Compiler>,
    buffer_millis: u64,
    lifecycle: Option<Sink>,
    deployments: watch::Sender<Arc<Deployments>>,
    district: watch::Sender<Arc<District>>,
    tally: Arc<Tally>,
    hot: Hot,
    parked: BTreeMap<InstanceId, Parked>,
    timers: Timers,
    schedules: Schedules,
    sweeps: Sweeps,
    ids: Ids,
    entropy: Entropy,
    case_numbers: CaseNumbers,
    /// Who waits for the end of an instance.
    waiters: HashMap<InstanceId, Vec<Reply<Ended>>>,
    /// When the inbox has something to be routed.
    inbox_at: Option<Timestamp>,
    /// Where the search for effects to be done again goes on.
    recovery: Option<Option<InstanceId>>,
    /// Effects that this shard does by itself, in its next turns.
    internal: VecDeque<Effect>,
    /// Instances whose provisional due times are worked out again.
    renewals: VecDeque<InstanceId>,
    /// There may be more of them in the store.
    look_for_renewals: bool,
    /// Incidents that could not be stored yet.
    unreported: Vec<IncidentRow>,
    /// Nothing is done by itself before this time: the store has just failed.
    pause_until: Option<Timestamp>,
    /// What is held beside the instances may differ from the store.
    stale: bool,
}

/// What is to be done once a turn is durable.
#[derive(Debug, Default)]
pub(crate) struct Released {
    /// To be performed by the channels.
    pub(crate) effects: Vec<Effect>,
    /// Under way, and waited for no more: by id and attempt.
    pub(crate) withdrawn: Vec<(EffectId, u32)>,
}

/// What moves beside the instances once a turn is durable.
struct Moves {
    schedules: Vec<ScheduleRow>,
    sweeps: Vec<Sweep>,
}

impl Shard {
    /// Reads what must be known before the first turn: deployments, the last case number, where schedules
    /// stand. Instances are read when somebody wants them.
    pub(crate) async fn open(
        config: &Config,
        store: Arc<dyn Store>,
        compiler: Arc<Compiler>,
    ) -> Result<Self, StoreError> {
        let mut shard = Self {
            store,
            compiler,
            buffer_millis: config.buffer_millis,
            lifecycle: config.lifecycle.clone(),
            deployments: watch::Sender::new(Arc::default()),
            district: watch::Sender::new(Arc::new(District::new())),
            tally: Arc::default(),
            hot: Hot::new(config.hot_len_max, config.hot_bytes_max),
            parked: BTreeMap::new(),
            timers: Timers::new(),
            schedules: Schedules::default(),
            sweeps: Sweeps::default(),
            ids: Ids::new(config.shard, 0),
            entropy: Entropy::new(config.seed),
            case_numbers: CaseNumbers::new(&config.case_prefix),
            waiters: HashMap::new(),
            inbox_at: Some(Timestamp(i64::MIN)),
            recovery: Some(None),
            internal: VecDeque::new(),
            renewals: VecDeque::new(),
            look_for_renewals: true,
            unreported: Vec::new(),
            pause_until: None,
            stale: false,
        };
        shard.reload().await?;
        Ok(shard)
    }

    /// Who reads what is deployed.
    pub(crate) fn deployments(&self) -> watch::Receiver<Arc<Deployments>> {
        self.deployments.subscribe()
    }

    /// Who reads the reference data.
    pub(crate) fn district(&self) -> watch::Receiver<Arc<District>> {
        self.district.subscribe()
    }

    /// Who reads how much has been committed.
    pub(crate) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// One turn: all requests, and what is due at `now`. Answers are given before it returns.
    pub(crate) async fn cycle(&mut self, mut requests: Vec<Request>, now: Timestamp) -> Released {
        let room = limits::BATCH_INPUTS_MAX.saturating_sub(requests.len()).min(self.internal.len());
        requests.extend(self.internal.drain(..room).map(|effect| Request::Internal { effect }));
        let store = Arc::clone(&self.store);
        let (due, prepared) = match self.prepare(&requests, now).await {
            Ok(prepared) => prepared,
            Err(error) => {
                let failure = self.store_failed("reading for a turn", Arc::new(error), now);
                for request in requests {
                    request.refuse(&Error::Unavailable(Arc::clone(&failure)));
                }
                return Released::default();
            }
        };
        let finished = match self.turn(&*store, requests, due, prepared, now).await {
            Ok(finished) => finished,
            Err((mut undone, error)) => {
                self.report_later(std::mem::take(&mut undone.batch.incidents));
                let failure = self.store_failed("reading within a turn", Arc::new(error), now);
                undone.fail(&failure);
                return Released::default();
            }
        };
        self.commit(&*store, finished, now).await
    }

    /// When there is something to do without being asked. None: as soon as possible never comes by itself.
    pub(crate) fn next(&self) -> Timestamp {
        let inbox = self.inbox_at.unwrap_or(Timestamp(i64::MAX));
        let schedule = self.schedules.next().unwrap_or(Timestamp(i64::MAX));
        let internal = if self.internal.is_empty() { Timestamp(i64::MAX) } else { Timestamp(i64::MIN) };
        let renewal = if self.renews() { Timestamp(i64::MIN) } else { Timestamp(i64::MAX) };
        let next = self.timers.next().min(inbox).min(schedule).min(internal).min(renewal);
        self.pause_until.map_or(next, |until| next.max(until))
    }

    /// Are there due times to be worked out again?
    fn renews(&self) -> bool {
        self.look_for_renewals || !self.renewals.is_empty()
    }

    /// The next timer, schedule or closing session that is known without the store.
    pub(crate) fn next_known(&self) -> Option<Timestamp> {
        [self.timers.first(), self.inbox_at, self.schedules.next()].into_iter().flatten().min()
    }

    /// Until when nothing is done by itself, because the store has just failed.
    pub(crate) fn paused_until(&self) -> Option<Timestamp> {
        self.pause_until
    }

    /// When the next schedule fires.
    pub(crate) fn next_schedule(&self) -> Option<Timestamp> {
        self.schedules.next()
    }

    /// When a sweep has something to be read.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        let next = self.sweeps.next()?;
        Some(self.pause_until.map_or(next, |until| next.max(until)))
    }

    /// What is to be read for sweeps now. Each comes back as a request.
    pub(crate) fn looks(&mut self, now: Timestamp) -> Vec<Look> {
        if self.next_look().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let district = Arc::clone(&self.district.borrow());
        self.sweeps.looks(now, &district)
    }

    /// Is there more to be looked through for effects to be done again?
    pub(crate) fn is_recovering(&self) -> bool {
        self.recovery.is_some() && self.pause_until.is_none()
    }

    /// Looks through stored instances for effects that were requested and not returned.
    pub(crate) fn recover_again(&mut self) {
        self.recovery = Some(None);
    }

    /// The next page of effects to be done again, with the ids they had.
    pub(crate) async fn recover(&mut self, now: Timestamp) -> Vec<Effect> {
        match self.recover_page().await {
            Ok(effects) => effects,
            Err(error) => {
                self.store_failed("looking for effects to be done again", Arc::new(error), now);
                Vec::new()
            }
        }
    }

    async fn recover_page(&mut self) -> Result<Vec<Effect>, StoreError> {
        let Some(after) = self.recovery else { return Ok(Vec::new()) };
        let ids = self.store.in_flight(after, limits::RECOVERY_PAGE_LEN).await?;
        let next = ids.last().copied().filter(|_| ids.len() == limits::RECOVERY_PAGE_LEN).map(Some);
        let deployments = Arc::clone(&self.deployments.borrow());
        let mut effects = Vec::new();
        for loaded in self.store.load(ids).await? {
            let id = loaded.instance;
            match prepare::readable(&deployments, loaded) {
                Ok(instance) => effects.extend(self.outside(instance.state.pending_effects())),
                // Its incident is written when it is next touched.
                Err(parked) => tracing::error!(instance = %id, code = parked.code, "not recovered"),
            }
        }
        if !effects.is_empty() {
            tracing::info!(effects = effects.len(), "effects are done again");
        }
        self.recovery = next;
        Ok(effects)
    }

    /// Keeps for the next turn what this shard does by itself; the rest is for the outside.
    fn outside(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let (internal, outside) =
            effects.into_iter().partition::<Vec<_>, _>(|effect| effect.action.is_internal());
        self.internal.extend(internal);
        outside
    }

    async fn prepare(&mut self, requests: &[Request], now: Timestamp) -> Result<(Due, Prepared), StoreError> {
        if self.stale {
            self.reload().await?;
        }
        let due = self.due(now).await?;
        let deployments = Arc::clone(&self.deployments.borrow());
        let hot = &self.hot;
        let is_hot = |id| hot.contains(id);
        let beside = Beside { sweeps: &self.sweeps, schedules: &self.schedules };
        let prepared = prepare(&*self.store, &deployments, requests, &due, &beside, &is_hot).await?;
        Ok((due, prepared))
    }

    /// What has come due by itself.
    async fn due(&mut self, now: Timestamp) -> Result<Due, StoreError> {
        // A pause that is longer than any pause: the clock has gone back since it began.
        let longest = now.plus_millis(limits::STORE_RETRY_MILLIS);
        if self.pause_until.is_some_and(|until| now < until && until <= longest) {
            return Ok(Due::default());
        }
        self.pause_until = None;
        self.timers.look_ahead(&*self.store, now, self.parked.len()).await?;
        let parked: Vec<InstanceId> = self.parked.keys().copied().collect();
        for id in parked {
            self.timers.remove(id);
        }
        let wakes = self.timers.due(now, limits::BATCH_INPUTS_MAX / 2);
        let mut rows = Vec::new();
        if self.inbox_at.is_some_and(|at| at <= now) {
            rows = self.store.routable(now, limits::ROUTED_MAX).await?;
            // What is found is disposed of by this turn; only then the store knows what comes next.
            if rows.is_empty() {
                self.inbox_at = self.store.next_release().await?;
            }
        }
        let renewals = self.due_renewals().await?;
        Ok(Due { wakes, fired: self.schedules.due(now), rows, renewals })
    }

    /// Instances with due times that a new edition of their calendar is to work out again, some at a time.
    async fn due_renewals(&mut self) -> Result<Vec<InstanceId>, StoreError> {
        if self.look_for_renewals {
            let keys = references::old_editions(&self.district.borrow());
            let found = if keys.is_empty() { Vec::new() } else { self.store.subscribers(keys).await? };
            let found: BTreeSet<InstanceId> = found.into_iter().map(|(_, instance)| instance).collect();
            if !found.is_empty() {
                tracing::info!(
                    instances = found.len(),
                    "calendars have changed: due times are worked out again"
                );
            }
            self.renewals = found.into_iter().collect();
            self.look_for_renewals = false;
        }
        let some = self.renewals.len().min(limits::BATCH_INPUTS_MAX / 2);
        Ok(self.renewals.drain(..some).filter(|id| !self.parked.contains_key(id)).collect())
    }

    /// The pure part, with looks at what is buffered for those who begin to listen.
    async fn turn(
        &mut self,
        store: &dyn Store,
        requests: Vec<Request>,
        due: Due,
        prepared: Prepared,
        now: Timestamp,
    ) -> Result<Finished, (Finished, StoreError)> {
        let deployments = Arc::clone(&self.deployments.borrow());
        let batch = Batch { incidents: std::mem::take(&mut self.unreported), ..Batch::default() };
        let hot = prepared.hot.iter().filter_map(|id| Some((*id, self.hot.take(*id)?)));
        let working = hot.chain(prepared.instances);
        let mut turn = Turn {
            now,
            deployments: &deployments,
            working: working.map(|(id, instance)| (id, Working::new(instance))).collect(),
            ids: &mut self.ids,
            entropy: &mut self.entropy,
            case_numbers: &mut self.case_numbers,
            parked: &mut self.parked,
            lifecycle: self.lifecycle.as_ref(),
            district: Arc::clone(&self.district.borrow()),
            buffer_millis: self.buffer_millis,
            started: prepared.started,
            subscribers: prepared.subscribers,
            case_instances: prepared.case_instances,
            asks: BTreeMap::new(),
            listeners: BTreeSet::new(),
            batch,
            deployed: Vec::new(),
            dispositions: BTreeMap::new(),
            answers: Answers::default(),
            begun: Vec::new(),
            waits: Vec::new(),
            watched: self.schedules.watched(),
            schedules: &self.schedules,
            sweeps: &self.sweeps,
            sweep_keys: prepared.sweep_keys,
            sweeps_again: Vec::new(),
        };
        let mut routes = prepared.routes;
        let mut events = Events {
            known: prepared.known,
            new: prepared.new_routes,
            sessions: Sessions::new(&prepared.gathering),
            queue: due.rows.iter().filter_map(|row| routes.remove(&row.id)).collect(),
        };
        for (id, parked) in prepared.unreadable {
            turn.park(id, parked.code, parked.detail);
        }
        turn.expire(&due.rows);
        turn.close_sessions(prepared.closing, &mut events);
        for request in requests {
            turn.take(request, &mut events);
        }
        for fired in due.fired {
            turn.fire(fired);
        }
        for id in due.renewals {
            turn.renew(id);
        }
        for id in due.wakes {
            turn.wake(id);
        }
        loop {
            if !turn.asks.is_empty() {
                match store.cases_of_phones(turn.phones_asked_for(), limits::REPEATS_READ_MAX).await {
                    Ok(cases) => turn.tell_repeats(&cases),
                    Err(error) => return Err((turn.finish(), error)),
                }
            } else if !turn.listeners.is_empty() {
                let keys = turn.keys_to_offer();
                match store.buffered(keys, now).await {
                    Ok(rows) => turn.offer(&rows),
                    Err(error) => return Err((turn.finish(), error)),
                }
            } else if !events.queue.is_empty() {
                turn.route_all(&mut events.queue);
            } else {
                return Ok(turn.finish());
            }
        }
    }

    async fn commit(&mut self, store: &dyn Store, mut finished: Finished, now: Timestamp) -> Released {
        let mut batch = std::mem::take(&mut finished.batch);
        let schedules = batch.schedules.clone();
        batch.schedules.retain(|row| !self.schedules.knows(row));
        let sweeps = batch.sweeps.clone();
        let beside = Moves { schedules, sweeps };
        if is_empty(&batch) {
            return self.release(finished, beside, now);
        }
        let turns = batch.turns.len();
        let inbox_at = inbox_at(&batch);
        let incidents = batch.incidents.clone();
        match store.commit(batch).await {
            Ok(()) => {
                tracing::trace!(turns, "committed");
                self.tally.committed(turns);
                self.inbox_at = self.inbox_at.into_iter().chain(inbox_at).min();
                self.release(finished, beside, now)
            }
            Err(error) => {
                // What a caller asks for again finds by its key what was done, if it was done.
                let unknown = matches!(error, CommitError::Unknown(_));
                self.stale |= !matches!(error, CommitError::Failed(_));
                self.report_later(incidents);
                let failure = self.store_failed("committing a turn", Arc::new(error), now);
                if unknown {
                    for id in finished.moved.keys() {
                        for waiter in self.waiters.remove(id).unwrap_or_default() {
                            tell(waiter, Err(Error::Unavailable(Arc::clone(&failure))));
                        }
                    }
                }
                finished.fail(&failure);
                Released::default()
            }
        }
    }

    /// Incidents that a turn could not store, if they still hold.
    fn report_later(&mut self, incidents: Vec<IncidentRow>) {
        self.unreported = incidents;
        self.unreported.retain(|row| self.parked.contains_key(&row.instance));
    }

    /// The turn is durable: now it may be known.
    fn release(&mut self, finished: Finished, beside: Moves, now: Timestamp) -> Released {
        let Finished { batch: _, deployed, district, moved, untouched, answers, waits, sweeps_again } =
            finished;
        let renews = !deployed.is_empty() || district.is_some();
        if !deployed.is_empty() {
            let mut deployments = Deployments::clone(&self.deployments.borrow());
            for (deployment, by) in deployed {
                deployments.add(deployment, now, &by);
            }
            self.deployments.send_replace(Arc::new(deployments));
        }
        if let Some(district) = district {
            self.district.send_replace(district);
            self.look_for_renewals = true;
        }
        if renews {
            self.schedules =
                self.schedules.renewed(&self.deployments.borrow(), &self.district.borrow().calendars);
        }
        for row in &beside.schedules {
            self.schedules.moved(row);
        }
        for (id, at) in sweeps_again {
            self.sweeps.again(id, at);
        }
        for row in beside.sweeps {
            self.sweeps.moved(row);
        }
        for (id, reply) in waits {
            self.waiters.entry(id).or_default().push(reply);
            if self.waiters.len().is_multiple_of(WAITERS_SWEEP) {
                // Those who have gone away must not be waited with for ever.
                self.waiters.retain(|_, waiters| waiters.iter().any(|waiter| !waiter.is_closed()));
            }
        }
        let mut released = Released::default();
        for (id, moved) in moved {
            self.timers.set(id, moved.wake_at);
            let owes = moved.effects.iter().any(|effect| effect.action.is_internal());
            released.effects.extend(self.outside(moved.effects));
            released.withdrawn.extend(moved.withdrawn);
            if let Some(ending) = moved.ending {
                let state = &moved.instance.state;
                let case_no = state.case().map(|case| case.no.clone());
                let ended = Ended { instance: id, ending, rev: moved.instance.rev, at: now, case_no };
                for waiter in self.waiters.remove(&id).unwrap_or_default() {
                    tell(waiter, Ok(ended.clone()));
                }
            }
            match moved.instance.state.status() {
                Status::Pending | Status::Running | Status::Waiting | Status::Suspended => {
                    self.hot.put(id, moved.instance);
                }
                // Its parent is still to be told: the next turn needs it.
                Status::Cancelled | Status::Faulted | Status::Completed if owes => {
                    self.hot.put(id, moved.instance);
                }
                Status::Cancelled | Status::Faulted | Status::Completed => {}
            }
        }
        for (id, instance) in untouched {
            self.hot.put(id, instance);
        }
        answers.give();
        released
    }

    /// The store did not do it. What this turn had in memory is gone; what was under way by itself is found
    /// again in the store, after a pause.
    fn store_failed(&mut self, doing: &str, failure: Failure, now: Timestamp) -> Failure {
        tracing::error!(error = &*failure as &dyn std::error::Error, "{doing}");
        self.pause_until = Some(now.plus_millis(limits::STORE_RETRY_MILLIS));
        self.timers.forget();
        self.internal.clear();
        self.renewals.clear();
        self.look_for_renewals = true;
        self.sweeps.forget_reads();
        self.inbox_at = Some(Timestamp(i64::MIN));
        self.recovery = Some(None);
        failure
    }

    /// Reads what is held beside the instances.
    async fn reload(&mut self) -> Result<(), StoreError> {
        let mut deployments = Deployments::clone(&self.deployments.borrow());
        for row in self.store.deployments().await? {
            if deployments.pinned(&row.hash).is_ok() {
                continue;
            }
            match self.compiler.compile_stored(&row.source, row.forms, &row.resources.into()) {
                Ok(compiled) if compiled.deployment.hash == row.hash => {
                    deployments.add(compiled.deployment, row.at, &row.by);
                }
                Ok(_) => deployments.add_broken(row.hash, "it was changed in the store".to_owned()),
                Err(error) => {
                    tracing::error!(workflow = row.id.name, %error, "a deployment does not compile");
                    deployments.add_broken(row.hash, error.to_string());
                }
            }
        }
        self.sweeps = Sweeps::new(self.store.open_sweeps().await?);
        self.ids.continue_after(self.store.greatest_id().await?);
        if let Some((date, last)) = self.store.last_case_number().await?
            && (&date, last) > (&self.case_numbers.date, self.case_numbers.last)
        {
            self.case_numbers.date = date;
            self.case_numbers.last = last;
        }
        self.deployments.send_replace(Arc::new(deployments));
        let known = Arc::clone(&self.district.borrow());
        let district = references::read(&*self.store, &known).await?;
        let rows = self.store.schedules().await?;
        self.schedules = Schedules::new(&self.deployments.borrow(), &district.calendars, &rows);
        self.district.send_replace(district);
        self.look_for_renewals = true;
        self.stale = false;
        Ok(())
    }
}

impl Finished {
    /// Nothing of it happened, or nobody knows.
    fn fail(self, failure: &Failure) {
        self.answers.fail(failure);
        for (_, reply) in self.waits {
            tell(reply, Err(Error::Unavailable(Arc::clone(failure))));
        }
    }
}

fn is_empty(batch: &Batch) -> bool {
    let Batch {
        now: _,
        turns,
        arrivals,
        dispositions,
        rejections,
        deployments,
        schedules,
        incidents,
        references,
        schedule_runs,
        sweeps,
        sweep_lines,
        poll_cursors,
        delivery_reports,
    } = batch;
    turns.is_empty()
        && arrivals.is_empty()
        && dispositions.is_empty()
        && rejections.is_empty()
        && deployments.is_empty()
        && schedules.is_empty()
        && incidents.is_empty()
        && references.is_empty()
        && schedule_runs.is_empty()
        && sweeps.is_empty()
        && sweep_lines.is_empty()
        && poll_cursors.is_empty()
        && delivery_reports.is_empty()
}

/// When the inbox is to be looked at because of these rows.
fn inbox_at(batch: &Batch) -> Option<Timestamp> {
    let stored = batch.dispositions.iter().map(|(_, disposition)| disposition);
    let new = batch.arrivals.iter().map(|row| &row.disposition);
    let times = stored.chain(new).filter_map(|disposition| match disposition {
        // At once, and not at some time: the clock may go back before that.
        Disposition::Pending => Some(Timestamp(i64::MIN)),
        Disposition::Gathering { release_at, .. } => Some(*release_at),
        Disposition::Buffered { expires, .. } => Some(*expires),
        Disposition::Gathered { .. } | Disposition::Delivered { .. } | Disposition::Unmatched { .. } => None,
    });
    times.min()
}
