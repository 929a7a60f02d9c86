//! The author's mistake, as data: code, sentence, place, help.
//!
//! It does not know where it will be shown: [`Report`] is for terminals (miette), [`Located`] for JSON.

mod code;
mod report;
mod text;
mod zh;

use std::ops::Range;

pub use code::{Code, Severity};
pub use report::{Located, Place, Report};
pub use text::{Argument, AsArgument, Joint, Language, Text};
pub(crate) use text::{list, names};

use crate::text;

/// All that is translated into Chinese, by its English.
pub fn chinese() -> &'static [(&'static str, &'static str)] {
    zh::CATALOGUE
}

/// One remark about a text. The CLI, the API and the console render the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code; it has a page in `docs/errors`.
    pub code: Code,
    /// One sentence, without a full stop.
    pub message: Text,
    /// Bytes of the source it is about.
    pub span: Range<usize>,
    /// JSON Pointer into the document, where there is one.
    pub pointer: String,
    /// What to do, often a name that was meant.
    pub help: Option<Text>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Range<usize>, Text)>,
}

impl Diagnostic {
    /// A remark without help.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<Text>) -> Self {
        let (message, pointer) = (message.into(), String::new());
        Self { code, message, span, pointer, help: None, related: Vec::new() }
    }

    /// Says what to do.
    pub fn help(&mut self, help: impl Into<Text>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Says which of the known names was probably meant, if one is near.
    pub fn meant<'n>(&mut self, written: &str, known: impl IntoIterator<Item = &'n str>) -> &mut Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(written, &known) {
            Some(name) => self.help(text!("did you mean `{}`?", name)),
            None if !known.is_empty() && known.len() <= 12 => {
                self.help(text!("known here: {}", names(known, Joint::Comma)))
            }
            None => self,
        }
    }

    /// Does it prevent deployment, or only warn?
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The remark in a language, with lines and columns, ready to be serialised.
    pub fn locate(&self, source: &str, language: Language) -> Located {
        Located::new(self, source, language)
    }
}

/// The name most like the written one, if it is like it at all.
pub fn nearest<'n>(written: &str, known: &[&'n str]) -> Option<&'n str> {
    let lower = written.to_lowercase();
    let likeness = |name: &str| {
        let score = strsim::jaro_winkler(&lower, &name.to_lowercase());
        // Short names need the count of edits: `of` and `if` share half their letters.
        let edits = strsim::damerau_levenshtein(&lower, &name.to_lowercase());
        (score, edits)
    };
    let near = |(score, edits): (f64, usize)| score > 0.85 || edits <= 1.max(written.chars().count() / 4);
    known
        .iter()
        .map(|name| (likeness(name), *name))
        .filter(|(likeness, name)| near(*likeness) && name.chars().count() > likeness.1)
        .max_by(|left, right| left.0.0.total_cmp(&right.0.0))
        .map(|(_, name)| name)
}
