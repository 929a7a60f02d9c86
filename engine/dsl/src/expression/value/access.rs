//! How filters look into values and change them: what jaq's core and its standard library ask of a value.

use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Error, Exn, ValX};
use jaq_json::{Map, Num, Val};

use super::{ITEM_LEN, MEMBER_LEN, Result, Value, check_depth, normal, owned, unshared};
use crate::expression::meter::{Stop, allocate, charge, nest, stop};
use crate::expression::write;

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
