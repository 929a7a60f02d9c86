//! Each checker can fail: a world that is broken on purpose is found out, by the check that is for it.

use std::collections::BTreeSet;

use yiwang_sim::{Check, Options, Sabotage, run};

/// Seeds that are tried before a checker is said to be blind.
const SEEDS: u64 = 120;

fn expected(sabotage: Sabotage) -> Check {
    match sabotage {
        Sabotage::TellBeforeCommit => Check::Durable,
        Sabotage::ForgetCommit => Check::Lost,
        Sabotage::TearCommit => Check::Whole,
        Sabotage::ForgetStartKeys | Sabotage::DoubleDecision => Check::Once,
        Sabotage::DoubleTurn => Check::Turns,
        Sabotage::ForgetTimer | Sabotage::HurryClock => Check::Timers,
        Sabotage::RenameEffect | Sabotage::SkipEffect => Check::Effects,
        Sabotage::DropHistory | Sabotage::KeepSnapshot => Check::History,
        Sabotage::AnswerEarly => Check::Order,
        Sabotage::HideEvents => Check::Progress,
        Sabotage::RefuseAgain => Check::Retry,
        Sabotage::StopEngine => Check::Engine,
        Sabotage::OpenFence | Sabotage::ActUnsure => Check::Owner,
        Sabotage::EndlessLease => Check::TakeOver,
    }
}

fn broken_by(sabotage: Sabotage) -> Options {
    // What one machine cannot show is shown by two.
    let nodes = if sabotage.is_of_nodes() { 2 } else { 1 };
    Options { sabotage: Some(sabotage), nodes: Some(nodes), ..Options::default() }
}

#[test]
fn every_broken_world_is_found_out() {
    let mut blind = Vec::new();
    for sabotage in Sabotage::ALL {
        let options = broken_by(*sabotage);
        let wanted = expected(*sabotage);
        let mut others = BTreeSet::new();
        let found = (0..SEEDS).any(|seed| {
            let violations = run(seed, &options).violations;
            others.extend(violations.iter().map(|it| it.check));
            violations.iter().any(|it| it.check == wanted)
        });
        if !found {
            blind.push(format!("{sabotage:?} was not found by `{wanted}`; others: {others:?}"));
        }
    }
    assert!(blind.is_empty(), "{}", blind.join("\n"));
}

#[test]
fn every_check_has_a_world_that_breaks_it() {
    let checked: BTreeSet<Check> = Sabotage::ALL.iter().map(|it| expected(*it)).collect();
    assert_eq!(checked.len(), 14, "{checked:?}");
}

/// Without the fence, what the owner of before had sent is written after another one has taken over.
#[test]
fn without_the_fence_two_nodes_write() {
    let found = (0..SEEDS).any(|seed| {
        let violations = run(seed, &broken_by(Sabotage::OpenFence)).violations;
        violations.iter().any(|it| it.check == Check::Owner && it.what.contains("writes"))
    });
    assert!(found, "nobody was seen to write who no longer owns the instances");
}
