//! Where in the mailbox we are: `UIDVALIDITY.UID`, the last message that has become an event.

/// A place in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) uid_validity: u32,
    pub(crate) uid: u32,
}

impl Cursor {
    /// Reads one; none if it is none, as at the beginning: then all is new, and what is known is dropped by its id.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (uid_validity, uid) = text.split_once('.')?;
        Some(Self { uid_validity: uid_validity.parse().ok()?, uid: uid.parse().ok()? })
    }
}

impl core::fmt::Display for Cursor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.uid_validity, self.uid)
    }
}
