//! The outside that the workflows call: answers at once, when it is told to, or notes how late it was called.
//!
//! One thread, no framework: what it costs is told with the client's processor time.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use yiwang_bench::spread::Spread;

use crate::wire::Connection;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

/// A server in a thread of its own, for as long as the process lives.
#[derive(Clone, Debug)]
pub(crate) struct Stub {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Seen>,
    release: Arc<watch::Sender<bool>>,
}

#[derive(Debug, Default)]
struct Seen {
    held: AtomicUsize,
    late: Mutex<Spread>,
    early: AtomicUsize,
}

impl Stub {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (release, released) = watch::channel(false);
        let seen = Arc::new(Seen::default());
        let noted = seen.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                loop {
                    let (stream, _) = listener.accept().await?;
                    tokio::spawn(answer(stream, noted.clone(), released.clone()));
                }
                #[expect(unreachable_code, reason = "says what kind of error it is")]
                io::Result::Ok(())
            })
        });
        Ok(Self { address, seen, release: Arc::new(release) })
    }

    /// Calls that were held so far, each time that they came.
    pub(crate) fn held(&self) -> usize {
        self.seen.held.load(Ordering::SeqCst)
    }

    /// Answers those that are held, and from now on at once.
    pub(crate) fn release(&self) {
        self.release.send_replace(true);
    }

    /// How late the calls came that name their time; none may come before it.
    ///
    /// # Errors
    /// When one came before its time.
    pub(crate) fn late(&self) -> Result<Spread> {
        let early = self.seen.early.load(Ordering::SeqCst);
        ensure!(early == 0, "{early} calls came before their time");
        Ok(self.seen.late.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Says where it listens, and goes on until its input ends with the process that started it.
///
/// # Errors
/// When it cannot listen.
pub(crate) fn serve() -> Result<()> {
    let stub = Stub::start()?;
    say(&stub.address.to_string());
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn say(line: &str) {
    println!("{line}");
}

async fn answer(stream: TcpStream, seen: Arc<Seen>, mut released: watch::Receiver<bool>) -> Result<()> {
    let mut connection = Connection::on(stream)?;
    while let Some((head, body)) = connection.message().await? {
        match head.split(' ').nth(1) {
            Some("/hold") => {
                seen.held.fetch_add(1, Ordering::SeqCst);
                released.wait_for(|released| *released).await?;
            }
            Some("/due") => seen.due(&body)?,
            Some(_) | None => {}
        }
        connection.send(ANSWER).await?;
    }
    Ok(())
}

impl Seen {
    /// A call that says when it was to come, in milliseconds of the epoch: the clock that both processes read.
    fn due(&self, body: &[u8]) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let body: Value = serde_json::from_slice(body)?;
        let due = Duration::from_millis(body["due"].as_u64().context("no time")?);
        match now.checked_sub(due) {
            Some(late) => self.late.lock().unwrap_or_else(PoisonError::into_inner).add(late),
            None => drop(self.early.fetch_add(1, Ordering::SeqCst)),
        }
        Ok(())
    }
}
