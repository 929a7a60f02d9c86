//! Filters written in Rust: those of jaq's JSON crate, metered, and a few of our own.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{DataT, Error, RunPtr, ValR};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;
use serde::Deserialize;

use super::meter::{Stop, allocate, charge, stop};
use super::value::{STRING_LEN_MAX, Value, compare};
use super::write;

/// What filters are compiled for: our values, no other data.
#[derive(Debug)]
pub(super) struct Engine;

impl DataT for Engine {
    type V<'a> = Value;
    type Data<'a> = &'a jaq_core::Lut<Self>;
}

type Row = (&'static str, Box<[jaq_core::Bind]>, RunPtr<Engine>);

/// Our native filters.
pub(super) fn funs() -> impl Iterator<Item = Fun<Engine>> {
    rows().into_iter().map(|row| run::<Engine>(row))
}

fn rows() -> Vec<Row> {
    vec![
        ("tojson", v(0), |cv| bome(Ok(Value::string(write::json(&cv.1.0))))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("length", v(0), |cv| bome(length(&cv.1))),
        ("utf8bytelength", v(0), |cv| bome(cv.1.try_as_utf8_bytes().map(|bytes| Value::int(bytes.len())))),
        ("has", v(1), |cv| unary(cv, |value, key| Ok(value.lookup(&key)?.is_some().into()))),
        ("contains", v(1), |cv| unary(cv, |value, part| Ok(contains(&value.0, &part.0).into()))),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
        ("bsearch", v(1), |cv| unary(cv, |list, item| bsearch(&list, &item))),
        ("add", v(0), |cv| bome(add(cv.1))),
        ("join", v(1), |cv| unary(cv, |list, separator| join(&list, &separator))),
        ("from_entries", v(0), |cv| bome(from_entries(&cv.1))),
        ("nan", v(0), |_| bome(Ok(Value(Val::Num(Num::Float(f64::NAN)))))),
        ("infinite", v(0), |_| bome(Ok(Value(Val::Num(Num::Float(f64::INFINITY)))))),
        ("isnan", v(0), |cv| bome(is_nan(&cv.1))),
        ("spend", v(1), |mut cv| {
            let steps = cv.0.pop_var().as_isize().unwrap_or(0);
            charge(usize::try_from(steps).unwrap_or(0));
            bome(Ok(cv.1))
        }),
        ("spend_regex", v(1), |cv| {
            unary(cv, |input, regex| {
                let len = |value: &Value| value.as_text().map_or(0, <[u8]>::len);
                // Compiling a pattern costs far more than its length says; so does a slow search.
                charge(1_000 + len(&regex) * 200 + len(&input) * 8);
                Ok(input)
            })
        }),
        ("refuse_zone_names", v(0), |cv| {
            // `%Q` would look a name up in the time zone files of the machine.
            let named = cv.1.as_text().is_some_and(|format| format.windows(2).any(|two| two == b"%Q"));
            bome(if named { Err(Error::str("`%Q` (a time zone's name) is not read")) } else { Ok(cv.1) })
        }),
    ]
}

fn from_json(text: &Value) -> ValR<Value> {
    let Some(bytes) = text.as_text() else { return Err(Error::typ(Value(text.0.clone()), "string")) };
    charge(bytes.len() / 4);
    allocate(bytes.len() * 16);
    // serde_json stops at 128 levels; jaq's own reader would overflow the stack.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Val::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map(Value).map_err(|error| Error::str(format_args!("{text} is not JSON: {error}")))
}

fn to_number(value: Value) -> ValR<Value> {
    let Some(bytes) = value.as_text() else {
        return match value.0 {
            Val::Num(_) => Ok(value),
            _ => Err(Error::typ(value, "number")),
        };
    };
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = match text.parse::<isize>() {
        Ok(value) if digits.starts_with(|first: char| first.is_ascii_digit()) => Some(Num::Int(value)),
        // `f64` would read `inf` and `nan` as well.
        _ if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            text.parse().ok().filter(|value: &f64| value.is_finite()).map(Num::Float)
        }
        _ => None,
    };
    number.map(Value::number).ok_or_else(|| Error::str(format_args!("{value} is not a number")))
}

fn length(value: &Value) -> ValR<Value> {
    Ok(match &value.0 {
        Val::Null => Value::int(0),
        Val::Num(_) => match value.as_f64() {
            Some(number) if number < 0.0 => return -Value(value.0.clone()),
            _ => Value(value.0.clone()),
        },
        Val::TStr(bytes) | Val::BStr(bytes) => {
            charge(bytes.len() / 16);
            Value::int(String::from_utf8_lossy(bytes).chars().count())
        }
        Val::Arr(items) => Value::int(items.len()),
        Val::Obj(members) => Value::int(members.len()),
        Val::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
    })
}

/// The sum of all items. jaq's definition would copy the sum so far for each of them.
fn add(list: Value) -> ValR<Value> {
    use jaq_core::ValT as _;
    let mut sum = Value(Val::Null);
    for item in list.values() {
        sum = (sum + item?)?;
    }
    Ok(sum)
}

fn join(list: &Value, separator: &Value) -> ValR<Value> {
    let Val::Arr(items) = &list.0 else { return Err(Error::typ(Value(list.0.clone()), "list")) };
    let separator = separator.try_as_utf8_bytes()?.to_vec();
    let mut text: Vec<u8> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.extend_from_slice(&separator);
        }
        match item {
            Val::Null => {}
            Val::TStr(part) => text.extend_from_slice(part),
            Val::Bool(_) | Val::Num(_) => text.extend_from_slice(write::json(item).as_bytes()),
            other => {
                let message = format_args!("{} cannot be joined", write::brief(other));
                return Err(Error::str(message));
            }
        }
        charge(1 + separator.len() / 64);
        if text.len() > STRING_LEN_MAX {
            stop(Stop::Memory);
        }
    }
    Ok(Value::string(text))
}

fn from_entries(list: &Value) -> ValR<Value> {
    let Val::Arr(entries) = &list.0 else { return Err(Error::typ(Value(list.0.clone()), "list")) };
    let mut members = jaq_json::Map::default();
    for entry in entries.iter() {
        charge(4);
        let first = |names: &[&str]| {
            let found =
                names.iter().map(|name| Value(entry.clone()).lookup(&Value(Val::from((*name).to_owned()))));
            found.filter_map(Result::transpose).find(|found| !matches!(found, Ok(Val::Null))).transpose()
        };
        let key = match first(&["key", "k", "name", "Name", "Key", "K"])? {
            Some(key @ Val::TStr(_)) => key,
            Some(key @ (Val::Bool(_) | Val::Num(_))) => Value::string(write::json(&key)).0,
            Some(key) => {
                let message = format_args!("an object key must be a string, not {}", write::brief(&key));
                return Err(Error::str(message));
            }
            None => Value::string("null").0,
        };
        members.insert(key, first(&["value", "v", "Value", "V"])?.unwrap_or(Val::Null));
    }
    Ok(Value::object(members))
}

fn is_nan(value: &Value) -> ValR<Value> {
    match &value.0 {
        Val::Num(Num::Float(number)) => Ok(number.is_nan().into()),
        Val::Num(_) => Ok(false.into()),
        other => Err(Error::typ(Value(other.clone()), "number")),
    }
}

fn contains(value: &Val, part: &Val) -> bool {
    charge(1);
    match (value, part) {
        (Val::TStr(value), Val::TStr(part)) => {
            charge(1 + value.len() / 4);
            find(value, part).is_some()
        }
        (Val::Arr(items), Val::Arr(parts)) => {
            parts.iter().all(|part| items.iter().any(|item| contains(item, part)))
        }
        (Val::Obj(members), Val::Obj(parts)) => {
            parts.iter().all(|(key, part)| members.get(key).is_some_and(|member| contains(member, part)))
        }
        _ => compare(value, part).is_eq(),
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    text.find(std::str::from_utf8(part).ok()?)
}

/// Where a part begins: in characters for strings, in items for lists.
pub(super) fn indices(value: &Value, part: &Value) -> ValR<Value> {
    let found: Vec<usize> = match (&value.0, &part.0) {
        (Val::Null, _) => return Ok(Value(Val::Null)),
        (Val::TStr(text), Val::TStr(part)) => {
            charge(1 + text.len());
            let text = String::from_utf8_lossy(text);
            let part = String::from_utf8_lossy(part);
            let starts = text.char_indices().enumerate();
            let starts = starts.filter(|(_, (byte, _))| {
                charge(part.len() / 64);
                !part.is_empty() && text[*byte..].starts_with(&*part)
            });
            starts.map(|(character, _)| character).collect()
        }
        (Val::Arr(items), Val::Arr(parts)) if !parts.is_empty() => {
            let same = |window: &[Val]| window.iter().zip(parts.iter()).all(|(l, r)| compare(l, r).is_eq());
            let windows = items.windows(parts.len()).enumerate();
            windows.filter(|(_, window)| same(window)).map(|(at, _)| at).collect()
        }
        (Val::Arr(_), Val::Arr(_)) => Vec::new(),
        (Val::Arr(items), part) => {
            let items = items.iter().enumerate();
            items.filter(|(_, item)| compare(item, part).is_eq()).map(|(at, _)| at).collect()
        }
        (value, part) => return Err(Error::index(Value(value.clone()), Value(part.clone()))),
    };
    Ok(found.into_iter().map(Value::int).collect())
}

fn bsearch(list: &Value, item: &Value) -> ValR<Value> {
    let Val::Arr(items) = &list.0 else { return Err(Error::typ(Value(list.0.clone()), "list")) };
    let at = match items.binary_search_by(|other| compare(other, &item.0)) {
        Ok(at) => isize::try_from(at),
        Err(at) => isize::try_from(at).map(|at| -1 - at),
    };
    Ok(at.unwrap_or(isize::MIN).into())
}

/// A result may not be larger than this: nodes, and bytes of text.
const NODES_MAX: usize = 200_000;
const TEXT_LEN_MAX: usize = 4 << 20;

/// What is left of the size that a result may have.
pub(super) struct Allowance {
    nodes: usize,
    bytes: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { nodes: NODES_MAX, bytes: TEXT_LEN_MAX }
    }
}

/// Why a value cannot leave the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Too many values or too much text.
    Large,
    /// Nested too deeply.
    Deep,
    /// `nan` or `infinite`, which JSON cannot hold.
    NotFinite,
}

impl Allowance {
    /// Checks a result. A value that is small in memory may be huge when written out, because equal parts
    /// are shared; so everything is counted as often as it would be written.
    pub(super) fn take(&mut self, value: &Val, depth_left: usize) -> Result<(), Unfit> {
        self.nodes = self.nodes.checked_sub(1).ok_or(Unfit::Large)?;
        match value {
            Val::Null | Val::Bool(_) => Ok(()),
            Val::Num(Num::Float(number)) if !number.is_finite() => Err(Unfit::NotFinite),
            Val::Num(_) => Ok(()),
            Val::TStr(bytes) | Val::BStr(bytes) => {
                self.bytes = self.bytes.checked_sub(bytes.len()).ok_or(Unfit::Large)?;
                Ok(())
            }
            Val::Arr(items) => {
                let left = depth_left.checked_sub(1).ok_or(Unfit::Deep)?;
                items.iter().try_for_each(|item| self.take(item, left))
            }
            Val::Obj(members) => {
                let left = depth_left.checked_sub(1).ok_or(Unfit::Deep)?;
                members.iter().try_for_each(|(key, member)| {
                    self.take(key, left)?;
                    self.take(member, left)
                })
            }
        }
    }
}
