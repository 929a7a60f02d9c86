//! `use.secrets`: which secrets a workflow may ask for, and the places that do.
//!
//! Their values are known nowhere here. They are put in when a call is made, so that they are in no state,
//! history or log; everywhere else an expression that reads them is refused.

use std::ops::Range;

use super::Checker;
use super::fields::Place;
use crate::diagnostic::Code;
use crate::text;

impl<'n> Checker<'n> {
    /// Reads the names.
    pub(super) fn read_secrets(&mut self, place: Option<Place<'n>>) {
        let Some(items) = place.and_then(|place| self.items(&place)) else { return };
        for item in items {
            let Some(name) = self.text(&item) else { continue };
            if self.secrets.iter().any(|known| known == name) {
                self.report(Code::BadValue, &item, text!("the secret `{}` stands twice", name));
                continue;
            }
            self.secrets.push(name.to_owned());
        }
    }

    /// A secret's name must be among those of `use.secrets`.
    pub(super) fn known_secret(&mut self, name: &str, span: Range<usize>, pointer: &str) -> Option<()> {
        if self.secrets.iter().any(|known| known == name) {
            return Some(());
        }
        let known = self.secrets.clone();
        let message = text!("`use.secrets` does not list `{}`", name);
        let diagnostic = self.report_at(Code::UnknownSecret, span, pointer, message);
        if known.is_empty() {
            diagnostic.help(text!("a workflow names the secrets it reads: `use: { secrets: [{}] }`", name));
        } else {
            diagnostic.meant(name, known.iter().map(String::as_str));
        }
        None
    }
}
