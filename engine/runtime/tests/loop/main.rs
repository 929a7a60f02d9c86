//! The loop from outside: what it promises about starts, events, timers, effects and failures.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this crate is one test: what goes wrong here shall stop it"
)]

mod again;
mod calls;
mod cases;
mod children;
mod crash;
mod effects;
mod elsewhere;
mod events;
mod gathering;
mod incidents;
mod lifecycle;
mod plug;
mod polling;
mod queue;
mod references;
mod rests;
mod schedules;
mod starts;
mod sweeps;
mod timers;
mod withdrawn;
mod world;
