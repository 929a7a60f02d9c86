//! People's view of the store: lists and single rows, read around the writer.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use serde_json::value::RawValue;
use yiwang_core::case::TrackingCode;
use yiwang_core::reference::{Kind, Reference};
use yiwang_core::{Case, CaseNo, EffectId, InstanceId, WorkItem, WorkItemId};
use yiwang_runtime::ports::{
    Answer, CaseFilter, InboxRow, IncidentRow, InstanceFilter, InstanceSummary, MessageFilter, MessageRow,
    Page, PageRequest, Query, RejectionRow, WorkItemFilter,
};

use crate::open::SqlStore;
use crate::sql::doing;
use crate::{
    cases, counts, inbox, incidents, instances, journal, messages, references, rejections, work_items,
};

impl Query for SqlStore {
    fn instances(&self, filter: InstanceFilter, page: PageRequest) -> Answer<'_, Page<InstanceSummary>> {
        instances::page(&self.query_reads, filter, page).boxed()
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<InstanceSummary>> {
        instances::one(&self.query_reads, id).boxed()
    }

    fn history(&self, id: InstanceId, after: u64, limit: usize) -> Answer<'_, Vec<Box<RawValue>>> {
        journal::history(&self.query_reads, id, after, limit).boxed()
    }

    fn work_items(&self, filter: WorkItemFilter, page: PageRequest) -> Answer<'_, Page<WorkItem>> {
        work_items::page(&self.query_reads, filter, page).boxed()
    }

    fn work_item(&self, id: WorkItemId) -> Answer<'_, Option<WorkItem>> {
        work_items::one(&self.query_reads, id).boxed()
    }

    fn cases(&self, filter: CaseFilter, page: PageRequest) -> Answer<'_, Page<Case>> {
        cases::page(&self.query_reads, filter, page).boxed()
    }

    fn case(&self, no: CaseNo) -> Answer<'_, Option<Case>> {
        async move { cases::one(&self.query_reads, &no).await }.boxed()
    }

    fn case_of_code(&self, code: TrackingCode) -> Answer<'_, Option<Case>> {
        async move { cases::of_code(&self.query_reads, &code).await }.boxed()
    }

    fn messages(&self, filter: MessageFilter, page: PageRequest) -> Answer<'_, Page<MessageRow>> {
        messages::page(&self.query_reads, filter, page).boxed()
    }

    fn message(&self, id: EffectId) -> Answer<'_, Option<MessageRow>> {
        messages::one(&self.query_reads, id).boxed()
    }

    fn rejections(&self, channel: Option<String>, page: PageRequest) -> Answer<'_, Page<RejectionRow>> {
        rejections::page(&self.query_reads, channel, page).boxed()
    }

    fn inbox(&self, undelivered: bool, page: PageRequest) -> Answer<'_, Page<InboxRow>> {
        inbox::page(&self.query_reads, undelivered, page).boxed()
    }

    fn incidents(&self, page: PageRequest) -> Answer<'_, Page<IncidentRow>> {
        incidents::page(&self.query_reads, page).boxed()
    }

    fn reference_versions(&self, kind: Kind, name: String) -> Answer<'_, Vec<Reference>> {
        async move {
            let found = references::versions(&self.query_reads, kind, name).await;
            found.map_err(doing("reading the versions of a reference document"))
        }
        .boxed()
    }

    fn counts(&self) -> Answer<'_, BTreeMap<String, u64>> {
        async move { counts::counts(&self.query_reads).await.map_err(doing("counting")) }.boxed()
    }
}
