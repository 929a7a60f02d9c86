//! `send`: the same as `notify`, in the catalog of one channel.

use super::{Function, notify, shape};

pub(super) const FUNCTION: Function = Function {
    name: "send",
    summary: "Sends a message by this channel",
    input: || shape::object(&["to", "body"], &notify::members()),
    output: notify::sent,
    begin: |machine, called| notify::send(machine, &called, called.function.catalog.clone()),
};
