//! Puts reference documents: checked by the rules, committed, and only then what steps read.

use std::sync::Arc;

use yiwang_core::correlation::SubscriptionKey;
use yiwang_core::district::District;
use yiwang_core::reference::Reference;
use yiwang_core::{Timestamp, promise};

use crate::Error;
use crate::limits::DEPLOYMENT_BYTES_MAX;
use crate::ports::{Store, StoreError};
use crate::request::{PutReference, StoredReference};
use crate::turn::Turn;

/// The document that a wish makes, after what is known. None: it says what the newest version says already.
fn document(district: &District, wish: PutReference, now: Timestamp) -> Result<Option<Reference>, Error> {
    let PutReference { kind, name, body, by, reason, version } = wish;
    if body.len() > DEPLOYMENT_BYTES_MAX {
        let what = format!("the {} `{name}`", kind.word());
        return Err(Error::TooLarge { what, bytes: body.len(), limit: DEPLOYMENT_BYTES_MAX });
    }
    let newest = district.document(kind, &name);
    let stands = newest.map_or(0, |newest| newest.version);
    if version.is_some_and(|seen| seen != stands) {
        return Err(Error::ReferenceChanged { kind, name, version: stands });
    }
    if newest.is_some_and(|newest| *newest.body == *body) {
        return Ok(None);
    }
    let number = district.last_number() + 1;
    Ok(Some(Reference { number, kind, name, version: stands + 1, at: now, by, reason, body: body.into() }))
}

impl Turn<'_> {
    /// Takes a new version of a reference document, unless it says nothing new. What comes later in this turn
    /// reads it already.
    pub(crate) fn put_reference(&mut self, wish: PutReference) -> Result<StoredReference, Error> {
        let (kind, name) = (wish.kind, wish.name.clone());
        let Some(row) = document(&self.district, wish, self.now)? else {
            let version = self.district.document(kind, &name).map_or(0, |newest| newest.version);
            return Ok(StoredReference { kind, name, version, existing: true });
        };
        let version = row.version;
        let district = self.district.with(row.clone());
        self.district = Arc::new(district.map_err(Error::InvalidReference)?);
        self.batch.references.push(row);
        Ok(StoredReference { kind, name, version, existing: false })
    }
}

/// Reads the stored documents that are not known yet. What does not pass any more is told in the log and left
/// out: the version before it stays in force.
pub(crate) async fn read(store: &dyn Store, known: &Arc<District>) -> Result<Arc<District>, StoreError> {
    let mut district = Arc::clone(known);
    for row in store.references().await? {
        if row.number <= district.last_number() {
            continue;
        }
        let (kind, name, version) = (row.kind.word(), row.name.clone(), row.version);
        match district.with(row) {
            Ok(with) => district = Arc::new(with),
            Err(mistakes) => {
                let first = mistakes.first().map(|mistake| mistake.message.to_string()).unwrap_or_default();
                tracing::error!(kind, name, version, first, "a reference document is not valid any more");
            }
        }
    }
    Ok(district)
}

/// Where instances stand whose provisional due times are by an edition that is not the newest any more.
pub(crate) fn old_editions(district: &District) -> Vec<SubscriptionKey> {
    let calendars = &district.calendars;
    let of = |id: &str| {
        let newest = calendars.newest(id).map_or(0, |newest| newest.edition);
        let old = calendars.editions(id).filter(|edition| *edition < newest);
        old.map(|edition| promise::key(id, edition)).collect::<Vec<_>>()
    };
    calendars.ids().flat_map(of).collect()
}
