//! `call`: a protocol, or a function with its arguments.

use std::collections::BTreeSet;

use super::super::Checker;
use super::super::fields::{Fields, Place};
use super::super::template::Position;
use super::super::{name, protocol};
use crate::Data;
use crate::definition::{Callee, FunctionRef, TaskKind};
use crate::diagnostic::{Code, nearest};
use crate::expression::{Template, Written, read};
use crate::text;

impl<'n> Checker<'n> {
    pub(super) fn call(&mut self, place: &Place<'n>, task: &mut Fields<'n>) -> Option<TaskKind> {
        let with = task.get("with");
        let text = self.text(place)?;
        if let Some(protocol) = protocol::of(text) {
            return self.protocol_call(protocol, place, task, with);
        }
        let elsewhere = self.defined_function(text, place).or_else(|| self.function_elsewhere(place, text));
        let callee = match elsewhere {
            Some(task) => task.map(Callee::Defined),
            None => self.function(place, text).map(Callee::Catalog),
        };
        let arguments = match &with {
            None => Some(Template::Literal(Data::object([]))),
            Some(with) => {
                self.fields(with)?;
                self.template(with, Position::Definition)
            }
        };
        let callee = callee?;
        self.arguments_of(&callee, with.as_ref(), place);
        Some(TaskKind::Call { callee, with: arguments?, foreach: None })
    }

    /// Checks the fixed arguments against what the function says of itself.
    fn arguments_of(&mut self, callee: &Callee, with: Option<&Place<'n>>, place: &Place<'n>) {
        match callee {
            Callee::Catalog(function) => {
                if let Some(with) = with {
                    self.channel(function, with);
                    self.work(function, with);
                }
                let before = self.diagnostics.len();
                if let Some(signature) = self.catalog.get(function) {
                    self.arguments(&signature.input, with, place);
                }
                // What does not fit the schema is told already.
                if let (Some(rule), Some(with)) = (self.catalog.rule(function), with)
                    && self.diagnostics.len() == before
                {
                    self.by_rule(rule, with, place);
                }
            }
            Callee::Defined(task) => {
                if let Some(input) = self.input_schema(*task) {
                    self.arguments(&input, with, place);
                }
            }
            Callee::Protocol(_) => {}
        }
    }

    /// `name:version@catalog`.
    fn function(&mut self, place: &Place<'n>, text: &'n str) -> Option<FunctionRef> {
        let parsed = text.split_once('@').and_then(|(function, catalog)| {
            let (name, version) = function.split_once(':')?;
            let name_fits = !name.is_empty() && !name.contains(['/', ' ']);
            (name_fits && !catalog.is_empty()).then_some((name, version, catalog))
        });
        let Some((function, version, catalog)) = parsed else {
            return self.no_function(place, text);
        };
        if !name::is_semantic(version) {
            let message = text!("`{}` is not a semantic version", version);
            self.report(Code::Version, place, message).help("a function is named `name:1.0.0@catalog`");
            return None;
        }
        let reference =
            FunctionRef { name: function.into(), version: version.into(), catalog: catalog.into() };
        if self.catalog.get(&reference).is_none() {
            self.unknown_function(place, &reference);
            return None;
        }
        Some(reference)
    }

    fn no_function(&mut self, place: &Place<'n>, text: &str) -> Option<FunctionRef> {
        let message = text!("`{}` names no function", text);
        let own: Vec<&str> = match self.base {
            Some(_) => Vec::new(),
            None => self.functions.defined.keys().copied().collect(),
        };
        let mut here = own;
        for protocol in protocol::names() {
            here.push(protocol);
        }
        let of_name =
            |function: &&FunctionRef| function.name == text.split([':', '@']).next().unwrap_or(text);
        let functions: Vec<&FunctionRef> = self.catalog.functions().map(|(function, _)| function).collect();
        let in_catalog = || {
            let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
            let near = nearest(text, &names)?;
            functions.iter().copied().find(|function| function.name == near)
        };
        let near = match functions.iter().copied().find(of_name) {
            Some(function) => Some(written(function)),
            None => nearest(text, &here).map(str::to_owned).or_else(|| in_catalog().map(written)),
        };
        let help = match near {
            Some(near) => text!("did you mean `{}`?", near),
            None => "a function is named `name:1.0.0@catalog`, or stands in `use.functions`".into(),
        };
        self.report(Code::UnknownFunction, place, message).help(help);
        None
    }

    /// Says which part of the name is wrong.
    fn unknown_function(&mut self, place: &Place<'n>, wanted: &FunctionRef) {
        let all: Vec<&FunctionRef> = self.catalog.functions().map(|(function, _)| function).collect();
        let mut catalogs: BTreeSet<&str> = all.iter().map(|function| function.catalog.as_str()).collect();
        catalogs.insert("default");
        catalogs.extend(self.functions.catalogs.keys());
        catalogs.extend(self.catalog.channels().unwrap_or_default().iter().map(String::as_str));
        if !catalogs.contains(wanted.catalog.as_str()) {
            let message = text!("there is no catalog or channel `{}`", wanted.catalog);
            self.report(Code::UnknownCatalog, place, message).meant(&wanted.catalog, catalogs);
            return;
        }
        let here: Vec<&FunctionRef> =
            all.into_iter().filter(|function| function.catalog == wanted.catalog).collect();
        let versions: Vec<&str> = here
            .iter()
            .filter(|function| function.name == wanted.name)
            .map(|function| function.version.as_str())
            .collect();
        if versions.is_empty() {
            let message = text!("the catalog `{}` has no function `{}`", wanted.catalog, wanted.name);
            let names: BTreeSet<&str> = here.iter().map(|function| function.name.as_str()).collect();
            self.report(Code::UnknownFunction, place, message).meant(&wanted.name, names);
        } else {
            let message = text!("the function `{}` has no version {}", wanted.name, wanted.version);
            let help = text!("it has {}", versions);
            self.report(Code::UnknownVersion, place, message).help(help);
        }
    }

    /// The literal channel of a notification must exist.
    fn channel(&mut self, function: &FunctionRef, with: &Place<'n>) {
        let Some(channels) = self.catalog.channels() else { return };
        if function.catalog != "default" || function.name != "notify" {
            return;
        }
        let Some(node) = with.node.get("channel") else { return };
        let Some(channel) = node.as_str() else { return };
        if !matches!(read(channel), Ok(Written::Literal)) || channels.iter().any(|known| known == channel) {
            return;
        }
        let place = with.child("channel", node);
        let message = text!("there is no channel `{}`", channel);
        self.report(Code::UnknownChannel, &place, message)
            .meant(channel, channels.iter().map(String::as_str));
    }
}

/// Does the task call a protocol, so that `$authorization` may tell how it was let in?
pub(super) fn authorizes(task: &Fields<'_>) -> bool {
    task.peek("call").and_then(|place| place.node.as_str().and_then(protocol::of)).is_some()
}

fn written(function: &FunctionRef) -> String {
    format!("{}:{}@{}", function.name, function.version, function.catalog)
}
