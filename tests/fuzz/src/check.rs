//! Any text as a workflow: checked to the end, with remarks whose places exist; help while writing never fails.

use std::sync::LazyLock;

use yiwang_core::catalog::default_catalog;
use yiwang_dsl::diagnostic::{Language, Severity};
use yiwang_dsl::{Catalog, assist};

use crate::assert_span;

static CATALOG: LazyLock<Catalog> = LazyLock::new(default_catalog);

/// One text.
///
/// # Panics
/// When a place lies outside of the text, or a text with errors gives a definition.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (definition, remarks) = yiwang_dsl::check(text, &CATALOG);
    let errors = remarks.iter().filter(|remark| remark.severity() == Severity::Error).count();
    assert_eq!(definition.is_none(), errors > 0, "a definition, or errors: one of both");
    for remark in &remarks {
        assert_span(text, &remark.span, remark.code.as_str());
        for (span, _) in &remark.related {
            assert_span(text, span, "a related place");
        }
        // Every remark can be shown, in every language.
        for language in [Language::English, Language::Chinese] {
            let located = remark.locate(text, language);
            assert!(located.start.line >= 1 && located.start.column >= 1);
            assert!(!located.message.is_empty());
        }
    }
    for symbol in assist::symbols(text) {
        assert_span(text, &symbol.whole, "a symbol");
    }
    // The cursor at a place that the text itself chooses.
    let at = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let at = at % (text.len() + 1);
    for found in assist::complete(text, at, &CATALOG, Language::English) {
        assert!(found.replaces <= at, "a completion replaces more than there is");
    }
}
