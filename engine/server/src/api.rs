//! The resources below `/api/v1`, one file each, and the list that names them.

mod archives;
mod calendars;
mod cases;
mod channels;
mod definitions;
mod events;
mod health;
mod inbox;
mod incidents;
pub(crate) mod instances;
mod me;
mod messages;
mod organisation;
mod reference;
mod rejections;
mod repairs;
mod schedules;
mod stats;
mod sweeps;
mod tables;
mod tokens;
mod track;
mod work_items;

pub use self::cases::case_command;
use crate::routes::Routes;

/// All routes of the server.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::default();
    for register in [
        health::routes,
        crate::ingress::routes,
        me::routes,
        definitions::routes,
        instances::routes,
        repairs::routes,
        work_items::routes,
        cases::routes,
        reference::routes,
        calendars::routes,
        track::routes,
        events::routes,
        channels::routes,
        messages::routes,
        rejections::routes,
        inbox::routes,
        incidents::routes,
        organisation::routes,
        schedules::routes,
        sweeps::routes,
        tokens::routes,
        stats::routes,
        tables::routes,
        archives::routes,
    ] {
        register(&mut routes);
    }
    routes
}
