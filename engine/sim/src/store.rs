//! The store as the engine sees it: slow, sometimes failing, and honest about what it does not know.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::reference::Reference;
use yiwang_core::selector::field::Found;
use yiwang_core::selector::{Field, Selection};
use yiwang_core::sweep::line::Summary;
use yiwang_core::sweep::{Line, Phase, Result as LineResult, Sweep};
use yiwang_core::{Case, CaseNo, InstanceId, Timestamp};
use yiwang_runtime::nodes::{Fenced, Membership, Stopwatch as _, is_fenced};
use yiwang_runtime::ports::{
    Answer, Batch, Census, CommitError, DeploymentRow, Group, InboxRow, Loaded, Page, PageRequest,
    PollCursor, Ranking, ScheduleRow, ScheduleRun, SelectFrom, StartKey, Started, Store, StoreError,
};

use crate::disk::{Disk, Shelf};
use crate::sabotage::Sabotage;
use crate::server::Server;
use crate::world::{Door, Fate, World};
use crate::writing::Writing;

/// A store with faults.
pub(crate) struct FaultyStore {
    writing: Writing,
    /// Told and not written: only in a world that is broken on purpose.
    unwritten: std::sync::Mutex<Vec<Batch>>,
    /// None: this process has the store for itself.
    desk: Option<Desk>,
}

/// Where a node writes: in a database that is shared, for as long as its stay lasts.
pub(crate) struct Desk {
    server: Arc<Server>,
    /// After so long the server ends a transaction in which nothing happens.
    standstill: Duration,
    membership: OnceLock<Membership>,
}

/// The world's reason for a failure.
pub(crate) fn fault() -> StoreError {
    StoreError::new("pretending to be a disk", "the world pulled the plug")
}

impl Desk {
    pub(crate) fn new(server: &Arc<Server>, standstill: Duration) -> Self {
        Self { server: Arc::clone(server), standstill, membership: OnceLock::new() }
    }
}

impl FaultyStore {
    /// On what is open of this disk.
    pub(crate) fn new(world: World, disk: Arc<dyn Disk>, shelf: Arc<dyn Shelf>, desk: Option<Desk>) -> Self {
        let writing = Writing { world, disk, shelf };
        Self { writing, unwritten: std::sync::Mutex::default(), desk }
    }

    /// What is open.
    pub(crate) fn shelf(&self) -> &dyn Shelf {
        &*self.writing.shelf
    }

    /// From now on it writes for this stay.
    pub(crate) fn write_for(&self, membership: &Membership) {
        if let Some(desk) = &self.desk {
            // It is done once in a process: who joins again has a new one.
            drop(desk.membership.set(membership.clone()));
        }
    }

    /// A read: at once, or after a door, or not at all.
    fn read<'a, T: Send + 'a>(
        &'a self,
        what: &'static str,
        read: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let Writing { world, disk, .. } = &self.writing;
        async move {
            let slow = world.with(|inner| inner.random.chance(inner.faults.slow_reads));
            let waits = slow || world.troubled().cut;
            if waits && world.wait(Door::Read, what.to_owned()).await != Fate::Pass {
                return Err(fault());
            }
            finish(&**disk, read)
        }
        .boxed()
    }

    fn sabotage(&self) -> Option<Sabotage> {
        self.writing.sabotage()
    }

    /// By a process that has the store for itself.
    async fn commit_alone(&self, batch: Batch) -> Result<(), CommitError> {
        let world = &self.writing.world;
        let what = format!("of {} turns", batch.turns.len());
        match world.wait(Door::Commit, what.clone()).await {
            Fate::Pass => {}
            Fate::Fail => return Err(CommitError::Failed(fault())),
            Fate::Lose => {
                let whole = self.sabotage() == Some(Sabotage::TearCommit);
                self.writing.disk.torn(&first_part(batch), whole);
                return Err(CommitError::Unknown(fault()));
            }
        }
        let unwritten: Vec<Batch> = {
            let mut unwritten = self.unwritten.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if self.sabotage() == Some(Sabotage::TellBeforeCommit) {
                unwritten.push(batch);
                let late = unwritten.len() - 1;
                unwritten.drain(..late).collect()
            } else {
                vec![batch]
            }
        };
        for batch in unwritten {
            self.writing.write(&batch, None, None)?;
        }
        match world.wait(Door::Committed, what).await {
            Fate::Pass => Ok(()),
            Fate::Fail | Fate::Lose => Err(CommitError::Unknown(fault())),
        }
    }

    /// By a node. What was sent happens, or not, whatever becomes of the node meanwhile.
    async fn commit_at(&self, desk: &Desk, batch: Batch) -> Result<(), CommitError> {
        let Some(membership) = desk.membership.get() else {
            return Err(CommitError::Failed(StoreError::new("writing", Fenced)));
        };
        let (writing, server, standstill) = (self.writing.clone(), Arc::clone(&desk.server), desk.standstill);
        let (stay, greatest) = (membership.stay().clone(), writing.world.clock.greatest());
        let sent = desk.server.spawn(async move {
            let what = format!("of {} turns", batch.turns.len());
            match writing.world.wait(Door::Commit, what.clone()).await {
                Fate::Pass => {}
                Fate::Fail => return Err(CommitError::Failed(fault())),
                Fate::Lose => return Err(CommitError::Unknown(fault())),
            }
            let Some(held) = server.hold(&stay, writing.sabotage()) else {
                return Err(CommitError::Failed(StoreError::new("beginning a transaction", Fenced)));
            };
            let goes_on = tokio::select! {
                biased;
                fate = writing.world.wait(Door::Transaction, what.clone()) => fate == Fate::Pass,
                () = server.clock.sleep(standstill) => false,
            };
            if !goes_on {
                return Err(CommitError::Failed(fault()));
            }
            writing.write(&batch, Some(&stay), Some(greatest))?;
            drop(held);
            match writing.world.wait(Door::Committed, what).await {
                Fate::Pass => Ok(()),
                Fate::Fail | Fate::Lose => Err(CommitError::Unknown(fault())),
            }
        });
        let told = sent.await.unwrap_or_else(|| Err(CommitError::Unknown(fault())));
        if let Err(CommitError::Failed(error)) = &told
            && is_fenced(error)
        {
            membership.found_ended();
        }
        told
    }
}

/// Waits for a shelf, here and now.
pub(crate) fn finish<'a, T: Send + 'a>(disk: &dyn Disk, work: BoxFuture<'a, T>) -> T {
    let mut done = None;
    disk.finish(async { done = Some(work.await) }.boxed());
    done.expect("a disk finishes what it is given")
}

impl Store for FaultyStore {
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), CommitError>> {
        match &self.desk {
            None => self.commit_alone(batch).boxed(),
            Some(desk) => self.commit_at(desk, batch).boxed(),
        }
    }

    fn load(&self, ids: Vec<InstanceId>) -> BoxFuture<'_, Result<Vec<Loaded>, StoreError>> {
        self.read("load", self.shelf().load(ids))
    }
    fn started(&self, keys: Vec<StartKey>) -> BoxFuture<'_, Result<Vec<(StartKey, Started)>, StoreError>> {
        self.read("started", self.shelf().started(keys))
    }
    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Timestamp, InstanceId)>, StoreError>> {
        let forgets = self.sabotage() == Some(Sabotage::ForgetTimer);
        let due = self.shelf().due(until, limit);
        let due = async move {
            let mut found = due.await?;
            if forgets {
                found.clear();
            }
            Ok(found)
        };
        self.read("due", due.boxed())
    }
    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.read("next_due", self.shelf().next_due())
    }
    fn next_release(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.read("next_release", self.shelf().next_release())
    }
    fn in_flight(
        &self,
        after: Option<InstanceId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<InstanceId>, StoreError>> {
        self.read("in_flight", self.shelf().in_flight(after, limit))
    }
    fn subscribers(
        &self,
        keys: Vec<SubscriptionKey>,
    ) -> BoxFuture<'_, Result<Vec<(SubscriptionKey, InstanceId)>, StoreError>> {
        self.read("subscribers", self.shelf().subscribers(keys))
    }
    fn known(&self, events: Vec<(String, String)>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read("known", self.shelf().known(events))
    }
    fn routable(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read("routable", self.shelf().routable(now, limit))
    }
    fn gathering(&self, sessions: Vec<String>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read("gathering", self.shelf().gathering(sessions))
    }
    fn buffered(
        &self,
        keys: Vec<SubscriptionKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        self.read("buffered", self.shelf().buffered(keys, now))
    }
    fn deployments(&self) -> BoxFuture<'_, Result<Vec<DeploymentRow>, StoreError>> {
        self.read("deployments", self.shelf().deployments())
    }
    fn references(&self) -> BoxFuture<'_, Result<Vec<Reference>, StoreError>> {
        self.read("references", self.shelf().references())
    }
    fn last_case_number(&self) -> BoxFuture<'_, Result<Option<(String, u32)>, StoreError>> {
        self.read("last_case_number", self.shelf().last_case_number())
    }
    fn case_instances(
        &self,
        numbers: Vec<CaseNo>,
    ) -> BoxFuture<'_, Result<Vec<(CaseNo, InstanceId)>, StoreError>> {
        self.read("case_instances", self.shelf().case_instances(numbers))
    }
    fn cases_of_phones(
        &self,
        phones: Vec<(String, Timestamp)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Case>, StoreError>> {
        self.read("cases_of_phones", self.shelf().cases_of_phones(phones, limit))
    }
    fn schedules(&self) -> BoxFuture<'_, Result<Vec<ScheduleRow>, StoreError>> {
        self.read("schedules", self.shelf().schedules())
    }
    fn poll_cursors(&self) -> BoxFuture<'_, Result<Vec<PollCursor>, StoreError>> {
        self.read("poll_cursors", self.shelf().poll_cursors())
    }
    fn greatest_id(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.read("greatest_id", self.shelf().greatest_id())
    }
}

/// What is on the disk of a batch whose end is not: its instances without the rows beside them.
fn first_part(mut batch: Batch) -> Batch {
    batch.arrivals.clear();
    batch.dispositions.clear();
    for row in &mut batch.turns {
        row.work_items.clear();
        row.case = None;
        row.subscriptions = None;
        row.messages.clear();
    }
    batch
}

impl Census for FaultyStore {
    fn select(&self, selection: Selection, from: SelectFrom, limit: usize) -> Answer<'_, Vec<Found>> {
        self.read("select", self.shelf().select(selection, from, limit))
    }
    fn ranked(&self, selection: Selection, by: Ranking, limit: usize) -> Answer<'_, Vec<Found>> {
        self.read("ranked", self.shelf().ranked(selection, by, limit))
    }
    fn tally(&self, selection: Selection, by: Vec<Field>) -> Answer<'_, Vec<Group>> {
        self.read("tally", self.shelf().tally(selection, by))
    }
    fn sweeps(&self, phase: Option<Phase>, page: PageRequest) -> Answer<'_, Page<Sweep>> {
        self.read("sweeps", self.shelf().sweeps(phase, page))
    }
    fn sweep(&self, id: InstanceId) -> Answer<'_, Option<Sweep>> {
        self.read("sweep", self.shelf().sweep(id))
    }
    fn sweep_of_key(&self, key: String) -> Answer<'_, Option<Sweep>> {
        self.read("sweep_of_key", self.shelf().sweep_of_key(key))
    }
    fn open_sweeps(&self) -> Answer<'_, Vec<Sweep>> {
        self.read("open_sweeps", self.shelf().open_sweeps())
    }
    fn sweep_lines(
        &self,
        sweep: InstanceId,
        result: Option<LineResult>,
        page: PageRequest,
    ) -> Answer<'_, Page<Line>> {
        self.read("sweep_lines", self.shelf().sweep_lines(sweep, result, page))
    }
    fn sweep_summary(&self, sweep: InstanceId) -> Answer<'_, Summary> {
        self.read("sweep_summary", self.shelf().sweep_summary(sweep))
    }
    fn schedule_rows(&self) -> Answer<'_, Vec<ScheduleRow>> {
        self.read("schedule_rows", self.shelf().schedule_rows())
    }
    fn schedule_runs(&self, workflow: Option<String>, page: PageRequest) -> Answer<'_, Page<ScheduleRun>> {
        self.read("schedule_runs", self.shelf().schedule_runs(workflow, page))
    }
}
