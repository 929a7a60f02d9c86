//! Whole workflows with mistakes; the remarks stand under the lines as comments.
//!
//! `UPDATE_EXPECT=1` rewrites the comments.

use std::path::PathBuf;

use yiwang_dsl::Diagnostic;
use yiwang_dsl::diagnostic::{Language, Place};

use crate::remarks;

pub(crate) fn texts() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(folder).expect("the fixtures are part of the repository");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let text = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        (path, text)
    };
    paths.into_iter().map(text).collect()
}

#[test]
fn remarks_stand_where_the_mistakes_are() {
    for (path, written) in texts() {
        let text = without_remarks(&written);
        let (_, diagnostics) = remarks::checked(&text);
        let found = with_remarks(&text, &diagnostics);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, found).expect("a writable file");
        } else {
            assert_eq!(written, found, "{}", path.display());
        }
    }
}

fn is_remark(line: &str) -> bool {
    let remark = line.strip_prefix('#').unwrap_or_default();
    remark.trim_start_matches([' ', '^']).starts_with("YW0")
}

pub(crate) fn without_remarks(text: &str) -> String {
    text.lines().filter(|line| !is_remark(line)).map(|line| format!("{line}\n")).collect()
}

fn with_remarks(text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut shown = String::new();
    for (at, line) in text.lines().enumerate() {
        shown += line;
        shown.push('\n');
        let here = diagnostics.iter().filter(|found| Place::of(text, found.span.start).line == at + 1);
        for diagnostic in here {
            // The sign of the comment takes the first column, at the cost of one `^` if need be.
            let marker = remarks::marker(text, diagnostic, 0, Language::English);
            shown += &format!("#{}\n", &marker[1..]);
        }
    }
    shown
}
