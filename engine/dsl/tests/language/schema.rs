//! The schema for editors and the checker say the same.

use std::path::Path;

use yiwang_dsl::Catalog;
use yiwang_dsl::diagnostic::{Language, Severity};
use yiwang_dsl::yaml;

fn schema() -> jsonschema::Validator {
    let schema = yiwang_dsl::language::schema(&Catalog::new(), Language::English);
    jsonschema::draft202012::meta::validate(&schema).expect("it is a schema");
    jsonschema::validator_for(&schema).expect("it compiles")
}

fn workflows() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = ["examples/hello", "../shared/ows/examples", "../shared/drafts"];
    let mut found = Vec::new();
    for folder in folders.map(|folder| root.join(folder)) {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).expect("a text");
                if text.contains("\ndo:") {
                    found.push((path.display().to_string(), text));
                }
            }
        }
    }
    found
}

#[test]
fn good_workflows_fit() {
    let schema = schema();
    let workflows = workflows();
    assert!(!workflows.is_empty());
    for (path, text) in workflows {
        let json = yaml::parse(&text).unwrap_or_else(|_| panic!("{path} is no YAML")).to_json();
        let problems: Vec<String> =
            schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{path}\n{}", problems.join("\n"));
    }
}

/// What the checker refuses for its structure, the schema refuses too.
#[test]
fn broken_structure_does_not_fit() {
    let schema = schema();
    let good = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }\n";
    let broken = [
        "do: []\n",
        "do: [{ a: { wait: PT1S }, b: { wait: PT1S } }]\n",
        "do: [{ a: { wait: PT1S, set: { b: 1 } } }]\n",
        "do: [{ a: { cal: http } }]\n",
        "do: [{ a: { wait: PT1S, iff: x } }]\n",
        "do: [{ a: { switch: [{ b: { when: .x } }] } }]\n",
        "do: [{ a: { try: [{ b: { wait: PT1S } }] } }]\n",
        "do: [{ a: { for: { each: x }, do: [{ b: { wait: PT1S } }] } }]\n",
        "do: [{ a: { listen: { to: { one: {} } } } }]\n",
        "do: [{ a: { raise: { error: { type: x } } } }]\n",
        "do: [{ a: { fork: {} } }]\n",
        "do: [{ a: { run: { script: { code: x } } } }]\n",
        "do: [{ a: { call: http, with: { method: get } } }]\n",
        "do: [{ a: { wait: PT1S } }]\nextra: 1\n",
        "do: [{ a: { wait: PT1S } }]\nschedule: { evry: PT1S }\n",
        "do: [{ a: { wait: PT1S } }]\nuse: { retires: {} }\n",
    ];
    for text in broken {
        let text = format!("{good}{text}");
        let json = yaml::parse(&text).expect("it is YAML").to_json();
        assert!(!schema.is_valid(&json), "the schema takes\n{text}");
        let (_, remarks) = yiwang_dsl::check(&text, &crate::remarks::catalog());
        let refused = remarks.iter().any(|remark| remark.severity() == Severity::Error);
        assert!(refused, "the checker takes\n{text}");
    }
}

#[test]
fn functions_of_the_catalog_are_known() {
    let schema = yiwang_dsl::language::schema(&crate::remarks::catalog(), Language::Chinese);
    let names = schema["$defs"]["callTask"]["properties"]["call"]["examples"].as_array().expect("a list");
    assert!(names.iter().any(|name| name == "human-task:1.0.0@default"), "{names:?}");
    assert_eq!(schema["$defs"]["waitTask"]["properties"]["wait"]["description"], "等待这么久。");
    assert!(!schema.to_string().contains("x-zh"));
}
