//! `kv`: a channel's small state, in the caller's store, within the quota that the manifest asks for.

use yiwang_core::Timestamp;

use crate::bindings::yiwang::channel::kv::{Host, KvError};
use crate::call::CallState;
use crate::limits;

type Answer<T> = wasmtime::Result<Result<T, KvError>>;

impl Host for CallState {
    async fn get(&mut self, key: String) -> Answer<Option<Vec<u8>>> {
        Ok(match self.may(&key) {
            Err(refused) => Err(refused),
            Ok(_) => {
                let now = self.timestamp();
                let answer = self.channel.environment.key_value.get(&self.channel.id, &key, now).await;
                if let (Ok(value), Some(tape)) = (&answer, &mut self.noted.tape) {
                    tape.looked_up(&key, value.as_deref());
                }
                answer.map_err(|error| unavailable(&error))
            }
        })
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Answer<()> {
        Ok(self.store(key, value, ttl_ms, false).await.map(drop))
    }

    async fn set_if_absent(&mut self, key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Answer<bool> {
        Ok(self.store(key, value, ttl_ms, true).await)
    }

    async fn delete(&mut self, key: String) -> Answer<()> {
        Ok(match self.may(&key) {
            Err(refused) => Err(refused),
            Ok(_) => {
                let answer = self.channel.environment.key_value.delete(&self.channel.id, &key).await;
                if let Some(tape) = &mut self.noted.tape {
                    tape.wrote(&key, None);
                }
                answer.map_err(|error| unavailable(&error))
            }
        })
    }
}

impl CallState {
    fn timestamp(&self) -> Timestamp {
        Timestamp(i64::try_from(CallState::now_ms(self)).unwrap_or(i64::MAX))
    }

    /// The quota, if the channel has one and the key is right.
    fn may(&mut self, key: &str) -> Result<u64, KvError> {
        self.saw("kv");
        let quota = self.effective.kv().map_err(KvError::Denied)?;
        self.kv_calls += 1;
        if self.kv_calls > limits::KV_CALLS_MAX {
            return Err(KvError::Unavailable(format!(
                "more than {} calls of kv in one call",
                limits::KV_CALLS_MAX
            )));
        }
        let right = (1..=limits::KV_KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control);
        if right { Ok(quota) } else { Err(KvError::InvalidKey) }
    }

    async fn store(
        &mut self,
        key: String,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
        only_if_absent: bool,
    ) -> Result<bool, KvError> {
        let quota = self.may(&key)?;
        let channel = &self.channel;
        let key_value = &channel.environment.key_value;
        let used = key_value.used(&channel.id).await.map_err(|error| unavailable(&error))?;
        let wanted = u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX);
        if value.len() > limits::KV_VALUE_BYTES_MAX || used.saturating_add(wanted) > quota {
            return Err(KvError::QuotaExceeded);
        }
        let now = self.timestamp();
        if only_if_absent && self.noted.tape.is_some() {
            // A recording must know what stood in the way.
            let before = key_value.get(&channel.id, &key, now).await.map_err(|error| unavailable(&error))?;
            if let Some(tape) = &mut self.noted.tape {
                tape.looked_up(&key, before.as_deref());
            }
        }
        let kept = self.noted.tape.is_some().then(|| value.clone());
        let expires = ttl_ms.map(|ttl| now.plus_millis(ttl));
        let answer = key_value.set(&channel.id, &key, value, expires, only_if_absent.then_some(now)).await;
        if let (Ok(true), Some(value), Some(tape)) = (&answer, kept, &mut self.noted.tape) {
            tape.wrote(&key, Some(&value));
        }
        answer.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &yiwang_runtime::ports::StoreError) -> KvError {
    tracing::warn!(
        error = error.to_string(),
        source = error.source.to_string(),
        "the small store of a channel failed"
    );
    KvError::Unavailable("the store does not answer".to_owned())
}
