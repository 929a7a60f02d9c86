//! The document's head, and what belongs to the workflow as a whole.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::fields::Place;
use super::schema::transpose;
use super::template::Position;
use super::{Checker, block, context, name};
use crate::definition::{Definition, DefinitionHash, DefinitionId, Misfire, Overlap, Policy};
use crate::diagnostic::{Code, nearest};

/// Versions of the language that are read.
const DSL_VERSIONS: [&str; 4] = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];

/// Words of `overlap` and `misfire`.
const OVERLAPS: [(&str, Overlap); 2] = [("allow", Overlap::Allow), ("skip", Overlap::Skip)];
const MISFIRES: [(&str, Misfire); 2] = [("fire-once", Misfire::FireOnce), ("skip", Misfire::Skip)];

/// The whole document.
pub(super) fn document<'n>(checker: &mut Checker<'n>, root: &Place<'n>) -> Option<Definition> {
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
    checker.evaluate(evaluate);
    checker.read_reuse(reuse);
    let schedule = checker.schedule(schedule);
    let input = checker.input(input, Position::WorkflowInput);
    let timeout = checker.timeout(timeout, Position::WorkflowInput);
    block::collect_names(checker, root.node);
    let root = tasks.and_then(|tasks| checker.block(&tasks));
    let output = checker.output(output, Position::WorkflowOutput);
    checker.check_unused();
    context::finish(checker);

    let head = head?;
    let tasks = std::mem::take(&mut checker.tasks).into_iter().collect::<Option<Vec<_>>>();
    Some(Definition {
        id: head.id,
        hash: hash(checker.source),
        source: Arc::from(checker.source),
        title: head.title,
        summary: head.summary,
        policy: head.policy,
        schedule: schedule?,
        input: input?,
        output: output?,
        timeout: timeout?,
        secrets: Vec::new(),
        extensions: Vec::new(),
        root: root?,
        tasks: tasks?,
    })
}

/// SHA-256 of a text, in hex.
fn hash(text: &str) -> DefinitionHash {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
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
        let message = format!("version `{text}` of the language is not read here");
        self.report(Code::DslVersion, place, message).help("versions 1.0.0 to 1.0.3 are; write '1.0.3'");
        None
    }

    /// `metadata.yiwang`. The rest of `metadata` is free.
    fn policy(&mut self, metadata: Option<Place<'n>>) -> Option<Policy> {
        let Some(metadata) = metadata else { return Some(Policy::default()) };
        let fields = self.fields(&metadata)?;
        let Some(ours) = fields.peek("yiwang") else { return Some(Policy::default()) };
        let mut fields = self.fields(&ours)?;
        let timezone = fields.get("timezone");
        let schedule = fields.get("schedule");
        for free in ["caseType", "calendar", "retention", "classification"] {
            if let Some(place) = fields.get(free) {
                self.text(&place);
            }
        }
        fields.finish(self);
        let timezone = timezone.map(|timezone| self.timezone(&timezone));
        let schedule = match schedule {
            None => Some((Overlap::default(), Misfire::default())),
            Some(schedule) => self.schedule_policy(&schedule),
        };
        let (overlap, misfire) = schedule?;
        Some(Policy { timezone: transpose(timezone)?, overlap, misfire })
    }

    fn schedule_policy(&mut self, place: &Place<'n>) -> Option<(Overlap, Misfire)> {
        let mut fields = self.fields(place)?;
        let overlap = fields.get("overlap");
        let misfire = fields.get("misfire");
        fields.finish(self);
        let overlap = overlap.map_or(Some(Overlap::default()), |overlap| self.word(&overlap, &OVERLAPS));
        let misfire = misfire.map_or(Some(Misfire::default()), |misfire| self.word(&misfire, &MISFIRES));
        Some((overlap?, misfire?))
    }

    /// `evaluate`: jq, strictly, is all there is.
    fn evaluate(&mut self, place: Option<Place<'n>>) {
        let Some(mut fields) = place.and_then(|place| self.fields(&place)) else { return };
        let language = fields.get("language");
        let mode = fields.get("mode");
        fields.finish(self);
        if let Some(language) = language
            && let Some(text) = self.text(&language)
            && text != "jq"
        {
            let message = format!("expressions in `{text}` are not supported; only jq is");
            self.report(Code::EvaluateLater, &language, message);
        }
        if let Some(mode) = mode
            && self.word(&mode, &[("strict", false), ("loose", true)]) == Some(true)
        {
            let message = "the loose evaluation of expressions is not supported yet";
            self.report(Code::EvaluateLater, &mode, message).help("write expressions within `${ }`");
        }
    }
}
