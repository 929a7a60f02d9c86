//! Sort keys and parts of names that all stores must see the same way.

use yiwang_core::{Case, CaseNo, WorkItem};

use crate::ports::{CaseFilter, CaseSort};

/// The order of work items: due first, those without a due time last.
pub fn work_item_key(item: &WorkItem) -> [i64; 3] {
    let due = item.due.map_or(i64::MAX, |due| due.0);
    [due, signed(item.id.instance.0), i64::from(item.id.n)]
}

/// The place of a case in a list: smaller comes first.
pub fn case_key(case: &Case, filter: &CaseFilter) -> [i64; 2] {
    let instance = signed(case.instance.0);
    match filter.sort {
        CaseSort::Due => [case.next_due().map_or(i64::MAX, |due| due.0), instance],
        CaseSort::Newest if filter.search.words.is_empty() => [-case.opened.0, -instance],
        CaseSort::Newest => [0, -instance],
    }
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
