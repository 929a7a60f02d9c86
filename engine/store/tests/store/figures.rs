//! Figures for ADR 0003, printed on demand; nothing is asserted about speed.
//!
//! `cargo test -p yiwang-store --test store -- --ignored --nocapture figures`

use std::io::Write as _;
use std::time::Instant;

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{Store as _, TurnRow};

use crate::rows::{batch, fresh, item, turn};

/// What the kernel says this process wrote.
fn written_bytes() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A turn of the usual weight: two events, a state of 1 KB, every second with a timer, every fifth with work.
fn usual(id: u64, rev: u64) -> TurnRow {
    let mut row = turn(id, rev);
    // Half of it says something new: lz4 makes about 650 bytes of it, as of real states.
    let mut seed = id << 20 | rev;
    let noise: String = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", seed >> 32)
    })
    .take(64)
    .collect();
    let text = "市民反映小区门口路灯不亮，夜间出行不便。".repeat(8);
    row.state = format!(r#"{{"id":{id},"rev":{rev},"data":"{noise}","text":"{text}"}}"#).into_bytes();
    row.wake_at = id.is_multiple_of(2).then(|| Timestamp(i64::try_from(rev * 1000 + id).unwrap()));
    if rev == 1 {
        row.subscriptions = Some(vec![SubscriptionKey(i64::try_from(id * 31).unwrap())]);
    }
    if id.is_multiple_of(5) {
        row.work_items = vec![item(id, 1)];
    }
    row
}

#[tokio::test]
#[ignore = "prints figures; takes a minute"]
async fn figures() {
    const INSTANCES: u64 = 20_000;
    let fresh = fresh().await;
    let mut out = std::io::stdout();
    for load in ["new instances", "random instances"] {
        for batch_len in [1_u64, 64, 256, 1024] {
            let turns = if batch_len == 1 { 500 } else { INSTANCES };
            let base = 1_000_000 * batch_len;
            let mut seed: u64 = 1;
            let mut revs = std::collections::HashMap::new();
            let (before, wrote, start) = (fresh.store.stats(), written_bytes(), Instant::now());
            let mut times = Vec::new();
            for first in (0..turns).step_by(usize::try_from(batch_len).unwrap()) {
                let mut rows = std::collections::BTreeMap::new();
                while (rows.len() as u64) < batch_len.min(turns - first) {
                    let k = if load == "new instances" {
                        first + rows.len() as u64
                    } else {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        (seed >> 33) % turns
                    };
                    let rev = revs.get(&k).copied().unwrap_or(if load == "new instances" { 0 } else { 1 });
                    rows.entry(k).or_insert_with(|| usual(base + k, rev + 1));
                }
                revs.extend(rows.iter().map(|(k, row)| (*k, row.rev)));
                let begun = Instant::now();
                fresh.store.commit(batch(rows.into_values())).await.unwrap();
                times.push(begun.elapsed());
            }
            let (after, elapsed) = (fresh.store.stats(), start.elapsed());
            times.sort();
            writeln!(
                out,
                "{load}, {batch_len} per commit: {:.0} turns/s, commit p50 {:?} p99 {:?}, {} bytes written and {} kept per turn",
                turns as f64 / elapsed.as_secs_f64(),
                times[times.len() / 2],
                times[times.len() * 99 / 100],
                (written_bytes() - wrote) / turns,
                (after.db_bytes.saturating_sub(before.db_bytes)) / turns,
            )
            .unwrap();
        }
    }
    let start = Instant::now();
    let ids = (0..1000).map(|k| InstanceId(256_000_000 + k * 7)).collect();
    let loaded = fresh.store.load(ids).await.unwrap();
    writeln!(out, "loading {} snapshots at once: {:?}", loaded.len(), start.elapsed()).unwrap();
    let start = Instant::now();
    let audit = fresh.store.verify().await.unwrap();
    writeln!(out, "verifying {} turns: {:?}", audit.turns, start.elapsed()).unwrap();
}
