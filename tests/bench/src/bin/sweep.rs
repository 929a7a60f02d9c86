//! `cargo run -p yiwang-bench --bin yiwang-bench-sweep -- BINARY [ITEMS]`: a sweep beside live work.
//!
//! It opens so many cases, measures one-step workflows alone, then the same while a sweep goes over all the
//! cases. The ratio of the two is the figure; the sweep's own speed stands beside it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use yiwang_bench::figure::print;
use yiwang_bench::load::post;
use yiwang_bench::spread::Spread;
use yiwang_bench::{disk, process};
use yiwang_e2e::http::{Client, Request};
use yiwang_e2e::server::Server;
use yiwang_e2e::staff::expect;

const NOOP: &str = "document: { dsl: '1.0.3', namespace: bench, name: noop, version: '1.0.0' }
do:
  - step:
      set: { done: true }
";
const MATTER: &str = "document: { dsl: '1.0.3', namespace: bench, name: matter, version: '1.0.0' }
do:
  - register:
      call: case-open:1.0.0@default
      with: { type: complaint, title: 路灯不亮, content: { at: 1 }, channel: form }
  - rest:
      wait: P365D
";

/// Cases without an argument: enough to see the ratio, little enough for a coffee.
const ITEMS: usize = 5_000;
/// Live clients beside the sweep.
const CLIENTS: usize = 8;
/// Live workflows for the figure without a sweep.
const ALONE: usize = 4_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let binary = arguments.next().map(PathBuf::from).context("the first argument is the server's binary")?;
    let items = match arguments.next() {
        None => ITEMS,
        Some(text) => text.to_string_lossy().parse().context("the second argument is a number of cases")?,
    };
    let folder = tempfile::tempdir_in(binary.parent().unwrap_or(Path::new(".")))?;
    std::fs::write(folder.path().join("yiwang.yaml"), "{}\n")?;
    print("machine", &process::machine());
    let sync = disk::fdatasync(folder.path())?;
    print("fdatasync", &told(&sync));
    let server = Server::start(&binary, folder.path(), &[])?;
    let token = server.administrator_token()?;
    let mut administrator = Client::with_token(server.address(), &token);
    for (name, text) in [("noop", NOOP), ("matter", MATTER)] {
        let body = json!({ "source": text, "forms": {} });
        expect(administrator.post("/api/v1/definitions", &body)?, &format!("deploying {name}"))?;
    }
    let opened = post(
        server.address(),
        &token,
        64,
        items,
        "/api/v1/instances",
        |at| json!({ "workflow": "bench/matter", "key": at.to_string(), "input": {} }),
    )?;
    print(&format!("{items} cases"), &format!("{:.0} opened/s", opened.per_second()));
    let live = |_| json!({ "workflow": "bench/noop", "input": {} });
    let alone = post(server.address(), &token, CLIENTS, ALONE, "/api/v1/instances", live)?;
    print("live work alone", &format!("{:.0}/s, {}", alone.per_second(), told(&alone.spread)));

    let (swept, beside) = beside(&server, &token, &mut administrator)?;
    #[expect(clippy::cast_precision_loss, reason = "a count of cases is far below 2^52")]
    let speed = swept.count as f64 / swept.took.as_secs_f64();
    print("sweep", &format!("{} targets, {speed:.0}/s, {} failed", swept.count, swept.failed));
    print("live work beside it", &told(&beside));
    let ratio = beside.percentile_ms(99) / alone.spread.percentile_ms(99).max(0.001);
    print("p99 beside / alone", &format!("{ratio:.2}"));
    Ok(())
}

struct Swept {
    count: u64,
    failed: u64,
    took: Duration,
}

/// Runs the sweep at its greatest rate, with live work until it ends.
fn beside(server: &Server, token: &str, administrator: &mut Client) -> Result<(Swept, Spread)> {
    let definition = json!({
        "sweep": "bench",
        "where": { "open": true },
        "actions": [ { "start": { "workflow": "bench/noop" } } ],
        "rate": 5_000,
    });
    let body = serde_json::to_vec(&json!({ "definition": definition }))?;
    let request = Request::new("POST", "/api/v1/sweeps")
        .header("idempotency-key", "bench")
        .body("application/json", body);
    let began = Instant::now();
    let answer = administrator.send(&request)?;
    ensure!(answer.ok(), "{}", answer.text());
    let id = answer.json()["id"].as_str().context("a sweep has an id")?.to_owned();
    let over = AtomicBool::new(false);
    let (swept, spreads) = thread::scope(|scope| {
        let live = || {
            let mut client = Client::with_token(server.address(), token);
            let mut spread = Spread::default();
            while !over.load(Ordering::SeqCst) {
                let sent = Instant::now();
                let answer =
                    client.post("/api/v1/instances", &json!({ "workflow": "bench/noop", "input": {} }))?;
                ensure!(answer.ok(), "{}", answer.text());
                spread.add(sent.elapsed());
            }
            Ok(spread)
        };
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(live)).collect();
        let swept = watch(administrator, &id, began);
        over.store(true, Ordering::SeqCst);
        let joined = threads.into_iter().map(|thread| thread.join());
        let spreads: Result<Vec<Spread>> =
            joined.map(|ended| ended.map_err(|_| anyhow!("a client panicked"))?).collect();
        (swept, spreads)
    });
    let mut spread = Spread::default();
    spreads?.into_iter().for_each(|one| spread.join(one));
    Ok((swept?, spread))
}

fn watch(administrator: &mut Client, id: &str, began: Instant) -> Result<Swept> {
    loop {
        let sweep: Value = expect(administrator.get(&format!("/api/v1/sweeps/{id}"))?, "the sweep")?.json();
        let number = |name: &str| sweep[name].as_u64().unwrap_or(0);
        match sweep["state"].as_str() {
            Some("counting" | "running") => thread::sleep(Duration::from_millis(100)),
            Some("completed") => {
                let (count, failed) = (number("acted"), number("failed"));
                return Ok(Swept { count, failed, took: began.elapsed() });
            }
            _ => bail!("the sweep ended otherwise: {sweep}"),
        }
    }
}

fn told(spread: &Spread) -> String {
    format!("p50 {:.2} ms, p99 {:.2} ms", spread.percentile_ms(50), spread.percentile_ms(99))
}
