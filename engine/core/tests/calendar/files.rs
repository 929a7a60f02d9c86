//! The calendars that lie beside the workflows are valid.

use std::path::Path;

use yiwang_core::calendar::Calendars;

#[test]
fn calendars_of_the_repository_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/calendars");
    let mut calendars = Calendars::built_in();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            let id = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert_eq!(calendars.put(&id, &text, 1), Ok(Vec::new()), "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 0, "the test looks in the wrong place");
}
