//! Every workflow and form in the repository is free of mistakes, warnings included.
//!
//! Their scenarios are run by `yiwang test`; this only reads.

use std::path::Path;

use yiwang_core::catalog::default_catalog;
use yiwang_dsl::resource::{Resources, needed};

use crate::tree::{files_ending, read, report, root};

#[test]
fn every_workflow_is_free_of_remarks() {
    let catalog = default_catalog();
    let mut remarks = Vec::new();
    let folders = ["workflows/", "examples/"];
    let mut found = 0;
    for path in files_ending("workflow.yaml") {
        if !folders.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        found += 1;
        let text = read(&path);
        for remark in yiwang_dsl::check_with(&text, &catalog, &functions(&path, &text)).1 {
            let line = text[..remark.span.start.min(text.len())].lines().count();
            let help = remark.help.map(|help| format!(" ({help})")).unwrap_or_default();
            remarks.push(format!("{path}:{line}: {} {}{help}", remark.code, remark.message));
        }
    }
    assert!(found >= 2, "no workflows were found: the test looks in the wrong place");
    report("Workflows pass `yiwang check` without a remark.", &remarks);
}

/// The functions of catalogs beside the workflow, and those that they call.
fn functions(path: &str, text: &str) -> Resources {
    let folder = root().join(Path::new(path).parent().unwrap_or(Path::new("")));
    let mut found = Resources::new();
    loop {
        let wanted = needed(text, &found);
        if wanted.is_empty() {
            return found;
        }
        for one in wanted {
            match std::fs::read_to_string(folder.join(&one.uri)) {
                Ok(function) => found.add(one.uri, function),
                Err(error) => found.refuse(one.uri, error.to_string()),
            }
        }
    }
}

#[test]
fn every_form_is_a_schema_with_titles() {
    let mut remarks = Vec::new();
    for path in files_ending(".json").into_iter().filter(|path| path.contains("/forms/")) {
        let form: serde_json::Value = match serde_json::from_str(&read(&path)) {
            Ok(form) => form,
            Err(error) => {
                remarks.push(format!("{path}: {error}"));
                continue;
            }
        };
        if let Err(error) = jsonschema::validator_for(&form) {
            remarks.push(format!("{path}: {error}"));
        }
        for (name, field) in form["properties"].as_object().into_iter().flatten() {
            if field["title"].as_str().is_none() {
                remarks.push(format!("{path}: `{name}` has no title: people would see the identifier"));
            }
        }
        let text = read(&path.replace(&path[path.find("/forms/").unwrap_or(0)..], "/workflow.yaml"));
        let name = path.rsplit('/').next().and_then(|name| name.strip_suffix(".json")).unwrap_or_default();
        if !text.contains(&format!("forms/{name}")) {
            remarks.push(format!("{path}: no task uses it"));
        }
    }
    report("Forms are JSON Schemas with titles, and used.", &remarks);
}
