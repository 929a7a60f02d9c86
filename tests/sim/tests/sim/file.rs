//! The same worlds on a real SQLite file: killed by being dropped, audited at the end.

use std::sync::Arc;

use yiwang_sim::{Options, run_on};
use yiwang_sim_suite::{FileDisk, tell};

#[test]
fn twenty_seeds_hold_on_a_file() {
    let mut broken = Vec::new();
    for seed in 1_000..1_020 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(FileDisk::new(&folder.path().join("yiwang.db")));
        let report = run_on(seed, &Options::default(), disk);
        if !report.is_sound() {
            broken.push(tell(&report));
        }
    }
    assert!(broken.is_empty(), "{} worlds are broken\n{}", broken.len(), broken.join("\n\n"));
}
