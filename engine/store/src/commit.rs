//! What one commit writes, in order. All of it in one transaction, many rows per statement.

use sea_orm::DbErr;
use yiwang_runtime::ports::{CommitError, StoreError};

use crate::check;
use crate::connection::Connection;
use crate::names::Names;
use crate::prepare::Prepared;
use crate::writer::Head;
use crate::{
    cases, delivery_reports, deployments, inbox, incidents, instances, journal, messages, poll_cursors,
    references, rejections, schedules, start_keys, subscriptions, sweeps, work_items,
};

/// Checks and writes a batch; where the journal ends then.
pub(crate) async fn write(
    tx: &impl Connection,
    prepared: Prepared,
    head: Head,
    names: &mut Names,
) -> Result<Head, CommitError> {
    let failed = |what: &'static str| {
        move |error: DbErr| CommitError::Failed(StoreError::new(format!("writing {what}"), error))
    };
    let Prepared { batch, turns } = prepared;
    let stands =
        match check::check(tx, &batch).await.map_err(failed("nothing: the batch is being checked"))? {
            Ok(stands) => stands,
            Err(what) => return Err(CommitError::Conflict { what }),
        };
    let rows = &batch.turns;
    let tells: Vec<bool> = turns.iter().map(|texts| texts.tells).collect();
    let (mut head, placed) =
        journal::append(tx, batch.now, rows, turns, &stands, head).await.map_err(failed("the journal"))?;
    instances::write(tx, batch.now, rows, &placed, names).await.map_err(failed("instances"))?;
    start_keys::write(tx, rows).await.map_err(failed("start keys"))?;
    work_items::write(tx, rows).await.map_err(failed("work items"))?;
    cases::write(tx, rows, &tells).await.map_err(failed("cases"))?;
    subscriptions::write(tx, rows).await.map_err(failed("subscriptions"))?;
    messages::write(tx, rows, &mut head.numbers).await.map_err(failed("messages"))?;
    inbox::write(tx, &batch.arrivals, &batch.dispositions).await.map_err(failed("the inbox"))?;
    rejections::write(tx, &batch.rejections).await.map_err(failed("rejections"))?;
    let deployed = deployments::write(tx, &batch.deployments, &mut head.numbers).await;
    deployed.map_err(failed("deployments"))?;
    poll_cursors::write(tx, &batch.poll_cursors).await.map_err(failed("cursors of channels"))?;
    delivery_reports::write(tx, &batch.delivery_reports).await.map_err(failed("reports of providers"))?;
    schedules::write(tx, &batch.schedules).await.map_err(failed("schedules"))?;
    references::write(tx, &batch.references).await.map_err(failed("reference documents"))?;
    schedules::write_runs(tx, &batch.schedule_runs).await.map_err(failed("runs of schedules"))?;
    sweeps::write(tx, &batch.sweeps, &batch.sweep_lines).await.map_err(failed("sweeps"))?;
    let opened = incidents::write(tx, rows, &batch.incidents, &mut head.numbers).await;
    opened.map_err(failed("incidents"))?;
    Ok(head)
}
