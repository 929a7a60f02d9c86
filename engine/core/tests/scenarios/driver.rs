//! A tiny world for one instance: gives inputs, prints what came of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use serde_json::{Value, json};
use yiwang_core::case::{CaseCommand, as_of};
use yiwang_core::catalog::channel_catalog;
use yiwang_core::correlation::shapes;
use yiwang_core::district::District;
use yiwang_core::effect::Action;
use yiwang_core::history::What;
use yiwang_core::input::{Cause, EffectOutcome, OperatorCommand};
use yiwang_core::lifecycle::Sink;
use yiwang_core::migration::{Wish, plan};
use yiwang_core::repair::Repair;
use yiwang_core::transition::{Ambient, CaseNumbers, Refusal, Status};
use yiwang_core::work_item::{Act, Actor, WorkItemCommand};
use yiwang_core::{
    Deployment, EffectId, Event, HistoryEvent, Input, InstanceId, State, Timestamp, Transition, WorkItemId,
    step,
};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{Callee, Schema, TaskKind};

/// 2024-06-11T09:00:00+08:00.
const BEGIN: Timestamp = Timestamp(1_718_067_600_000);
const INSTANCE: InstanceId = InstanceId(42);

/// Runs `script` on the definition `text` (without its `document`) and compares what is printed.
pub(crate) fn check(text: &str, script: impl FnOnce(&mut Run), expect: Expect) {
    check_with(text, &[], script, expect);
}

/// The same with forms.
pub(crate) fn check_with(text: &str, forms: &[(&str, Value)], script: impl FnOnce(&mut Run), expect: Expect) {
    let mut run = Run::new(text, forms);
    script(&mut run);
    expect.assert_eq(&run.log);
}

pub(crate) struct Run {
    pub(crate) deployment: Deployment,
    /// Read back from JSON before every input.
    pub(crate) state: State,
    /// Never leaves memory.
    twin: State,
    pub(crate) now: Timestamp,
    numbers: CaseNumbers,
    steps: u64,
    pub(crate) lifecycle: Option<Sink>,
    /// The reference data.
    pub(crate) district: District,
    pub(crate) log: String,
    pub(crate) transitions: Vec<Transition>,
}

impl Run {
    pub(crate) fn new(text: &str, forms: &[(&str, Value)]) -> Self {
        let indent = text
            .lines()
            .find(|line| !line.trim().is_empty())
            .map_or(0, |line| line.len() - line.trim_start().len());
        let lines: Vec<_> = text.lines().map(|line| line.get(indent..).unwrap_or("")).collect();
        let head = "document: {dsl: '1.0.3', namespace: test, name: w, version: '1.0.0'}\n";
        let source = format!("{head}{}\n", lines.join("\n"));
        let catalog = channel_catalog(["wechat".to_owned(), "sms".to_owned()]);
        let (definition, diagnostics) = yiwang_dsl::check(&source, &catalog);
        let Some(definition) = definition else { panic!("{source}\n{diagnostics:#?}") };
        let forms: BTreeMap<String, Schema> = forms
            .iter()
            .map(|(name, document)| {
                let validator = jsonschema::validator_for(document).unwrap();
                ((*name).to_owned(), Schema { document: document.clone(), validator })
            })
            .collect();
        Self {
            deployment: Deployment::new(definition, forms),
            state: State::new(INSTANCE),
            twin: State::new(INSTANCE),
            now: BEGIN,
            numbers: CaseNumbers::new("QC"),
            steps: 0,
            lifecycle: None,
            district: District::new(),
            log: String::new(),
            transitions: Vec::new(),
        }
    }

    /// Gives one input to both states and prints what came of it.
    pub(crate) fn input(&mut self, what: &str, input: Input) -> &mut Self {
        let text = serde_json::to_string(&self.state).unwrap();
        let mut reloaded: State = serde_json::from_str(&text).unwrap();
        assert_eq!(reloaded, self.state, "a state reads back as it was");
        assert_eq!(serde_json::to_string(&reloaded).unwrap(), text, "and writes back as it was");
        self.steps += 1;
        let (mut numbers, mut twin_numbers) = (self.numbers.clone(), self.numbers.clone());
        let entropy = self.steps.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let ambient = |case_numbers| Ambient {
            instance: INSTANCE,
            now: self.now,
            entropy,
            case_numbers,
            lifecycle: self.lifecycle.as_ref(),
            district: &self.district,
        };
        let result = step(&self.deployment, &mut reloaded, input.clone(), ambient(&mut numbers));
        let twin = step(&self.deployment, &mut self.twin, input, ambient(&mut twin_numbers));
        assert_eq!(result, twin, "a reloaded state does the same");
        assert_eq!(reloaded, self.twin, "and comes to the same");
        if result.is_err() {
            assert_eq!(reloaded, self.state, "a refused input changes nothing");
        }
        self.check_invariants(&reloaded, &result);
        self.state = reloaded;
        self.numbers = numbers;
        self.print(what, &result);
        if let Ok(transition) = result {
            self.transitions.push(transition);
        }
        self
    }

    fn check_invariants(&self, after: &State, result: &Result<Transition, Refusal>) {
        let Ok(transition) = result else { return };
        if let Some(case) = after.case() {
            let before = self.transitions.iter().flat_map(|before| &before.history);
            let folded = as_of(case, before.chain(&transition.history), self.now);
            assert_eq!(folded.as_ref(), Some(case), "a case is what its history makes of it");
        }
        let before = self.state.history_len();
        let seqs: Vec<_> = transition.history.iter().map(|event| event.seq).collect();
        let expected: Vec<_> = (before + 1..=after.history_len()).collect();
        assert_eq!(seqs, expected, "history has no gaps");
        let all = self.transitions.iter().chain([transition]).flat_map(|transition| &transition.history);
        // By name: a migration moves the place.
        let name = |line: &HistoryEvent| line.task.as_ref()?.rsplit('/').next().map(str::to_owned);
        let skipped: Vec<_> = all.filter(|line| is_skip(line)).map(name).collect();
        for event in transition.history.iter().filter(|event| !skipped.contains(&name(event))) {
            self.check_output(event);
        }
        Self::check_owners(&serde_json::to_value(after).unwrap());
        if let Some(wake) = after.wake_at() {
            assert!(wake > self.now, "a due timer has fired");
        }
        let pending = after.pending_effects();
        for effect in &transition.effects {
            assert!(pending.contains(effect), "what is requested is pending");
        }
        let changed = self.state.subscriptions() != after.subscriptions();
        assert_eq!(changed, transition.subscriptions.is_some(), "changed subscriptions are told");
        // Other branches of a faulted one wait for an operator.
        let ended = matches!(after.status(), Status::Completed | Status::Cancelled);
        assert!(!ended || after.open_work_items().count() == 0, "an ended instance offers no work");
    }

    /// Whatever waits has somebody who waits for it, and strands hang together.
    fn check_owners(state: &Value) {
        let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
        let strands = list(state, "strands");
        let ids: Vec<u64> = strands
            .iter()
            .flat_map(|strand| list(strand, "frames"))
            .map(|frame| frame["id"].as_u64().unwrap())
            .collect();
        let owners = ["timers", "outbox"].into_iter().flat_map(|name| list(state, name));
        let owners = owners.filter_map(|owned| owned["owner"]["frame"].as_u64());
        let items = list(state, "items").into_iter().map(|item| item["owner"].as_u64().unwrap());
        let held = list(state, "held").into_iter().map(|held| held["frame"].as_u64().unwrap());
        for owner in owners.chain(items).chain(held) {
            assert!(ids.contains(&owner), "frame {owner} owns something and is gone");
        }
        for (at, strand) in strands.iter().enumerate() {
            let innermost = |strand: &Value| list(strand, "frames").last().map(|frame| frame["id"].clone());
            let fork = &strand["branch"]["of"];
            let before = strands[..at].iter().any(|parent| innermost(parent).as_ref() == Some(fork));
            assert!(before || (at == 0 && fork.is_null()), "a branch stands behind its fork");
            assert!(at == 0 || innermost(strand).is_some(), "a branch has something under way");
        }
    }

    /// A function's output fits the schema that the catalog shows.
    fn check_output(&self, event: &HistoryEvent) {
        let (What::TaskCompleted { output }, Some(reference)) = (&event.what, &event.task) else { return };
        // A migration may end tasks of the version that it goes to.
        let task = self.deployment.definition.tasks.iter().find(|task| task.reference == *reference);
        let Some(task) = task else { return };
        let (TaskKind::Call { callee: Callee::Catalog(function), .. }, None) =
            (&task.kind, &task.output.r#as)
        else {
            return;
        };
        let catalog = channel_catalog([function.catalog.clone()]);
        let schema = &catalog.get(function).unwrap().output;
        if let Err(error) = jsonschema::validate(schema, &output.to_json()) {
            panic!("{reference}: {error}");
        }
    }

    // ------------------------------------------------------------------------------------------ inputs

    pub(crate) fn start(&mut self, input: Value) -> &mut Self {
        let cause = Cause::Request { person: "li".to_owned() };
        self.input("start", Input::Start { input: Data::from(input), cause })
    }

    /// Lets time pass and wakes the instance.
    pub(crate) fn wake_after(&mut self, millis: u64) -> &mut Self {
        self.pass(millis).input("wake", Input::Wake)
    }

    /// Goes to the next timer.
    pub(crate) fn wake(&mut self) -> &mut Self {
        self.now = self.state.wake_at().unwrap();
        self.input("wake", Input::Wake)
    }

    /// Lets time pass, unnoticed.
    pub(crate) fn pass(&mut self, millis: u64) -> &mut Self {
        self.now = self.now.plus_millis(millis);
        self
    }

    pub(crate) fn event(&mut self, r#type: &str, data: Value) -> &mut Self {
        let id = format!("e{}", self.steps);
        self.event_from(&id, "/channels/web", r#type, data)
    }

    pub(crate) fn event_from(&mut self, id: &str, source: &str, r#type: &str, data: Value) -> &mut Self {
        let event = self.make_event(id, source, r#type, data);
        let routed = shapes(&self.deployment.definition)
            .iter()
            .filter_map(|shape| shape.key(&event))
            .any(|key| self.state.subscriptions().contains(&key));
        if !routed {
            let _ = writeln!(self.log, "> event {} is not routed here", event.r#type);
        }
        self.input(&format!("event {type}"), Input::Event(Arc::new(event)))
    }

    pub(crate) fn make_event(&self, id: &str, source: &str, r#type: &str, data: Value) -> Event {
        Event {
            id: id.to_owned(),
            source: source.to_owned(),
            r#type: r#type.to_owned(),
            subject: None,
            time: self.now,
            data: Data::from(data),
            extensions: BTreeMap::new(),
        }
    }

    pub(crate) fn work(
        &mut self,
        n: u32,
        by: &Actor,
        version: Option<u32>,
        command: WorkItemCommand,
    ) -> &mut Self {
        let what = match &command {
            WorkItemCommand::Claim => format!("{} claims #{n}", by.person),
            WorkItemCommand::Release => format!("{} releases #{n}", by.person),
            WorkItemCommand::Complete { decision, .. } => {
                format!("{} completes #{n} by {decision}", by.person)
            }
            WorkItemCommand::Act { act, .. } => format!("{} does {} #{n}", by.person, act.word()),
        };
        let item = WorkItemId { instance: INSTANCE, n };
        self.input(&what, Input::WorkItem { item, command, version, by: by.clone() })
    }

    pub(crate) fn claim(&mut self, n: u32, by: &Actor) -> &mut Self {
        self.work(n, by, None, WorkItemCommand::Claim)
    }

    pub(crate) fn release(&mut self, n: u32, by: &Actor) -> &mut Self {
        self.work(n, by, None, WorkItemCommand::Release)
    }

    /// Anything else, with a reason.
    pub(crate) fn act(&mut self, n: u32, by: &Actor, act: Act, reason: &str) -> &mut Self {
        let reason = (!reason.is_empty()).then(|| reason.to_owned());
        self.work(n, by, None, WorkItemCommand::Act { act, reason, decision: None })
    }

    /// From now on this is the organisation.
    pub(crate) fn organisation(&mut self, text: &str) -> &mut Self {
        self.district.organisation = yiwang_core::organisation::read_yaml(text).unwrap();
        self
    }

    /// Somebody as the server sees them: with the roles of the organisation.
    pub(crate) fn who(&self, name: &str) -> Actor {
        self.district.organisation.actor(name, &[], self.now)
    }

    pub(crate) fn complete(
        &mut self,
        n: u32,
        by: &Actor,
        outcome: &str,
        form: Value,
        decision: &str,
    ) -> &mut Self {
        let command = WorkItemCommand::Complete {
            outcome: (!outcome.is_empty()).then(|| outcome.to_owned()),
            form: Data::from(form),
            decision: decision.to_owned(),
        };
        self.work(n, by, None, command)
    }

    /// An act on the case, with a reason and a decision of its own.
    pub(crate) fn on_case(&mut self, by: &Actor, command: CaseCommand) -> &mut Self {
        let decision = format!("d{}", self.steps);
        self.on_case_by(by, command, Some("原因"), &decision, None)
    }

    pub(crate) fn on_case_by(
        &mut self,
        by: &Actor,
        command: CaseCommand,
        reason: Option<&str>,
        decision: &str,
        version: Option<u32>,
    ) -> &mut Self {
        let what = format!("{} {} by {decision}", by.person, command.word());
        let (reason, decision) = (reason.map(str::to_owned), decision.to_owned());
        self.input(&what, Input::Case { command, by: by.clone(), reason, decision, version })
    }

    pub(crate) fn returned(&mut self, n: u32, attempt: u32, outcome: EffectOutcome) -> &mut Self {
        let effect = EffectId { instance: INSTANCE, n };
        self.input(&format!("effect {n} attempt {attempt}"), Input::EffectDone { effect, attempt, outcome })
    }

    pub(crate) fn sent(&mut self, n: u32, attempt: u32) -> &mut Self {
        let output = json!({"providerId": format!("p{n}")});
        self.returned(n, attempt, EffectOutcome::done(output))
    }

    pub(crate) fn busy(&mut self, n: u32, attempt: u32) -> &mut Self {
        let (code, message) = ("wechat.45015".to_owned(), "out of reply time".to_owned());
        self.returned(n, attempt, EffectOutcome::Retryable { code, message, retry_after: None })
    }

    pub(crate) fn failed(&mut self, n: u32, attempt: u32) -> &mut Self {
        let (code, message) = ("wechat.43004".to_owned(), "not subscribed".to_owned());
        self.returned(n, attempt, EffectOutcome::Permanent { code, message })
    }

    pub(crate) fn operator(&mut self, command: OperatorCommand) -> &mut Self {
        let by = person("admin", &["platform_admin"]);
        self.input(&format!("{command:?}"), Input::Operator { command, by, reason: None })
    }

    /// An operator repairs, by a decision of its own.
    pub(crate) fn repair(&mut self, repair: Value) -> &mut Self {
        let decision = format!("r{}", self.steps);
        self.repair_by(repair, "原因", &decision)
    }

    pub(crate) fn repair_by(&mut self, repair: Value, reason: &str, decision: &str) -> &mut Self {
        let what = format!("repair {repair}");
        let repair = serde_json::from_value(repair).unwrap();
        let by = person("admin", &["process_admin"]);
        let (reason, decision) = (reason.to_owned(), decision.to_owned());
        self.input(&what, Input::Repair { repair, by, reason, decision, to: None })
    }

    /// Goes on by another text of the same workflow, if it can; prints what it would mean first.
    pub(crate) fn migrate(&mut self, text: &str, wish: Value) -> &mut Self {
        let mut wish = wish;
        wish["version"] = json!("2.0.0");
        let to = Arc::new(Self::new(text, &[]).deployment);
        let wish: Wish = serde_json::from_value(wish).unwrap();
        let plan = plan(&self.deployment, &to, &self.state, &wish);
        let _ = writeln!(self.log, "> migrate");
        for remark in &plan.remarks {
            let (task, verdict) = (remark.task.as_deref().unwrap_or("*"), remark.verdict);
            let _ = writeln!(self.log, "  {verdict:?} {} {task}: {}", remark.code, remark.message);
        }
        let by = person("admin", &["process_admin"]);
        let (reason, decision) = ("原因".to_owned(), format!("m{}", self.steps));
        let (repair, to) = (Repair::Migrate(wish), Some(to));
        self.input("by 2.0.0", Input::Repair { repair, by, reason, decision, to: to.clone() });
        if let Some(to) = to.filter(|to| self.state.definition() == Some(&to.hash)) {
            self.deployment = Arc::into_inner(to).expect("nobody else has it");
        }
        self
    }

    /// Prints where the instance stands.
    pub(crate) fn stands(&mut self) -> &mut Self {
        for at in yiwang_core::repair::standing(&self.deployment, &self.state) {
            let _ = writeln!(self.log, "  at {} ({}), to {}", at.task, at.waits, at.targets.join(" "));
        }
        self
    }

    /// Prints only what is still to come.
    pub(crate) fn quietly(&mut self) -> &mut Self {
        self.log.clear();
        self
    }

    pub(crate) fn note(&mut self, line: impl std::fmt::Display) -> &mut Self {
        let _ = writeln!(self.log, "{line}");
        self
    }

    // ---------------------------------------------------------------------------------------- printing

    fn print(&mut self, what: &str, result: &Result<Transition, Refusal>) {
        let mut log = std::mem::take(&mut self.log);
        let _ = writeln!(log, "> {what}");
        match result {
            Err(refusal) => {
                let kind = serde_json::to_value(refusal.kind).unwrap();
                let _ = write!(log, "  refused {}", kind.as_str().unwrap());
                if let Some(code) = refusal
                    .code
                    .as_deref()
                    .filter(|code| code.starts_with("repair.") || code.starts_with("migration."))
                {
                    let _ = write!(log, " {code}");
                }
                let _ = writeln!(log, ": {}", refusal.message);
                for (at, problem) in &refusal.problems {
                    let _ = writeln!(log, "    {at}: {problem}");
                }
            }
            Ok(transition) => self.print_transition(&mut log, transition),
        }
        self.log = log;
    }

    fn print_transition(&self, log: &mut String, transition: &Transition) {
        for event in &transition.history {
            let mut members = serde_json::to_value(event).unwrap();
            let members = members.as_object_mut().unwrap();
            members.remove("seq");
            members.remove("at");
            let name = members.remove("event").unwrap();
            let task = members.remove("task");
            let task = task.as_ref().and_then(Value::as_str).unwrap_or("*");
            let _ = write!(log, "  {} {}", task.rsplit('/').next().unwrap(), name.as_str().unwrap());
            for (name, value) in members {
                let _ = match (name.as_str(), value.as_i64()) {
                    ("due", Some(at)) => write!(log, " due={}", self.offset(Timestamp(at))),
                    _ => write!(log, " {name}={value}"),
                };
            }
            log.push('\n');
        }
        for effect in &transition.effects {
            if let Action::Case { no, command, .. } = &effect.action {
                let _ = writeln!(log, "  => case {no}: {}", serde_json::to_string(command).unwrap());
            }
            if let Action::Split { workflow, content, .. } = &effect.action {
                let _ = writeln!(log, "  => split {workflow}: {content}");
            }
            let Action::Send { channel, message } = &effect.action else { continue };
            let (to, body) = (&message.recipient, &message.body);
            let _ = writeln!(log, "  => {channel} {} attempt {}: {to}: {body}", effect.id.n, effect.attempt);
        }
        for event in &transition.published {
            let _ = writeln!(log, "  => published {} {}", event.r#type, event.data);
        }
        if let Some(refusal) = &transition.refused {
            let code = refusal.code.as_deref().unwrap_or_default();
            let _ = writeln!(log, "  refused {code}: {}", refusal.message);
        }
        let _ = write!(log, "  = {:?}", self.state.status());
        if let Some(wake) = self.state.wake_at() {
            let _ = write!(log, ", wakes {}", self.offset(wake));
        }
        log.push('\n');
    }

    fn offset(&self, at: Timestamp) -> String {
        let millis = at.0 - BEGIN.0;
        let (seconds, rest) = (millis / 1000, millis % 1000);
        if rest == 0 { format!("{seconds}s") } else { format!("{seconds}.{rest:03}s") }
    }
}

/// An operator says what the task returned, and may say anything.
fn is_skip(line: &HistoryEvent) -> bool {
    matches!(line.what, What::Repaired { repair: Repair::Skip { .. }, .. })
}

pub(crate) fn person(name: &str, roles: &[&str]) -> Actor {
    Actor::new(name, roles.iter().map(|role| (*role).to_owned()).collect())
}
