//! Open loop: requests come when they come, whether the server keeps up or not.
//!
//! Each is measured from the time at which it was to come, not from the time at which a connection was free
//! for it: a server that stands still makes all of those late that come meanwhile (no coordinated omission).

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, mpsc};

use crate::outcome::Outcome;
use crate::wire::{Answer, Connection};

/// Connections at most: more than the server serves at a time, so that it is the server who says no.
const CONNECTIONS_MAX: usize = 2_048;
/// The head start is an eighth of the time: what comes in it fills the pipes and is not counted.
const SETTLES: u32 = 8;

/// What came of an open loop.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Of what was to come after the head start: times of what was done, counts of what was not.
    pub(crate) outcome: Outcome,
    /// The time without the head start.
    pub(crate) counted: Duration,
    /// Requests that came in a second.
    pub(crate) offered: f64,
    /// Requests that were done in a second, while more came.
    pub(crate) done: f64,
}

/// One request as it went.
struct Gone {
    intended: Instant,
    ended: Instant,
    heard: io::Result<Answer>,
}

/// Sends a request at each of the times, counted from now; `once` is one of them, by its number.
///
/// # Errors
/// When the times cannot be kept because the thread that keeps them ended.
pub(crate) async fn open(
    peer: SocketAddr,
    arrivals: Vec<Duration>,
    time: Duration,
    once: impl AsyncFn(&mut Connection, usize) -> io::Result<Answer>,
) -> Result<Opened> {
    let began = Instant::now();
    let settled = began + time / SETTLES;
    let came = arrivals.iter().filter(|at| began + **at >= settled).count();
    let (sender, mut arriving) = mpsc::unbounded_channel();
    // The runtime's own timers have steps of a millisecond, in which a dozen requests come.
    let keeper = thread::spawn(move || {
        for at in arrivals {
            let intended = began + at;
            thread::sleep(intended.saturating_duration_since(Instant::now()));
            if sender.send(intended).is_err() {
                return;
            }
        }
    });
    let (idle, places) = (RefCell::new(Vec::new()), Semaphore::new(CONNECTIONS_MAX));
    let one = async |intended: Instant, at: usize| {
        let heard = async {
            let _place = places.acquire().await.map_err(io::Error::other)?;
            let kept = idle.borrow_mut().pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => Connection::open(peer).await?,
            };
            let answer = once(&mut connection, at).await?;
            idle.borrow_mut().push(connection);
            Ok(answer)
        };
        let heard = heard.await;
        Gone { intended, ended: Instant::now(), heard }
    };
    let (mut under_way, mut more, mut at) = (FuturesUnordered::new(), true, 0);
    let (mut outcome, mut done) = (Outcome::default(), 0);
    loop {
        tokio::select! {
            arrival = arriving.recv(), if more => match arrival {
                Some(intended) => {
                    under_way.push(one(intended, at));
                    at += 1;
                }
                None => more = false,
            },
            Some(Gone { intended, ended, heard }) = under_way.next() => {
                if heard.as_ref().is_ok_and(Answer::ok) && (settled..began + time).contains(&ended) {
                    done += 1;
                }
                if intended >= settled {
                    outcome.add(heard, ended - intended);
                }
            }
            else => break,
        }
    }
    keeper.join().map_err(|_| anyhow!("the arrivals stopped"))?;
    let counted = time - time / SETTLES;
    let per_second = |count: usize| count as f64 / counted.as_secs_f64();
    Ok(Opened { outcome, counted, offered: per_second(came), done: per_second(done) })
}
