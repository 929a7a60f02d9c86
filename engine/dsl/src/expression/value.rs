//! The values that filters work on: jaq's own, metered.
//!
//! A newtype without cost in space: data go in and out without conversion. It differs from jaq's
//! `Val` in this: every operation is charged; keys of objects are strings; numbers are 64-bit integers or
//! floats, and a float without a fraction is an integer (`84`, never `84.0`, in a citizen's message);
//! removing a key keeps the order of the others; errors show only the beginning of a large value.

use std::cmp::Ordering;
use std::fmt;

use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValR, ValX};
use jaq_json::{Map, Num, Rc, Val};

use super::meter::{Stop, allocate, charge, nest, stop};
use super::write;

/// A metered value.
#[derive(Debug)]
pub(super) struct Value(pub(super) Val);

type Result<T = Value> = ValR<T, Value>;

/// Deepest nesting of any value within an evaluation; results are held to less.
const DEPTH_MAX: usize = 400;
/// Longest string within an evaluation.
pub(super) const STRING_LEN_MAX: usize = 4 << 20;
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
    pub(super) fn string(text: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = text.into();
        charge(1 + bytes.len() / 64);
        allocate(bytes.len());
        if bytes.len() > STRING_LEN_MAX {
            stop(Stop::Memory);
        }
        Self(Val::utf8_str(bytes))
    }

    pub(super) fn int(value: usize) -> Self {
        Self(Val::Num(Num::Int(isize::try_from(value).unwrap_or(isize::MAX))))
    }

    pub(super) fn list(items: Vec<Val>) -> Self {
        charge(1 + items.len());
        allocate(items.len() * ITEM_LEN);
        if nest() {
            items.iter().for_each(check_depth);
        }
        Self(Val::Arr(Rc::new(items)))
    }

    pub(super) fn object(members: Map) -> Self {
        charge(1 + members.len());
        allocate(members.len() * MEMBER_LEN);
        if nest() {
            members.values().for_each(check_depth);
        }
        Self(Val::Obj(Rc::new(members)))
    }

    pub(super) fn number(number: Num) -> Self {
        Self(Val::Num(normal(number)))
    }

    pub(super) fn as_text(&self) -> Option<&[u8]> {
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
    pub(super) fn lookup(&self, index: &Self) -> Result<Option<Val>> {
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
pub(super) fn normal(number: Num) -> Num {
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

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        compare(&self.0, &other.0) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

/// jq's order of values, charged by the parts that are looked at.
pub(super) fn compare(left: &Val, right: &Val) -> Ordering {
    charge(1);
    match (left, right) {
        (Val::Arr(left), Val::Arr(right)) => {
            if Rc::ptr_eq(left, right) {
                return Ordering::Equal;
            }
            let unequal = left.iter().zip(right.iter()).map(|(left, right)| compare(left, right));
            unequal.into_iter().find(|order| order.is_ne()).unwrap_or(left.len().cmp(&right.len()))
        }
        (Val::Obj(left), Val::Obj(right)) => {
            if Rc::ptr_eq(left, right) {
                return Ordering::Equal;
            }
            charge(left.len() + right.len());
            let sorted = |members: &Map| {
                let mut members: Vec<(Val, Val)> =
                    members.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                members.sort_by(|left, right| compare(&left.0, &right.0));
                members
            };
            let (left, right) = (sorted(left), sorted(right));
            let keys = left.iter().map(|member| &member.0).cmp(right.iter().map(|member| &member.0));
            let values = || left.iter().zip(right.iter()).map(|(left, right)| compare(&left.1, &right.1));
            keys.then_with(|| values().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
        }
        (Val::TStr(left) | Val::BStr(left), Val::TStr(right) | Val::BStr(right)) => {
            charge(left.len().min(right.len()) / 64);
            left.cmp(right)
        }
        // `nan` equals itself, or sorting would have no order to rely on.
        (Val::Num(Num::Float(left)), Val::Num(Num::Float(right))) if left.is_nan() && right.is_nan() => {
            Ordering::Equal
        }
        // Scalars, and values of different types: constant time.
        _ => left.cmp(right),
    }
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

impl std::ops::Add for Value {
    type Output = Result;

    fn add(self, right: Self) -> Result {
        charge(1);
        match (self.0, right.0) {
            (Val::Null, value) | (value, Val::Null) => Ok(Self(value)),
            (Val::Num(left), Val::Num(right)) => Ok(Self::number(left + right)),
            (Val::TStr(left), Val::TStr(right)) => {
                if left.len() + right.len() > STRING_LEN_MAX {
                    stop(Stop::Memory);
                }
                // Appending to a string that nobody else holds copies only the new part.
                let copied = right.len() + if left.is_unique() { 0 } else { left.len() };
                charge(copied / 64);
                allocate(copied);
                Ok(Self((Val::TStr(left) + Val::TStr(right)).unwrap_or_default()))
            }
            (Val::Arr(mut left), Val::Arr(right)) => {
                charge(right.len());
                allocate(right.len() * ITEM_LEN);
                let bytes = left.len() * ITEM_LEN;
                unshared(&mut left, bytes).extend(right.iter().cloned());
                Ok(Self(Val::Arr(left)))
            }
            (Val::Obj(mut left), Val::Obj(right)) => {
                charge(right.len());
                allocate(right.len() * MEMBER_LEN);
                let bytes = left.len() * MEMBER_LEN;
                let members = right.iter().map(|(key, value)| (key.clone(), value.clone()));
                unshared(&mut left, bytes).extend(members);
                Ok(Self(Val::Obj(left)))
            }
            (left, right) => Err(Error::math(Self(left), jaq_core::ops::Math::Add, Self(right))),
        }
    }
}

impl std::ops::Sub for Value {
    type Output = Result;

    fn sub(self, right: Self) -> Result {
        charge(1);
        match (self.0, right.0) {
            (Val::Num(left), Val::Num(right)) => Ok(Self::number(left - right)),
            (Val::Arr(left), Val::Arr(right)) => {
                let mut without: Vec<&Val> = right.iter().collect();
                without.sort_by(|left, right| compare(left, right));
                let kept = |item: &&Val| without.binary_search_by(|other| compare(other, item)).is_err();
                Ok(Self::list(left.iter().filter(kept).cloned().collect()))
            }
            (left, right) => Err(Error::math(Self(left), jaq_core::ops::Math::Sub, Self(right))),
        }
    }
}

impl std::ops::Mul for Value {
    type Output = Result;

    fn mul(self, right: Self) -> Result {
        charge(1);
        match (self.0, right.0) {
            (Val::Num(left), Val::Num(right)) => Ok(Self::number(left * right)),
            (text @ Val::TStr(_), Val::Num(times)) | (Val::Num(times), text @ Val::TStr(_)) => {
                repeat(&text, normal(times))
            }
            (Val::Obj(mut left), Val::Obj(right)) => {
                merge(&mut left, &right);
                Ok(Self(Val::Obj(left)))
            }
            (left, right) => Err(Error::math(Self(left), jaq_core::ops::Math::Mul, Self(right))),
        }
    }
}

/// A string, so many times; null for none.
fn repeat(text: &Val, times: Num) -> Result {
    let Val::TStr(bytes) = text else { return Ok(Value(Val::Null)) };
    let times = match times {
        Num::Int(times) => usize::try_from(times).unwrap_or(0),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        Num::Float(times) => times.ceil() as usize,
        Num::BigInt(_) | Num::Dec(_) => 0,
    };
    if times == 0 {
        return Ok(Value(Val::Null));
    }
    if bytes.len().saturating_mul(times) > STRING_LEN_MAX {
        stop(Stop::Memory);
    }
    Ok(Value::string(bytes.repeat(times)))
}

fn merge(left: &mut Rc<Map>, right: &Rc<Map>) {
    charge(1 + right.len());
    allocate(right.len() * MEMBER_LEN);
    let bytes = left.len() * MEMBER_LEN;
    let left = unshared(left, bytes);
    for (key, value) in right.iter() {
        match (left.get_mut(key), value) {
            (Some(Val::Obj(left)), Val::Obj(right)) => merge(left, right),
            (Some(left), right) => *left = right.clone(),
            (None, right) => {
                left.insert(key.clone(), right.clone());
            }
        }
    }
}

impl std::ops::Div for Value {
    type Output = Result;

    fn div(self, right: Self) -> Result {
        charge(1);
        match (self.0, right.0) {
            (Val::Num(left), Val::Num(right)) => {
                if normal(right.clone()) == Num::Int(0) {
                    return Err(Error::str(format_args!(
                        "{} cannot be divided by zero",
                        write::brief(&Val::Num(left))
                    )));
                }
                Ok(Self::number(left / right))
            }
            (Val::TStr(left), Val::TStr(right)) => {
                charge(left.len() / 4);
                let parts = Val::TStr(left) / Val::TStr(right);
                match parts.unwrap_or_default() {
                    Val::Arr(parts) => Ok(Self::list(owned(parts, 0))),
                    other => Ok(Self(other)),
                }
            }
            (left, right) => Err(Error::math(Self(left), jaq_core::ops::Math::Div, Self(right))),
        }
    }
}

impl std::ops::Rem for Value {
    type Output = Result;

    fn rem(self, right: Self) -> Result {
        charge(1);
        match (self.0, right.0) {
            (Val::Num(left), Val::Num(right)) if normal(right.clone()) != Num::Int(0) => {
                Ok(Self::number(normal(left) % normal(right)))
            }
            (left, right) => Err(Error::math(Self(left), jaq_core::ops::Math::Rem, Self(right))),
        }
    }
}

impl std::ops::Neg for Value {
    type Output = Result;

    fn neg(self) -> Result {
        charge(1);
        match self.0 {
            Val::Num(number) => Ok(Self::number(-number)),
            other => Err(Error::typ(Self(other), "number")),
        }
    }
}

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> Result {
        Ok(Self::number(Num::from_dec_str(text)))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> Result {
        let member = |(key, value): (Self, Self)| match key.0 {
            Val::TStr(_) => Ok((key.0, value.0)),
            _ => Err(Error::str(format_args!("an object key must be a string, not {key}"))),
        };
        Ok(Self::object(members.into_iter().map(member).collect::<Result<_>>()?))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Self, Self)>>> {
        match self.0 {
            Val::Arr(items) => {
                let bytes = items.len() * ITEM_LEN;
                charge(items.len());
                let items = owned(items, bytes).into_iter().enumerate();
                Box::new(items.map(|(at, item)| Ok((Self::int(at), Self(item)))))
            }
            Val::Obj(members) => {
                let bytes = members.len() * MEMBER_LEN;
                charge(members.len());
                Box::new(owned(members, bytes).into_iter().map(|(key, value)| Ok((Self(key), Self(value)))))
            }
            other => Box::new(std::iter::once(Err(not_iterable(other)))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = Result>> {
        match self.0 {
            Val::Arr(items) => {
                let bytes = items.len() * ITEM_LEN;
                charge(items.len());
                Box::new(owned(items, bytes).into_iter().map(|item| Ok(Self(item))))
            }
            Val::Obj(members) => {
                let bytes = members.len() * MEMBER_LEN;
                charge(members.len());
                Box::new(owned(members, bytes).into_iter().map(|(_, value)| Ok(Self(value))))
            }
            other => Box::new(std::iter::once(Err(not_iterable(other)))),
        }
    }

    fn index(self, index: &Self) -> Result {
        Ok(Self(self.lookup(index)?.unwrap_or(Val::Null)))
    }

    fn range(self, range: Range<&Self>) -> Result {
        charge(1);
        match self.0 {
            Val::Null => Ok(Self(Val::Null)),
            Val::Arr(items) => {
                let (from, len) = Self::slice(&range, items.len())?;
                Ok(Self::list(items[from..from + len].to_vec()))
            }
            Val::TStr(bytes) => {
                charge(bytes.len() / 16);
                let text = String::from_utf8_lossy(&bytes);
                let (from, len) = Self::slice(&range, text.chars().count())?;
                Ok(Self::string(text.chars().skip(from).take(len).collect::<String>()))
            }
            other => Err(Error::typ(Self(other), "list or string")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self.0 {
            Val::Arr(items) => {
                let bytes = items.len() * ITEM_LEN;
                let items = owned(items, bytes).into_iter().flat_map(|item| f(Self(item)));
                items.collect()
            }
            Val::Obj(members) => {
                let bytes = members.len() * MEMBER_LEN;
                let members = owned(members, bytes).into_iter();
                let members = members.filter_map(|(key, value)| Some((key, f(Self(value)).next()?)));
                let members = members.map(|(key, value)| Ok((key, value?.0)));
                Ok(Self::object(members.collect::<std::result::Result<_, Exn<'_, Self>>>()?))
            }
            other => opt.fail(Self(other), |value| Exn::from(not_iterable(value.0))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        charge(1);
        match (self.0, &index.0) {
            (value @ (Val::Arr(_) | Val::TStr(_)), Val::Obj(range)) => {
                let (start, end) = Self::bounds(range);
                Self(value).map_range(start.as_ref()..end.as_ref(), opt, f)
            }
            (Val::Null, Val::TStr(_)) => Self::object(Map::default()).map_index(index, opt, f),
            (Val::Null, Val::Num(_)) => Self::list(Vec::new()).map_index(index, opt, f),
            (Val::Obj(mut members), key @ Val::TStr(_)) => {
                let bytes = members.len() * MEMBER_LEN;
                let members_mut = unshared(&mut members, bytes);
                let old = members_mut.get_mut(key).map(std::mem::take);
                let existed = old.is_some();
                match f(Self(old.unwrap_or_default())).next().transpose()? {
                    Some(new) => {
                        allocate(MEMBER_LEN);
                        if nest() {
                            check_depth(&new.0);
                        }
                        members_mut.insert(key.clone(), new.0);
                    }
                    // The order of the others stays: histories are hashed.
                    None if existed => {
                        charge(members_mut.len());
                        members_mut.shift_remove(key);
                    }
                    None => {}
                }
                Ok(Self(Val::Obj(members)))
            }
            (Val::Arr(mut items), Val::Num(_)) => {
                let Some(at) = index.position(items.len()) else {
                    let message = format_args!("there is no item {index} in a list of {}", items.len());
                    let error = Error::str(message);
                    return opt.fail(Self(Val::Arr(items)), |_| Exn::from(error));
                };
                if at > items.len() + PADDING_MAX {
                    stop(Stop::Memory);
                }
                let bytes = items.len() * ITEM_LEN;
                let items_mut = unshared(&mut items, bytes);
                let old = items_mut.get_mut(at).map(std::mem::take);
                let existed = old.is_some();
                match f(Self(old.unwrap_or_default())).next().transpose()? {
                    Some(new) => {
                        if nest() {
                            check_depth(&new.0);
                        }
                        if at >= items_mut.len() {
                            allocate((at + 1 - items_mut.len()) * ITEM_LEN);
                            items_mut.resize(at + 1, Val::Null);
                        }
                        items_mut[at] = new.0;
                    }
                    None if existed => {
                        charge(items_mut.len());
                        items_mut.remove(at);
                    }
                    None => {}
                }
                Ok(Self(Val::Arr(items)))
            }
            (value, _) => {
                let index = Self(index.0.clone());
                opt.fail(Self(value), |value| Exn::from(Error::index(value, index)))
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        charge(1);
        let Val::Arr(mut items) = self.0 else {
            return opt.fail(self, |value| Exn::from(Error::typ(value, "list")));
        };
        let (from, len) = Self::slice(&range, items.len())?;
        let new = match f(Self::list(items[from..from + len].to_vec())).next().transpose()? {
            None => Vec::new(),
            Some(Self(Val::Arr(new))) => owned(new, 0),
            Some(other) => return Err(Exn::from(Error::typ(other, "list"))),
        };
        charge(items.len() + new.len());
        allocate(new.len() * ITEM_LEN);
        if nest() {
            new.iter().for_each(check_depth);
        }
        let bytes = items.len() * ITEM_LEN;
        unshared(&mut items, bytes).splice(from..from + len, new);
        Ok(Self(Val::Arr(items)))
    }

    fn as_bool(&self) -> bool {
        !matches!(self.0, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> Self {
        charge(1);
        match self.0 {
            Val::TStr(_) => self,
            other => Self::string(write::json(&other)),
        }
    }
}

/// How far beyond its end a list may be assigned to; what lies between is null.
const PADDING_MAX: usize = 10_000;

fn not_iterable(value: Val) -> Error<Value> {
    Error::typ(Value(value), "list or object")
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> std::result::Result<S, Self> {
        match self.0 {
            Val::Arr(items) => {
                charge(items.len());
                let bytes = items.len() * ITEM_LEN;
                Ok(owned(items, bytes).into_iter().map(Self).collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        matches!(&self.0, Val::Num(number) if matches!(normal(number.clone()), Num::Int(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        match &self.0 {
            Val::Num(number) => match normal(number.clone()) {
                Num::Int(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match &self.0 {
            Val::Num(Num::Int(value)) => Some(*value as f64),
            Val::Num(Num::Float(value)) => Some(*value),
            Val::Num(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self.0, Val::TStr(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_text()
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        charge(1);
        match &self.0 {
            Val::TStr(bytes) | Val::BStr(bytes) => Self(Val::utf8_str(bytes.slice_ref(part))),
            other => Self(other.clone()),
        }
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        // Decoded base64 may be anything; data are text.
        Self::string(String::from_utf8_lossy(bytes.as_ref()).into_owned())
    }
}
