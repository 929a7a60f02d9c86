//! When a definition starts instances by itself.

use yiwang_dsl::{Data, Definition};

use crate::{Event, Timestamp};

/// The workflow input that `event` gives, if this definition's `schedule.on` wants it.
pub fn start_input(definition: &Definition, event: &Event) -> Option<Data> {
    let _ = (definition, event);
    None
}

/// The first planned time of `schedule.cron` or `schedule.every` after `after`, in the definition's time
/// zone. `every` counts from `anchor`, the time of the deployment.
pub fn next_fire(definition: &Definition, anchor: Timestamp, after: Timestamp) -> Option<Timestamp> {
    let _ = (definition, anchor, after);
    None
}
