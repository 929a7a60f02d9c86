//! What providers say of messages that went out: of each id the furthest state.

use std::collections::BTreeMap;

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, OnConflict};
use yiwang_runtime::ports::DeliveryReport;

use crate::connection::Connection;
use crate::sql::{body, insert};

const COLUMNS: &[&str] = &["channel", "provider_id", "stage", "body"];

/// Keeps those that say more than what is known. The order in which they come does not matter.
pub(crate) async fn write(tx: &impl Connection, reports: &[DeliveryReport]) -> Result<(), DbErr> {
    let mut furthest = BTreeMap::new();
    for report in reports {
        let known = furthest.entry((&report.channel, &report.provider_id)).or_insert(report);
        if known.state < report.state {
            *known = report;
        }
    }
    let rows = furthest.into_iter().map(|((channel, id), report)| {
        vec![channel.clone().into(), id.clone().into(), (report.state as i64).into(), body(report)]
    });
    let mut conflict = OnConflict::columns(["channel", "provider_id"]);
    conflict.update_columns(["stage", "body"]);
    conflict.action_and_where(Expr::cust("excluded.stage > delivery_report.stage"));
    insert(tx, "delivery_report", COLUMNS, Some(conflict), rows.collect()).await
}
