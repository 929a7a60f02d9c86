//! The documents tell the truth about each other: links lead somewhere, lists are complete.

use std::path::Path;

use crate::tree::{files, files_ending, read, report, root};

#[test]
fn links_between_documents_lead_somewhere() {
    let mut remarks = Vec::new();
    for path in files_ending(".md") {
        let text = read(&path);
        for (number, target) in links(&text) {
            let outside = target.contains("://") || target.starts_with("mailto:");
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            if outside {
                continue;
            }
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            let found = if file.is_empty() { path.clone().into() } else { folder.join(file) };
            if !root().join(&found).exists() {
                remarks.push(format!("{path}:{number}: `{target}` is not there"));
            } else if !anchor.is_empty() && found.extension().is_some_and(|end| end == "md") {
                let there = std::fs::read_to_string(root().join(&found)).unwrap_or_default();
                if !anchors(&there).iter().any(|known| known == anchor) {
                    remarks.push(format!("{path}:{number}: `{target}` names a heading that is not there"));
                }
            }
        }
    }
    report("Links in Markdown lead somewhere.", &remarks);
}

#[test]
fn every_decision_is_listed() {
    let list = read("docs/adr/README.md");
    let mut remarks = Vec::new();
    for path in files() {
        let Some(name) = path.strip_prefix("docs/adr/").filter(|name| *name != "README.md") else { continue };
        if !list.contains(&format!("({name})")) {
            remarks.push(format!("{path}: add a line with a link to docs/adr/README.md"));
        }
        let numbered = name.len() > 5
            && name.as_bytes()[..4].iter().all(u8::is_ascii_digit)
            && name.as_bytes()[4] == b'-';
        if !numbered {
            remarks.push(format!("{path}: name it `NNNN-what-was-decided.md`"));
        }
        for part in ["## Context", "## Decision", "## What it costs", "## What was rejected"] {
            if !read(&path).contains(part) {
                remarks.push(format!("{path}: has no part `{part}` (docs/adr/README.md says why)"));
            }
        }
    }
    report("Every decision record is listed and has the four parts.", &remarks);
}

#[test]
fn the_chinese_readme_keeps_up() {
    let commands = |text: &str| {
        let lines = text.lines().map(str::trim).filter(|line| line.starts_with("cargo xtask"));
        lines.map(|line| line.split('#').next().unwrap_or(line).trim().to_owned()).collect::<Vec<_>>()
    };
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    assert_eq!(
        commands(&english),
        commands(&chinese),
        "README.md and README.zh-CN.md must show the same `cargo xtask` commands in the same order"
    );
}

/// (line, target) of every inline link outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        // Every second piece between backticks is code.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let mut rest = prose.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split(' ').next().unwrap_or_default();
            found.push((number + 1, target.to_owned()));
            rest = &rest[end..];
        }
    }
    found
}

/// The anchors of the headings, made as code hosts make them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    headings.map(slug).collect()
}
