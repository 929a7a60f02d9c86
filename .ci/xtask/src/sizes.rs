//! The longest files and functions: a report, not a gate (docs/STYLE.md 2).

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Prints the ten longest files and the ten longest functions of our Rust text.
///
/// # Errors
/// When git or a file cannot be read.
#[expect(clippy::print_stdout, reason = "this is the report that was asked for")]
pub(crate) fn print() -> Result<()> {
    let listed = Command::new("git").args(["ls-files", "*.rs"]).current_dir(shell::root()).output();
    let listed = listed.context("asking git for the files")?;
    let mut files = Vec::new();
    let mut functions = Vec::new();
    for path in String::from_utf8_lossy(&listed.stdout).lines() {
        let text = fs::read_to_string(shell::root().join(path)).with_context(|| format!("reading {path}"))?;
        files.push((text.lines().count(), path.to_owned()));
        for (name, line, length) in lengths(&text) {
            functions.push((length, format!("{path}:{line} {name}")));
        }
    }
    for (title, mut rows) in [("lines  file", files), ("lines  function", functions)] {
        rows.sort_by(|a, b| b.cmp(a));
        println!("{title}");
        for (length, name) in rows.iter().take(10) {
            println!("{length:>5}  {name}");
        }
        if let Some((median, _)) = rows.get(rows.len() / 2) {
            println!("{median:>5}  median of {}\n", rows.len());
        }
    }
    Ok(())
}

/// (name, first line, lines) of each function. rustfmt puts the closing brace under the `fn`.
fn lengths(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let Some(rest) = bare.split("fn ").nth(1).filter(|_| is_head(bare)) else { continue };
        let indent = line.len() - bare.len();
        let close = format!("{}}}", " ".repeat(indent));
        let Some(end) = lines[at..].iter().position(|line| *line == close) else { continue };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        found.push((name, at + 1, end + 1));
    }
    found
}

fn is_head(line: &str) -> bool {
    let words =
        ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "async fn ", "pub async fn ", "const fn "];
    words.iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn a_function_ends_at_the_brace_below_its_head() {
        let text = "fn one() {\n    two();\n}\n\nimpl X {\n    pub fn three() {\n        if a {\n        }\n    }\n}\n";
        assert_eq!(lengths(text), [("one".to_owned(), 1, 3), ("three".to_owned(), 6, 4)]);
    }
}
