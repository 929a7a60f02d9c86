//! Tokens that were looked up a short while ago: most requests come with the same few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use yiwang_core::Timestamp;
use yiwang_runtime::ports::{Answer, Clock, TokenRow, Tokens};

use crate::limits::{TOKEN_MILLIS_MAX, TOKENS_KNOWN_MAX};

/// Stored tokens, those that are used remembered. Only what is there is remembered, never that something is not.
pub(crate) struct KnownTokens {
    stored: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    rows: HashMap<String, (TokenRow, Timestamp)>,
    /// How often tokens were revoked: what was looked up before that is not remembered after it.
    revocations: u64,
}

impl KnownTokens {
    pub(crate) fn new(stored: Arc<dyn Tokens>, clock: Arc<dyn Clock>) -> Self {
        Self { stored, clock, known: Mutex::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tokens for KnownTokens {
    fn add_token(&self, token: TokenRow) -> Answer<'_, ()> {
        self.stored.add_token(token)
    }

    fn token(&self, hash: &str) -> Answer<'_, Option<TokenRow>> {
        let now = self.clock.now();
        let (found, revocations) = self.with(|known| {
            // A clock that went back makes what is remembered old, not young.
            let fresh = |since: Timestamp| (0..TOKEN_MILLIS_MAX).contains(&now.0.saturating_sub(since.0));
            let fresh = known.rows.get(hash).filter(|(_, since)| fresh(*since));
            (fresh.map(|(row, _)| row.clone()), known.revocations)
        });
        if found.is_some() {
            return std::future::ready(Ok(found)).boxed();
        }
        let hash = hash.to_owned();
        async move {
            let row = self.stored.token(&hash).await?;
            self.with(|known| match &row {
                Some(row) if known.revocations == revocations => {
                    if known.rows.len() >= TOKENS_KNOWN_MAX {
                        known.rows.clear();
                    }
                    known.rows.insert(hash, (row.clone(), now));
                }
                Some(_) => {}
                None => drop(known.rows.remove(&hash)),
            });
            Ok(row)
        }
        .boxed()
    }

    fn tokens(&self) -> Answer<'_, Vec<TokenRow>> {
        self.stored.tokens()
    }

    fn revoke_token(&self, id: &str) -> Answer<'_, bool> {
        let id = id.to_owned();
        async move {
            let revoked = self.stored.revoke_token(&id).await;
            // Also when nobody knows whether it happened.
            self.with(|known| {
                known.revocations += 1;
                known.rows.retain(|_, (row, _)| row.id != id);
            });
            revoked
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use yiwang_runtime::VirtualClock;

    use super::*;

    /// Counts how often it is asked.
    #[derive(Default)]
    struct Stored {
        rows: Mutex<Vec<TokenRow>>,
        asked: AtomicUsize,
    }

    impl Tokens for Stored {
        fn add_token(&self, token: TokenRow) -> Answer<'_, ()> {
            self.rows.lock().unwrap().push(token);
            std::future::ready(Ok(())).boxed()
        }

        fn token(&self, hash: &str) -> Answer<'_, Option<TokenRow>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let found = self.rows.lock().unwrap().iter().find(|row| row.hash == hash).cloned();
            std::future::ready(Ok(found)).boxed()
        }

        fn tokens(&self) -> Answer<'_, Vec<TokenRow>> {
            std::future::ready(Ok(self.rows.lock().unwrap().clone())).boxed()
        }

        fn revoke_token(&self, id: &str) -> Answer<'_, bool> {
            self.rows.lock().unwrap().retain(|row| row.id != id);
            std::future::ready(Ok(true)).boxed()
        }
    }

    #[tokio::test]
    async fn a_token_is_looked_up_once_until_it_is_revoked_or_old() {
        let stored = Arc::new(Stored::default());
        let clock = VirtualClock::new(Timestamp(0));
        let tokens = KnownTokens::new(stored.clone(), Arc::new(clock.clone()));
        let row = |id: &str| TokenRow {
            id: id.to_owned(),
            hash: format!("hash of {id}"),
            person: "li".to_owned(),
            roles: Vec::new(),
            created: Timestamp(0),
            expires: None,
        };
        let asked = |hash: &'static str| async {
            let found = tokens.token(hash).await.unwrap().map(|row| row.id);
            (found, stored.asked.load(Ordering::Relaxed))
        };
        let some = |id: &str| Some(id.to_owned());
        assert_eq!(asked("hash of a").await, (None, 1));
        assert_eq!(asked("hash of a").await, (None, 2), "what is not there may come at any time");
        tokens.add_token(row("a")).await.unwrap();
        assert_eq!(asked("hash of a").await, (some("a"), 3));
        assert_eq!(asked("hash of a").await, (some("a"), 3));
        tokens.revoke_token("a").await.unwrap();
        assert_eq!(asked("hash of a").await, (None, 4));
        // Revoked by another node.
        tokens.add_token(row("b")).await.unwrap();
        assert_eq!(asked("hash of b").await, (some("b"), 5));
        stored.revoke_token("b").await.unwrap();
        assert_eq!(asked("hash of b").await, (some("b"), 5));
        clock.set(Timestamp(TOKEN_MILLIS_MAX));
        assert_eq!(asked("hash of b").await, (None, 6));
    }
}
