//! The roles of public service, and how a role at a unit is written.

/// Role and Chinese name, in the order of the work.
pub const ROLES: &[(&str, &str)] = &[
    ("petitioner", "诉求人"),
    ("intake_agent", "受理员"),
    ("dispatcher", "派单员"),
    ("unit_liaison", "承办单位联络员"),
    ("handler", "承办人"),
    ("approver", "单位分管领导"),
    ("auditor", "审核员"),
    ("callback_agent", "回访员"),
    ("supervisor", "督办员"),
    ("leader", "区领导"),
    ("visitor_official", "走访干部"),
    ("grid_worker", "网格员"),
    ("cert_maker", "制证员"),
    ("cert_reviewer", "证照审核员"),
    ("window_clerk", "窗口人员"),
    ("hall_manager", "大厅管理员"),
    ("om_engineer", "运维工程师"),
    ("security_officer", "安全员"),
    ("project_owner", "项目单位"),
    ("expert", "评审专家"),
    ("joint_reviewer", "联审部门"),
    ("platform_admin", "平台管理员"),
    ("process_admin", "流程管理员"),
    ("scheduler", "调度员"),
    ("event_publisher", "事件发布系统"),
];

/// Power over the system itself: a substitute does not get it (ADR 0020).
pub const ADMINISTRATIVE: &[&str] = &["platform_admin", "process_admin", "event_publisher"];

/// Role and unit of `role@unit`.
pub fn split(held: &str) -> (&str, Option<&str>) {
    match held.split_once('@') {
        Some((role, unit)) => (role, Some(unit)),
        None => (held, None),
    }
}

/// Does holding `held` give `wanted`? `handler@城管局` gives itself, plain `handler`, and `*@城管局`: any role
/// at that unit. Plain `handler` gives only itself.
pub(crate) fn gives(held: &str, wanted: &str) -> bool {
    if held == wanted {
        return true;
    }
    let (role, Some(unit)) = split(held) else { return false };
    role == wanted || wanted.strip_prefix("*@") == Some(unit)
}
