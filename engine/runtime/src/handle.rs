//! What the rest of the program holds of a running engine: cheap to clone, safe to drop.
//!
//! Every call is answered after its turn is committed, or not at all: an `Ok` is durable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use yiwang_core::district::District;
use yiwang_core::migration::Wish;
use yiwang_core::sweep::Sweep;
use yiwang_core::{Deployment, InstanceId, Timestamp};
use yiwang_dsl::Data;
use yiwang_dsl::definition::DefinitionId;
use yiwang_dsl::resource::Resources;

use crate::deployments::{Compiler, DefinitionInfo, Deployments};
use crate::leased::Lease;
use crate::nodes::Fenced;
use crate::ports::{IncomingEvent, RejectionRow, ScheduleRow, ScheduleRun, Services};
use crate::request::{
    Accepted, Begun, CaseAct, Deployed, Ended, Inspection, Intake, MigrationPreview, OperatorAct,
    PutReference, RepairAct, Request, ScheduleAct, Start, StartReply, StoredReference, SweepAct, WorkItemAct,
};
use crate::scheduling::{self, ScheduleInfo};
use crate::tally::{Tallied, Tally};
use crate::weight::weight;
use crate::{Error, elsewhere, reports};

/// A running engine.
#[derive(Clone)]
pub struct Handle {
    pub(crate) requests: mpsc::Sender<Queued>,
    pub(crate) queued_bytes: Arc<AtomicUsize>,
    pub(crate) queue_bytes_max: usize,
    pub(crate) deployments: watch::Receiver<Arc<Deployments>>,
    pub(crate) district: watch::Receiver<Arc<District>>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) next_due: watch::Receiver<Option<Timestamp>>,
    pub(crate) compiler: Arc<Compiler>,
    pub(crate) services: Arc<dyn Services>,
    /// None: no other process could have taken over.
    pub(crate) lease: Option<Arc<dyn Lease>>,
    pub(crate) stop: CancellationToken,
    pub(crate) stopped: CancellationToken,
}

/// A request with its share of the queue's bytes, which it gives back when it is taken out.
pub(crate) struct Queued {
    pub(crate) request: Request,
    pub(crate) bytes: usize,
}

impl Handle {
    /// The same engine, whose answers are given only while this lease is sure: what it holds in memory may be old
    /// once another one has taken over, and so may be what it refuses.
    #[must_use]
    pub fn leased(self, lease: Arc<dyn Lease>) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// What has been committed since the start.
    pub fn tally(&self) -> Tallied {
        self.tally.read()
    }

    /// Checks a workflow with its forms (JSON Schemas by name) and makes it startable. The same content
    /// again is no change.
    pub async fn deploy(
        &self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        by: &str,
    ) -> Result<Deployed, Error> {
        self.deploy_with(source, forms, Resources::new(), by).await
    }

    /// The same with texts from elsewhere that the caller has; others that it needs are fetched. What was
    /// deployed with the same text and forms is not fetched again.
    pub async fn deploy_with(
        &self,
        source: &str,
        forms: BTreeMap<String, serde_json::Value>,
        resources: Resources,
        by: &str,
    ) -> Result<Deployed, Error> {
        let same = self.deployments.borrow().with_content(source, &forms);
        if let Some(deployed) = same {
            return Ok(deployed);
        }
        let resources = elsewhere::complete(&self.services, source, resources).await;
        let compiled = self.compiler.compile(source, forms, &resources)?;
        let row = compiled.row(Timestamp::default(), by);
        let weight = source.len();
        let (deployment, warnings) = (compiled.deployment, compiled.warnings);
        self.ask(weight, |reply| Request::Deploy { row, deployment, warnings, reply }).await
    }

    /// These texts and all others from elsewhere that a workflow needs to be checked, fetched as its deployment
    /// would fetch them.
    pub async fn complete_texts(&self, source: &str, resources: Resources) -> Resources {
        elsewhere::complete(&self.services, source, resources).await
    }

    /// All deployed definitions, in order of name and version.
    pub fn definitions(&self) -> Vec<DefinitionInfo> {
        self.deployments.borrow().infos()
    }

    /// One deployed definition with its forms; no version: the greatest one.
    pub fn definition(&self, workflow: &str, version: Option<&str>) -> Option<Arc<Deployment>> {
        self.deployments.borrow().find(workflow, version)
    }

    /// The deployment of exactly this id.
    pub fn deployment(&self, id: &DefinitionId) -> Option<Arc<Deployment>> {
        self.definition(&format!("{}/{}", id.namespace, id.name), Some(&id.version))
    }

    /// Begins an instance. With a key: the same key and input give the same instance, the same key with
    /// another input is [`Error::StartConflict`].
    pub async fn start(&self, start: Start) -> Result<Begun, Error> {
        let bytes = weight(&start.input);
        self.ask(bytes, |reply| Request::Start { start, reply: StartReply::Begin(reply) }).await
    }

    /// The same, and its end to wait for, which is asked for in the same turn.
    pub async fn start_and_watch(
        &self,
        start: Start,
    ) -> Result<(Begun, impl Future<Output = Result<Ended, Error>> + use<>), Error> {
        let bytes = weight(&start.input);
        let (end, ended) = oneshot::channel();
        let begun =
            self.ask(bytes, |reply| Request::Start { start, reply: StartReply::Both(reply, end) }).await?;
        Ok((begun, async move { ended.await.unwrap_or(Err(Error::Stopping)) }))
    }

    /// Begins an instance and waits for its end, however long that takes.
    pub async fn start_and_wait(&self, start: Start) -> Result<Ended, Error> {
        let bytes = weight(&start.input);
        self.ask(bytes, |reply| Request::Start { start, reply: StartReply::End(reply) }).await
    }

    /// Waits for the end of an instance, however long that takes. One that had ended before is
    /// [`Error::EndedBefore`].
    pub async fn ended(&self, instance: InstanceId) -> Result<Ended, Error> {
        self.ask(0, |reply| Request::Wait { instance, reply }).await
    }

    /// Takes events into the inbox: durable when it returns. In the same order as given.
    pub async fn publish(&self, events: Vec<IncomingEvent>) -> Result<Vec<Accepted>, Error> {
        let bytes = events.iter().map(|incoming| weight(&incoming.event.data)).sum();
        self.ask(bytes, |reply| Request::Publish { intake: Intake { events, ..Intake::default() }, reply })
            .await
    }

    /// Takes in what came by a channel: all of it is durable when it returns, or nothing.
    pub async fn take_in(&self, mut intake: Intake) -> Result<Vec<Accepted>, Error> {
        reports::tell(&mut intake, &self.deployments.borrow());
        let events = intake.events.iter().map(|incoming| weight(&incoming.event.data));
        let bytes = events.chain(intake.reports.iter().map(weight)).sum();
        self.ask(bytes, |reply| Request::Publish { intake, reply }).await
    }

    /// Keeps a message that a channel did not accept. The row's id is given here.
    pub async fn reject(&self, row: RejectionRow) -> Result<(), Error> {
        let bytes = row.excerpt.len();
        self.ask(bytes, |reply| Request::Reject { row, reply }).await
    }

    /// Acts on a work item; the answer is its new state.
    pub async fn work_item(&self, act: WorkItemAct) -> Result<Data, Error> {
        let bytes = match &act.command {
            yiwang_core::work_item::WorkItemCommand::Complete { form, .. } => weight(form),
            yiwang_core::work_item::WorkItemCommand::Claim
            | yiwang_core::work_item::WorkItemCommand::Release
            | yiwang_core::work_item::WorkItemCommand::Act { .. } => 0,
        };
        self.ask(bytes, |reply| Request::WorkItem { act, reply }).await
    }

    /// Acts on a case; the answer says what was decided, by whom, and the case's version.
    pub async fn case(&self, act: CaseAct) -> Result<Data, Error> {
        let bytes = weight(&act.command);
        self.ask(bytes, |reply| Request::Case { act, reply }).await
    }

    /// An operator intervenes.
    pub async fn operator(&self, act: OperatorAct) -> Result<Data, Error> {
        self.ask(0, |reply| Request::Operator { act, reply }).await
    }

    /// An operator repairs an instance.
    pub async fn repair(&self, act: RepairAct) -> Result<Data, Error> {
        let bytes = act.reason.len();
        self.ask(bytes, |reply| Request::Repair { act, reply }).await
    }

    /// Where an instance stands.
    pub async fn inspect(&self, instance: InstanceId) -> Result<Inspection, Error> {
        self.ask(0, |reply| Request::Inspect { instance, reply }).await
    }

    /// What a migration of an instance would do now.
    pub async fn preview_migration(
        &self,
        instance: InstanceId,
        wish: Wish,
    ) -> Result<MigrationPreview, Error> {
        self.ask(0, |reply| Request::PreviewMigration { instance, wish, reply }).await
    }

    /// Puts a new version of a reference document; steps read it from its commit on. The same text again is
    /// no change.
    pub async fn put_reference(&self, wish: PutReference) -> Result<StoredReference, Error> {
        let bytes = wish.body.len();
        self.ask(bytes, |reply| Request::PutReference { wish, reply }).await
    }

    /// The reference data as they are now.
    pub fn district(&self) -> Arc<District> {
        Arc::clone(&self.district.borrow())
    }

    /// Asks for a sweep: durable when it returns. The same key with the same definition is the same sweep.
    pub async fn sweep(&self, wanted: yiwang_core::sweep::Wanted) -> Result<Sweep, Error> {
        let act = SweepAct::Begin(Box::new(wanted));
        self.ask(0, |reply| Request::Sweep { act, reply }).await
    }

    /// Decides about a sweep.
    pub async fn sweep_act(&self, act: SweepAct) -> Result<Sweep, Error> {
        self.ask(0, |reply| Request::Sweep { act, reply }).await
    }

    /// Acts on a schedule; what is noted of it.
    pub async fn schedule(&self, act: ScheduleAct) -> Result<ScheduleRun, Error> {
        self.ask(0, |reply| Request::Schedule { act, reply }).await
    }

    /// All schedules of what is deployed, as these rows say where they stand, with so many planned times.
    pub fn schedules(&self, rows: &[ScheduleRow], now: Timestamp, count: usize) -> Vec<ScheduleInfo> {
        scheduling::overview(&self.deployments.borrow(), &self.district.borrow().calendars, rows, now, count)
    }

    /// When the engine will next do something by itself, as far as it looks ahead (a minute).
    pub fn next_due(&self) -> Option<Timestamp> {
        *self.next_due.borrow()
    }

    /// Takes no more requests, answers those that wait, and ends. Effects under way are done again by the
    /// next start. May be called more than once, by several handles.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.stopped.cancelled().await;
    }

    /// Puts a request of this many bytes into the queue, unless that is full, and waits for the answer.
    async fn ask<T>(
        &self,
        bytes: usize,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        if self.stop.is_cancelled() {
            return Err(Error::Stopping);
        }
        let (reply, answer) = oneshot::channel();
        let before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let queued = Queued { request: request(reply), bytes };
        // One request alone is always taken, however large: its own limit is not this one.
        let full = before > 0 && before + bytes > self.queue_bytes_max;
        if full || self.requests.try_send(queued).is_err() {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(if self.stop.is_cancelled() { Error::Stopping } else { Error::Overloaded });
        }
        // A dropped reply: the engine ended before the turn of this request.
        let answer = answer.await.unwrap_or(Err(Error::Stopping));
        match &self.lease {
            Some(lease) if !lease.is_sure() => Err(Error::Unavailable(Arc::new(Fenced))),
            Some(_) | None => answer,
        }
    }
}
