//! What has ended leaves the store.

use yiwang_core::transition::Status;
use yiwang_core::{InstanceId, Timestamp};
use yiwang_runtime::ports::{ArchiveRow, Batch, CaseFilter, Forget, InstanceFilter, TurnRow};

use crate::Ports;
use crate::rows::{NOW, at, case, deployed, key, page, turn, turns};

fn row() -> ArchiveRow {
    ArchiveRow {
        digest: "sha256:00".to_owned(),
        size: 1,
        at: NOW,
        by: "li".to_owned(),
        instances: 0,
        turns: 0,
    }
}

fn ended(id: u64, rev: u64, status: Status) -> TurnRow {
    TurnRow { status, ..turn(id, rev) }
}

async fn listed(store: &dyn Ports, until: Timestamp) -> Vec<u64> {
    let rows = store.ended(until, None, 10).await.unwrap();
    rows.into_iter().map(|row| row.instance.0).collect()
}

/// Only what completed or was cancelled, in order of id, page by page.
pub async fn what_has_ended_is_listed_by_id(store: &dyn Ports) {
    deployed(store).await;
    let rows = [
        ended(1, 1, Status::Completed),
        ended(2, 1, Status::Cancelled),
        ended(3, 1, Status::Faulted),
        ended(4, 1, Status::Waiting),
        TurnRow { in_flight: true, ..ended(5, 1, Status::Completed) },
    ];
    store.commit(turns(rows)).await.unwrap();
    let later = Batch {
        now: at(5_000),
        ..turns([TurnRow { case: Some(case(6, "QC-20240611-000006")), ..ended(6, 1, Status::Completed) }])
    };
    store.commit(later).await.unwrap();
    assert_eq!(listed(store, at(5_000)).await, [1, 2, 6]);
    assert_eq!(listed(store, at(4_999)).await, [1, 2]);
    let first = store.ended(at(5_000), None, 1).await.unwrap().remove(0);
    assert_eq!((&*first.workflow, first.ended, first.case), ("test/a", NOW, None));
    let rest = store.ended(at(5_000), Some(first.instance), 10).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.instance.0).collect::<Vec<_>>(), [2, 6]);
    assert_eq!(rest[1].case.as_ref().map(ToString::to_string).as_deref(), Some("QC-20240611-000006"));
}

/// Once, and only if it has not moved since it was read; the others stay as they are.
pub async fn an_archived_instance_is_gone_and_the_others_stay(store: &dyn Ports) {
    deployed(store).await;
    let start = Some((key("k"), "hash".to_owned()));
    let of_case = Some(case(1, "QC-20240611-000001"));
    store
        .commit(turns([TurnRow { start, case: of_case, ..turn(1, 1) }, turn(2, 1), turn(3, 1)]))
        .await
        .unwrap();
    store.commit(turns([1, 2, 3].map(|id| ended(id, 2, Status::Completed)))).await.unwrap();
    let rows = store.ended(NOW, None, 10).await.unwrap();
    let found: Vec<(InstanceId, Vec<u8>)> = rows.into_iter().map(|row| (row.instance, row.hash)).collect();
    let lines = store.turns_of(vec![InstanceId(1)]).await.unwrap();
    let text: Vec<&str> = lines.iter().map(|turn| turn.lines.trim_end()).collect();
    assert_eq!(text.join("\n").lines().count(), 2, "all lines of history");
    assert_eq!(Some(&lines[lines.len() - 1].hash), found.first().map(|(_, hash)| hash), "to where it stands");
    // The third one moves after it was read: somebody wrote a note.
    store.commit(turns([ended(3, 3, Status::Completed)])).await.unwrap();
    let wish = Forget { archive: row(), instances: vec![found[0].clone(), found[2].clone()] };
    assert_eq!(store.forget(wish.clone()).await.unwrap(), 1);
    assert_eq!(store.forget(wish).await.unwrap(), 0, "once");
    let left = store.instances(InstanceFilter::default(), page(10)).await.unwrap().items;
    assert_eq!(left.iter().map(|instance| instance.id.0).collect::<Vec<_>>(), [3, 2]);
    assert!(store.load(vec![InstanceId(1)]).await.unwrap().is_empty());
    assert!(store.started(vec![key("k")]).await.unwrap().is_empty());
    assert!(store.cases(CaseFilter::default(), page(10)).await.unwrap().items.is_empty());
    assert_eq!(store.history(InstanceId(2), 0, 10).await.unwrap().len(), 2);
    let archives = store.archives().await.unwrap();
    assert_eq!(archives.iter().map(|row| row.instances).collect::<Vec<_>>(), [1]);
    // What stayed is what an archive is held against.
    let stayed = store.archived(&row().digest).await.unwrap();
    let known: Vec<_> = stayed.into_iter().map(|row| (row.instance, row.hash)).collect();
    assert_eq!(known, [found[0].clone()]);
    assert_eq!(store.archived("sha256:01").await.unwrap(), []);
    // Its number and its id are not given again.
    assert_eq!(store.last_case_number().await.unwrap(), Some(("20240611".to_owned(), 1)));
}
