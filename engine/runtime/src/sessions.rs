//! Several messages of one person that make one event: a text, a photo and a place, sent one by one.
//!
//! Each part is durable at once. When the session's time is over, the parts become one event; which ones
//! belong together is told by the session's name and its closing time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use yiwang_core::{Event, Timestamp};

use crate::limits;
use crate::ports::{Disposition, InboxRow, IncomingEvent};

/// Sessions that are open in this turn: closing time of the newest one of each name, and its parts.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: BTreeMap<String, (Timestamp, usize)>,
}

/// `channel/session` of an event, if it belongs to one.
pub(crate) fn name(incoming: &IncomingEvent) -> Option<String> {
    let session = incoming.session.as_ref()?;
    let source = &*incoming.event.source;
    Some(format!("{}/{}", source.strip_prefix("/channels/").unwrap_or(source), session.key))
}

impl Sessions {
    /// What is stored of these sessions.
    pub(crate) fn new(stored: &[InboxRow]) -> Self {
        let mut sessions = Self::default();
        for row in stored {
            let Disposition::Gathering { session, release_at } = &row.disposition else { continue };
            let known = sessions.open.entry(session.clone()).or_insert((*release_at, 0));
            match known.0.cmp(release_at) {
                std::cmp::Ordering::Less => *known = (*release_at, 1),
                std::cmp::Ordering::Equal => known.1 += 1,
                std::cmp::Ordering::Greater => {}
            }
        }
        sessions
    }

    /// Adds a part that comes now; says when its session closes.
    pub(crate) fn join(&mut self, name: &str, window: u64, now: Timestamp) -> Timestamp {
        let window = window.min(limits::SESSION_WINDOW_MILLIS_MAX);
        let fresh = now.plus_millis(window);
        let known = self.open.entry(name.to_owned()).or_insert((fresh, 0));
        if known.0 <= now || known.1 >= limits::SESSION_PARTS_MAX {
            // Another closing time makes it another session.
            *known = (fresh.max(known.0.plus_millis(1)), 0);
        }
        known.1 += 1;
        known.0
    }
}

/// The event that these parts make together; none for no parts. They are in order of arrival.
///
/// Texts under `content` are joined by newlines, arrays are put one after the other, of all else the first
/// that is not null counts.
pub(crate) fn merge(parts: &[InboxRow]) -> Option<Event> {
    let first = parts.first()?;
    let mut data = Value::Null;
    for part in parts {
        merge_data(&mut data, part.event.data.to_json());
    }
    let mut event = Event::clone(&first.event);
    event.id = format!("{}:session", event.id);
    event.data = data.into();
    for part in &parts[1..] {
        for (name, value) in &part.event.extensions {
            event.extensions.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(event)
}

fn merge_data(merged: &mut Value, part: Value) {
    match (merged, part) {
        (merged @ Value::Null, part) => *merged = part,
        (Value::Object(merged), Value::Object(part)) => {
            for (name, value) in part {
                match (merged.get_mut(&name), value) {
                    (Some(Value::String(text)), Value::String(more)) if name == "content" => {
                        match (text.is_empty(), more.is_empty()) {
                            (_, true) => {}
                            (true, false) => *text = more,
                            (false, false) => {
                                text.push('\n');
                                text.push_str(&more);
                            }
                        }
                    }
                    (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
                    (Some(known @ Value::Null), value) => *known = value,
                    (Some(_), _) => {}
                    (None, value) => {
                        merged.insert(name, value);
                    }
                }
            }
        }
        (Value::Array(merged), Value::Array(part)) => merged.extend(part),
        // Parts of different kinds: the first one stands.
        (_, _) => {}
    }
}

/// Sorts rows that have come due into sessions, each in order of arrival.
pub(crate) fn by_session(rows: Vec<InboxRow>) -> BTreeMap<(Timestamp, String), Vec<InboxRow>> {
    let mut sessions: BTreeMap<_, Vec<InboxRow>> = BTreeMap::new();
    for row in rows {
        if let Disposition::Gathering { session, release_at } = &row.disposition {
            sessions.entry((*release_at, session.clone())).or_default().push(row);
        }
    }
    sessions
}

/// A row for a merged event.
pub(crate) fn row(id: u64, event: Event, arrived: Timestamp) -> InboxRow {
    InboxRow { id, event: Arc::new(event), arrived, disposition: Disposition::Pending }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn part(id: u64, data: Value) -> InboxRow {
        let event = Event {
            id: format!("m{id}"),
            source: "/channels/wechat".to_owned(),
            r#type: "t".to_owned(),
            subject: None,
            time: Timestamp(0),
            data: data.into(),
            extensions: BTreeMap::new(),
        };
        row(id, event, Timestamp(0))
    }

    #[test]
    fn parts_become_one_message() {
        let parts = [
            part(1, json!({"content": "路灯坏了", "location": null, "attachments": [], "title": "a"})),
            part(2, json!({"content": "", "attachments": [{"n": 1}], "title": "b"})),
            part(3, json!({"content": "就在路口", "location": {"lat": 1}, "attachments": [{"n": 2}]})),
        ];
        let merged = merge(&parts).unwrap();
        assert_eq!(merged.id, "m1:session");
        assert_eq!(
            merged.data.to_json(),
            json!({
                "content": "路灯坏了\n就在路口",
                "location": {"lat": 1},
                "attachments": [{"n": 1}, {"n": 2}],
                "title": "a",
            })
        );
    }

    #[test]
    fn a_session_closes_at_its_first_parts_window() {
        let mut sessions = Sessions::default();
        let closing = sessions.join("wechat/o1", 10_000, Timestamp(1_000));
        assert_eq!(closing, Timestamp(11_000));
        assert_eq!(sessions.join("wechat/o1", 10_000, Timestamp(10_999)), closing, "still open");
        assert_eq!(sessions.join("wechat/o2", 10_000, Timestamp(10_999)), Timestamp(20_999), "another one");
        assert_eq!(sessions.join("wechat/o1", 10_000, Timestamp(11_000)), Timestamp(21_000), "closed");
    }

    #[test]
    fn a_full_session_gives_way_to_a_new_one() {
        let mut sessions = Sessions::default();
        let now = Timestamp(0);
        for _ in 0..limits::SESSION_PARTS_MAX {
            assert_eq!(sessions.join("c/s", 10, now), Timestamp(10));
        }
        assert_eq!(sessions.join("c/s", 10, now), Timestamp(11));
    }
}
