//! How a turn does each kind of request, and what has come due in the inbox.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use yiwang_core::{Deployment, Input};
use yiwang_dsl::{Data, Diagnostic};

use crate::Error;
use crate::deployments::workflow_name;
use crate::ports::{DeploymentRow, Disposition, InboxRow, IncomingEvent};
use crate::prepare::name;
use crate::request::{Accepted, Deployed, RepairAct, Request, StartReply};
use crate::routing::Route;
use crate::sessions::{self, Sessions};
use crate::turn::Turn;

/// Events on their way through a turn.
pub(crate) struct Events {
    /// Which came before, and which came in this turn: (source, id) → row.
    pub(crate) known: BTreeMap<(String, String), u64>,
    /// Routes of those that are new.
    pub(crate) new: BTreeMap<(String, String), Route>,
    pub(crate) sessions: Sessions,
    /// To be routed, in order.
    pub(crate) queue: VecDeque<Route>,
}

impl Turn<'_> {
    /// Does one request. Its answer waits for the commit.
    pub(crate) fn take(&mut self, request: Request, events: &mut Events) {
        match request {
            Request::Deploy { row, deployment, warnings, reply } => {
                let result = self.deploy(row, deployment, warnings);
                self.answers.later(reply, result);
            }
            Request::Start { start, reply } => match (self.start(start), reply) {
                (Ok(begun), StartReply::Begin(reply)) => self.begun.push((begun, reply)),
                (Ok(begun), StartReply::End(reply)) => self.wait(begun.instance, reply),
                (Ok(begun), StartReply::Both(reply, end)) => {
                    self.wait(begun.instance, end);
                    self.begun.push((begun, reply));
                }
                (Err(error), StartReply::Begin(reply) | StartReply::Both(reply, _)) => {
                    self.answers.later(reply, Err(error));
                }
                (Err(error), StartReply::End(reply)) => self.answers.later(reply, Err(error)),
            },
            Request::Wait { instance, reply } => self.wait(instance, reply),
            Request::Publish { intake, reply } => {
                self.batch.poll_cursors.extend(intake.cursor);
                self.batch.delivery_reports.extend(intake.reports);
                let accepted = intake.events.into_iter().map(|it| self.accept(it, events)).collect();
                self.answers.later(reply, Ok(accepted));
            }
            Request::Reject { mut row, reply } => {
                row.id = self.ids.next(self.now);
                self.batch.rejections.push(row);
                self.answers.later(reply, Ok(()));
            }
            Request::WorkItem { act, reply } => {
                let input = Input::WorkItem {
                    item: act.item,
                    command: act.command,
                    version: act.version,
                    by: act.by,
                };
                let result = self.apply(act.item.instance, input);
                self.answers.later(reply, result);
            }
            Request::Case { act, reply } => {
                let result = self.act_on_case(act);
                self.answers.later(reply, result);
            }
            Request::Operator { act, reply } => {
                let input = Input::Operator { command: act.command, by: act.by, reason: act.reason };
                let result: Result<Data, Error> = self.apply(act.instance, input);
                self.answers.later(reply, result);
            }
            Request::Repair { act, reply } => {
                let RepairAct { instance, repair, by, reason, decision } = act;
                let to = self.migrates_to(instance, &repair);
                let result = self.apply(instance, Input::Repair { repair, by, reason, decision, to });
                self.answers.later(reply, result);
            }
            Request::Inspect { instance, reply } => {
                let result = self.inspect(instance);
                self.answers.later(reply, result);
            }
            Request::PreviewMigration { instance, wish, reply } => {
                let result = self.preview_migration(instance, wish);
                self.answers.later(reply, result);
            }
            Request::PutReference { wish, reply } => {
                let result = self.put_reference(wish);
                self.answers.later(reply, result);
            }
            Request::Sweep { act, reply } => {
                let result = self.sweep(act);
                self.answers.later(reply, result);
            }
            Request::SweepRead(read) => self.sweep_read(read),
            Request::Schedule { act, reply } => {
                let result = self.schedule_act(act);
                self.answers.later(reply, result);
            }
            Request::Internal { effect } => self.internal(effect),
            Request::EffectDone { effect, attempt, outcome } => {
                let input = Input::EffectDone { effect, attempt, outcome };
                if let Err(error) = self.apply(effect.instance, input) {
                    tracing::warn!(%effect, attempt, %error, "the result of an effect was not taken");
                }
            }
        }
    }

    fn deploy(
        &mut self,
        mut row: DeploymentRow,
        deployment: Arc<Deployment>,
        warnings: Vec<Diagnostic>,
    ) -> Result<Deployed, Error> {
        let (id, hash) = (row.id.clone(), row.hash.clone());
        let workflow = workflow_name(&id);
        let stored = self.deployments.find(&workflow, Some(&id.version));
        let staged = self.deployed.iter().map(|(it, _)| it).find(|it| it.definition.id == id);
        let existing = match stored.as_ref().or(staged) {
            Some(known) if known.hash != hash => {
                return Err(Error::DeployConflict { workflow, version: id.version });
            }
            Some(_) => true,
            None => {
                row.at = self.now;
                self.deployed.push((deployment, row.by.clone()));
                self.batch.deployments.push(row);
                false
            }
        };
        Ok(Deployed { id, hash, existing, warnings })
    }

    /// Takes one event into the inbox, unless it came before.
    fn accept(&mut self, incoming: IncomingEvent, events: &mut Events) -> Accepted {
        let session = sessions::name(&incoming);
        let IncomingEvent { event, session: asked } = incoming;
        let name = name(&event);
        if let Some(inbox) = events.known.get(&name) {
            return Accepted { event: event.id, duplicate: true, inbox: *inbox };
        }
        let inbox = self.ids.next(self.now);
        let accepted = Accepted { event: event.id.clone(), duplicate: false, inbox };
        let disposition = match (session, asked) {
            (Some(session), Some(asked)) => {
                let release_at = events.sessions.join(&session, asked.window, self.now);
                Disposition::Gathering { session, release_at }
            }
            (None, _) | (_, None) => Disposition::Pending,
        };
        let event = Arc::new(event);
        let row = InboxRow { id: inbox, event: Arc::clone(&event), arrived: self.now, disposition };
        if let Some(route) = events.new.remove(&name).filter(|_| row.disposition == Disposition::Pending) {
            events.queue.push_back(Route { inbox, ..route });
        }
        self.batch.arrivals.push(row);
        events.known.insert(name, inbox);
        accepted
    }

    /// Makes one event of each session that closes.
    pub(crate) fn close_sessions(&mut self, parts: Vec<InboxRow>, events: &mut Events) {
        for parts in sessions::by_session(parts).into_values() {
            let Some(event) = sessions::merge(&parts) else { continue };
            let name = name(&event);
            let into = match events.known.get(&name) {
                Some(known) => *known,
                None => {
                    let inbox = self.ids.next(self.now);
                    if let Some(route) = events.new.remove(&name) {
                        events.queue.push_back(Route { inbox, ..route });
                    }
                    self.batch.arrivals.push(sessions::row(inbox, event, self.now));
                    events.known.insert(name, inbox);
                    inbox
                }
            };
            for part in parts {
                self.dispose(part.id, Disposition::Gathered { into });
            }
        }
    }

    /// Rows that nobody wanted in time.
    pub(crate) fn expire(&mut self, rows: &[InboxRow]) {
        for row in rows {
            if let Disposition::Buffered { expires, .. } = &row.disposition {
                let reason = format!("nobody waited for it until {expires}");
                self.dispose(row.id, Disposition::Unmatched { reason });
            }
        }
    }
}
