//! `run`: another workflow, or a process outside.

use super::super::Checker;
use super::super::fields::Place;
use super::super::members::Members;
use super::super::name;
use super::super::template::Position;
use crate::Data;
use crate::definition::{Process, ProcessOutput, ScriptLanguage, TaskKind};
use crate::diagnostic::Code;
use crate::expression::{Template, Written, read};
use crate::text;
use crate::yaml::Value;

/// What can be run.
const PROCESSES: [&str; 4] = ["container", "script", "shell", "workflow"];
/// Words of `return`.
const RETURNS: [(&str, ProcessOutput); 5] = [
    ("stdout", ProcessOutput::Stdout),
    ("stderr", ProcessOutput::Stderr),
    ("code", ProcessOutput::Code),
    ("all", ProcessOutput::All),
    ("none", ProcessOutput::None),
];
/// Languages of scripts.
const LANGUAGES: [(&str, ScriptLanguage); 2] =
    [("js", ScriptLanguage::Js), ("python", ScriptLanguage::Python)];
/// When a container is removed, and whether its image is fetched.
const CLEANUPS: [&str; 3] = ["always", "never", "eventually"];
const PULL_POLICIES: [&str; 3] = ["ifNotPresent", "always", "never"];

impl<'n> Checker<'n> {
    pub(super) fn run(&mut self, place: &Place<'n>) -> Option<TaskKind> {
        let mut fields = self.fields(place)?;
        let processes = PROCESSES.map(|process| fields.get(process));
        let wait = fields.get("await");
        let output = fields.get("return");
        let (head, spans) = (fields.head_span(), PROCESSES.map(|process| fields.key_span(process)));
        if fields.finish(self) && processes.iter().all(Option::is_none) {
            return None;
        }
        let given: Vec<_> =
            PROCESSES.iter().zip(&processes).map(|(process, place)| (*process, place.is_some())).collect();
        let wait = wait.map_or(Some(true), |wait| self.boolean(&wait));
        let output = output.map_or(Some(ProcessOutput::default()), |output| self.word(&output, &RETURNS));
        let process = self.exactly_one(place, head, &given)?;
        let at = PROCESSES.iter().position(|known| *known == process)?;
        let (own, span) = (processes[at].as_ref()?, spans[at].clone());
        let allowed = self.catalog.processes();
        let process = match process {
            "workflow" => self.child(own),
            "script" => self.script(own),
            "shell" => {
                self.allowed("shell", allowed.shell, span, own);
                self.shell(own)
            }
            _ => {
                self.allowed("container", allowed.container, span, own);
                self.container(own)
            }
        };
        Some(TaskKind::Run { process: process?, wait: wait?, output: output? })
    }

    /// Says that a process is not allowed here, and who could allow it.
    pub(in crate::check) fn allowed(
        &mut self,
        process: &'static str,
        allowed: bool,
        span: std::ops::Range<usize>,
        place: &Place<'n>,
    ) {
        if !allowed {
            let message = text!("processes of the kind `{}` are not allowed on this server", process);
            let help =
                "who operates the server can allow them in its configuration; they run with its rights";
            self.report_at(Code::Refused, span, &place.pointer, message).help(help);
        }
    }

    fn child(&mut self, place: &Place<'n>) -> Option<Process> {
        let mut fields = self.fields(place)?;
        let namespace = fields.need(self, "namespace");
        let own_name = fields.need(self, "name");
        let version = fields.get("version");
        let input = fields.get("input");
        fields.finish(self);
        let namespace = namespace.and_then(|place| name::name(self, &place));
        let own_name = own_name.and_then(|place| name::name(self, &place));
        let version = match version {
            None => Some(None),
            Some(place) if place.node.as_str() == Some("latest") => Some(None),
            Some(place) => name::version(self, &place).map(Some),
        };
        let input = match input {
            None => Some(Template::Literal(Data::object([]))),
            Some(input) => self.template(&input, Position::Definition),
        };
        let workflow = format!("{}/{}", namespace?, own_name?);
        Some(Process::Workflow { workflow, version: version?, input: input? })
    }

    fn script(&mut self, place: &Place<'n>) -> Option<Process> {
        let mut fields = self.fields(place)?;
        let language = fields.need(self, "language");
        let (code, source) = (fields.get("code"), fields.get("source"));
        let arguments = fields.get("arguments");
        let environment = fields.get("environment");
        let stdin = fields.get("stdin");
        let head = fields.head_span();
        if !fields.finish(self) {
            self.exactly_one(place, head, &[("code", code.is_some()), ("source", source.is_some())]);
        }
        let language = language.and_then(|place| self.word(&place, &LANGUAGES));
        let mut members = Members::default();
        members.read("code", code, |place| self.code(place));
        members.read("source", source, |place| self.resource(place));
        members.read("arguments", arguments, |place| self.script_arguments(place));
        members.read("environment", environment, |place| self.environment(place));
        members.read("stdin", stdin, |place| self.outgoing_text(place));
        Some(Process::Script { language: language?, with: members.finish()? })
    }

    /// A script's own text. `${ }` inside of it belongs to the script's language, unless it is the whole.
    fn code(&mut self, place: &Place<'n>) -> Option<Template> {
        let text = self.text(place)?;
        match read(text) {
            Ok(Written::Expression(_)) => self.outgoing_text(place),
            Ok(Written::Literal | Written::Embedded(_)) | Err(_) => {
                Some(Template::Literal(Data::string(text)))
            }
        }
    }

    /// A list; also a mapping, whose members are variables of the script, as cataloged functions write it.
    fn script_arguments(&mut self, place: &Place<'n>) -> Option<Template> {
        match &place.node.value {
            Value::Map(_) => self.outgoing_map(place),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::List(_) => self.outgoing_list(place),
        }
    }

    fn shell(&mut self, place: &Place<'n>) -> Option<Process> {
        let mut fields = self.fields(place)?;
        let command = fields.need(self, "command");
        let arguments = fields.get("arguments");
        let environment = fields.get("environment");
        let stdin = fields.get("stdin");
        fields.finish(self);
        let mut members = Members::default();
        members.add("command", command.and_then(|place| self.outgoing_text(&place)));
        members.read("arguments", arguments, |place| self.outgoing_list(place));
        members.read("environment", environment, |place| self.environment(place));
        members.read("stdin", stdin, |place| self.outgoing_text(place));
        Some(Process::Shell { with: members.finish()? })
    }

    fn container(&mut self, place: &Place<'n>) -> Option<Process> {
        let mut fields = self.fields(place)?;
        let image = fields.need(self, "image");
        let texts = ["name", "command", "stdin"].map(|key| (key, fields.get(key)));
        let maps = ["ports", "volumes"].map(|key| (key, fields.get(key)));
        let environment = fields.get("environment");
        let arguments = fields.get("arguments");
        let lifetime = fields.get("lifetime");
        let pull_policy = fields.get("pullPolicy");
        fields.finish(self);
        let mut members = Members::default();
        members.add("image", image.and_then(|place| self.outgoing_text(&place)));
        for (key, place) in texts {
            members.read(key, place, |place| self.outgoing_text(place));
        }
        for (key, place) in maps {
            members.read(key, place, |place| self.environment(place));
        }
        members.read("environment", environment, |place| self.environment(place));
        members.read("arguments", arguments, |place| self.outgoing_list(place));
        members.read("lifetime", lifetime, |place| self.lifetime(place));
        members.read("pullPolicy", pull_policy, |place| self.outgoing_word(place, &PULL_POLICIES));
        Some(Process::Container { with: members.finish()? })
    }

    /// A mapping of scalars.
    fn environment(&mut self, place: &Place<'n>) -> Option<Template> {
        let fields = self.fields(place)?;
        let mut members = Members::default();
        for entry in fields.entries() {
            let place = fields.place_of(entry);
            let value = match &entry.value.value {
                Value::Null | Value::List(_) | Value::Map(_) => {
                    self.wrong_type(&place, "a text");
                    None
                }
                Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => self.outgoing(&place),
            };
            members.add(&entry.key.text, value);
        }
        members.finish()
    }

    fn lifetime(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let cleanup = fields.need(self, "cleanup");
        let later = cleanup.as_ref().is_some_and(|cleanup| cleanup.node.as_str() == Some("eventually"));
        let after = if later { fields.need(self, "after") } else { fields.get("after") };
        let span = fields.key_span("after");
        fields.finish(self);
        if let Some(after) = &after
            && !later
        {
            let message = "`after` belongs to `cleanup: eventually`";
            self.report_at(Code::Exclusive, span, &after.pointer, message);
        }
        let mut members = Members::default();
        members.add("cleanup", cleanup.and_then(|place| self.outgoing_word(&place, &CLEANUPS)));
        members.read("after", after, |place| self.outgoing_duration(place));
        members.finish()
    }
}
