//! Who may call a route. A route cannot be registered without one of these.
//!
//! What a caller may do with one work item or one case is not decided here: the rules of `core` do that.

use yiwang_core::work_item::Actor;

use crate::problem::{Code, Problem};

/// May do everything that an administrator may.
pub const ADMIN: &str = "platform_admin";
/// May deploy workflows and intervene in instances.
pub const PROCESS_ADMIN: &str = "process_admin";
/// May run schedules and sweeps: 调度.
pub(crate) const SCHEDULER: &str = "scheduler";
/// May publish events.
pub const EVENT_PUBLISHER: &str = "event_publisher";
/// A citizen: sees nothing but the work offered to them.
pub const PETITIONER: &str = "petitioner";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Anyone, without a token: only channels (their plugins check signatures) and health.
    Anonymous,
    /// Anyone with a token that holds.
    Authenticated,
    /// Anyone with a token that holds and a role besides `petitioner`.
    Staff,
    /// One of these roles, or the administrator.
    Role(&'static [&'static str]),
    /// The administrator.
    Admin,
}

impl Policy {
    /// Does it let this caller through?
    ///
    /// # Errors
    /// 401 without a caller, 403 for the wrong one.
    pub fn admit(self, who: Option<&Actor>) -> Result<(), Problem> {
        if self == Self::Anonymous {
            return Ok(());
        }
        let Some(who) = who else {
            return Err(Problem::new(Code::TokenMissing, "Send `Authorization: Bearer yw_pat_…`"));
        };
        let (ok, wanted) = match self {
            Self::Anonymous | Self::Authenticated => (true, String::new()),
            Self::Staff => (is_staff(who), "a staff role".to_owned()),
            Self::Role(roles) => (
                is_admin(who) || roles.iter().any(|role| has_role(who, role)),
                format!("one of the roles {}, {ADMIN}", roles.join(", ")),
            ),
            Self::Admin => (is_admin(who), format!("the role {ADMIN}")),
        };
        if ok { Ok(()) } else { Err(Problem::new(Code::Forbidden, format!("This needs {wanted}"))) }
    }

    /// As the documentation writes it.
    pub fn label(self) -> String {
        match self {
            Self::Anonymous => "anyone".to_owned(),
            Self::Authenticated => "any token".to_owned(),
            Self::Staff => "staff".to_owned(),
            Self::Role(roles) => roles.join(", "),
            Self::Admin => ADMIN.to_owned(),
        }
    }
}

/// Does the person hold this role, for any unit?
pub(crate) fn has_role(who: &Actor, role: &str) -> bool {
    who.roles.iter().any(|held| held.split_once('@').map_or(held.as_str(), |(name, _)| name) == role)
}

/// Is it the administrator? `platform_admin@unit` is not.
pub(crate) fn is_admin(who: &Actor) -> bool {
    who.roles.iter().any(|role| role == ADMIN)
}

/// Has the person any role besides `petitioner`, an own one or that of somebody who is away?
pub(crate) fn is_staff(who: &Actor) -> bool {
    let mut roles = who.roles.iter().chain(who.stands_in.iter().flat_map(|away| &away.roles));
    roles.any(|held| held.split('@').next() != Some(PETITIONER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(roles: &[&str]) -> Actor {
        Actor::new("li", roles.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn roles_are_compared_whole() {
        let deploy = Policy::Role(&[PROCESS_ADMIN]);
        for (roles, ok) in [
            (&["process_admin"][..], true),
            (&["process_admin@数据局"], true),
            (&["platform_admin"], true),
            (&["platform_admin@数据局"], false),
            (&["process_admins"], false),
            (&["Process_Admin"], false),
            (&["handler@process_admin"], false),
            (&[], false),
        ] {
            assert_eq!(deploy.admit(Some(&who(roles))).is_ok(), ok, "{roles:?}");
        }
        assert!(Policy::Staff.admit(Some(&who(&["petitioner"]))).is_err());
        assert!(Policy::Staff.admit(Some(&who(&[]))).is_err());
        assert!(Policy::Staff.admit(Some(&who(&["petitioner", "handler@城管局"]))).is_ok());
        assert!(Policy::Authenticated.admit(Some(&who(&[]))).is_ok());
        assert!(Policy::Authenticated.admit(None).is_err());
        assert!(Policy::Anonymous.admit(None).is_ok());
    }
}
