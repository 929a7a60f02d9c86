//! `kill -9` in the middle of commits: every acknowledged batch is there, none is half there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{Batch, Disposition, KeyValue, PollCursor, Query, Store};
use yiwang_store::SqlStore;

use crate::rows::{arrival, batch, case, item, turn};

/// Tells the child which file to write to.
const FILE: &str = "YIWANG_STORE_CRASH_FILE";

/// Batch `n`: new instances, a turn of the ones before, and a row of every kind that hangs on them.
fn numbered(n: u64) -> Batch {
    let len = n % 7 + 1;
    let mut turns: Vec<_> = (0..len).map(|k| turn(n * 100 + k, 1)).collect();
    for row in &mut turns {
        row.work_items = vec![item(row.instance.0, 1)];
        row.wake_at = Some(Timestamp(1));
    }
    turns[0].case = Some(case(n * 100, u32::try_from(n).unwrap()));
    if n > 1 {
        turns.push(turn((n - 1) * 100, 2));
    }
    let cursor = PollCursor { channel: "board".to_owned(), cursor: Some(n.to_string()), at: Timestamp(1) };
    Batch {
        arrivals: vec![arrival(n, &n.to_string(), Disposition::Pending)],
        poll_cursors: vec![cursor],
        ..batch(turns)
    }
}

/// The child: commits numbered batches after the last one stored, and says so after each.
#[tokio::test]
async fn child_that_commits_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let store = SqlStore::open(file).await.unwrap();
    for n in store.inbox(false, Default::default()).await.unwrap().items.first().map_or(1, |row| row.id + 1)..
    {
        store.commit(numbered(n)).await.unwrap();
        store.set("crash", "last", n.to_string().into_bytes(), None, None).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nacked {n}").unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test]
async fn killed_at_any_point_nothing_is_lost_and_nothing_is_halved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crash.db");
    let mut seed: u64 = 20_240_611;
    let mut acked = 0;
    for round in 0..10 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (acks, spins) = ((seed >> 33) % 25 + 1, (seed >> 40) % 400_000);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child_that_commits_until_it_is_killed", "--nocapture"])
            .env(FILE, &file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines.filter_map(|line| line.ok()?.strip_prefix("acked ")?.parse::<u64>().ok());
        let mut seen = numbers.take(usize::try_from(acks).unwrap());
        acked = seen.by_ref().last().expect("the child commits");
        // Somewhere within the next commits.
        (0..spins).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said between the last line read and its death was said too.
        acked = check(&file, acked).await.max(acked);
        assert!(acked >= acks, "round {round}");
    }
    assert!(acked >= 10);
}

/// Every acknowledged batch is there; each one that is there is whole. The number of the last one.
async fn check(file: &std::path::Path, acked: u64) -> u64 {
    let store = SqlStore::open(file).await.unwrap();
    let audit = store.verify().await.unwrap();
    assert_eq!(audit.broken, None);
    let last = store.inbox(false, Default::default()).await.unwrap().items[0].id;
    assert!(last >= acked, "batch {acked} was acknowledged, {last} is the last one stored");
    let cursors = store.poll_cursors().await.unwrap();
    assert_eq!(cursors[0].cursor, Some(last.to_string()), "the cursor stands behind the last event");
    let mut turns = 0;
    for n in 1..=last {
        for row in &numbered(n).turns {
            let loaded = store.load(vec![row.instance]).await.unwrap();
            assert!(loaded[0].rev >= row.rev && loaded[0].state.is_ok(), "batch {n}: {:?}", loaded[0]);
            turns += 1;
        }
        assert!(store.case(case(0, u32::try_from(n).unwrap()).no).await.unwrap().is_some(), "batch {n}");
        let item = item(n * 100 + n % 7, 1).id;
        assert!(store.work_item(item).await.unwrap().is_some(), "batch {n}");
    }
    assert_eq!(audit.turns, turns, "nothing of a batch that is not there");
    assert!(store.load(vec![InstanceId((last + 1) * 100)]).await.unwrap().is_empty());
    // The small write follows its batch: it may lack the last one, not one before.
    let small = store.get("crash", "last", Timestamp(0)).await.unwrap().unwrap();
    let small: u64 = String::from_utf8(small).unwrap().parse().unwrap();
    assert!(small >= acked && small <= last, "{small}");
    store.close().await;
    last
}
