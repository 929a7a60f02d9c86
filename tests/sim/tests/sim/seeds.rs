//! Five hundred worlds in four parts, so that all cores have some. `SIM_FIRST` begins at another seed.

use yiwang_sim::{Options, run};
use yiwang_sim_suite::tell;

const PART: u64 = 125;

fn hold(part: u64) {
    let first: u64 = std::env::var("SIM_FIRST").map_or(0, |text| text.parse().unwrap());
    let seeds = first + part * PART..first + (part + 1) * PART;
    let reports = seeds.map(|seed| run(seed, &Options::default()));
    let broken: Vec<String> = reports.filter(|report| !report.is_sound()).map(|it| tell(&it)).collect();
    assert!(broken.is_empty(), "{} worlds are broken\n{}", broken.len(), broken.join("\n\n"));
}

#[test]
fn the_first_seeds_hold() {
    hold(0);
}

#[test]
fn the_second_seeds_hold() {
    hold(1);
}

#[test]
fn the_third_seeds_hold() {
    hold(2);
}

#[test]
fn the_fourth_seeds_hold() {
    hold(3);
}
