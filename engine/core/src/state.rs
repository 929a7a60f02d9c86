//! The stored state of one instance: its snapshot.

use serde::{Deserialize, Serialize};

use crate::correlation::SubscriptionKey;
use crate::transition::Status;
use crate::{Effect, InstanceId, Timestamp};

/// Everything an instance is, between two inputs. Opaque to the runtime but for what is asked here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    instance: InstanceId,
    status: Status,
}

impl State {
    /// An instance that has not begun.
    pub fn new(instance: InstanceId) -> Self {
        Self { instance, status: Status::Pending }
    }

    /// Its phase.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When its next timer is due. None while suspended or ended.
    pub fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    /// Effects requested and not returned, whose attempt is due now (not waiting for a retry timer):
    /// after a restart the runtime performs these again.
    pub fn pending_effects(&self) -> Vec<Effect> {
        Vec::new()
    }

    /// What events it waits for.
    pub fn subscriptions(&self) -> Vec<SubscriptionKey> {
        Vec::new()
    }
}
