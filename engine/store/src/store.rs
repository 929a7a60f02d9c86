//! The loop's view of the store: each port method, and the file that does it.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::reference::Reference;
use yiwang_core::{Case, CaseNo, InstanceId, Timestamp};
use yiwang_runtime::ports::{
    Answer, Batch, CommitError, DeploymentRow, InboxRow, KeyValue, Loaded, PollCursor, ScheduleRow, StartKey,
    Started, Store, StoreError, TokenRow, Tokens,
};

use crate::open::SqlStore;
use crate::prepare::prepare;
use crate::sql::{Sql, column, doing, unsigned};
use crate::tokens::TokenWrite;
use crate::values::ValueWrite;
use crate::writer::{Job, Small};
use crate::{
    cases, deployments, inbox, instances, poll_cursors, references, schedules, start_keys, subscriptions,
    tokens, values,
};

impl Store for SqlStore {
    fn load(&self, ids: Vec<InstanceId>) -> BoxFuture<'_, Result<Vec<Loaded>, StoreError>> {
        async move { instances::load(&self.loop_reads, &ids).await }.boxed()
    }

    fn started(&self, keys: Vec<StartKey>) -> BoxFuture<'_, Result<Vec<(StartKey, Started)>, StoreError>> {
        async move { start_keys::find(&self.loop_reads, &keys).await.map_err(doing("looking up start keys")) }
            .boxed()
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), CommitError>> {
        async move {
            let prepared = Box::new(prepare(batch)?);
            let answer = self.ask(|reply| Job::Commit(prepared, reply)).await;
            answer.unwrap_or_else(|| Err(CommitError::Failed(self.no_writer())))
        }
        .boxed()
    }

    fn due(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(Timestamp, InstanceId)>, StoreError>> {
        async move { instances::due(&self.loop_reads, until, limit).await.map_err(doing("looking for timers")) }
            .boxed()
    }

    fn next_due(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        async move {
            let wake = instances::next_wake(&self.loop_reads).await.map_err(doing("looking for timers"))?;
            let release = self.next_release().await?;
            Ok(wake.into_iter().chain(release).min())
        }
        .boxed()
    }

    fn next_release(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        async move { inbox::next_release(&self.loop_reads).await.map_err(doing("looking for releases")) }
            .boxed()
    }

    fn in_flight(
        &self,
        after: Option<InstanceId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<InstanceId>, StoreError>> {
        async move {
            let found = instances::in_flight(&self.loop_reads, after, limit).await;
            found.map_err(doing("looking for effects under way"))
        }
        .boxed()
    }

    fn subscribers(
        &self,
        keys: Vec<SubscriptionKey>,
    ) -> BoxFuture<'_, Result<Vec<(SubscriptionKey, InstanceId)>, StoreError>> {
        async move { subscriptions::find(&self.loop_reads, &keys).await.map_err(doing("looking for subscribers")) }
            .boxed()
    }

    fn known(&self, events: Vec<(String, String)>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        async move { inbox::known(&self.loop_reads, &events).await }.boxed()
    }

    fn routable(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        async move { inbox::routable(&self.loop_reads, now, limit).await }.boxed()
    }

    fn gathering(&self, sessions: Vec<String>) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        async move { inbox::gathering(&self.loop_reads, &sessions).await }.boxed()
    }

    fn buffered(
        &self,
        keys: Vec<SubscriptionKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<InboxRow>, StoreError>> {
        async move { inbox::buffered(&self.loop_reads, &keys, now).await }.boxed()
    }

    fn deployments(&self) -> BoxFuture<'_, Result<Vec<DeploymentRow>, StoreError>> {
        async move { deployments::all(&self.loop_reads).await }.boxed()
    }

    fn references(&self) -> BoxFuture<'_, Result<Vec<Reference>, StoreError>> {
        async move { references::all(&self.loop_reads).await.map_err(doing("reading reference documents")) }
            .boxed()
    }

    fn last_case_number(&self) -> BoxFuture<'_, Result<Option<(String, u32)>, StoreError>> {
        async move { cases::last_number(&self.loop_reads).await.map_err(doing("reading the last case number")) }
            .boxed()
    }

    fn case_instances(
        &self,
        numbers: Vec<CaseNo>,
    ) -> BoxFuture<'_, Result<Vec<(CaseNo, InstanceId)>, StoreError>> {
        async move { cases::instances(&self.loop_reads, &numbers).await.map_err(doing("looking up cases")) }
            .boxed()
    }

    fn cases_of_phones(
        &self,
        phones: Vec<(String, Timestamp)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Case>, StoreError>> {
        async move { cases::of_phones(&self.loop_reads, &phones, limit).await }.boxed()
    }

    fn schedules(&self) -> BoxFuture<'_, Result<Vec<ScheduleRow>, StoreError>> {
        async move { schedules::all(&self.loop_reads).await.map_err(doing("reading schedules")) }.boxed()
    }

    fn poll_cursors(&self) -> BoxFuture<'_, Result<Vec<PollCursor>, StoreError>> {
        let failed = doing("reading cursors of channels");
        async move { poll_cursors::all(&self.loop_reads).await.map_err(failed) }.boxed()
    }

    fn greatest_id(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        async move {
            let row = Sql::new(
                "SELECT max(id) FROM (SELECT max(id) AS id FROM instance UNION ALL SELECT max(id) FROM inbox
                   UNION ALL SELECT max(id) FROM rejection UNION ALL SELECT max(id) FROM schedule_run
                   UNION ALL SELECT max(instance) FROM archived UNION ALL SELECT max(id) FROM sweep UNION ALL SELECT max(until) FROM sweep) ids",
                [],
            );
            let row = row.one(&self.loop_reads).await.map_err(doing("reading the greatest id"))?;
            let id = row.map(|row| column::<Option<i64>>(&row, 0)).transpose();
            Ok(id.map_err(doing("reading the greatest id"))?.flatten().map_or(0, unsigned))
        }
        .boxed()
    }
}

impl KeyValue for SqlStore {
    fn get(&self, channel: &str, key: &str, now: Timestamp) -> Answer<'_, Option<Vec<u8>>> {
        let (channel, key) = (channel.to_owned(), key.to_owned());
        async move {
            let found = values::get(&self.loop_reads, &channel, &key, now).await;
            found.map_err(doing("reading a channel's value"))
        }
        .boxed()
    }

    fn set(
        &self,
        channel: &str,
        key: &str,
        value: Vec<u8>,
        expires: Option<Timestamp>,
        only_if_absent: Option<Timestamp>,
    ) -> Answer<'_, bool> {
        let (channel, key) = (channel.to_owned(), key.to_owned());
        let write = ValueWrite::Set { channel, key, value, expires, only_if_absent };
        async move { Ok(self.small(Small::Value(write)).await? > 0) }.boxed()
    }

    fn delete(&self, channel: &str, key: &str) -> Answer<'_, ()> {
        let write = ValueWrite::Delete { channel: channel.to_owned(), key: key.to_owned() };
        async move { self.small(Small::Value(write)).await.map(drop) }.boxed()
    }

    fn used(&self, channel: &str) -> Answer<'_, u64> {
        let channel = channel.to_owned();
        async move { values::used(&self.loop_reads, &channel).await.map_err(doing("measuring a channel")) }
            .boxed()
    }
}

impl Tokens for SqlStore {
    fn add_token(&self, token: TokenRow) -> Answer<'_, ()> {
        async move { self.small(Small::Token(TokenWrite::Add(token))).await.map(drop) }.boxed()
    }

    fn token(&self, hash: &str) -> Answer<'_, Option<TokenRow>> {
        let hash = hash.to_owned();
        async move { tokens::find(&self.query_reads, &hash).await }.boxed()
    }

    fn tokens(&self) -> Answer<'_, Vec<TokenRow>> {
        async move { tokens::all(&self.query_reads).await }.boxed()
    }

    fn revoke_token(&self, id: &str) -> Answer<'_, bool> {
        let write = TokenWrite::Revoke(id.to_owned());
        async move { Ok(self.small(Small::Token(write)).await? > 0) }.boxed()
    }
}
