//! Plays one scenario: step by step on a world of its own, from an empty store.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use yiwang_core::case::as_of;
use yiwang_core::input::{Cause, OperatorCommand};
use yiwang_core::organisation::Change;
use yiwang_core::reference::Kind;
use yiwang_core::sweep::{Definition, Phase, Wanted, preview};
use yiwang_core::transition::{RefusalKind, Status};
use yiwang_core::work_item::{Act, Actor, WorkItemCommand, WorkItemState};
use yiwang_core::{Case, CaseNo, Event, HistoryEvent, InstanceId, Timestamp, WorkItem};
use yiwang_dsl::catalog::Processes;
use yiwang_dsl::yaml::{self, Node};
use yiwang_dsl::{Data, duration};
use yiwang_runtime::harness::Harness;
use yiwang_runtime::memory::MemoryStore;
use yiwang_runtime::ports::{
    CaseFilter, Census as _, IncomingEvent, InstanceFilter, InstanceSummary, Outside, PageRequest, Query,
    Session, WorkItemFilter,
};
use yiwang_runtime::{CaseAct, Config, Error, OperatorAct, PutReference, Start, SweepAct, WorkItemAct};
use yiwang_server::shape;

use super::coverage::Coverage;
use super::expect::{Difference, compare, in_order, the_same_set};
use super::format::{
    ActOn, CaseStep, Complete, EventIn, Expect, FailChannel, Operator, Person, Receive, Scenario, Step,
    SweepOf, with_cases,
};
use super::services::Mocked;
use super::world::{Failing, Scripted};
use super::{format, names, people};
use crate::failure::Failure;
use crate::language;
use crate::project::{Package, packages};
use crate::references::{self, Document};

/// How a scenario went.
pub(crate) struct Outcome {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    /// Place in the file, and a sentence.
    pub(crate) failures: Vec<(Range<usize>, String)>,
    pub(crate) source: String,
    pub(crate) steps: usize,
}

/// Something did not go as the file says: JSON Pointer into the file, sentence.
pub(super) struct Miss(Vec<Difference>);

impl Miss {
    pub(super) fn at(pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self(vec![(pointer.into(), sentence.into())])
    }
}

/// Lists of a scenario are short; one page is all of them.
const ALL: usize = 500;

/// Plays a file with the workflow of its folder.
///
/// # Errors
/// When a file cannot be read; what goes wrong within the scenario is in the outcome.
pub(crate) async fn play(
    path: &Path,
    package: &Package,
    coverage: &mut Coverage,
) -> Result<Outcome, Failure> {
    let source =
        std::fs::read_to_string(path).map_err(|error| crate::failure::file("reading", path, error))?;
    let mut outcome =
        Outcome { path: path.to_owned(), name: String::new(), failures: Vec::new(), source, steps: 0 };
    let (scenario, node) = match read(&outcome.source) {
        Ok(read) => read,
        Err(failures) => {
            outcome.failures = failures;
            return Ok(outcome);
        }
    };
    outcome.name.clone_from(&scenario.name);
    outcome.steps = scenario.steps.len();
    let mut all = vec![package.clone()];
    for other in &scenario.workflows {
        all.extend(packages(&path.with_file_name(other))?);
    }
    let played = match World::open(&scenario, &all, path).await {
        Ok(mut world) => {
            let played = world.play(&scenario).await;
            world.cover(coverage).await;
            played
        }
        Err(miss) => Err(miss),
    };
    if let Err(Miss(differences)) = played {
        outcome.failures =
            differences.into_iter().map(|(at, sentence)| (place(&node, &at), sentence)).collect();
    }
    Ok(outcome)
}

/// The reference documents of a scenario: those beside its workflows, then its own.
fn documents(scenario: &Scenario, all: &[Package], path: &Path) -> Result<Vec<Document>, Miss> {
    let failed = |at: &str| {
        let at = at.to_owned();
        move |failure: Failure| Miss::at(at, failure.to_string())
    };
    let mut folders: Vec<&Path> = all.iter().filter_map(|package| package.path.parent()?.parent()).collect();
    folders.dedup();
    let mut documents = Vec::new();
    for folder in folders {
        documents.extend(references::of_workflows(folder).map_err(failed(""))?);
    }
    for (at, kind, files) in [
        ("/given/calendars", Kind::Calendar, &scenario.given.calendars),
        ("/given/sla", Kind::Sla, &scenario.given.sla),
    ] {
        for file in files {
            documents.push(Document::read(kind, &path.with_file_name(file)).map_err(failed(at))?);
        }
    }
    Ok(documents)
}

async fn put(harness: &mut Harness, document: Document, by: &str) -> Result<(), Miss> {
    let Document { path, kind, name, body } = document;
    let wish =
        PutReference { kind, name, body: body.clone(), by: by.to_owned(), reason: None, version: None };
    harness.put_reference(wish).await.map(drop).map_err(|error| {
        let sentence = format!("{} was not taken: {}", path.display(), said(&error, &body));
        Miss::at("", sentence)
    })
}

type Failures = Vec<(Range<usize>, String)>;

fn read(source: &str) -> Result<(Scenario, Node), Failures> {
    let failures = |remarks: Vec<yiwang_dsl::Diagnostic>| -> Failures {
        remarks.into_iter().map(|remark| (remark.span, remark.message.render(language::chosen()))).collect()
    };
    let scenario = yaml::from_str(source).map_err(failures)?;
    Ok((scenario, yaml::parse(source).map_err(failures)?))
}

/// Bytes of the deepest part of a pointer that the file has.
fn place(node: &Node, pointer: &str) -> Range<usize> {
    let mut pointer = pointer;
    loop {
        if let Some(found) = node.at(pointer) {
            return if found.span.len() > 200 {
                node.key_span(pointer).unwrap_or(found.span.clone())
            } else {
                found.span.clone()
            };
        }
        match pointer.rfind('/') {
            Some(end) => pointer = &pointer[..end],
            None => return 0..0,
        }
    }
}

struct World {
    harness: Harness,
    store: Arc<MemoryStore>,
    channels: Arc<Scripted>,
    services: Arc<Mocked>,
    workflow: String,
    /// Tasks that run sweeps.
    sweeping: BTreeSet<String>,
    /// The scenario's file.
    path: PathBuf,
    events: u32,
    decisions: u32,
    sweeps: u32,
}

impl World {
    async fn open(scenario: &Scenario, all: &[Package], path: &Path) -> Result<Self, Miss> {
        let start = Timestamp::parse(&scenario.start)
            .ok_or_else(|| Miss::at("/start", "not an RFC 3339 time such as 2024-06-11T09:00:00+08:00"))?;
        let mut ids: BTreeSet<String> = scenario.channels.iter().cloned().collect();
        for package in all {
            ids.extend(names::channels(&package.source));
            let functions = package.resources.iter().filter_map(|(_, text)| text.ok());
            ids.extend(functions.flat_map(|text| names::channels(text)));
        }
        ids.extend(scenario.steps.iter().filter_map(|step| match step {
            Step::Receive(receive) => Some(receive.channel.clone()),
            Step::FailChannel(fail) => Some(fail.channel.clone()),
            _ => None,
        }));
        let store = Arc::new(MemoryStore::default());
        let channels = Arc::new(Scripted::new(ids));
        let services = Arc::new(Mocked::default());
        // The same file gives the same run: ids, jitter and all.
        // Processes are mocked: a scenario runs nothing.
        let processes = Processes { shell: true, container: true, stdio: true };
        let config = Config { seed: Some(1), processes, ..Config::default() };
        let outside = Outside { channels: channels.clone(), services: services.clone() };
        let opened = Harness::open(config, store.clone(), outside, start).await;
        let mut harness = opened.map_err(|error| Miss::at("", error.to_string()))?;
        for document in documents(scenario, all, path)? {
            put(&mut harness, document, "scenario").await?;
        }
        people::given(&mut harness, path, &scenario.given.organisation).await?;
        let mut workflow = String::new();
        for package in all {
            let deployed = harness
                .deploy_with(&package.source, package.forms.clone(), package.resources.clone(), "scenario")
                .await;
            let deployed = deployed.map_err(|error| {
                let sentence =
                    format!("{} was not deployed: {}", package.path.display(), said(&error, &package.source));
                Miss::at("", sentence)
            })?;
            if workflow.is_empty() {
                workflow = format!("{}/{}", deployed.id.namespace, deployed.id.name);
            }
        }
        let path = path.to_owned();
        let sweeping = all.iter().flat_map(|package| names::sweeps(&package.source)).collect();
        Ok(Self {
            harness,
            store,
            channels,
            services,
            workflow,
            sweeping,
            path,
            events: 0,
            decisions: 0,
            sweeps: 0,
        })
    }

    async fn play(&mut self, scenario: &Scenario) -> Result<(), Miss> {
        let played = self.play_all(scenario).await;
        match played {
            Err(miss) => Err(self.with_faults(miss).await),
            Ok(()) => Ok(()),
        }
    }

    async fn play_all(&mut self, scenario: &Scenario) -> Result<(), Miss> {
        for (index, step) in scenario.steps.iter().enumerate() {
            let at = format!("/steps/{index}");
            self.step(&at, step).await?;
            self.settle(&at).await?;
        }
        self.folds().await?;
        match &scenario.expect {
            Some(expect) => self.expect("/expect", expect).await,
            None => Ok(()),
        }
    }

    /// The same with the faults that instances have ended with: often they are why.
    async fn with_faults(&self, Miss(mut differences): Miss) -> Miss {
        let Some((_, sentence)) = differences.last_mut() else { return Miss(differences) };
        for (index, instance) in self.instances("").await.unwrap_or_default().iter().enumerate() {
            if instance.status != Status::Faulted {
                continue;
            }
            let history = self.history("", instance.id).await.unwrap_or_default();
            let Some(line) = history.iter().rev().find(|line| line["event"] == "faulted") else { continue };
            let of = |member: &str| line["error"][member].as_str().unwrap_or_default().to_owned();
            let (name, n) = (&instance.workflow.name, index + 1);
            let kind = of("type");
            let kind = kind.rsplit('/').next().unwrap_or_default();
            let detail = if of("detail").is_empty() { of("title") } else { of("detail") };
            sentence.push_str(&format!(
                "\ninstance {n} ({name}) has faulted: {kind} in {}\n  {detail}",
                of("instance")
            ));
        }
        Miss(differences)
    }

    async fn settle(&mut self, at: &str) -> Result<(), Miss> {
        self.harness.settle().await.map(drop).map_err(|error| Miss::at(at, said(&error, "")))
    }

    async fn step(&mut self, at: &str, step: &Step) -> Result<(), Miss> {
        match step {
            Step::Receive(receive) => self.receive(&format!("{at}/receive"), receive).await,
            Step::Event(event) => self.event(&format!("{at}/event"), event).await,
            Step::Start(start) => self.start(&format!("{at}/start"), start).await,
            Step::At(time) => self.pass(&format!("{at}/at"), time).await,
            Step::Claim(person) => self.act(&format!("{at}/claim"), person, WorkItemCommand::Claim).await,
            Step::Release(person) => {
                self.act(&format!("{at}/release"), person, WorkItemCommand::Release).await
            }
            Step::Complete(complete) => self.complete(&format!("{at}/complete"), complete).await,
            Step::Delegate(on) => self.act_on(at, "delegate", on, Act::Delegate { to: on.to.clone() }).await,
            Step::HandOver(on) => self.act_on(at, "hand-over", on, Act::HandOver { to: on.to.clone() }).await,
            Step::Return(on) => self.act_on(at, "return", on, Act::Return).await,
            Step::Comment(on) => self.act_on(at, "comment", on, Act::Comment { text: on.text.clone() }).await,
            Step::SetPriority(on) => {
                self.act_on(at, "set-priority", on, Act::Priority { priority: on.priority }).await
            }
            Step::DeclareConflict(on) => self.act_on(at, "declare-conflict", on, Act::DeclareConflict).await,
            Step::Replace(on) => self.act_on(at, "replace", on, Act::Replace { with: on.with.clone() }).await,
            Step::Absent(absence) => {
                people::change(&mut self.harness, at, Change::Away { absence: absence.clone() }).await
            }
            Step::Back(person) => {
                people::change(&mut self.harness, at, Change::Back { person: person.clone() }).await
            }
            Step::Case(case) => self.act_on_case(&format!("{at}/case"), case).await,
            Step::Operator(operator) => self.operate(&format!("{at}/operator"), operator).await,
            Step::FailChannel(fail) => self.fail(&format!("{at}/fail-channel"), fail),
            Step::Put(wish) => {
                let files = [(Kind::Calendar, &wish.calendar), (Kind::Sla, &wish.sla)];
                for (kind, file) in files {
                    let Some(file) = file else { continue };
                    let read = Document::read(kind, &self.path.with_file_name(file));
                    let document = read.map_err(|failure| Miss::at(at, failure.to_string()))?;
                    put(&mut self.harness, document, &wish.r#as).await?;
                }
                Ok(())
            }
            Step::Mock(mock) => {
                let task = mock.task.rsplit('/').next().unwrap_or_default();
                if self.sweeping.contains(task) {
                    let what = format!(
                        "the task `{task}` runs a sweep, and a scenario runs it over its own cases; leave the mock out"
                    );
                    return Err(Miss::at(format!("{at}/mock/task"), what));
                }
                self.services.add(mock.clone());
                Ok(())
            }
            Step::Sweep(sweep) => self.sweep(&format!("{at}/sweep"), sweep).await,
            Step::Expect(expect) => self.expect(&format!("{at}/expect"), expect).await,
        }
    }

    /// Previews, runs and perhaps approves a sweep, and lets time pass until it is over or waits for somebody.
    async fn sweep(&mut self, at: &str, sweep: &SweepOf) -> Result<(), Miss> {
        let place = format!("{at}/definition");
        let written = match &sweep.definition {
            Value::String(file) => {
                let path = self.path.with_file_name(file);
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| Miss::at(&place, format!("{}: {error}", path.display())))?;
                yaml::from_str(&text)
                    .map_err(|_| Miss::at(&place, format!("{} is not YAML", path.display())))?
            }
            inline => inline.clone(),
        };
        let definition = Definition::parse(&written).map_err(|mistakes| {
            let told = mistakes.iter().map(|it| format!("{} {}: {}", it.place, it.code, it.message));
            Miss::at(&place, told.collect::<Vec<_>>().join("\n"))
        })?;
        let now = self.harness.now();
        let selection =
            self.harness.selection(&definition.selector).map_err(|error| Miss::at(&place, error))?;
        let groups = self.store.tally(selection, Vec::new()).await;
        let groups = groups.map_err(|error| Miss::at(at, error.to_string()))?;
        let count = groups.iter().map(|group| group.count).sum();
        self.sweeps += 1;
        let wanted = Wanted {
            preview: Some(preview::token(&definition.digest(), now, count)),
            definition,
            key: format!("sweep-{}", self.sweeps),
            person: sweep.r#as.clone(),
            reason: None,
            waiter: None,
        };
        let id = self.harness.sweep(wanted).await.map_err(|error| Miss::at(at, said(&error, "")))?.id;
        if let Some(person) = &sweep.approved_by {
            let approve = SweepAct::Approve { id, person: person.clone(), reason: None };
            let approved = self.harness.sweep_act(approve).await;
            approved.map_err(|error| Miss::at(format!("{at}/approvedBy"), said(&error, "")))?;
        }
        // A thousand targets at the lowest usual rate.
        let until = self.harness.now().plus_millis(3_600_000);
        let sweep_now = loop {
            self.settle(at).await?;
            let found = self.store.sweep(id).await.map_err(|error| Miss::at(at, error.to_string()))?;
            let Some(found) = found else { return Err(Miss::at(at, "the sweep is gone")) };
            if found.state.is_over() || found.state == Phase::Waiting || self.harness.now() >= until {
                break found;
            }
            let next = self.harness.now().plus_millis(100);
            self.harness.advance_to(next).await.map_err(|error| Miss::at(at, said(&error, "")))?;
        };
        match &sweep.expect {
            None => Ok(()),
            Some(wanted) => {
                let misses = compare(&format!("{at}/expect"), wanted, &json!(sweep_now));
                if misses.is_empty() { Ok(()) } else { Err(Miss(misses)) }
            }
        }
    }

    async fn receive(&mut self, at: &str, receive: &Receive) -> Result<(), Miss> {
        self.events += 1;
        let mut data = with_cases(&receive.data, &self.case_numbers(at).await?);
        let own = data.get("externalId").and_then(Value::as_str).map(str::to_owned);
        if let Some(members) = data.as_object_mut() {
            members.insert("channel".to_owned(), json!(receive.channel));
        }
        let session = receive.session.as_ref().map(|session| {
            let window = duration::parse(&session.window)
                .map_err(|problem| Miss::at(format!("{at}/session/window"), problem))?;
            Ok(Session { key: session.key.clone(), window })
        });
        let event = Event {
            id: receive.id.clone().or(own).unwrap_or_else(|| self.events.to_string()),
            source: format!("/channels/{}", receive.channel),
            r#type: receive.r#type.clone(),
            subject: receive.subject.clone(),
            time: self.harness.now(),
            data: Data::from(data),
            extensions: Default::default(),
        };
        self.publish(at, IncomingEvent { event, session: session.transpose()? }).await
    }

    async fn event(&mut self, at: &str, event: &EventIn) -> Result<(), Miss> {
        self.events += 1;
        let data = with_cases(&event.data, &self.case_numbers(at).await?);
        let event = Event {
            id: event.id.clone().unwrap_or_else(|| self.events.to_string()),
            source: event.source.clone(),
            r#type: event.r#type.clone(),
            subject: event.subject.clone(),
            time: self.harness.now(),
            data: Data::from(data),
            extensions: Default::default(),
        };
        self.publish(at, IncomingEvent { event, session: None }).await
    }

    async fn publish(&mut self, at: &str, event: IncomingEvent) -> Result<(), Miss> {
        self.harness.publish(vec![event]).await.map(drop).map_err(|error| Miss::at(at, said(&error, "")))
    }

    async fn start(&mut self, at: &str, start: &format::Start) -> Result<(), Miss> {
        let input = if start.input.is_null() { json!({}) } else { start.input.clone() };
        let start = Start {
            workflow: start.workflow.clone().unwrap_or_else(|| self.workflow.clone()),
            version: None,
            key: start.key.clone(),
            input: Data::from(with_cases(&input, &self.case_numbers(at).await?)),
            cause: Cause::Request { person: start.r#as.clone() },
        };
        self.harness.start(start).await.map(drop).map_err(|error| Miss::at(at, said(&error, "")))
    }

    async fn pass(&mut self, at: &str, time: &str) -> Result<(), Miss> {
        let until = match time.strip_prefix('+') {
            Some(span) => {
                let millis = duration::parse(span).map_err(|problem| Miss::at(at, problem))?;
                self.harness.now().plus_millis(millis)
            }
            None => Timestamp::parse(time)
                .ok_or_else(|| Miss::at(at, "neither `+` and an ISO 8601 duration nor an RFC 3339 time"))?,
        };
        if until < self.harness.now() {
            return Err(Miss::at(at, format!("it is {} already", self.harness.now())));
        }
        self.harness.advance_to(until).await.map_err(|error| Miss::at(at, said(&error, "")))
    }

    async fn complete(&mut self, at: &str, complete: &Complete) -> Result<(), Miss> {
        let person = Person::of(complete);
        let item = self.item(at, &person).await?;
        if item.state == WorkItemState::Offered {
            // Who may not even take it is refused here.
            let claimed = self.command(&item, &person, WorkItemCommand::Claim).await;
            if claimed.is_err() {
                return judge(at, claimed, complete.refused.as_deref());
            }
        }
        self.decisions += 1;
        let form = if complete.form.is_null() { json!({}) } else { complete.form.clone() };
        let form = Data::from(with_cases(&form, &self.case_numbers(at).await?));
        let (outcome, decision) = (complete.outcome.clone(), format!("decision-{}", self.decisions));
        let command = WorkItemCommand::Complete { outcome, form, decision };
        judge(at, self.command(&item, &person, command).await, complete.refused.as_deref())
    }

    async fn act(&mut self, at: &str, person: &Person, command: WorkItemCommand) -> Result<(), Miss> {
        let item = self.item(at, person).await?;
        judge(at, self.command(&item, person, command).await, person.refused.as_deref())
    }

    async fn command(
        &mut self,
        item: &WorkItem,
        person: &Person,
        command: WorkItemCommand,
    ) -> Result<(), Error> {
        let by = self.actor(person);
        let act = WorkItemAct { item: item.id, command, version: None, by };
        self.harness.work_item(act).await.map(drop)
    }

    async fn act_on(&mut self, at: &str, step: &str, on: &ActOn, act: Act) -> Result<(), Miss> {
        let command = WorkItemCommand::Act { act, reason: on.reason.clone(), decision: None };
        self.act(&format!("{at}/{step}"), &Person::acting(on), command).await
    }

    /// Somebody as the server sees them: with the roles of the step and of the organisation.
    fn actor(&self, person: &Person) -> Actor {
        let district = self.harness.district();
        district.organisation.actor(&person.r#as, &person.roles, self.harness.now())
    }

    /// The open work item that a step means.
    async fn item(&self, at: &str, person: &Person) -> Result<WorkItem, Miss> {
        let mut open = self.open_items(at).await?;
        if let Some(n) = person.case {
            let numbers = self.case_numbers(at).await?;
            let no = n.checked_sub(1).and_then(|index| numbers.get(index)).cloned();
            let no = no.ok_or_else(|| {
                Miss::at(format!("{at}/case"), format!("there are {} cases", numbers.len()))
            })?;
            open.retain(|item| item.case_no.as_ref().is_some_and(|own| *own.0 == *no));
        }
        let by_task: Vec<_> = open.iter().filter(|item| task_name(item) == person.item).collect();
        let mut found: Vec<_> = if by_task.is_empty() {
            open.iter().filter(|item| item.title.contains(&person.item)).collect()
        } else {
            by_task
        };
        if let Some(n) = person.seat {
            found.retain(|item| item.seat.as_ref().is_some_and(|seat| seat.n == n));
        }
        if found.len() > 1 {
            // Members of a group are asked by the same task: what the person has comes before what could be had.
            let mine = WorkItemFilter { visible_to: Some(self.actor(person)), ..WorkItemFilter::default() };
            let has = |item: &&WorkItem| item.assignee.as_ref() == Some(&person.r#as);
            if found.iter().any(has) {
                found.retain(has);
            } else if found.iter().any(|item| mine.admits(item)) {
                found.retain(|item| mine.admits(item) && item.assignee.is_none());
            }
        }
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            other => {
                let count = if other.is_empty() { "no" } else { "more than one" };
                let all: Vec<String> = open
                    .iter()
                    .map(|item| {
                        format!(
                            "  {} “{}” for {}",
                            task_name(item),
                            item.title,
                            item.candidate_roles.join(", ")
                        )
                    })
                    .collect();
                let among = if all.is_empty() {
                    "there are no open work items".to_owned()
                } else {
                    format!("open are:\n{}", all.join("\n"))
                };
                Err(Miss::at(
                    format!("{at}/item"),
                    format!("{count} open work item fits `{}`; {among}", person.item),
                ))
            }
        }
    }

    async fn act_on_case(&mut self, at: &str, step: &CaseStep) -> Result<(), Miss> {
        let numbers = self.case_numbers(at).await?;
        let no = step.case.checked_sub(1).and_then(|index| numbers.get(index));
        let no =
            no.ok_or_else(|| Miss::at(format!("{at}/case"), format!("there are {} cases", numbers.len())))?;
        let members = with_cases(&Value::Object(step.with.clone()), &numbers);
        let members = members.as_object().cloned().unwrap_or_default();
        let command = yiwang_server::case_command(&step.act, members)
            .map_err(|problem| Miss::at(at, problem.detail().to_owned()))?;
        self.decisions += 1;
        let act = CaseAct {
            no: CaseNo(no.as_str().into()),
            command,
            by: {
                let district = self.harness.district();
                district.organisation.actor(&step.r#as, &step.roles, self.harness.now())
            },
            reason: step.reason.clone(),
            decision: step.decision.clone().unwrap_or_else(|| format!("decision-{}", self.decisions)),
            version: None,
        };
        judge(at, self.harness.case(act).await.map(drop), step.refused.as_deref())
    }

    async fn operate(&mut self, at: &str, operator: &Operator) -> Result<(), Miss> {
        let command: OperatorCommand = serde_json::from_value(json!(operator.command))
            .map_err(|_| Miss::at(format!("{at}/command"), "one of cancel, retry, suspend, resume"))?;
        let instances = self.instances(at).await?;
        let found = operator.instance.checked_sub(1).and_then(|index| instances.get(index));
        let instance =
            found.ok_or_else(|| Miss::at(at, format!("there are {} instances", instances.len())))?.id;
        let by = Actor::new(&*operator.r#as, vec!["platform_admin".to_owned()]);
        let act = OperatorAct { instance, command, by, reason: operator.reason.clone() };
        self.harness.operator(act).await.map(drop).map_err(|error| Miss::at(at, said(&error, "")))
    }

    fn fail(&self, at: &str, fail: &FailChannel) -> Result<(), Miss> {
        let retry_after = fail.retry_after.as_deref().map(duration::parse).transpose();
        let retry_after = retry_after.map_err(|problem| Miss::at(format!("{at}/retryAfter"), problem))?;
        let (times, code, permanent) = (fail.times, fail.code.clone(), fail.permanent);
        self.channels.fail(&fail.channel, Failing { times, code, permanent, retry_after });
        Ok(())
    }

    async fn expect(&self, at: &str, expect: &Expect) -> Result<(), Miss> {
        let mut misses = Vec::new();
        let numbers = self.case_numbers(at).await?;
        let as_of = expect.as_of.as_deref().map(|text| {
            Timestamp::parse(text).ok_or_else(|| Miss::at(format!("{at}/asOf"), "not an RFC 3339 time"))
        });
        let cases = match as_of.transpose()? {
            None => self.cases(at).await?,
            Some(time) => self.cases_as_of(at, time).await?,
        };
        if let Some(wanted) = &expect.case {
            match cases.first() {
                Some(case) => {
                    misses.extend(compare(&format!("{at}/case"), &with_cases(wanted, &numbers), case));
                }
                None => misses.push((format!("{at}/case"), "there is no case".to_owned())),
            }
        }
        if let Some(wanted) = &expect.cases {
            let wanted = with_cases(&json!(wanted), &numbers);
            misses.extend(compare(&format!("{at}/cases"), &wanted, &Value::Array(cases.clone())));
        }
        misses.extend(count(&format!("{at}/caseCount"), expect.case_count, cases.len()));
        if let Some(wanted) = &expect.items {
            let open = self.open_items(at).await?.into_iter().map(|item| {
                let name = task_name(&item).to_owned();
                let mut value = shape::work_item(item);
                value["name"] = json!(name);
                value["roles"] = value["candidateRoles"].clone();
                value
            });
            let wanted: Vec<Value> = wanted.iter().map(|wanted| with_cases(wanted, &numbers)).collect();
            misses.extend(the_same_set(&format!("{at}/items"), &wanted, &open.collect::<Vec<_>>()));
        }
        let sent = self.channels.sent();
        misses.extend(count(&format!("{at}/messageCount"), expect.message_count, sent.len()));
        if let Some(wanted) = &expect.messages {
            let wanted: Vec<Value> = wanted.iter().map(|wanted| with_cases(wanted, &numbers)).collect();
            misses.extend(in_order(&format!("{at}/messages"), &wanted, &sent));
        }
        if let Some(wanted) = &expect.calls {
            misses.extend(in_order(&format!("{at}/calls"), wanted, &self.services.calls()));
        }
        misses.extend(self.expect_instances(at, expect).await?);
        if let Some(wanted) = expect.undelivered {
            let rows =
                self.store.inbox(true, page()).await.map_err(|error| Miss::at(at, error.to_string()))?;
            misses.extend(count(&format!("{at}/undelivered"), Some(wanted), rows.items.len()));
        }
        if misses.is_empty() { Ok(()) } else { Err(Miss(misses)) }
    }

    async fn expect_instances(&self, at: &str, expect: &Expect) -> Result<Vec<Difference>, Miss> {
        let mut misses = Vec::new();
        let instances = self.instances(at).await?;
        let statuses: Vec<Value> = instances.iter().map(|instance| json!(instance.status)).collect();
        if let Some(wanted) = &expect.instances {
            misses.extend(compare(&format!("{at}/instances"), &json!(wanted), &json!(statuses)));
        }
        let needs_one = expect.instance.is_some()
            || expect.output.is_some()
            || expect.error.is_some()
            || expect.path.is_some()
            || expect.history.is_some();
        let first = match &expect.of {
            None => instances.first(),
            Some(of) => instances.iter().rfind(|instance| is_named(instance, of)),
        };
        let Some(first) = first else {
            match &expect.of {
                Some(of) => misses.push((format!("{at}/of"), format!("no instance of `{of}` has begun"))),
                None if needs_one => misses.push((at.to_owned(), "there is no instance".to_owned())),
                None => {}
            }
            return Ok(misses);
        };
        if !needs_one {
            return Ok(misses);
        }
        if let Some(wanted) = &expect.instance {
            misses.extend(compare(&format!("{at}/instance"), &json!(wanted), &json!(first.status)));
        }
        let history = self.history(at, first.id).await?;
        let last = |event: &str, member: &str| {
            let line = history.iter().rev().find(|line| line["event"] == event);
            line.map_or(Value::Null, |line| line[member].clone())
        };
        if let Some(wanted) = &expect.output {
            misses.extend(compare(&format!("{at}/output"), wanted, &last("completed", "output")));
        }
        if let Some(wanted) = &expect.error {
            misses.extend(compare(&format!("{at}/error"), wanted, &last("faulted", "error")));
        }
        if let Some(wanted) = &expect.path {
            let begun = history.iter().filter(|line| line["event"] == "task_started");
            let begun =
                begun.filter_map(|line| line["task"].as_str()?.rsplit('/').next().map(|name| json!(name)));
            let wanted: Vec<Value> = wanted.iter().map(|name| json!(name)).collect();
            misses.extend(in_order(&format!("{at}/path"), &wanted, &begun.collect::<Vec<_>>()));
        }
        if let Some(wanted) = &expect.history {
            misses.extend(in_order(&format!("{at}/history"), wanted, &history));
        }
        Ok(misses)
    }

    async fn open_items(&self, at: &str) -> Result<Vec<WorkItem>, Miss> {
        let found = self.store.work_items(WorkItemFilter::default(), page()).await;
        Ok(found.map_err(|error| Miss::at(at, error.to_string()))?.items)
    }

    /// In order of their numbers, as the API shows them.
    async fn cases(&self, at: &str) -> Result<Vec<Value>, Miss> {
        Ok(self.stored_cases(at).await?.into_iter().map(shape::case).collect())
    }

    /// Those that were open at this time, as they were known then.
    async fn cases_as_of(&self, at: &str, time: Timestamp) -> Result<Vec<Value>, Miss> {
        let mut known = Vec::new();
        for case in self.stored_cases(at).await? {
            let history = self.events(at, case.instance).await?;
            known.extend(as_of(&case, &history, time).map(shape::case));
        }
        Ok(known)
    }

    async fn stored_cases(&self, at: &str) -> Result<Vec<Case>, Miss> {
        let found = self.store.cases(CaseFilter::default(), page()).await;
        let mut cases = found.map_err(|error| Miss::at(at, error.to_string()))?.items;
        cases.sort_by(|left, right| left.no.cmp(&right.no));
        Ok(cases)
    }

    async fn events(&self, at: &str, id: InstanceId) -> Result<Vec<HistoryEvent>, Miss> {
        let lines = self.store.history(id, 0, usize::MAX).await;
        let lines = lines.map_err(|error| Miss::at(at, error.to_string()))?;
        let events: Result<_, _> = lines.iter().map(|line| serde_json::from_str(line.get())).collect();
        events.map_err(|error| Miss::at(at, error.to_string()))
    }

    /// A case is what its history makes of it: a rule of the engine, looked at with every scenario.
    async fn folds(&self) -> Result<(), Miss> {
        for case in self.stored_cases("").await? {
            let history = self.events("", case.instance).await?;
            let folded = as_of(&case, &history, self.harness.now());
            // Clocks are read from history by a rule of their own.
            let case = Case { clocks: Vec::new(), ..case };
            if folded.as_ref() != Some(&case) {
                let folded = folded.map_or(Value::Null, shape::case);
                return Err(Miss(compare("", &shape::case(case), &folded)));
            }
        }
        Ok(())
    }

    async fn case_numbers(&self, at: &str) -> Result<Vec<String>, Miss> {
        let cases = self.cases(at).await?;
        Ok(cases.iter().filter_map(|case| Some(case.get("caseNo")?.as_str()?.to_owned())).collect())
    }

    /// In order of their start.
    async fn instances(&self, at: &str) -> Result<Vec<InstanceSummary>, Miss> {
        let found = self.store.instances(InstanceFilter::default(), page()).await;
        let mut instances = found.map_err(|error| Miss::at(at, error.to_string()))?.items;
        instances.sort_by_key(|instance| instance.id);
        Ok(instances)
    }

    async fn history(&self, at: &str, id: InstanceId) -> Result<Vec<Value>, Miss> {
        let lines = self.store.history(id, 0, usize::MAX).await;
        let lines = lines.map_err(|error| Miss::at(at, error.to_string()))?;
        let values = lines.iter().map(|line| serde_json::from_str(line.get()).unwrap_or_default());
        Ok(values.map(shape::history_line).collect())
    }

    /// Notes which tasks ran. What cannot be read is not covered.
    async fn cover(&self, coverage: &mut Coverage) {
        for info in self.harness.definitions() {
            let workflow = format!("{}/{}", info.id.namespace, info.id.name);
            if let Some(deployment) = self.harness.definition(&workflow, Some(&info.id.version)) {
                coverage.add(&deployment.definition);
            }
        }
        for instance in self.instances("").await.unwrap_or_default() {
            let workflow = format!("{}/{}", instance.workflow.namespace, instance.workflow.name);
            let Some(deployment) = self.harness.definition(&workflow, Some(&instance.workflow.version))
            else {
                continue;
            };
            for line in self.history("", instance.id).await.unwrap_or_default() {
                coverage.line(&deployment.definition, &line);
            }
        }
    }
}

/// Holds what came of a command against what the scenario expects of it.
fn judge(at: &str, done: Result<(), Error>, refused: Option<&str>) -> Result<(), Miss> {
    match (done, refused) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(wanted)) => {
            Err(Miss::at(format!("{at}/refused"), format!("it was not refused (expected: {wanted})")))
        }
        (Err(error), None) => Err(Miss::at(at, said(&error, ""))),
        (Err(error), Some(wanted)) => {
            let got = match &error {
                Error::Refused(refusal) if refusal.code.as_deref() == Some(wanted) => wanted,
                Error::Refused(refusal) => kind(refusal.kind),
                _ => error.code(),
            };
            let sentence = format!("it was refused as {got}: {}", said(&error, ""));
            if got == wanted { Ok(()) } else { Err(Miss::at(format!("{at}/refused"), sentence)) }
        }
    }
}

/// `name` or `namespace/name`.
fn is_named(instance: &InstanceSummary, name: &str) -> bool {
    let workflow = &instance.workflow;
    workflow.name == name || format!("{}/{}", workflow.namespace, workflow.name) == name
}

fn page() -> PageRequest {
    PageRequest { cursor: None, limit: ALL }
}

fn count(at: &str, wanted: Option<usize>, is: usize) -> Option<Difference> {
    wanted.filter(|wanted| *wanted != is).map(|_| (at.to_owned(), format!("it is {is}")))
}

/// The name a task is written under: the last part of its pointer.
fn task_name(item: &WorkItem) -> &str {
    item.task.rsplit('/').next().unwrap_or_default()
}

fn kind(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::NotFound => "not_found",
        RefusalKind::Forbidden => "forbidden",
        RefusalKind::Conflict => "conflict",
        RefusalKind::Invalid => "invalid",
        RefusalKind::NotExpected => "not_expected",
    }
}

/// An error of the engine with its places.
pub(super) fn said(error: &Error, source: &str) -> String {
    let mut text = error.to_string();
    match error {
        Error::Refused(refusal) => {
            for (pointer, problem) in &refusal.problems {
                text.push_str(&format!("\n  {pointer}: {problem}"));
            }
        }
        Error::Invalid(remarks) | Error::InvalidReference(remarks) => {
            for remark in remarks {
                let at = remark.locate(source, language::chosen());
                let (line, column) = (at.start.line, at.start.column);
                text.push_str(&format!("\n  {line}:{column} {} {}", at.code, at.message));
            }
        }
        _ => {}
    }
    text
}
