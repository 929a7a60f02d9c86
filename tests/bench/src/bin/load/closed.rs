//! Closed loop: so many clients, each sends its next request when the last one is answered.
//!
//! It shows what the server can do at most with so many at once. It does not show what people feel who come
//! by themselves: a server that stands still is sent nothing more. That is the open loop's.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::join_all;

use crate::outcome::Outcome;
use crate::wire::{Answer, Connection};

/// How much.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// Requests are begun for so long; those under way are waited for.
    Time(Duration),
    /// So many requests.
    Count(usize),
}

/// Sends requests by so many clients; `once` is one of them, by its number.
///
/// # Errors
/// When a client cannot connect. What is answered wrongly stands in the outcome.
pub(crate) async fn closed(
    peer: SocketAddr,
    clients: usize,
    length: Length,
    once: impl AsyncFn(&mut Connection, usize) -> io::Result<Answer>,
) -> Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(Connection::open(peer).await.context("a client cannot connect")?);
    }
    let (next, began) = (Cell::new(0), Instant::now());
    let client = async |mut connection: Connection| {
        let mut outcome = Outcome::default();
        loop {
            let at = next.replace(next.get() + 1);
            let over = match length {
                Length::Time(time) => began.elapsed() >= time,
                Length::Count(count) => at >= count,
            };
            // A connection that broke is not used again: the failure is in the outcome, which ends the bench.
            if over || outcome.failed > 0 {
                return outcome;
            }
            let sent = Instant::now();
            let heard = once(&mut connection, at).await;
            outcome.add(heard, sent.elapsed());
        }
    };
    let outcomes = join_all(connections.into_iter().map(client)).await;
    let mut all = Outcome::default();
    outcomes.into_iter().for_each(|one| all.join(one));
    all.took = began.elapsed();
    Ok(all)
}
