//! `cargo xtask bench`: the figures of the whole, over HTTP, on the release build.
//!
//! It prints the machine, the disk and the sync mode beside every figure, because they are half of it.
//! Ratios within one run mean something; figures of two machines do not.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;
use yiwang_bench::figure::print;
use yiwang_bench::load::post;
use yiwang_bench::{disk, process};
use yiwang_e2e::http::Client;
use yiwang_e2e::server::Server;
use yiwang_e2e::staff::expect;

const NOOP: &str = "document: { dsl: '1.0.3', namespace: bench, name: noop, version: '1.0.0' }
do:
  - step:
      set: { done: true }
";
const PARKED: &str = "document: { dsl: '1.0.3', namespace: bench, name: parked, version: '1.0.0' }
do:
  - ask:
      call: human-task:1.0.0@default
      with: { title: 等待办理, candidateRoles: [ nobody ] }
";

/// Clients at once, and how many workflows they start.
const LOADS: [(usize, usize); 3] = [(1, 1_000), (32, 10_000), (256, 20_000)];
const PARKED_INSTANCES: usize = 50_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(binary), Some(plugins)) = (arguments.next(), arguments.next()) else {
        bail!("run `cargo xtask bench`: it builds the server and hands it over");
    };
    let folder = tempfile::tempdir_in(binary.parent().unwrap_or(Path::new(".")))?;
    lay_out(folder.path(), &plugins)?;
    print("machine", &process::machine());
    print("sync mode", "SQLite, WAL, synchronous=FULL: one fdatasync for each batch of turns");
    let sync = disk::fdatasync(folder.path())?;
    print(
        "fdatasync",
        &format!("p50 {:.2} ms, p99 {:.2} ms", sync.percentile_ms(50), sync.percentile_ms(99)),
    );

    let mut server = Server::start(&binary, folder.path(), &[])?;
    let token = server.administrator_token()?;
    let mut administrator = Client::with_token(server.address(), &token);
    for (name, text) in [("noop", NOOP), ("parked", PARKED)] {
        let body = json!({ "source": text, "forms": {} });
        let answer = administrator.post("/api/v1/definitions", &body)?;
        expect(answer, &format!("deploying {name}"))?;
    }
    one_step(&server, &mut administrator, &token, folder.path())?;
    parked(&mut server, &token)?;
    plugin(server.address())?;
    server.stop()?;
    Ok(())
}

/// Start → one step that does nothing → complete, durable when it is answered.
fn one_step(server: &Server, administrator: &mut Client, token: &str, folder: &Path) -> Result<()> {
    let data = folder.join("data");
    for (clients, count) in LOADS {
        let from = tally(administrator)?;
        let before = (disk::bytes(&data)?, process::writes(server.pid()));
        let load = post(
            server.address(),
            token,
            clients,
            count,
            "/api/v1/instances",
            |_| json!({ "workflow": "bench/noop", "input": {} }),
        )?;
        let after = (disk::bytes(&data)?, process::writes(server.pid()));
        let to = tally(administrator)?;
        #[expect(clippy::cast_precision_loss, reason = "bytes of one run are far below 2^52")]
        let per = |before: u64, after: u64| after.saturating_sub(before) as f64 / count as f64;
        print(
            &format!("one step, {clients} clients"),
            &format!(
                "{:.0} workflows/s, p50 {:.2} ms, p99 {:.2} ms, {:.0} B of files and {:.0} B of writes each, {:.1} transitions per fsync",
                load.per_second(),
                load.spread.percentile_ms(50),
                load.spread.percentile_ms(99),
                per(before.0, after.0),
                per(before.1, after.1),
                (to.0 - from.0) / (to.1 - from.1).max(1.0)
            ),
        );
    }
    Ok(())
}

/// Turns and commits of the server so far. Each commit is one fdatasync of the write-ahead log.
fn tally(administrator: &mut Client) -> Result<(f64, f64)> {
    let stats = expect(administrator.get("/api/v1/stats")?, "the counters")?.json();
    let read = |name: &str| stats[name].as_f64().with_context(|| format!("no counter {name}"));
    Ok((read("engine.turns")?, read("engine.commits")?))
}

/// What instances cost that wait for a person.
fn parked(server: &mut Server, token: &str) -> Result<()> {
    let empty = process::resident_mib(server.pid());
    let load = post(
        server.address(),
        token,
        64,
        PARKED_INSTANCES,
        "/api/v1/instances",
        |_| json!({ "workflow": "bench/parked", "input": {} }),
    )?;
    let full = process::resident_mib(server.pid());
    print(
        &format!("{PARKED_INSTANCES} parked"),
        &format!("{full:.0} MiB resident ({empty:.0} before), {:.0} started/s", load.per_second()),
    );
    server.kill()?;
    let took = server.restart()?;
    let again = process::resident_mib(server.pid());
    print(
        "after a crash with them",
        &format!("ready after {} ms, {again:.0} MiB resident", took.as_millis()),
    );
    Ok(())
}

/// A request through a plugin: HTTP, a fresh sandbox, one event durable in the inbox.
fn plugin(server: SocketAddr) -> Result<()> {
    for clients in [1, 32] {
        let load = post(
            server,
            "",
            clients,
            2_000,
            "/channels/form/",
            |at| json!({ "content": format!("路灯不亮，第 {at} 封来信"), "clientId": format!("bench-{clients}-{at}") }),
        )?;
        print(
            &format!("plugin call with an event, {clients} clients"),
            &format!(
                "{:.0} requests/s, p50 {:.2} ms, p99 {:.2} ms",
                load.per_second(),
                load.spread.percentile_ms(50),
                load.spread.percentile_ms(99)
            ),
        );
    }
    let load = refused(server)?;
    print("plugin call without a commit", &load);
    Ok(())
}

/// A page of the form: the same plugin, nothing stored.
fn refused(server: SocketAddr) -> Result<String> {
    let mut client = Client::new(server);
    let mut spread = yiwang_bench::spread::Spread::default();
    for _ in 0..2_000 {
        let began = std::time::Instant::now();
        expect(client.get("/channels/form/")?, "the form's page")?;
        spread.add(began.elapsed());
    }
    Ok(format!("p50 {:.2} ms, p99 {:.2} ms", spread.percentile_ms(50), spread.percentile_ms(99)))
}

fn lay_out(folder: &Path, plugins: &Path) -> Result<()> {
    std::fs::write(folder.join("yiwang.yaml"), format!("plugins: {}\n", plugins.display()))?;
    std::fs::create_dir(folder.join("channels"))?;
    let channel =
        "id: form\ntitle: 表单\nplugin: web-form\nconfig: { channel: bench }\ngrants: { kv: true }\n";
    std::fs::write(folder.join("channels/form.yaml"), channel).context("writing the channel")
}
