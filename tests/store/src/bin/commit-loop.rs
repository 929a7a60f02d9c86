//! A process to be killed: commits numbered batches for ever and says after each that it is durable.
//!
//! Batch `n` holds one turn of the counting instance, three new instances, an event and a rejection, all
//! named by `n`: whoever looks can tell whether a batch is there, and whether it is whole.

#![expect(clippy::print_stdout, reason = "what it prints is what the test reads")]

use std::io::Write as _;

use yiwang_core::InstanceId;
use yiwang_runtime::ports::{Batch, Disposition, Query as _, Store as _};
use yiwang_store::SqlStore;
use yiwang_store_suite::rows::{deployed, first, inbox, rejection, turn, turns};

/// The instance whose revision is the number of the last batch.
const COUNTER: u64 = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the database's path")?;
    let store = SqlStore::open(path).await?;
    if store.deployments().await?.is_empty() {
        deployed(&store).await;
    }
    let last = store.instance(InstanceId(COUNTER)).await?.map_or(0, |row| row.rev);
    for n in last + 1.. {
        let ids = (0..3).map(|k| n * 10 + k);
        let batch = Batch {
            arrivals: vec![inbox(n * 10 + 3, &format!("e{n}"), Disposition::Pending)],
            rejections: vec![rejection(n * 10 + 4, "web")],
            ..turns(ids.map(first).chain([turn(COUNTER, n)]))
        };
        store.commit(batch).await?;
        println!("{n}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
