//! The small things that a case knows: who asked, where, what belongs to it.

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::{CaseNo, Timestamp};

/// Who the matter belongs to. Everything may be missing: people may stay unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Petitioner {
    /// As they call themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Petitioner {
    /// The phone's digits: what two writings of one number have in common. The country code of China is no
    /// part of it.
    pub fn digits(&self) -> Option<String> {
        let digits: String = self.phone.as_ref()?.chars().filter(char::is_ascii_digit).collect();
        let plain = match digits.strip_prefix("86") {
            Some(rest) if rest.len() == 11 => rest.to_owned(),
            Some(_) | None => digits,
        };
        (plain.len() >= 4).then_some(plain)
    }
}

/// Where the matter is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Region code or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Where exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
}

/// A point on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// As the source measured: Chinese maps are shifted against WGS-84, by up to some hundred metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
}

impl Point {
    /// Metres between two points of the same coordinate system; none: they cannot be compared.
    pub fn metres_to(&self, other: &Self) -> Option<f64> {
        const EARTH_RADIUS_METRES: f64 = 6_371_008.8;
        if self.crs.as_deref().unwrap_or("WGS-84") != other.crs.as_deref().unwrap_or("WGS-84") {
            return None;
        }
        let (from, to) = (self.lat.to_radians(), other.lat.to_radians());
        let (north, east) = (to - from, (other.lon - self.lon).to_radians());
        let half = (north / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
        Some(2.0 * EARTH_RADIUS_METRES * half.sqrt().min(1.0).asin())
    }
}

/// Another case that has to do with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Which.
    pub no: CaseNo,
    /// How.
    pub relation: Relation,
}

/// How another case has to do with this one: read "this case is … the other".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 相关.
    Related,
    /// 并入: closed, the other goes on for both.
    MergedInto,
    /// The other one was merged into this one.
    MergedFrom,
    /// 拆出: it was opened with a part of the other's content.
    SplitFrom,
    /// The other one was opened with a part of this one's content.
    SplitInto,
}

/// A file, kept under its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// The file's name, as people see it.
    pub name: String,
    /// e.g. `image/jpeg`.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
}

impl Attachment {
    /// Is the digest of the one form that a file can be kept under?
    pub fn has_digest(&self) -> bool {
        self.digest.strip_prefix("sha256:").is_some_and(|digits| {
            digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    }
}

/// What the petitioner thinks of it, 1 to 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Satisfaction {
    /// 5 is best; 1 and 2 are bad ratings.
    pub score: u8,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who wrote it down.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The unit has spoken with the petitioner, or tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Was somebody reached?
    pub reached: bool,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who tried.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The last call back to the petitioner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Was somebody reached?
    pub reached: bool,
    /// Did they say that it is solved?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who called.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Since when a case rests, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// From then on its time does not run.
    pub since: Timestamp,
    /// Who suspended it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What the intake data say about the petitioner, the place and the kind, by the members that all channels use:
/// `petitioner.name`, `petitioner.phone`, `address`, `region`, `location: {lat, lon, crs}`, `kind`.
pub(crate) fn of_content(content: &Data) -> (Option<Petitioner>, Option<Place>, Option<String>) {
    let json = content.to_json();
    let text = |pointer: &str| {
        let text = json.pointer(pointer)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let petitioner = Petitioner { name: text("/petitioner/name"), phone: text("/petitioner/phone") };
    let degrees = |pointer: &str| json.pointer(pointer)?.as_f64().filter(|degrees| degrees.is_finite());
    let point = degrees("/location/lat").zip(degrees("/location/lon"));
    let place = Place {
        address: text("/address"),
        region: text("/region"),
        point: point.map(|(lat, lon)| Point { lat, lon, crs: text("/location/crs") }),
    };
    (
        (petitioner != Petitioner::default()).then_some(petitioner),
        (place != Place::default()).then_some(place),
        text("/kind"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_in_several_writings() {
        let digits = |phone: &str| Petitioner { name: None, phone: Some(phone.to_owned()) }.digits();
        assert_eq!(digits("138-0000-0001").as_deref(), Some("13800000001"));
        assert_eq!(digits("+86 138 0000 0001").as_deref(), Some("13800000001"));
        assert_eq!(digits("0558-5555555").as_deref(), Some("05585555555"));
        assert_eq!(digits("8612345").as_deref(), Some("8612345"));
        assert_eq!(digits("无"), None);
    }

    #[test]
    fn metres_are_those_of_the_ground() {
        let point = |lat, lon, crs: &str| Point { lat, lon, crs: Some(crs.to_owned()) };
        let metres =
            point(33.8446, 115.779, "GCJ-02").metres_to(&point(33.8446, 115.7821, "GCJ-02")).unwrap();
        assert!((286.0..287.5).contains(&metres), "{metres}");
        assert_eq!(point(33.8, 115.7, "GCJ-02").metres_to(&point(33.8, 115.7, "WGS-84")), None);
        assert_eq!(point(33.8, 115.7, "GCJ-02").metres_to(&point(33.8, 115.7, "GCJ-02")), Some(0.0));
    }
}
