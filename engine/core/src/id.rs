//! Names of things. All are made by the runtime from its clock or counted by the instance itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's base 32: no I, L, O, U.
pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// One run of a definition: 41 bits of milliseconds, 10 of shard, 12 of sequence.
///
/// Rows hold the number; people and the API see 13 characters of Crockford base 32 that sort in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub u64);

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 13];
        for (at, byte) in text.iter_mut().enumerate() {
            *byte = ALPHABET[(self.0 >> (60 - 5 * at) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

/// The text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id")
    }
}

impl std::error::Error for ParseIdError {}

impl FromStr for InstanceId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let digits = text.bytes().map(|byte| {
            let upper = byte.to_ascii_uppercase();
            ALPHABET.iter().position(|letter| *letter == upper).ok_or(ParseIdError)
        });
        if text.len() != 13 {
            return Err(ParseIdError);
        }
        let mut id: u64 = 0;
        for digit in digits {
            id = id.checked_mul(32).ok_or(ParseIdError)? + digit? as u64;
        }
        Ok(Self(id))
    }
}

/// Something to be done outside: `instance.n`. The same over all attempts; receivers get it as their
/// idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId {
    /// Whose.
    pub instance: InstanceId,
    /// Counted by the instance.
    pub n: u32,
}

/// Work offered to a person: `instance-n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkItemId {
    /// Whose.
    pub instance: InstanceId,
    /// Counted by the instance.
    pub n: u32,
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.instance, self.n)
    }
}

impl fmt::Display for WorkItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.instance, self.n)
    }
}

impl FromStr for EffectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (instance, n) = text.split_once('.').ok_or(ParseIdError)?;
        Ok(Self { instance: instance.parse()?, n: n.parse().map_err(|_| ParseIdError)? })
    }
}

impl FromStr for WorkItemId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (instance, n) = text.split_once('-').ok_or(ParseIdError)?;
        Ok(Self { instance: instance.parse()?, n: n.parse().map_err(|_| ParseIdError)? })
    }
}

macro_rules! serde_as_text {
    ($($id:ty),*) => {$(
        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

serde_as_text!(InstanceId, EffectId, WorkItemId);

/// One number per matter over all channels, e.g. `QC-20240611-000123`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseNo(pub Arc<str>);

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_show() {
        for n in [0, 1, 31, 32, u64::MAX, 0x1234_5678_9abc_def0] {
            let id = InstanceId(n);
            assert_eq!(id.to_string().parse(), Ok(id));
            let item = WorkItemId { instance: id, n: 7 };
            assert_eq!(item.to_string().parse(), Ok(item));
        }
        assert_eq!("".parse::<InstanceId>(), Err(ParseIdError));
        assert_eq!("ZZZZZZZZZZZZZ".parse::<InstanceId>(), Err(ParseIdError));
        assert_eq!("000000000000U".parse::<InstanceId>(), Err(ParseIdError));
    }
}
