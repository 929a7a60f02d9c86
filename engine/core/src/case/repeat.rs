//! 重复诉求: does one case look like another one again?
//!
//! The same person, within seven days, about the same thing: where both say what it is, it is the same, where
//! both say where it is, that is near, and at least one of that is said. A person decides what to make of it.

use super::{Case, Petitioner, Place};
use crate::{InstanceId, Timestamp};

/// So long after a case another one may repeat it.
pub const WITHIN_MILLIS: u64 = 7 * 24 * 60 * 60 * 1000;
/// So near to a place another one is the same.
const WITHIN_METRES: f64 = 300.0;
/// Candidates that one case lists: more help nobody.
pub(crate) const CANDIDATES_MAX: usize = 20;

/// What a step wants to know of other cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatQuery {
    /// For the case of this instance.
    pub instance: InstanceId,
    /// Digits of the petitioner's phone.
    pub phone: String,
    /// Opened from then on.
    pub since: Timestamp,
}

/// What is to be looked up for a case; nothing if nobody knows whose it is.
pub(crate) fn query(case: &Case) -> Option<RepeatQuery> {
    let phone = case.petitioner.as_ref()?.digits()?;
    let millis = i64::try_from(WITHIN_MILLIS).unwrap_or(i64::MAX);
    let since = Timestamp(case.opened.0.saturating_sub(millis));
    Some(RepeatQuery { instance: case.instance, phone, since })
}

/// Does `case` look like `other` again?
pub fn is_repeat(case: &Case, other: &Case) -> bool {
    let digits = |case: &Case| case.petitioner.as_ref().and_then(Petitioner::digits);
    if case.no == other.no
        || (other.opened, other.instance) > (case.opened, case.instance)
        || case.opened.millis_since(other.opened) > WITHIN_MILLIS
        || digits(case).is_none_or(|phone| digits(other) != Some(phone))
    {
        return false;
    }
    let same = [same_text(case.category.as_ref(), other.category.as_ref()), near(case, other)];
    let same_title = case.title == other.title;
    !same.contains(&Some(false)) && (same.contains(&Some(true)) || same_title)
}

/// None: one of the two does not say.
fn same_text(one: Option<&String>, other: Option<&String>) -> Option<bool> {
    Some(one? == other?)
}

fn near(case: &Case, other: &Case) -> Option<bool> {
    let (here, there) = (case.place.as_ref()?, other.place.as_ref()?);
    let points = here.point.as_ref().zip(there.point.as_ref());
    if let Some(metres) = points.and_then(|(here, there)| here.metres_to(there)) {
        return Some(metres <= WITHIN_METRES);
    }
    // Two writings of one address are no contradiction.
    let address = |place: &Place| place.address.clone();
    (address(here)? == address(there)?).then_some(true)
}
