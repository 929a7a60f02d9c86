//! The specification's own examples, where they lie beside the repository.

use std::path::Path;

use yiwang_dsl::catalog::Processes;
use yiwang_dsl::diagnostic::{Place, Severity};
use yiwang_dsl::{Catalog, Diagnostic, Resources};

/// The function that an example calls.
const LOG: &str =
    "https://raw.githubusercontent.com/serverlessworkflow/catalog/main/functions/log/1.0.0/function.yaml";

/// Every example can be deployed, where its operator allows processes.
#[test]
fn examples_of_the_specification_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ows/examples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no examples of the specification beside the repository");
        return;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut catalog = Catalog::new();
    catalog.allow(Processes { shell: true, container: true, stdio: true });
    let mut resources = Resources::new();
    resources
        .add(LOG, "input: { schema: { document: { type: object } } }\nset: { logged: '${ .message }' }\n");
    let mut remarks = String::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let (definition, diagnostics) = yiwang_dsl::check_with(&text, &catalog, &resources);
        let errors: Vec<&Diagnostic> =
            diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error).collect();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(definition.is_some(), errors.is_empty(), "{name}");
        for diagnostic in errors {
            let start = Place::of(&text, diagnostic.span.start);
            remarks += &format!(
                "{name}:{}:{} {} {}\n",
                start.line, start.column, diagnostic.code, diagnostic.message
            );
        }
    }
    assert!(paths.len() > 50, "the examples are there");
    assert_eq!(remarks, "");
}
