//! The engine's one value type.
//!
//! Data stay jaq values from the edge to the snapshot: converting them for each evaluation would cost many
//! times the evaluation itself (ADR 0004). JSON exists only at the edges.

use std::fmt;

use jaq_json::{Num, Val};
use serde::de::Deserializer;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

/// A JSON value, shared and cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data(pub Val);

impl Data {
    /// `null`.
    pub fn null() -> Self {
        Self(Val::Null)
    }

    /// A string.
    pub fn string(text: impl Into<String>) -> Self {
        Self(Val::from(text.into()))
    }

    /// An object of these members, in this order.
    pub fn object(members: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self(Val::obj(members.into_iter().map(|(key, value)| (Val::from(key), value.0)).collect()))
    }

    /// An array of these items.
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self(items.into_iter().map(|item| item.0).collect())
    }

    /// Is it `null`?
    pub fn is_null(&self) -> bool {
        matches!(self.0, Val::Null)
    }

    /// jq's truth: all but `null` and `false`.
    pub fn is_true(&self) -> bool {
        !matches!(self.0, Val::Null | Val::Bool(false))
    }

    /// The text of a string that is valid UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Val::TStr(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// An integer; `3.0` is one too.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Val::Num(Num::Int(value)) => Some(*value as i64),
            Val::Num(Num::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
                Some(*value as i64)
            }
            _ => None,
        }
    }

    /// A member of an object.
    pub fn get(&self, key: &str) -> Option<Self> {
        match &self.0 {
            Val::Obj(map) => map.get(&Val::from(key.to_owned())).cloned().map(Self),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn items(&self) -> Option<impl ExactSizeIterator<Item = Self> + '_> {
        match &self.0 {
            Val::Arr(items) => Some(items.iter().cloned().map(Self)),
            _ => None,
        }
    }

    /// The same with `value` at this JSON Pointer. None: there is no such place.
    pub fn replaced(&self, pointer: &str, value: Self) -> Option<Self> {
        let Some(rest) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(value) };
        let (step, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let step = step.replace("~1", "/").replace("~0", "~");
        match &self.0 {
            Val::Obj(members) => {
                let key = Val::from(step);
                let member = Self(members.get(&key)?.clone()).replaced(rest, value)?;
                let mut members = (**members).clone();
                members.insert(key, member.0);
                Some(Self(Val::obj(members)))
            }
            Val::Arr(items) => {
                let at: usize = step.parse().ok()?;
                let item = Self(items.get(at)?.clone()).replaced(rest, value)?;
                let others = items.iter().enumerate();
                let items = others.map(|(other, it)| if other == at { item.0.clone() } else { it.clone() });
                Some(Self(items.collect()))
            }
            _ => None,
        }
    }

    /// As a `serde_json` value, for schemas and edges.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }
}

impl From<serde_json::Value> for Data {
    fn from(value: serde_json::Value) -> Self {
        // Val deserialises from every JSON value: null, bool, number, string, array, object.
        Val::deserialize(value).map(Self).unwrap_or_default()
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Val::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

/// Writes a value as JSON. Integral floats are written as integers: `84.0` would turn up in a citizen's
/// message and fail `type: integer`. Bytes that are not UTF-8 are replaced.
fn serialize<S: Serializer>(value: &Val, serializer: S) -> Result<S::Ok, S::Error> {
    struct Borrowed<'a>(&'a Val);
    impl Serialize for Borrowed<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serialize(self.0, serializer)
        }
    }
    match value {
        Val::Null => serializer.serialize_unit(),
        Val::Bool(value) => serializer.serialize_bool(*value),
        Val::Num(Num::Int(value)) => serializer.serialize_i64(*value as i64),
        Val::Num(Num::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
            serializer.serialize_i64(*value as i64)
        }
        Val::Num(Num::Float(value)) => serializer.serialize_f64(*value),
        Val::Num(number) => {
            let number: serde_json::Number = number.to_string().parse().map_err(S::Error::custom)?;
            number.serialize(serializer)
        }
        Val::BStr(bytes) | Val::TStr(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
        Val::Arr(items) => {
            let mut seq = serializer.serialize_seq(Some(items.len()))?;
            for item in items.iter() {
                seq.serialize_element(&Borrowed(item))?;
            }
            seq.end()
        }
        Val::Obj(members) => {
            let mut map = serializer.serialize_map(Some(members.len()))?;
            for (key, value) in members.iter() {
                match key {
                    Val::TStr(bytes) | Val::BStr(bytes) => {
                        map.serialize_entry(&*String::from_utf8_lossy(bytes), &Borrowed(value))?;
                    }
                    other => map.serialize_entry(&other.to_string(), &Borrowed(value))?,
                }
            }
            map.end()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_replaced_in_its_place() {
        let data = Data::from(json!({"a": [{"x/y~": null}, 2], "b": 1}));
        let check = |pointer: &str| data.replaced(pointer, Data::string("new")).map(|data| data.to_json());
        assert_eq!(check("/a/0/x~1y~0"), Some(json!({"a": [{"x/y~": "new"}, 2], "b": 1})));
        assert_eq!(check("/a/1"), Some(json!({"a": [{"x/y~": null}, "new"], "b": 1})));
        assert_eq!(check("/b"), Some(json!({"a": [{"x/y~": null}, 2], "b": "new"})));
        assert_eq!(check(""), Some(json!("new")));
        for nowhere in ["/c", "/a/2", "/a/x", "/b/0", "b"] {
            assert_eq!(check(nowhere), None, "{nowhere}");
        }
    }
}
