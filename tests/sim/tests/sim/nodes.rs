//! Worlds of several machines: each is the same again, and hands over often.

use yiwang_sim::{Options, run};
use yiwang_sim_suite::tell;

#[test]
fn worlds_of_two_and_three_machines_hold() {
    let mut broken = Vec::new();
    let mut owners = 0;
    for seed in 2_000..2_040 {
        let nodes = Some(2 + usize::from(seed % 2 == 0));
        let report = run(seed, &Options { nodes, ..Options::default() });
        owners += report.owners;
        if !report.is_sound() {
            broken.push(tell(&report));
        }
    }
    assert!(broken.is_empty(), "{} worlds are broken\n{}", broken.len(), broken.join("\n\n"));
    assert!(owners > 150, "the instances change hands too seldom: {owners} times");
}

#[test]
fn a_seed_of_several_machines_is_a_run() {
    for seed in [1, 2] {
        let options = Options { nodes: Some(3), ..Options::default() };
        let (one, two) = (run(seed, &options), run(seed, &options));
        assert_eq!(one.digest, two.digest, "seed {seed}");
        assert_ne!(one.digest, run(seed, &Options { nodes: Some(1), ..options }).digest);
    }
}

/// Some of the worlds that everybody tries are of several machines.
#[test]
fn a_part_of_all_seeds_has_several_machines() {
    let options = Options { steps: 0, ..Options::default() };
    let several = (0..40).filter(|seed| run(*seed, &options).nodes > 1).count();
    assert!((5..20).contains(&several), "{several} of 40");
}
