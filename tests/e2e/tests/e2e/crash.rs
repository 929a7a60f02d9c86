//! The real server, killed with SIGKILL at thirty random moments under load.
//!
//! A ledger outside holds what was acknowledged: each start and each event. In the end each of them happened
//! exactly once, each message was asked for once and seen at least once under one id, and nobody is stuck.

use std::thread::sleep;
use std::time::Duration;

use yiwang_e2e::random::Random;

use crate::walk::{self, Load, WALK};
use crate::world::{self, World};

const KILLS: usize = 30;

#[test]
fn nothing_is_lost_and_nothing_doubled_by_thirty_kills() {
    let seed = world::seed();
    let mut world = World::new(seed);
    world.deploy(WALK);
    let load = Load::start(&[world.server.address()], &world.token);

    let mut random = Random::new(seed);
    for _ in 0..KILLS {
        // A random moment is what is tested here: no event that could be waited for would be one.
        sleep(Duration::from_millis(20 + random.number() % 230));
        world.server.kill().unwrap();
        world.server.restart().unwrap();
    }
    let acknowledged = load.end();

    let mut administrator = world.administrator();
    walk::wait_for_all(&mut administrator, || std::fs::read_to_string(world.server.log()).unwrap());
    let doubled = walk::check(&mut administrator, &acknowledged, &world.receiver);
    let len = acknowledged.len();
    println!("{len} instances, {KILLS} kills: each once; {doubled} messages came twice, under their one id");
}
