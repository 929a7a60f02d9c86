//! CloudEvents 1.0, as the engine sees them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yiwang_dsl::Data;

use crate::Timestamp;

/// One event: what a channel brought in, what a workflow emitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique with `source`.
    pub id: String,
    /// URI reference of the origin, e.g. `/channels/wechat`.
    pub source: String,
    /// e.g. `cn.yiwang.intake.received.v1`.
    pub r#type: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    /// The payload.
    pub data: Data,
    /// Extension attributes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub extensions: BTreeMap<String, Data>,
}

impl Event {
    /// The whole event as an object: what `read: envelope` and `correlate.from` see.
    pub fn envelope(&self) -> Data {
        let mut members = vec![
            ("specversion".to_owned(), Data::string("1.0")),
            ("id".to_owned(), Data::string(&*self.id)),
            ("source".to_owned(), Data::string(&*self.source)),
            ("type".to_owned(), Data::string(&*self.r#type)),
            ("time".to_owned(), Data::string(self.time.rfc3339())),
        ];
        if let Some(subject) = &self.subject {
            members.push(("subject".to_owned(), Data::string(&**subject)));
        }
        members.extend(self.extensions.iter().map(|(name, value)| (name.clone(), value.clone())));
        members.push(("data".to_owned(), self.data.clone()));
        Data::object(members)
    }
}
