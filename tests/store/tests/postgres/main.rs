//! The suite on PostgreSQL, and what only a server can suffer: being restarted, and several nodes at it.
//!
//! Each test says that it was skipped where there are no binaries of a server.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "this crate is one test")]

mod fence;
mod nodes;
mod outage;
mod place;
mod tls;

use place::{Place, server};

#[tokio::test]
async fn every_case_of_the_suite_holds() {
    let Some(cluster) = server() else { return };
    let failed = yiwang_store_suite::failing_cases!(async || Place::new(&cluster).await.owned().await).await;
    assert!(failed.is_empty(), "see above: {failed:?}");
}
