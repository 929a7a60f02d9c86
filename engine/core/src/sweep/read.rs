//! Definitions of sweeps as texts of their own: reference documents. What is wrong is told with its place in the text.

use yiwang_dsl::Diagnostic;
use yiwang_dsl::diagnostic::Code;
use yiwang_dsl::yaml::{self, Node};

use super::Definition;
use crate::selector::Mistake;

/// The definition in this YAML, whose `sweep` is `name`.
///
/// # Errors
/// All its mistakes, in order of their places.
pub fn read_yaml(name: &str, text: &str) -> Result<Definition, Vec<Diagnostic>> {
    let root = yaml::parse(text)?;
    let read = Definition::parse(&root.to_json());
    let definition = read.map_err(|mistakes| {
        let mut remarks: Vec<Diagnostic> =
            mistakes.into_iter().map(|mistake| remark(&root, mistake)).collect();
        remarks.sort_by_key(|remark| remark.span.start);
        remarks
    })?;
    if definition.name == name {
        return Ok(definition);
    }
    let message = format!("this is the sweep `{}`, not `{name}`", definition.name);
    Err(vec![remark(&root, Mistake::new("/sweep", "sweep.name", message))])
}

fn remark(root: &Node, mistake: Mistake) -> Diagnostic {
    let key = root.key_span(&mistake.place);
    let span = key.or_else(|| root.at(&mistake.place).map(|node| node.span.clone()));
    // What is missing altogether is told where the document begins.
    let span = span.unwrap_or_else(|| root.span.clone());
    let code = if mistake.code.contains(".unknown-") { Code::UnknownKey } else { Code::BadValue };
    let mut remark = Diagnostic::new(code, span, mistake.message);
    remark.pointer = mistake.place;
    if let Some(help) = mistake.help {
        remark.help(help);
    }
    remark
}
