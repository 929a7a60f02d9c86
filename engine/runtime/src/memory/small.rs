//! Key-value state of channels, and tokens.

use futures::FutureExt as _;
use yiwang_core::Timestamp;

use super::{MemoryStore, Value};
use crate::ports::{Answer, KeyValue, StoreError, TokenRow, Tokens};

impl KeyValue for MemoryStore {
    fn get(&self, channel: &str, key: &str, now: Timestamp) -> Answer<'_, Option<Vec<u8>>> {
        let name = (channel.to_owned(), key.to_owned());
        self.read(move |tables| {
            let value = tables.values.get(&name).filter(|value| value.is_there(now));
            value.map(|value| value.bytes.clone())
        })
    }

    fn set(
        &self,
        channel: &str,
        key: &str,
        value: Vec<u8>,
        expires: Option<Timestamp>,
        only_if_absent: Option<Timestamp>,
    ) -> Answer<'_, bool> {
        let name = (channel.to_owned(), key.to_owned());
        async move {
            let mut tables = self.tables();
            if let Some(now) = only_if_absent {
                tables.values.retain(|(channel, _), value| *channel != name.0 || value.is_there(now));
                if tables.values.contains_key(&name) {
                    return Ok(false);
                }
            }
            tables.values.insert(name, Value { bytes: value, expires });
            Ok(true)
        }
        .boxed()
    }

    fn delete(&self, channel: &str, key: &str) -> Answer<'_, ()> {
        let name = (channel.to_owned(), key.to_owned());
        async move {
            self.tables().values.remove(&name);
            Ok(())
        }
        .boxed()
    }

    fn used(&self, channel: &str) -> Answer<'_, u64> {
        let channel = channel.to_owned();
        self.read(move |tables| {
            let of_channel = tables.values.iter().filter(|((owner, _), _)| *owner == channel);
            of_channel.map(|((_, key), value)| (key.len() + value.bytes.len()) as u64).sum()
        })
    }
}

impl Value {
    fn is_there(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|at| at > now)
    }
}

impl Tokens for MemoryStore {
    fn add_token(&self, token: TokenRow) -> Answer<'_, ()> {
        async move {
            let mut tables = self.tables();
            let taken = tables.tokens.values().any(|known| known.hash == token.hash);
            if taken || tables.tokens.contains_key(&token.id) {
                return Err(StoreError::new("adding a token", "its id or hash is taken"));
            }
            tables.tokens.insert(token.id.clone(), token);
            Ok(())
        }
        .boxed()
    }

    fn token(&self, hash: &str) -> Answer<'_, Option<TokenRow>> {
        let hash = hash.to_owned();
        self.read(move |tables| tables.tokens.values().find(|token| token.hash == hash).cloned())
    }

    fn tokens(&self) -> Answer<'_, Vec<TokenRow>> {
        self.read(|tables| tables.tokens.values().cloned().collect())
    }

    fn revoke_token(&self, id: &str) -> Answer<'_, bool> {
        let id = id.to_owned();
        async move { Ok(self.tables().tokens.remove(&id).is_some()) }.boxed()
    }
}
