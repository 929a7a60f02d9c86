//! Many clients at once, each with a connection of its own, each waiting for its answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde_json::Value;
use yiwang_e2e::http::Client;

use crate::spread::Spread;

/// What came of a load.
#[derive(Debug)]
pub struct Load {
    /// Time of each request.
    pub spread: Spread,
    /// Time of all.
    pub took: Duration,
}

impl Load {
    /// Requests in a second.
    pub fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
        let count = self.spread.len() as f64;
        count / self.took.as_secs_f64()
    }
}

/// Sends `count` requests made by `body` to `target` from so many clients. Every answer must be a 2xx.
///
/// # Errors
/// The first answer that is none.
pub fn post(
    server: SocketAddr,
    token: &str,
    clients: usize,
    count: usize,
    target: &str,
    body: impl Fn(usize) -> Value + Sync,
) -> Result<Load> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let spreads = thread::scope(|scope| {
        let one = || {
            let mut client = Client::with_token(server, token);
            let mut spread = Spread::default();
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                if at >= count {
                    return Ok(spread);
                }
                let body = body(at);
                let sent = Instant::now();
                let answer = client.post(target, &body)?;
                ensure!(answer.ok(), "{target}: {} {}", answer.status, answer.text());
                spread.add(sent.elapsed());
            }
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|ended| ended.map_err(|_| anyhow!("a client panicked"))?).collect::<Result<Vec<_>>>()
    })?;
    let took = began.elapsed();
    let mut spread = Spread::default();
    spreads.into_iter().for_each(|one| spread.join(one));
    Ok(Load { spread, took })
}
