//! Work for people: what a schema cannot say of it. The form must be deployed, a veto must be an outcome.

use super::Checker;
use super::fields::Place;
use crate::definition::FunctionRef;
use crate::diagnostic::Code;
use crate::expression::{Written, read};
use crate::text;
use crate::yaml::{Node, Value};

impl<'n> Checker<'n> {
    /// Checks the literal names in the arguments of a call that offers work.
    pub(super) fn work(&mut self, function: &FunctionRef, with: &Place<'n>) {
        if function.catalog == "default" && ["human-task", "human-task-group"].contains(&&*function.name) {
            self.form(with);
            self.veto(with);
        }
    }

    /// `form.ref`.
    fn form(&mut self, with: &Place<'n>) {
        let Some(forms) = self.catalog.forms() else { return };
        let Some(form) = with.node.get("form") else { return };
        let Some((node, name)) = form.get("ref").and_then(|node| Some((node, literal(node)?))) else {
            return;
        };
        if forms.iter().any(|known| known == name) {
            return;
        }
        let place = with.child("form", form).child("ref", node);
        let bare = name.trim_start_matches("./").trim_start_matches("forms/").trim_end_matches(".json");
        let meant = format!("forms/{bare}");
        let message = text!("no form `{}` is deployed with the workflow", name);
        let remark = self.report(Code::UnknownForm, &place, message);
        if forms.is_empty() {
            remark.help(
                "forms lie in `forms/` beside the workflow: `forms/dispatch.json` is named `forms/dispatch`",
            );
        } else if forms.contains(&meant) {
            remark.help(text!("did you mean `{}`?", meant));
        } else {
            remark.meant(name, forms.iter().map(String::as_str));
        }
    }

    /// `completion.veto`: outcomes, where these are all known.
    fn veto(&mut self, with: &Place<'n>) {
        let Some(completion) = with.node.get("completion") else { return };
        let Some(Node { value: Value::List(vetoes), .. }) = completion.get("veto") else { return };
        let outcomes = match with.node.get("outcomes").map(|node| &node.value) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::List(items)) => items.iter().map(literal).collect(),
            Some(_) => None,
        };
        let Some(outcomes) = outcomes else { return };
        let list = with.child("completion", completion);
        for (number, node) in vetoes.iter().enumerate() {
            let Some(name) = literal(node).filter(|name| !outcomes.contains(name)) else { continue };
            let place = list.child("veto", node).child(&number.to_string(), node);
            let message = text!("`{}` is none of the `outcomes`", name);
            self.report(Code::With, &place, message).meant(name, outcomes.iter().copied());
        }
    }
}

/// A text that is no expression.
fn literal(node: &Node) -> Option<&str> {
    node.as_str().filter(|text| matches!(read(text), Ok(Written::Literal)))
}
