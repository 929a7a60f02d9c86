//! Counters for the health page.
//!
//! Each is a scan of an index: fine for a district, some milliseconds per hundred thousand rows. Counters
//! kept by the writer would cost every turn for a page that is looked at now and then.

use std::collections::BTreeMap;

use sea_orm::DbErr;

use crate::connection::Connection;
use crate::sql::{Sql, column, unsigned};

/// All counters, by name.
pub(crate) async fn counts(db: &impl Connection) -> Result<BTreeMap<String, u64>, DbErr> {
    let rows = Sql::new(
        "SELECT 'instances.' || status, count(*) FROM instance GROUP BY status
         UNION ALL SELECT 'work_items.' || state, count(*) FROM work_item GROUP BY state
         UNION ALL SELECT 'cases.' || state, count(*) FROM case_ GROUP BY state
         UNION ALL SELECT 'inbox.' || kind, count(*) FROM inbox GROUP BY kind
         UNION ALL SELECT 'messages.' || state, count(*) FROM message GROUP BY state
         UNION ALL SELECT 'rejections.' || code, count(*) FROM rejection GROUP BY code
         UNION ALL SELECT 'incidents', count(*) FROM incident
         UNION ALL SELECT 'deployments', count(*) FROM deployment",
        [],
    );
    let mut counts = BTreeMap::new();
    for row in rows.all(db).await? {
        let number = unsigned(column(&row, 1)?);
        if number > 0 {
            counts.insert(column(&row, 0)?, number);
        }
    }
    Ok(counts)
}
