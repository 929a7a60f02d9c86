//! Asks channels how they do, so that somebody looks before a citizen notices. What they say stands in the list
//! of channels, and a change of it in the log.
//!
//! Each node asks for itself: a provider may be reached from one machine and not from another.

use std::sync::Arc;

use futures::future::join_all;

use crate::ports::{Channels, Clock};
use crate::{Handle, limits};

/// Starts asking. It ends when the engine is told to stop.
pub fn start(handle: &Handle, channels: &Arc<dyn Channels>, clock: &Arc<dyn Clock>) {
    let (stop, channels, clock) = (handle.stop.clone(), Arc::clone(channels), Arc::clone(clock));
    tokio::spawn(async move {
        loop {
            let now = clock.now();
            let list = channels.list();
            let ready = list.iter().filter(|channel| channel.problem.is_none());
            let asked = join_all(ready.map(|channel| channels.health(&channel.id, now)));
            let next = now.plus_millis(limits::HEALTH_EVERY_MILLIS);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = asked => {}
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = clock.sleep_until(next) => {}
            }
        }
    });
}
