//! What a turn costs on disk: 5,000 instances, ten turns each, a batch at a time, with a snapshot of about a
//! kilobyte. Figures of one machine; the ratios between the sizes are what counts.

#![expect(clippy::print_stdout, reason = "it prints figures")]

use std::time::Instant;

use serde_json::json;
use yiwang_core::InstanceId;
use yiwang_runtime::ports::{Store as _, TurnRow};
use yiwang_store::SqlStore;
use yiwang_store_suite::rows::{deployed, line, turn, turns};

const INSTANCES: u64 = 5_000;
const TURNS: u64 = 10;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    for batch_len in [1, 64, 256] {
        let path = folder.path().join(format!("{batch_len}.db"));
        let store = SqlStore::open(&path).await?;
        deployed(&store).await;
        // Few enough that the slow rows end in reasonable time.
        let instances = if batch_len == 1 { INSTANCES / 20 } else { INSTANCES };
        let began = Instant::now();
        let mut state_bytes = 0;
        for rev in 1..=TURNS {
            let ids: Vec<u64> = (1..=instances).collect();
            for batch in ids.chunks(batch_len) {
                let rows: Vec<TurnRow> = batch.iter().map(|id| one(*id, rev)).collect();
                state_bytes = rows.first().map_or(0, |row| row.state.len());
                store.commit(turns(rows)).await?;
            }
        }
        let (turns, secs) = (instances * TURNS, began.elapsed().as_secs_f64());
        let stats = store.stats();
        store.close().await;
        let size = std::fs::metadata(&path)?.len();
        println!(
            "batches of {batch_len}: {:.0} turns/s, {:.1} turns per commit, {} bytes on disk per turn \
             (3 events, snapshot of {state_bytes} bytes)",
            turns as f64 / secs,
            stats.turns as f64 / stats.commits as f64,
            size / turns,
        );
    }
    Ok(())
}

fn one(id: u64, rev: u64) -> TurnRow {
    let content = "路灯已经三天不亮了，晚上老人和孩子经过都很危险，请尽快派人维修。".repeat(5);
    let state = json!({"instance": InstanceId(id), "rev": rev, "title": "路灯不亮", "content": content,
        "address": format!("人民路{id}号"), "context": {"caseNo": format!("QC-20240611-{id:06}"), "returns": rev}});
    let history = (1..=3).map(|n| line((rev - 1) * 3 + n)).collect();
    TurnRow { state: state.to_string().into_bytes(), history, ..turn(id, rev) }
}
