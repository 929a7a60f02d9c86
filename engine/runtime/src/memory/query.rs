//! Lists and single reads.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use yiwang_core::case::TrackingCode;
use yiwang_core::reference::{Kind, Reference};
use yiwang_core::{Case, CaseNo, EffectId, InstanceId, WorkItem, WorkItemId};

use super::{Instance, MemoryStore, Tables};
use crate::cursor;
use crate::deployments::workflow_name;
use crate::keys::{case_key, signed, work_item_key};
use crate::ports::{
    Answer, CaseFilter, Disposition, InboxRow, IncidentRow, InstanceFilter, InstanceSummary, MessageFilter,
    MessageRow, MessageState, Page, PageRequest, Query, RejectionRow, StoreError, WorkItemFilter,
};

impl Tables {
    /// With what its provider said since.
    fn with_report(&self, row: &MessageRow) -> MessageRow {
        let key = row.provider_id.as_ref().map(|id| (row.channel.clone(), id.clone()));
        let report = key.and_then(|key| self.delivery_reports.get(&key).cloned());
        MessageRow { report, ..row.clone() }
    }
}

impl Query for MemoryStore {
    fn instances(&self, filter: InstanceFilter, page: PageRequest) -> Answer<'_, Page<InstanceSummary>> {
        self.list(
            page,
            |id: &InstanceSummary| signed(id.id.0),
            move |tables| {
                let wanted = move |(_, row): &(&InstanceId, &Instance)| {
                    filter.workflow.as_ref().is_none_or(|name| workflow_name(&row.workflow) == *name)
                        && filter.status.is_none_or(|status| row.status == status)
                };
                Box::new(
                    tables.instances.iter().rev().filter(wanted).map(|(id, row)| summary(tables, *id, row)),
                )
            },
        )
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<InstanceSummary>> {
        self.read(move |tables| tables.instances.get(&id).map(|row| summary(tables, id, row)))
    }

    fn history(&self, id: InstanceId, after: u64, limit: usize) -> Answer<'_, Vec<Box<RawValue>>> {
        self.read(move |tables| {
            let lines = tables.instances.get(&id).map(|row| &row.history).into_iter().flatten();
            lines.skip(usize::try_from(after).unwrap_or(usize::MAX)).take(limit).cloned().collect()
        })
    }

    fn work_items(&self, filter: WorkItemFilter, page: PageRequest) -> Answer<'_, Page<WorkItem>> {
        Box::pin(async move {
            let after = cursor::read::<3>(&page)?;
            let tables = self.tables();
            let mut items: Vec<_> = tables.work_items.values().filter(|item| filter.admits(item)).collect();
            items.sort_by_key(|item| work_item_key(item));
            let rest = items.into_iter().filter(|item| after.is_none_or(|after| work_item_key(item) > after));
            let items = rest.take(page.size() + 1).cloned().collect();
            Ok(cursor::page(items, page.size(), work_item_key))
        })
    }

    fn work_item(&self, id: WorkItemId) -> Answer<'_, Option<WorkItem>> {
        self.read(move |tables| tables.work_items.get(&id).cloned())
    }

    fn cases(&self, filter: CaseFilter, page: PageRequest) -> Answer<'_, Page<Case>> {
        Box::pin(async move {
            let after = cursor::read::<2>(&page)?;
            let tables = self.tables();
            let mut cases: Vec<_> = tables.cases.values().filter(|case| filter.admits(case)).collect();
            cases.sort_by_key(|case| case_key(case, &filter));
            let rest =
                cases.into_iter().filter(|case| after.is_none_or(|after| case_key(case, &filter) > after));
            let cases = rest.take(page.size() + 1).cloned().collect();
            Ok(cursor::page(cases, page.size(), |case| case_key(case, &filter)))
        })
    }

    fn case(&self, no: CaseNo) -> Answer<'_, Option<Case>> {
        self.read(move |tables| tables.cases.get(tables.case_numbers.get(&no)?).cloned())
    }

    fn case_of_code(&self, code: TrackingCode) -> Answer<'_, Option<Case>> {
        self.read(move |tables| {
            tables.cases.values().find(|case| case.tracking.as_ref() == Some(&code)).cloned()
        })
    }

    fn messages(&self, filter: MessageFilter, page: PageRequest) -> Answer<'_, Page<MessageRow>> {
        Box::pin(async move {
            let after = cursor::read::<1>(&page)?.map_or(i64::MAX, |[number]| number);
            let tables = self.tables();
            let rows = tables.messages.iter().enumerate().rev().map(|(at, row)| (signed(at as u64), row));
            let wanted = rows.filter(|(number, row)| *number < after && filter.admits(row));
            let found: Vec<_> = wanted.take(page.size() + 1).collect();
            let Page { items, next_cursor } = cursor::page(found, page.size(), |(number, _)| [*number]);
            Ok(Page {
                items: items.into_iter().map(|(_, row)| tables.with_report(row)).collect(),
                next_cursor,
            })
        })
    }

    fn message(&self, id: EffectId) -> Answer<'_, Option<MessageRow>> {
        self.read(move |tables| {
            Some(tables.with_report(tables.messages.get(*tables.message_numbers.get(&id)?)?))
        })
    }

    fn rejections(&self, channel: Option<String>, page: PageRequest) -> Answer<'_, Page<RejectionRow>> {
        self.list(
            page,
            |row: &RejectionRow| signed(row.id),
            move |tables| {
                let wanted =
                    move |row: &&RejectionRow| channel.as_ref().is_none_or(|channel| row.channel == *channel);
                Box::new(tables.rejections.values().rev().filter(wanted).cloned())
            },
        )
    }

    fn inbox(&self, undelivered: bool, page: PageRequest) -> Answer<'_, Page<InboxRow>> {
        self.list(
            page,
            |row: &InboxRow| signed(row.id),
            move |tables| {
                let wanted = move |row: &&InboxRow| match row.disposition {
                    Disposition::Buffered { .. } | Disposition::Unmatched { .. } => true,
                    Disposition::Pending
                    | Disposition::Gathering { .. }
                    | Disposition::Gathered { .. }
                    | Disposition::Delivered { .. } => !undelivered,
                };
                Box::new(tables.inbox.values().rev().filter(wanted).cloned())
            },
        )
    }

    fn incidents(&self, page: PageRequest) -> Answer<'_, Page<IncidentRow>> {
        Box::pin(async move {
            let after = cursor::read::<1>(&page)?.map_or(i64::MAX, |[number]| number);
            let tables = self.tables();
            let rows = tables.incidents.iter().rev().filter(|(number, _)| signed(**number) < after);
            let found: Vec<_> = rows.take(page.size() + 1).collect();
            let page = cursor::page(found, page.size(), |(number, _)| [signed(**number)]);
            let items = page.items.into_iter().map(|(_, row)| row.clone()).collect();
            Ok(Page { items, next_cursor: page.next_cursor })
        })
    }

    fn reference_versions(&self, kind: Kind, name: String) -> Answer<'_, Vec<Reference>> {
        self.read(move |tables| {
            let all = tables.references.values().rev();
            all.filter(|row| row.kind == kind && row.name == name).cloned().collect()
        })
    }

    fn counts(&self) -> Answer<'_, BTreeMap<String, u64>> {
        self.read(|tables| {
            let mut counts = BTreeMap::new();
            let mut add = |name: String| *counts.entry(name).or_insert(0) += 1;
            for row in tables.instances.values() {
                add(format!("instances.{}", word(&row.status)));
            }
            for item in tables.work_items.values() {
                add(format!("work_items.{}", word(&item.state)));
            }
            for case in tables.cases.values() {
                add(format!("cases.{}", word(&case.state)));
            }
            for row in tables.inbox.values() {
                add(format!("inbox.{}", row.disposition.word()));
            }
            for row in &tables.messages {
                add(format!("messages.{}", word::<MessageState>(&row.state)));
            }
            for row in tables.rejections.values() {
                add(format!("rejections.{}", row.code));
            }
            tables.incidents.values().for_each(|_| add("incidents".to_owned()));
            tables.deployments.iter().for_each(|_| add("deployments".to_owned()));
            counts
        })
    }
}

impl MemoryStore {
    /// A list from the greatest key down.
    pub(super) fn list<T: Send + 'static>(
        &self,
        page: PageRequest,
        key: impl Fn(&T) -> i64 + Send + 'static,
        rows: impl for<'t> FnOnce(&'t Tables) -> Box<dyn Iterator<Item = T> + 't> + Send + 'static,
    ) -> Answer<'_, Page<T>> {
        Box::pin(async move {
            let after = cursor::read::<1>(&page)?.map_or(i64::MAX, |[key]| key);
            let tables = self.tables();
            let items = rows(&tables).filter(|row| key(row) < after).take(page.size() + 1).collect();
            Ok::<_, StoreError>(cursor::page(items, page.size(), |row| [key(row)]))
        })
    }
}

fn summary(tables: &Tables, id: InstanceId, row: &Instance) -> InstanceSummary {
    InstanceSummary {
        id,
        workflow: row.workflow.clone(),
        status: row.status,
        rev: row.rev,
        wake_at: row.wake_at,
        case_no: tables.cases.get(&id).map(|case| case.no.clone()),
        start_key: row.start_key.clone(),
        updated: row.updated,
    }
}

/// The word that a plain enum is written as in JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
