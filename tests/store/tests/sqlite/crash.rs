//! `kill -9` in the middle of commits: what was acknowledged is there, and no batch is there in part.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use yiwang_core::InstanceId;
use yiwang_runtime::ports::{Query as _, Store as _};
use yiwang_store::SqlStore;

/// Runs the child until it has acknowledged so many batches, then kills it. The last one it told of.
fn run_and_kill(path: &Path, acks: usize) -> u64 {
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_commit-loop")).arg(path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last: Option<u64> = lines.by_ref().take(acks).last().map(|line| line.unwrap().parse().unwrap());
    // The child has no chance to tidy up: it is somewhere in the next batch.
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said before it died counts, too. The last word may be cut off.
    for line in lines.map_while(Result::ok) {
        last = line.parse().ok().or(last);
    }
    last.unwrap()
}

/// How many of the five rows of a batch are there.
async fn rows_of(store: &SqlStore, n: u64) -> usize {
    let ids = (0..3).map(|k| InstanceId(n * 10 + k)).collect();
    let event = vec![("/channels/web".to_owned(), format!("e{n}"))];
    store.load(ids).await.unwrap().len() + store.known(event).await.unwrap().len()
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_batches_and_all_it_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yiwang.db");
    let mut told = 0;
    for acks in [1, 17, 2, 40, 3, 29, 64, 5, 11, 80] {
        let acked = run_and_kill(&path, acks);
        assert!(acked >= told + acks as u64, "goes on after {told}: {acked}");
        let store = SqlStore::open(&path).await.unwrap();
        let last = store.instance(InstanceId(1)).await.unwrap().unwrap().rev;
        assert!(last == acked || last == acked + 1, "told of {acked}, found {last}");
        for n in 1..=last {
            assert_eq!(rows_of(&store, n).await, 4, "batch {n} of {last}");
        }
        assert_eq!(rows_of(&store, last + 1).await, 0, "a part of batch {}", last + 1);
        let counts = store.counts().await.unwrap();
        assert_eq!(counts["rejections.channel.bad-signature"], last);
        assert_eq!(counts["instances.waiting"], last * 3 + 1);
        assert_eq!(store.history(InstanceId(1), 0, 10_000).await.unwrap().len() as u64, last);
        let audit = store.verify().await.unwrap();
        assert!(audit.broken.is_none(), "{audit:?}");
        store.close().await;
        told = last;
    }
}
