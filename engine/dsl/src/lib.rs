//! The workflow language: YAML text in, a checked [`Definition`] and all its diagnostics out.
//!
//! ```text
//! text ─yaml─► Node (values with byte spans) ─check─► Definition (arena of tasks, compiled expressions)
//!                        └────────── Vec<Diagnostic>, all at once ──────────┘
//! ```
//!
//! This crate knows no clock, no file, no network and no runtime: the same text always gives the same
//! answer. What a function of the catalog does is not known here either, only its [`catalog::Signature`].

pub mod assist;
pub mod catalog;
mod check;
pub mod data;
pub mod definition;
pub mod diagnostic;
pub mod duration;
pub mod error;
pub mod expression;
mod format;
pub mod graph;
pub mod language;
pub mod lifecycle;
pub mod resource;
pub mod yaml;

pub use catalog::Catalog;
pub use data::Data;
pub use definition::Definition;
pub use diagnostic::Diagnostic;
pub use error::Fault;
pub use format::format;
pub use resource::Resources;

/// Checks a workflow's text. The definition is there unless a diagnostic is an error.
///
/// A workflow that needs texts from elsewhere is checked by [`check_with`].
pub fn check(text: &str, catalog: &Catalog) -> (Option<Definition>, Vec<Diagnostic>) {
    check::check(text, catalog, &Resources::new())
}

/// The same with texts from elsewhere, which [`resource::needed`] asks for.
pub fn check_with(
    text: &str,
    catalog: &Catalog,
    resources: &Resources,
) -> (Option<Definition>, Vec<Diagnostic>) {
    check::check(text, catalog, resources)
}
