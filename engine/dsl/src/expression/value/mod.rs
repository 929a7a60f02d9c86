//! The values that filters work on: jaq's own, metered.
//!
//! A newtype without cost in space: data go in and out without conversion. It differs from jaq's
//! `Val` in this: every operation is charged; keys of objects are strings; numbers are 64-bit integers or
//! floats, and a float without a fraction is an integer (`84`, never `84.0`, in a citizen's message);
//! removing a key keeps the order of the others; errors show only the beginning of a large value.
//!
//! It does not know the language of filters, only what one operation does to one value.

mod access;
mod operators;
mod order;

use std::fmt;

use jaq_core::val::Range;
use jaq_core::{Error, ValR};
use jaq_json::{Map, Num, Rc, Val};

pub(in crate::expression) use order::compare;

use super::meter::{Stop, allocate, charge, nest, stop};
use super::write;

/// A metered value.
#[derive(Debug)]
pub(in crate::expression) struct Value(pub(in crate::expression) Val);

type Result<T = Value> = ValR<T, Value>;

/// Deepest nesting of any value within an evaluation; results are held to less.
const DEPTH_MAX: usize = 400;
/// Longest string within an evaluation.
pub(in crate::expression) const STRING_LEN_MAX: usize = 4 << 20;
/// Bytes of one item of a list, and of one member of an object.
const ITEM_LEN: usize = 16;
const MEMBER_LEN: usize = 48;

impl Clone for Value {
    fn clone(&self) -> Self {
        charge(1);
        Self(self.0.clone())
    }
}

impl Value {
    pub(in crate::expression) fn string(text: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = text.into();
        charge(1 + bytes.len() / 64);
        allocate(bytes.len());
        if bytes.len() > STRING_LEN_MAX {
            stop(Stop::Memory);
        }
        Self(Val::utf8_str(bytes))
    }

    pub(in crate::expression) fn int(value: usize) -> Self {
        Self(Val::Num(Num::Int(isize::try_from(value).unwrap_or(isize::MAX))))
    }

    pub(in crate::expression) fn list(items: Vec<Val>) -> Self {
        charge(1 + items.len());
        allocate(items.len() * ITEM_LEN);
        if nest() {
            items.iter().for_each(check_depth);
        }
        Self(Val::Arr(Rc::new(items)))
    }

    pub(in crate::expression) fn object(members: Map) -> Self {
        charge(1 + members.len());
        allocate(members.len() * MEMBER_LEN);
        if nest() {
            members.values().for_each(check_depth);
        }
        Self(Val::Obj(Rc::new(members)))
    }

    pub(in crate::expression) fn number(number: Num) -> Self {
        Self(Val::Num(normal(number)))
    }

    pub(in crate::expression) fn as_text(&self) -> Option<&[u8]> {
        match &self.0 {
            Val::TStr(bytes) | Val::BStr(bytes) => {
                charge(1 + bytes.len() / 64);
                Some(bytes)
            }
            _ => None,
        }
    }

    fn position(&self, len: usize) -> Option<usize> {
        let Val::Num(number) = &self.0 else { return None };
        match normal(number.clone()) {
            Num::Int(at) if at >= 0 => usize::try_from(at).ok(),
            Num::Int(at) => len.checked_sub(at.unsigned_abs()),
            // As in jq, `.[1.7]` is `.[1]`.
            Num::Float(at) if at.is_finite() =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is meant")]
                Self(Val::Num(Num::Int(at.floor() as isize))).position(len)
            }
            _ => None,
        }
    }

    /// Start and length of a slice of something of this length.
    fn slice(range: &Range<&Self>, len: usize) -> Result<(usize, usize)> {
        let bound = |value: Option<&Self>, absent: usize, up: bool| match value.map(|value| &value.0) {
            None | Some(Val::Null) => Ok(absent),
            Some(Val::Num(number)) => {
                let number = match normal(number.clone()) {
                    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is meant")]
                    Num::Float(at) => {
                        if up {
                            at.ceil() as isize
                        } else {
                            at.floor() as isize
                        }
                    }
                    Num::Int(at) => at,
                    Num::BigInt(_) | Num::Dec(_) => 0,
                };
                let at = if number < 0 {
                    len.saturating_sub(number.unsigned_abs())
                } else {
                    number.unsigned_abs()
                };
                Ok(at.min(len))
            }
            Some(other) => Err(Error::typ(Self(other.clone()), "number")),
        };
        let (from, upto) = (bound(range.start, 0, false)?, bound(range.end, len, true)?);
        Ok((from, upto.saturating_sub(from)))
    }

    /// A range given as an object, as `path(.[1:2])` yields it.
    fn bounds(object: &Map) -> (Option<Self>, Option<Self>) {
        let bound = |key: &str| object.get(&Val::from(key.to_owned())).cloned().map(Self);
        (bound("start"), bound("end"))
    }

    /// A member or item; `None` where there is none.
    pub(in crate::expression) fn lookup(&self, index: &Self) -> Result<Option<Val>> {
        charge(1);
        Ok(match (&self.0, &index.0) {
            (Val::Null, Val::TStr(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => None,
            (Val::Obj(members), Val::TStr(_)) => members.get(&index.0).cloned(),
            (Val::Arr(items), Val::Num(_)) => {
                index.position(items.len()).and_then(|at| items.get(at)).cloned()
            }
            (Val::Arr(_), Val::Arr(_)) => Some(super::native::indices(self, index)?.0),
            (Val::Arr(_) | Val::TStr(_), Val::Obj(range)) => {
                let (start, end) = Self::bounds(range);
                let whole = Self(self.0.clone());
                Some(jaq_core::ValT::range(whole, start.as_ref()..end.as_ref())?.0)
            }
            _ => return Err(Error::index(Self(self.0.clone()), Self(index.0.clone()))),
        })
    }
}

/// Numbers are integers where they can be: a sum of halves may be whole again.
pub(in crate::expression) fn normal(number: Num) -> Num {
    let float = match number {
        Num::Int(_) => return number,
        Num::Float(value) => value,
        // Beyond 64 bits jq keeps a double as well; big integers could grow without bound.
        Num::BigInt(_) | Num::Dec(_) => number.to_string().parse().unwrap_or(f64::NAN),
    };
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
        return Num::Int(float as isize);
    }
    Num::Float(float)
}

/// Stops the evaluation when a value is nested too deeply to be walked or dropped safely.
fn check_depth(value: &Val) {
    fn walk(value: &Val, left: usize) {
        charge(1);
        let Some(left) = left.checked_sub(1) else { stop(Stop::Depth) };
        match value {
            Val::Arr(items) => items.iter().for_each(|item| walk(item, left)),
            Val::Obj(members) => members.values().for_each(|member| walk(member, left)),
            _ => {}
        }
    }
    walk(value, DEPTH_MAX);
}

/// Takes the content out of a shared list or object, copying it if others hold it too.
fn owned<T: Clone>(shared: Rc<T>, bytes: usize) -> T {
    Rc::try_unwrap(shared).unwrap_or_else(|shared| {
        allocate(bytes);
        (*shared).clone()
    })
}

fn unshared<T: Clone>(shared: &mut Rc<T>, bytes: usize) -> &mut T {
    if Rc::get_mut(shared).is_none() {
        charge(1 + bytes / 64);
        allocate(bytes);
    }
    Rc::make_mut(shared)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write::brief(&self.0))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self(Val::Bool(value))
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        Self(Val::Num(Num::Int(value)))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::number(Num::Float(value))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<Range<Self>> for Value {
    fn from(range: Range<Self>) -> Self {
        let bounds = [("start", range.start), ("end", range.end)];
        let member = |(key, bound): (&str, Option<Self>)| Some((Val::from(key.to_owned()), bound?.0));
        Self::object(bounds.into_iter().filter_map(member).collect())
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<T: IntoIterator<Item = Self>>(items: T) -> Self {
        let items = items.into_iter().map(|item| {
            // Charged as it grows: the source may have no end.
            charge(1);
            allocate(ITEM_LEN);
            item.0
        });
        let items: Vec<Val> = items.collect();
        if nest() {
            items.iter().for_each(check_depth);
        }
        Self(Val::Arr(Rc::new(items)))
    }
}
