//! `call: http`.

use super::super::Checker;
use super::super::endpoint::Base;
use super::super::fields::Place;
use super::super::members::Members;
use super::OUTPUTS;
use crate::diagnostic::{Code, nearest};
use crate::expression::{Template, Written, read};
use crate::text;

/// Methods of HTTP and of its extension for files. Others exist; one that is almost like these is a slip.
const METHODS: [&str; 15] = [
    "get",
    "head",
    "post",
    "put",
    "patch",
    "delete",
    "options",
    "trace",
    "connect",
    "propfind",
    "proppatch",
    "mkcol",
    "copy",
    "move",
    "report",
];

impl<'n> Checker<'n> {
    pub(super) fn http(&mut self, place: &Place<'n>) -> Option<Template> {
        let mut fields = self.fields(place)?;
        let method = fields.need(self, "method");
        let endpoint = fields.need(self, "endpoint");
        let headers = fields.get("headers");
        let query = fields.get("query");
        let body = fields.get("body");
        let output = fields.get("output");
        let redirect = fields.get("redirect");
        fields.finish(self);
        let mut members = Members::default();
        members.add("method", method.and_then(|place| self.method(&place)));
        members.add("endpoint", endpoint.and_then(|place| self.endpoint(&place, Base::Absent)));
        members.read("headers", headers, |place| self.outgoing_texts_or_expression(place));
        members.read("query", query, |place| self.outgoing_texts_or_expression(place));
        members.read("body", body, |place| self.outgoing(place));
        members.read("output", output, |place| self.outgoing_word(place, &OUTPUTS));
        members.read("redirect", redirect, |place| self.outgoing_bool(place));
        members.finish()
    }

    fn method(&mut self, place: &Place<'n>) -> Option<Template> {
        let text = self.text(place)?;
        let lower = text.to_lowercase();
        if matches!(read(text), Ok(Written::Literal)) && !METHODS.contains(&lower.as_str()) {
            let token = |other: char| other.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(other);
            let near = nearest(&lower, &METHODS).is_some();
            if near || text.is_empty() || !text.chars().all(token) {
                let message = text!("`{}` is no method of HTTP", text);
                self.report(Code::BadValue, place, message).meant(&lower, METHODS);
                return None;
            }
        }
        self.outgoing_text(place)
    }
}
