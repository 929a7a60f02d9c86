//! Sort keys and parts of names that all stores must see the same way.

use yiwang_core::{CaseNo, WorkItem};

/// The order of work items: due first, those without a due time last.
pub fn work_item_key(item: &WorkItem) -> [i64; 3] {
    let due = item.due.map_or(i64::MAX, |due| due.0);
    [due, signed(item.id.instance.0), i64::from(item.id.n)]
}

/// An id as SQL keeps it. Ids have 63 bits.
pub fn signed(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// Date and count of a case's number, e.g. of `QC-20240611-000123`.
pub fn case_number(no: &CaseNo) -> Option<(String, u32)> {
    let mut parts = no.0.rsplitn(3, '-');
    let (count, date) = (parts.next()?, parts.next()?);
    Some((date.to_owned(), count.parse().ok()?))
}
