//! `+ - * / %` on values.

use jaq_core::Error;
use jaq_json::{Map, Num, Rc, Val};

use super::{ITEM_LEN, MEMBER_LEN, Result, STRING_LEN_MAX, Value, compare, normal, owned, unshared};
use crate::expression::meter::{Stop, allocate, charge, stop};
use crate::expression::write;

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
