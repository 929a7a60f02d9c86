//! jq's order and equality of values, charged by the parts that are looked at.

use std::cmp::Ordering;

use jaq_json::{Map, Num, Rc, Val};

use super::Value;
use crate::expression::meter::charge;

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
pub(in crate::expression) fn compare(left: &Val, right: &Val) -> Ordering {
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
