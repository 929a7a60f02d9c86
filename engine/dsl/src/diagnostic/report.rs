//! One remark as people and programs read it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

use super::{Diagnostic, Language, Severity};

/// A remark together with the text it is about, for a terminal (it implements [`miette::Diagnostic`]).
#[derive(Clone, Debug)]
pub struct Report {
    /// The remark.
    pub diagnostic: Diagnostic,
    /// The text, with the name it is shown under.
    pub source_code: Arc<NamedSource<String>>,
    /// The language of the reader.
    pub language: Language,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message.render(self.language))
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.diagnostic.help.as_ref();
        help.map(|help| Box::new(help.render(self.language)) as Box<dyn fmt::Display>)
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.page(self.language)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let main = LabeledSpan::new_primary_with_span(None, self.diagnostic.span.clone());
        let related = self.diagnostic.related.iter();
        let related = related.map(|(span, text)| LabeledSpan::at(span.clone(), text.render(self.language)));
        Some(Box::new([main].into_iter().chain(related)))
    }
}

/// A remark with lines and columns instead of bytes. This is what `-o json` and the API show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// `YW0101`.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// JSON Pointer into the document.
    pub pointer: String,
    /// Where it begins.
    pub start: Place,
    /// Where it ends, exclusive.
    pub end: Place,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte.
    pub fn of(source: &str, byte: usize) -> Self {
        let before = source.get(..byte).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        Self { line, column: before[line_start..].chars().count() + 1 }
    }
}

impl Located {
    pub(super) fn new(diagnostic: &Diagnostic, source: &str, language: Language) -> Self {
        let Range { start, end } = diagnostic.span;
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity(),
            message: diagnostic.message.render(language),
            pointer: diagnostic.pointer.clone(),
            start: Place::of(source, start),
            end: Place::of(source, end),
            help: diagnostic.help.as_ref().map(|help| help.render(language)),
        }
    }
}
