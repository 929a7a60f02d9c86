//! Files in memory, for tests. Names and types are believed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::ports::{Answer, Files, KeptFile, NewFile};

/// Files in memory.
#[derive(Debug, Default)]
pub struct MemoryFiles(Mutex<BTreeMap<String, Bytes>>);

impl Files for MemoryFiles {
    fn keep(&self, file: NewFile) -> Answer<'_, KeptFile> {
        let digits: Vec<String> =
            Sha256::digest(&file.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = format!("sha256:{}", digits.concat());
        let kept = KeptFile {
            digest: digest.clone(),
            size: file.bytes.len() as u64,
            media_type: file.media_type,
            name: Some(file.name),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, file.bytes);
        Box::pin(std::future::ready(Ok(kept)))
    }

    fn holds(&self, digest: &str) -> Answer<'_, bool> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(digest);
        Box::pin(std::future::ready(Ok(found)))
    }

    fn read(&self, digest: &str) -> Answer<'_, Option<Bytes>> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }
}
