//! Who belongs to the district: units, people and their roles. Reference data of the kind `organisation`.

/// The organisation, as the newest document says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Organisation {}
