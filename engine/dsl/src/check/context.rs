//! Which members of `$context` are read, and which any task exports.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Checker;
use crate::diagnostic::Code;

/// Collected on the way.
#[derive(Default)]
pub(super) struct Usage {
    reads: Vec<(String, Range<usize>, String)>,
    exported: BTreeSet<String>,
    /// An export whose members cannot be told from its text.
    unclear: bool,
}

impl Usage {
    pub(super) fn read(&mut self, member: String, span: Range<usize>, pointer: &str) {
        self.reads.push((member, span, pointer.to_owned()));
    }

    /// An `export.as` given as an expression; `None` when its members cannot be told.
    pub(super) fn export(&mut self, members: Option<BTreeSet<String>>) {
        match members {
            Some(members) => self.exported.extend(members),
            None => self.blur(),
        }
    }

    /// Something that may export could not be read.
    pub(super) fn blur(&mut self) {
        self.unclear = true;
    }
}

/// Warns of members that nobody exports.
pub(super) fn finish(checker: &mut Checker<'_>) {
    if checker.context.unclear {
        return;
    }
    let reads = std::mem::take(&mut checker.context.reads);
    let exported = std::mem::take(&mut checker.context.exported);
    for (member, span, pointer) in reads {
        if exported.contains(&member) {
            continue;
        }
        let message = format!("no task exports `{member}`, so that `$context.{member}` is always null");
        let diagnostic = checker.report_at(Code::NeverExported, span, &pointer, message);
        if exported.is_empty() {
            diagnostic.help("a task's output is kept for later by `export: { as: … }`");
        } else {
            diagnostic.meant(&member, exported.iter().map(String::as_str));
        }
    }
}
