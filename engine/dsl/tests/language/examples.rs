//! The specification's own examples, where they lie beside the repository.

use std::path::Path;

use yiwang_dsl::diagnostic::{Code, Severity};
use yiwang_dsl::{Catalog, Diagnostic};

/// Every example is clean, or refused only for what is not supported yet or not in our catalog.
#[test]
fn examples_of_the_specification_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ows/examples");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no examples of the specification beside the repository");
        return;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut remarks = String::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let (definition, diagnostics) = yiwang_dsl::check(&text, &Catalog::new());
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Error);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(definition.is_some(), errors.clone().count() == 0, "{name}");
        for diagnostic in errors.filter(|diagnostic| !expected(diagnostic)) {
            let start = diagnostic.locate(&text).start;
            remarks += &format!(
                "{name}:{}:{} {} {}\n",
                start.line, start.column, diagnostic.code, diagnostic.message
            );
        }
    }
    assert!(paths.len() > 50, "the examples are there");
    assert_eq!(remarks, "");
}

fn expected(diagnostic: &Diagnostic) -> bool {
    let later = diagnostic.code.as_str().starts_with("YW04");
    later || matches!(diagnostic.code, Code::UnknownFunction | Code::UnknownCatalog)
}
