//! The engine driven by hand: one thread, a clock that is set, everything in a fixed order.
//!
//! Scenarios, `yiwang run`, tests and the simulator use it. The same shard does the same turns as in the
//! engine's task; only who calls it differs. Effects are performed one after the other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;
use yiwang_core::district::District;
use yiwang_core::migration::Wish;
use yiwang_core::selector::{Selection, Selector};
use yiwang_core::sweep::Sweep;
use yiwang_core::{Deployment, Effect, InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::resource::Resources;

use crate::clock::VirtualClock;
use crate::deployments::{Compiler, DefinitionInfo};
use crate::dispatch::perform;
use crate::ports::{IncomingEvent, Outside, RejectionRow, ScheduleRun, Store};
use crate::request::{
    Accepted, Begun, CaseAct, Deployed, Ended, Inspection, Intake, MigrationPreview, OperatorAct,
    PutReference, RepairAct, Reply, Request, ScheduleAct, Start, StartReply, StoredReference, SweepAct,
    WorkItemAct,
};
use crate::shard::Shard;
use crate::{Config, Error, elsewhere, reports, sweeps};

/// Turns that one [`Harness::settle`] may take: more means that workflows keep each other going for ever.
const TURNS_MAX: usize = 100_000;

/// An engine without a task.
pub struct Harness {
    shard: Shard,
    store: Arc<dyn Store>,
    outside: Outside,
    compiler: Arc<Compiler>,
    clock: VirtualClock,
    now: Timestamp,
    effects: VecDeque<Effect>,
    /// What is still to be read for sweeps.
    looks: VecDeque<sweeps::Look>,
    /// Effects performed so far.
    performed: u64,
}

/// Somebody who waits for the end of an instance.
#[derive(Debug)]
pub struct Waiting(oneshot::Receiver<Result<Ended, Error>>);

impl Waiting {
    /// The end, once it has come.
    pub fn ended(&mut self) -> Option<Result<Ended, Error>> {
        match self.0.try_recv() {
            Ok(ended) => Some(ended),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(Error::Stopping)),
        }
    }
}

/// What one [`Harness::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It looked in the store for what is to be done. Nothing was committed.
    Looked,
    /// One turn, one commit.
    Committed,
    /// There is nothing to do at this time.
    Idle,
}

impl Harness {
    /// Opens the store at this time. Nothing has moved when it returns: what is under way from before goes
    /// on with the first [`Harness::settle`].
    pub async fn open(
        config: Config,
        store: Arc<dyn Store>,
        outside: Outside,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let compiler = Arc::new(Compiler::new(crate::engine::catalog(&config, &*outside.channels)));
        let shard = Shard::open(&config, Arc::clone(&store), Arc::clone(&compiler)).await;
        let shard = shard.map_err(|error| Error::Unavailable(Arc::new(error)))?;
        let clock = VirtualClock::new(now);
        let (effects, looks) = (VecDeque::new(), VecDeque::new());
        Ok(Self { shard, store, outside, compiler, clock, now, effects, looks, performed: 0 })
    }

    /// The clock's time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Checks a workflow with its forms and makes it startable.
    pub async fn deploy(
        &mut self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        by: &str,
    ) -> Result<Deployed, Error> {
        self.deploy_with(source, forms, Resources::new(), by).await
    }

    /// The same with texts from elsewhere that the caller has; others that it needs are fetched.
    pub async fn deploy_with(
        &mut self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        resources: Resources,
        by: &str,
    ) -> Result<Deployed, Error> {
        let same = self.shard.deployments().borrow().with_content(source, &forms);
        if let Some(deployed) = same {
            return Ok(deployed);
        }
        let resources = elsewhere::complete(&self.outside.services, source, resources).await;
        let compiled = self.compiler.compile(source, forms, &resources)?;
        let row = compiled.row(self.now, by);
        let (deployment, warnings) = (compiled.deployment, compiled.warnings);
        self.ask(|reply| Request::Deploy { row, deployment, warnings, reply }).await
    }

    /// All deployed definitions.
    pub fn definitions(&self) -> Vec<DefinitionInfo> {
        self.shard.deployments().borrow().infos()
    }

    /// One deployed definition; no version: the greatest one.
    pub fn definition(&self, workflow: &str, version: Option<&str>) -> Option<Arc<Deployment>> {
        self.shard.deployments().borrow().find(workflow, version)
    }

    /// Begins an instance.
    pub async fn start(&mut self, start: Start) -> Result<Begun, Error> {
        self.ask(|reply| Request::Start { start, reply: StartReply::Begin(reply) }).await
    }

    /// Begins an instance whose end somebody wants to know.
    pub async fn start_and_wait(&mut self, start: Start) -> Waiting {
        let (reply, ended) = oneshot::channel();
        self.turn(vec![Request::Start { start, reply: StartReply::End(reply) }]).await;
        Waiting(ended)
    }

    /// Takes events into the inbox.
    pub async fn publish(&mut self, events: Vec<IncomingEvent>) -> Result<Vec<Accepted>, Error> {
        self.take_in(Intake { events, ..Intake::default() }).await
    }

    /// Takes in what came by a channel.
    pub async fn take_in(&mut self, mut intake: Intake) -> Result<Vec<Accepted>, Error> {
        reports::tell(&mut intake, &self.shard.deployments().borrow());
        self.ask(|reply| Request::Publish { intake, reply }).await
    }

    /// Keeps a message that a channel did not accept.
    pub async fn reject(&mut self, row: RejectionRow) -> Result<(), Error> {
        self.ask(|reply| Request::Reject { row, reply }).await
    }

    /// Acts on a work item.
    pub async fn work_item(&mut self, act: WorkItemAct) -> Result<Data, Error> {
        self.ask(|reply| Request::WorkItem { act, reply }).await
    }

    /// Acts on a case.
    pub async fn case(&mut self, act: CaseAct) -> Result<Data, Error> {
        self.ask(|reply| Request::Case { act, reply }).await
    }

    /// An operator intervenes.
    pub async fn operator(&mut self, act: OperatorAct) -> Result<Data, Error> {
        self.ask(|reply| Request::Operator { act, reply }).await
    }

    /// An operator repairs an instance.
    pub async fn repair(&mut self, act: RepairAct) -> Result<Data, Error> {
        self.ask(|reply| Request::Repair { act, reply }).await
    }

    /// Where an instance stands.
    pub async fn inspect(&mut self, instance: InstanceId) -> Result<Inspection, Error> {
        self.ask(|reply| Request::Inspect { instance, reply }).await
    }

    /// What a migration of an instance would do now.
    pub async fn preview_migration(
        &mut self,
        instance: InstanceId,
        wish: Wish,
    ) -> Result<MigrationPreview, Error> {
        self.ask(|reply| Request::PreviewMigration { instance, wish, reply }).await
    }

    /// Puts a new version of a reference document.
    pub async fn put_reference(&mut self, wish: PutReference) -> Result<StoredReference, Error> {
        self.ask(|reply| Request::PutReference { wish, reply }).await
    }

    /// The reference data as they are now.
    pub fn district(&self) -> Arc<District> {
        Arc::clone(&self.shard.district().borrow())
    }

    /// Asks for a sweep.
    pub async fn sweep(&mut self, wanted: yiwang_core::sweep::Wanted) -> Result<Sweep, Error> {
        self.sweep_act(SweepAct::Begin(Box::new(wanted))).await
    }

    /// What a selector finds now.
    ///
    /// # Errors
    /// When a calendar is not known or does not reach that far.
    pub fn selection(&self, selector: &Selector) -> Result<Selection, String> {
        selector.resolve(self.now, &*self.district())
    }

    /// Decides about a sweep.
    pub async fn sweep_act(&mut self, act: SweepAct) -> Result<Sweep, Error> {
        self.ask(|reply| Request::Sweep { act, reply }).await
    }

    /// Acts on a schedule.
    pub async fn schedule(&mut self, act: ScheduleAct) -> Result<ScheduleRun, Error> {
        self.ask(|reply| Request::Schedule { act, reply }).await
    }

    /// Goes on until nothing is left to be done at this time: events routed, effects performed, timers and
    /// schedules fired. Returns how many effects were performed.
    ///
    /// # Errors
    /// When the store fails, or when it does not come to an end.
    pub async fn settle(&mut self) -> Result<u64, Error> {
        let before = self.performed;
        for _ in 0..TURNS_MAX {
            if self.step().await == Step::Idle {
                return Ok(self.performed - before);
            }
        }
        let endless = format!("there is still something to do after {TURNS_MAX} turns");
        Err(Error::Unavailable(Arc::new(std::io::Error::other(endless))))
    }

    /// Does the next thing that is to be done at this time. Whoever reopens the engine after each
    /// [`Step::Committed`] has killed it between every two commits.
    pub async fn step(&mut self) -> Step {
        let before = self.shard.tally().read().commits;
        if self.shard.is_recovering() {
            let found = self.shard.recover(self.now).await;
            self.add(found);
        } else if self.shard.next() <= self.now {
            self.turn(Vec::new()).await;
        } else if let Some(effect) = self.effects.pop_front() {
            let (id, attempt) = (effect.id, effect.attempt);
            let district = self.district();
            let outcome = perform(&self.outside, &*self.store, &district, &self.clock, effect).await;
            self.performed += 1;
            self.turn(vec![Request::EffectDone { effect: id, attempt, outcome }]).await;
        } else if let Some(look) = self.next_look() {
            let read = sweeps::look(&*self.store, look).await;
            self.turn(vec![read]).await;
        } else {
            return Step::Idle;
        }
        if self.shard.tally().read().commits > before { Step::Committed } else { Step::Looked }
    }

    /// What is to be read for a sweep now.
    fn next_look(&mut self) -> Option<sweeps::Look> {
        if self.looks.is_empty() {
            self.looks.extend(self.shard.looks(self.now));
        }
        self.looks.pop_front()
    }

    /// The process dies and starts again at the same time: only what is in the store survives. The compiler
    /// lives on, since it knows nothing but the catalog.
    pub async fn reopen(self, config: &Config) -> Result<Self, Error> {
        let Self { shard, store, outside, compiler, clock, now, effects, looks, performed } = self;
        // The old engine is gone before the new one reads.
        drop((shard, effects, looks));
        let shard = Shard::open(config, Arc::clone(&store), Arc::clone(&compiler)).await;
        let shard = shard.map_err(|error| Error::Unavailable(Arc::new(error)))?;
        let (effects, looks) = (VecDeque::new(), VecDeque::new());
        Ok(Self { shard, store, outside, compiler, clock, now, effects, looks, performed })
    }

    /// The next time at which something happens by itself.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let stored = self.store.next_due().await;
        let stored = stored.map_err(|error| Error::Unavailable(Arc::new(error)))?;
        let known = [stored, self.shard.next_schedule(), self.shard.next_look(), self.shard.paused_until()];
        // What is due and did not move cannot: it has its incident, or the store has just failed.
        Ok(known.into_iter().flatten().min().map(|at| if at > self.now { at } else { self.shard.next() }))
    }

    /// Settles, then lets the time pass: each timer and schedule in order, settled after each.
    pub async fn advance_to(&mut self, at: Timestamp) -> Result<(), Error> {
        self.settle().await?;
        while let Some(due) = self.next_due().await?.filter(|due| *due <= at) {
            self.set_clock(due.max(self.now));
            self.settle().await?;
        }
        self.set_clock(at.max(self.now));
        Ok(())
    }

    /// Sets the clock without doing anything, also back.
    pub fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
        self.clock.set(now);
    }

    /// One turn with one request.
    async fn ask<T>(&mut self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (reply, mut answer) = oneshot::channel();
        self.turn(vec![request(reply)]).await;
        answer.try_recv().unwrap_or(Err(Error::Stopping))
    }

    pub(crate) async fn turn(&mut self, requests: Vec<Request>) {
        let released = self.shard.cycle(requests, self.now).await;
        self.add(released.effects);
    }

    fn add(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let same = |other: &Effect| other.id == effect.id && other.attempt == effect.attempt;
            if !self.effects.iter().any(same) {
                self.effects.push_back(effect);
            }
        }
    }
}
