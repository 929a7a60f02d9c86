//! Cursors of lists: where a page ended, as an opaque text. All stores write them the same way.
//!
//! A cursor holds the sort key of the last item seen, so that items which come or go meanwhile neither
//! repeat nor hide others.

use crate::ports::{Page, PageRequest, StoreError};

/// A text that no list has given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct BadCursor;

/// Writes a sort key.
pub fn write<const N: usize>(key: [i64; N]) -> String {
    key.map(|part| part.to_string()).join("_")
}

/// Reads the sort key after which a page begins; none: from the start.
///
/// # Errors
/// [`BadCursor`], when the text is not a key of this length.
pub fn read<const N: usize>(page: &PageRequest) -> Result<Option<[i64; N]>, StoreError> {
    let Some(text) = &page.cursor else { return Ok(None) };
    let parts: Option<Vec<i64>> = text.split('_').map(|part| part.parse().ok()).collect();
    let key = parts.and_then(|parts| parts.try_into().ok());
    key.map(Some).ok_or_else(|| StoreError::new("reading a cursor", BadCursor))
}

/// Makes a page of up to `size` of these items, in order; one more than that tells that there is another.
pub fn page<T, const N: usize>(mut items: Vec<T>, size: usize, key: impl Fn(&T) -> [i64; N]) -> Page<T> {
    let more = items.len() > size;
    items.truncate(size);
    let next_cursor = items.last().filter(|_| more).map(|last| write(key(last)));
    Page { items, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_foreign_text_is_refused() {
        let at = |cursor: &str| PageRequest { cursor: Some(cursor.to_owned()), limit: 0 };
        let key = [i64::MIN, -1, 0, i64::MAX];
        assert_eq!(read(&at(&write(key))).unwrap(), Some(key));
        assert_eq!(read::<2>(&PageRequest::default()).unwrap(), None);
        for bad in ["", "x", "1", "1_2_3", "1_", "1_zz", "1_2 "] {
            assert!(read::<2>(&at(bad)).unwrap_err().is_bad_cursor(), "{bad}");
        }
    }
}
