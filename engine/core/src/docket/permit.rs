//! Who may do what with a case: one table. Roles that belong to a unit count where the unit leads the case.

use crate::Case;
use crate::case::CaseCommand;
use crate::transition::{Refusal, RefusalKind};
use crate::work_item::Actor;

/// May do everything.
const ADMINS: &[&str] = &["platform_admin", "process_admin"];
/// A citizen: no staff.
const PETITIONER: &str = "petitioner";
/// What a sweep acts as: its rules ask for approvals of their own.
const SWEEP: &str = "sweep";
/// Held at a unit: `handler@区城管局`.
const OF_UNITS: &[&str] = &["unit_liaison", "handler", "approver"];

const DESK: &[&str] = &["intake_agent", "dispatcher", "supervisor"];
const UNIT_OR_DESK: &[&str] = &["unit_liaison", "handler", "approver", "dispatcher", "supervisor"];

/// The roles that may do it; none: everybody who is staff.
fn roles(command: &CaseCommand) -> Option<&'static [&'static str]> {
    match command {
        CaseCommand::Note { .. } | CaseCommand::Attach { .. } | CaseCommand::Link { .. } => None,
        CaseCommand::Merge { .. } | CaseCommand::Split { .. } | CaseCommand::Transfer { .. } => Some(DESK),
        CaseCommand::Withdraw => Some(&["intake_agent", "dispatcher", "callback_agent", "supervisor"]),
        CaseCommand::Redispatch { .. } => Some(&["dispatcher", "supervisor", SWEEP]),
        CaseCommand::Return => Some(&["unit_liaison", "handler", "dispatcher", "supervisor"]),
        CaseCommand::Extend { .. } | CaseCommand::Suspend | CaseCommand::Resume => Some(UNIT_OR_DESK),
        CaseCommand::Urge => {
            Some(&["intake_agent", "dispatcher", "callback_agent", "supervisor", "leader", SWEEP])
        }
        CaseCommand::Supervise => Some(&["supervisor", "leader", SWEEP]),
        CaseCommand::Flag { .. } => Some(&["dispatcher", "auditor", "supervisor", "leader", SWEEP]),
        CaseCommand::Reopen => Some(&["callback_agent", "auditor", "supervisor", "leader"]),
        CaseCommand::Contact { .. } => Some(UNIT_OR_DESK),
        CaseCommand::Callback { .. } => Some(&["callback_agent", "supervisor"]),
        CaseCommand::Satisfaction { .. } => Some(&["callback_agent", "intake_agent", "supervisor"]),
        // The engine itself: nobody else can say it.
        CaseCommand::Linked { .. } => Some(&[]),
    }
}

/// Refuses who may not.
pub(super) fn permit(case: &Case, command: &CaseCommand, by: &Actor) -> Result<(), Refusal> {
    if matches!(command, CaseCommand::Linked { .. }) || held(by).any(|held| ADMINS.contains(&held)) {
        return Ok(());
    }
    let Some(roles) = roles(command) else {
        let is_staff = held(by).any(|held| held.split('@').next() != Some(PETITIONER));
        return if is_staff { Ok(()) } else { Err(refused(command, by, "a staff role")) };
    };
    let holds = |role: &&str| {
        held(by).any(|held| match held.split_once('@') {
            None => held == *role,
            Some((name, _)) if !OF_UNITS.contains(role) => name == *role,
            Some((name, unit)) => name == *role && case.unit.as_deref() == Some(unit),
        })
    };
    if roles.iter().any(holds) {
        return Ok(());
    }
    Err(refused(command, by, &format!("one of the roles {}", roles.join(", "))))
}

/// The roles of a person, and of those who are away and for whom the person acts.
fn held(by: &Actor) -> impl Iterator<Item = &str> {
    let stands_in = by.stands_in.iter().flat_map(|away| &away.roles);
    by.roles.iter().chain(stands_in).map(String::as_str)
}

fn refused(command: &CaseCommand, by: &Actor, wanted: &str) -> Refusal {
    let message = format!("{} may not {} a case: this needs {wanted}", by.person, command.word());
    Refusal::new(RefusalKind::Forbidden, message)
}
