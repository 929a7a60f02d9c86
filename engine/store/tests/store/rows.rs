//! Rows to write, each as plain as it may be, and ways to get at the file behind the store's back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tempfile::TempDir;
use yiwang_core::history::What;
use yiwang_core::transition::Status;
use yiwang_core::{Case, CaseNo, Event, HistoryEvent, InstanceId, Timestamp, WorkItem, WorkItemId};
use yiwang_dsl::Data;
use yiwang_dsl::definition::{DefinitionHash, DefinitionId};
use yiwang_runtime::ports::{Batch, Disposition, InboxRow, Store, TurnRow};
use yiwang_store::SqlStore;

/// A store in a folder that goes away with it.
pub(crate) struct Fresh {
    pub(crate) store: SqlStore,
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

pub(crate) async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("测试 %20?.db");
    Fresh { store: SqlStore::open(&path).await.unwrap(), path, _folder: folder }
}

impl Fresh {
    /// Closes the store, runs this SQL on the file, and opens it again.
    pub(crate) async fn tampered(self, sql: &str) -> Self {
        self.store.close().await;
        let file = raw(&self.path).await;
        file.execute_unprepared(sql).await.unwrap();
        file.close().await.unwrap();
        Self { store: SqlStore::open(&self.path).await.unwrap(), ..self }
    }

    pub(crate) async fn commit(&self, turns: impl IntoIterator<Item = TurnRow>) {
        self.store.commit(batch(turns)).await.unwrap();
    }
}

/// The file, without the store.
pub(crate) async fn raw(path: &Path) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new("sqlite://file");
    let path = path.to_owned();
    options
        .max_connections(1)
        .map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path).create_if_missing(true));
    Database::connect(options).await.unwrap()
}

pub(crate) fn batch(turns: impl IntoIterator<Item = TurnRow>) -> Batch {
    Batch { now: Timestamp(1000), turns: turns.into_iter().collect(), ..Batch::default() }
}

/// Turn `rev` of an instance, with two history events and a state of some length.
pub(crate) fn turn(id: u64, rev: u64) -> TurnRow {
    let seq = (rev - 1) * 2 + 1;
    let event = |seq, task: &str| HistoryEvent {
        seq,
        at: Timestamp(1000),
        task: Some(task.to_owned()),
        what: What::TaskCompleted { output: Data::string("已受理，转交区城管局办理") },
    };
    TurnRow {
        instance: InstanceId(id),
        rev,
        deployment: DefinitionHash("d1".into()),
        workflow: workflow("complaint"),
        start: None,
        status: Status::Waiting,
        wake_at: None,
        in_flight: false,
        state: state(id, rev),
        history: vec![event(seq, "/do/0/a"), event(seq + 1, "/do/1/b")],
        work_items: Vec::new(),
        case: None,
        subscriptions: None,
        messages: Vec::new(),
        touched: true,
    }
}

pub(crate) fn state(id: u64, rev: u64) -> Vec<u8> {
    format!(r#"{{"id":{id},"rev":{rev},"note":"{}"}}"#, "街道反映路灯不亮。".repeat(8)).into_bytes()
}

pub(crate) fn workflow(name: &str) -> DefinitionId {
    DefinitionId { namespace: "district".to_owned(), name: name.to_owned(), version: "1.0.0".to_owned() }
}

pub(crate) fn item(instance: u64, n: u32) -> WorkItem {
    WorkItem::new(WorkItemId { instance: InstanceId(instance), n }, "/do/0/a", "受理", Timestamp(1000))
}

pub(crate) fn case(instance: u64, count: u32) -> Case {
    Case {
        r#type: "complaint".to_owned(),
        channel: "wechat".to_owned(),
        title: "路灯不亮".to_owned(),
        fields: Data::null(),
        version: 1,
        ..Case::new(CaseNo(format!("QC-20240611-{count:06}").into()), InstanceId(instance), Timestamp(1000))
    }
}

pub(crate) fn arrival(id: u64, name: &str, disposition: Disposition) -> InboxRow {
    let event = Event {
        id: name.to_owned(),
        source: "/channels/wechat".to_owned(),
        r#type: "t".to_owned(),
        subject: None,
        time: Timestamp(1000),
        data: Data::string("路灯不亮"),
        extensions: std::collections::BTreeMap::new(),
    };
    InboxRow { id, event: Arc::new(event), arrived: Timestamp(1000), disposition }
}
