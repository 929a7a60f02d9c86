//! The document's head, and what belongs to the workflow as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::fields::Place;
use super::schema::transpose;
use super::template::Position;
use super::{Checker, block, context, extension, name, timing};
use crate::definition::{
    DaysOff, Definition, DefinitionHash, DefinitionId, Misfire, Overlap, Policy, Schedule,
};
use crate::diagnostic::{Code, nearest};
use crate::error::TypeAliases;
use crate::lifecycle::LifecycleEvent;
use crate::text;

/// Versions of the language that are read.
const DSL_VERSIONS: [&str; 4] = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];

/// Words of `overlap`, `misfire` and `daysOff`.
const OVERLAPS: [(&str, Overlap); 2] = [("allow", Overlap::Allow), ("skip", Overlap::Skip)];
const MISFIRES: [(&str, Misfire); 2] = [("fire-once", Misfire::FireOnce), ("skip", Misfire::Skip)];
const DAYS_OFF: [(&str, DaysOff); 4] = [
    ("count", DaysOff::Count),
    ("skip", DaysOff::Skip),
    ("next", DaysOff::Next),
    ("previous", DaysOff::Previous),
];

/// The whole document.
pub(super) fn document<'n>(checker: &mut Checker<'n>, root: &Place<'n>) -> Option<Definition> {
    checker.root = Some(root.node);
    let mut fields = checker.fields(root)?;
    let near = |key: &str| {
        let keys: Vec<&str> = fields.entries().iter().map(|entry| entry.key.text.as_str()).collect();
        nearest(key, &keys).is_some()
    };
    if !near("document") && !near("do") {
        // Some other file: remarks about each of its keys would help nobody.
        let message = "this is no workflow: it has neither `document` nor `do`";
        let span = fields.head_span();
        checker.report_at(Code::MissingKey, span, "", message);
        return None;
    }
    let head = fields.need(checker, "document");
    let input = fields.get("input");
    let reuse = fields.get("use");
    let tasks = fields.need(checker, "do");
    let timeout = fields.get("timeout");
    let output = fields.get("output");
    let schedule = fields.get("schedule");
    let evaluate = fields.get("evaluate");
    fields.finish(checker);

    let head = head.and_then(|head| self::head(checker, &head));
    if let Some(head) = &head {
        checker.error_types = head.policy.error_types;
    }
    checker.evaluate(evaluate);
    checker.read_reuse(reuse);
    let schedule = checker.schedule(schedule);
    checker.check_days_off(schedule.as_ref());
    let input = checker.input(input, Position::WorkflowInput);
    let timeout = checker.timeout(timeout, Position::WorkflowInput);
    block::collect_names(checker, root.node);
    let root = tasks.and_then(|tasks| checker.block(&tasks));
    let output = checker.output(output, Position::WorkflowOutput);
    let extensions = checker.extensions();
    checker.check_unused();
    context::finish(checker, root.as_deref());
    if let (Some(root), Some(timeout), Some(schedule)) = (&root, &timeout, &schedule) {
        timing::check(checker, root, timeout.as_ref(), schedule.as_ref());
    }
    if let (Some(root), Some(extensions)) = (&root, &extensions) {
        extension::apply(checker, root, extensions);
    }

    let head = head?;
    let tasks = std::mem::take(&mut checker.tasks).into_iter().collect::<Option<Vec<_>>>();
    let resources = checker.used_texts();
    Some(Definition {
        id: head.id,
        hash: hash(checker.source, &resources),
        source: Arc::from(checker.source),
        title: head.title,
        summary: head.summary,
        policy: head.policy,
        schedule: schedule?,
        input: input?,
        output: output?,
        timeout: timeout?,
        secrets: std::mem::take(&mut checker.secrets),
        resources,
        extensions: extensions?.into_iter().map(|entry| entry.extension).collect(),
        root: root?,
        tasks: tasks?,
    })
}

/// SHA-256 of a text and of those it uses, in hex.
fn hash(text: &str, resources: &BTreeMap<String, Arc<str>>) -> DefinitionHash {
    use std::fmt::Write as _;
    let mut hasher = Sha256::new();
    hasher.update(text.as_bytes());
    for (uri, text) in resources {
        for part in [uri.as_bytes(), text.as_bytes()] {
            hasher.update([0]);
            hasher.update(part);
        }
    }
    let mut hex = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing into a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    DefinitionHash(hex.into())
}

struct Head {
    id: DefinitionId,
    title: Option<String>,
    summary: Option<String>,
    policy: Policy,
}

fn head<'n>(checker: &mut Checker<'n>, place: &Place<'n>) -> Option<Head> {
    let mut fields = checker.fields(place)?;
    let dsl = fields.need(checker, "dsl");
    let namespace = fields.need(checker, "namespace");
    let own_name = fields.need(checker, "name");
    let version = fields.need(checker, "version");
    let title = fields.get("title");
    let summary = fields.get("summary");
    let tags = fields.get("tags");
    let metadata = fields.get("metadata");
    fields.finish(checker);

    let dsl = dsl.and_then(|dsl| checker.dsl(&dsl));
    let namespace = namespace.and_then(|namespace| name::name(checker, &namespace));
    let own_name = own_name.and_then(|own_name| name::name(checker, &own_name));
    let version = version.and_then(|version| name::version(checker, &version));
    let title = checker.optional_text(title);
    let summary = checker.optional_text(summary);
    if let Some(tags) = tags {
        checker.fields(&tags);
    }
    let policy = checker.policy(metadata);
    dsl?;
    let id = DefinitionId { namespace: namespace?, name: own_name?, version: version? };
    Some(Head { id, title, summary, policy: policy? })
}

impl<'n> Checker<'n> {
    fn dsl(&mut self, place: &Place<'n>) -> Option<()> {
        let text = self.text(place)?;
        if DSL_VERSIONS.contains(&text) {
            return Some(());
        }
        let message = text!("version `{}` of the language is not read here", text);
        self.report(Code::DslVersion, place, message).help("versions 1.0.0 to 1.0.3 are; write '1.0.3'");
        None
    }

    /// `metadata.yiwang`. The rest of `metadata` is free.
    fn policy(&mut self, metadata: Option<Place<'n>>) -> Option<Policy> {
        let default = Policy { error_types: self.catalog.error_types(), ..Policy::default() };
        let Some(metadata) = metadata else { return Some(default) };
        let fields = self.fields(&metadata)?;
        let Some(ours) = fields.peek("yiwang") else { return Some(default) };
        let mut fields = self.fields(&ours)?;
        let timezone = fields.get("timezone");
        let calendar = fields.get("calendar").and_then(|calendar| self.text(&calendar)).map(str::to_owned);
        let schedule = fields.get("schedule");
        let errors = fields.get("errors");
        let lifecycle = fields.get("lifecycle");
        for free in ["caseType", "retention", "classification"] {
            if let Some(place) = fields.get(free) {
                self.text(&place);
            }
        }
        fields.finish(self);
        let timezone = timezone.map(|timezone| self.timezone(&timezone));
        let schedule = match schedule {
            None => Some((Overlap::default(), Misfire::default(), DaysOff::default())),
            Some(schedule) => self.schedule_policy(&schedule),
        };
        let error_types = errors.map_or(Some(default.error_types), |errors| self.error_policy(&errors));
        let lifecycle = lifecycle.map_or_else(|| Some(BTreeSet::new()), |it| self.lifecycle(&it));
        let (overlap, misfire, days_off) = schedule?;
        Some(Policy {
            timezone: transpose(timezone)?,
            calendar,
            overlap,
            misfire,
            days_off,
            lifecycle: lifecycle?,
            error_types: error_types?,
        })
    }

    fn error_policy(&mut self, place: &Place<'n>) -> Option<TypeAliases> {
        let mut fields = self.fields(place)?;
        let legacy = fields.get("legacyTypeAliases");
        fields.finish(self);
        match legacy {
            None => Some(self.catalog.error_types()),
            Some(legacy) if self.truth(&legacy)? => Some(TypeAliases::Legacy),
            Some(_) => Some(TypeAliases::Hosts),
        }
    }

    /// `lifecycle: { events: [workflow, task.faulted], to: inbox }`.
    fn lifecycle(&mut self, place: &Place<'n>) -> Option<BTreeSet<LifecycleEvent>> {
        let mut fields = self.fields(place)?;
        let events = fields.need(self, "events");
        let to = fields.get("to");
        fields.finish(self);
        let to = to.map_or(Some(()), |to| self.word(&to, &[("inbox", ())]));
        let mut wanted = BTreeSet::new();
        let mut complete = true;
        for place in self.items(&events?)? {
            match self.lifecycle_events(&place) {
                Some(events) => wanted.extend(events),
                None => complete = false,
            }
        }
        to.filter(|()| complete).map(|()| wanted)
    }

    fn lifecycle_events(&mut self, place: &Place<'n>) -> Option<Vec<LifecycleEvent>> {
        let text = self.text(place)?;
        let events = LifecycleEvent::named(text);
        if events.is_empty() {
            let names = ["workflow", "task"].into_iter().chain(LifecycleEvent::ALL.map(LifecycleEvent::name));
            let message = text!("there is no lifecycle event `{}`", text);
            self.report(Code::BadValue, place, message).meant(text, names);
            return None;
        }
        Some(events)
    }

    fn schedule_policy(&mut self, place: &Place<'n>) -> Option<(Overlap, Misfire, DaysOff)> {
        let mut fields = self.fields(place)?;
        let overlap = fields.get("overlap");
        let misfire = fields.get("misfire");
        let days_off = fields.get("daysOff");
        fields.finish(self);
        let overlap = overlap.map_or(Some(Overlap::default()), |overlap| self.word(&overlap, &OVERLAPS));
        let misfire = misfire.map_or(Some(Misfire::default()), |misfire| self.word(&misfire, &MISFIRES));
        let word = days_off.as_ref().map_or(Some(DaysOff::default()), |place| self.word(place, &DAYS_OFF));
        self.days_off = days_off;
        Some((overlap?, misfire?, word?))
    }

    /// Only times of a cron expression are moved.
    fn check_days_off(&mut self, schedule: Option<&Option<Schedule>>) {
        let Some(place) = self.days_off.take() else { return };
        match schedule {
            // What is wrong with the schedule is told already.
            None | Some(Some(Schedule::Cron(_))) => {}
            Some(_) => {
                let message =
                    "`daysOff` says what becomes of the times of `schedule.cron`, which is missing here";
                self.report(Code::MissingKey, &place, message);
            }
        }
    }

    /// `evaluate`: in which language expressions are, and whether they must stand within `${ }`.
    fn evaluate(&mut self, place: Option<Place<'n>>) {
        let Some(mut fields) = place.and_then(|place| self.fields(&place)) else { return };
        let language = fields.get("language");
        let mode = fields.get("mode");
        fields.finish(self);
        if let Some(language) = language
            && let Some(text) = self.text(&language)
            && text != "jq"
        {
            let message = text!("expressions in `{}` cannot be evaluated here", text);
            self.report(Code::ExpressionLanguage, &language, message).help("write them in jq");
        }
        if let Some(mode) = mode {
            self.loose = self.word(&mode, &[("strict", false), ("loose", true)]) == Some(true);
        }
    }
}
