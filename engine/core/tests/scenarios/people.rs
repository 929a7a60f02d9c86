//! Substitutes, delegation, four eyes, interests: who may do what, and what history says about it.

use crate::driver::person;
use crate::{check, expect, json};
use yiwang_core::Timestamp;
use yiwang_core::work_item::{Act, File, Priority, WorkItemCommand};

const DISTRICT: &str = "
units:
  - {id: 谯城区, name: 谯城区, kind: district}
  - {id: 城管局, name: 区城管局, kind: bureau, parent: 谯城区}
  - {id: 住建局, name: 区住建局, kind: bureau, parent: 谯城区}
  - {id: 市政所, name: 市政管理所, kind: office, parent: 城管局}
people:
  - {id: zhang, name: 张三, roles: [handler@城管局]}
  - {id: li, name: 李四, roles: [handler@住建局]}
  - {id: wang, name: 王五, roles: [handler@城管局, auditor]}
  - {id: zhao, name: 赵六, roles: [supervisor]}
  - {id: sun, name: 孙七, roles: [handler@市政所]}
  - {id: gone, name: 钱八, roles: [approver@住建局], inactive: true}
absences:
  - {person: zhang, substitute: li, from: 2024-06-10, until: 2024-06-12, reason: 出差}
";

const HANDLE: &str = "
do:
  - handle:
      call: human-task:1.0.0@default
      with: {title: 办理, candidateRoles: [handler@城管局], outcomes: [done, refused]}
  - audit:
      call: human-task:1.0.0@default
      with:
        title: 审核
        candidateRoles: [handler@城管局, auditor]
        fourEyes: {tasks: [handle]}
";

#[test]
fn a_substitute_acts_for_the_absent() {
    check(
        HANDLE,
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            let li = run.who("li");
            run.claim(1, &li).complete(1, &li, "done", json!({}), "d1");
            // Neither the substitute nor the absent person is a second pair of eyes.
            run.claim(2, &li).claim(2, &li);
            let zhang = run.who("zhang");
            run.claim(2, &zhang);
            let wang = run.who("wang");
            run.claim(2, &wang).complete(2, &wang, "", json!({}), "d2");
        },
        expect![[r#"
            > li claims #1
              handle work_item_claimed by="li" item="000000000001A-1" onBehalfOf="zhang"
              = Waiting
            > li completes #1 by d1
              handle work_item_completed by="li" form={} item="000000000001A-1" onBehalfOf="zhang" outcome="done"
              handle task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"onBehalfOf":"zhang","outcome":"done","workItemId":"000000000001A-1"}
              audit task_started
              audit work_item_offered due=null item="000000000001A-2" roles=["handler@城管局","auditor"] title="审核"
              = Waiting
            > li claims #2
              audit work_item_refused attempt="claim" by="li" code="work-item.four-eyes" item="000000000001A-2" reason="li may not do work item 000000000001A-2"
              refused work-item.four-eyes: li may not do work item 000000000001A-2
              = Waiting
            > li claims #2
              refused forbidden: li may not do work item 000000000001A-2
            > zhang claims #2
              audit work_item_refused attempt="claim" by="zhang" code="work-item.four-eyes" item="000000000001A-2" reason="zhang may not do work item 000000000001A-2"
              refused work-item.four-eyes: zhang may not do work item 000000000001A-2
              = Waiting
            > wang claims #2
              audit work_item_claimed by="wang" item="000000000001A-2"
              = Waiting
            > wang completes #2 by d2
              audit work_item_completed by="wang" form={} item="000000000001A-2" outcome="completed"
              audit task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"wang","form":{},"outcome":"completed","workItemId":"000000000001A-2"}
              * completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"wang","form":{},"outcome":"completed","workItemId":"000000000001A-2"}
              = Completed
        "#]],
    );
}

#[test]
fn an_open_assignment_of_the_absent_is_done_by_the_substitute() {
    check(
        HANDLE,
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            let zhang = person("zhang", &["handler@城管局"]);
            run.claim(1, &zhang).quietly();
            let li = run.who("li");
            run.complete(1, &li, "done", json!({}), "d1");
            run.pass(3 * 24 * 60 * 60 * 1000);
            assert!(run.who("li").stands_in.is_empty(), "the absence is over");
        },
        expect![[r#"
            > li completes #1 by d1
              handle work_item_completed by="li" form={} item="000000000001A-1" onBehalfOf="zhang" outcome="done"
              handle task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"li","form":{},"onBehalfOf":"zhang","outcome":"done","workItemId":"000000000001A-1"}
              audit task_started
              audit work_item_offered due=null item="000000000001A-2" roles=["handler@城管局","auditor"] title="审核"
              = Waiting
        "#]],
    );
}

#[test]
fn work_for_nobody_is_told_and_falls_to_others() {
    check(
        "
        do:
          - sign:
              call: human-task:1.0.0@default
              with: {title: 签批, candidateRoles: [approver@住建局]}
          - more:
              call: human-task:1.0.0@default
              with: {title: 办理, candidateUnits: [市政所]}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            let zhao = run.who("zhao");
            run.claim(1, &zhao).complete(1, &zhao, "", json!({}), "d1");
            let sun = run.who("sun");
            run.claim(2, &sun);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              sign task_started
              sign work_item_offered due=null item="000000000001A-1" roles=["approver@住建局","supervisor"] title="签批"
              sign work_item_unheld candidates=["approver@住建局"] fallback=["supervisor"] item="000000000001A-1"
              = Waiting
            > zhao claims #1
              sign work_item_claimed by="zhao" item="000000000001A-1"
              = Waiting
            > zhao completes #1 by d1
              sign work_item_completed by="zhao" form={} item="000000000001A-1" outcome="completed"
              sign task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"zhao","form":{},"outcome":"completed","workItemId":"000000000001A-1"}
              more task_started
              more work_item_offered due=null item="000000000001A-2" roles=["*@市政所"] title="办理"
              = Waiting
            > sun claims #2
              more work_item_claimed by="sun" item="000000000001A-2"
              = Waiting
        "#]],
    );
}

#[test]
fn work_is_delegated_taken_back_handed_over_and_returned() {
    check(
        HANDLE,
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            let (zhang, wang, li) = (person("zhang", &["handler@城管局"]), run.who("wang"), run.who("li"));
            run.claim(1, &wang);
            let to = |name: &str| name.to_owned();
            run.act(1, &wang, Act::Delegate { to: to("sun") }, "我去开会");
            run.act(1, &run.who("sun"), Act::Delegate { to: to("li") }, "");
            run.release(1, &run.who("sun"));
            run.act(1, &wang, Act::Delegate { to: to("sun") }, "").claim(1, &wang);
            run.act(1, &wang, Act::HandOver { to: to("nobody") }, "");
            run.act(1, &wang, Act::HandOver { to: to("sun") }, "");
            run.act(1, &wang, Act::HandOver { to: to("zhang") }, "他熟悉情况");
            run.act(1, &zhang, Act::Return, "");
            run.act(1, &zhang, Act::Return, "不属于我局职责");
            run.act(1, &li, Act::Comment { text: "请尽快".to_owned() }, "");
            run.act(1, &person("qian", &["clerk"]), Act::Comment { text: "?".to_owned() }, "");
        },
        expect![[r#"
            > wang claims #1
              handle work_item_claimed by="wang" item="000000000001A-1"
              = Waiting
            > wang does delegate #1
              handle work_item_delegated by="wang" from="wang" item="000000000001A-1" reason="我去开会" to="sun"
              = Waiting
            > sun does delegate #1
              refused forbidden: sun has it by delegation and cannot pass it on
            > sun releases #1
              handle work_item_released by="sun" item="000000000001A-1" onBehalfOf="wang"
              = Waiting
            > wang does delegate #1
              handle work_item_delegated by="wang" from="wang" item="000000000001A-1" reason=null to="sun"
              = Waiting
            > wang claims #1
              handle work_item_claimed by="wang" item="000000000001A-1"
              = Waiting
            > wang does hand-over #1
              refused invalid: nobody can be given the work item under this name
                /to: the organisation does not know `nobody`
            > wang does hand-over #1
              refused invalid: it cannot be handed over
                /to: sun is not a candidate; delegate it, or offer it to another role
            > wang does hand-over #1
              handle work_item_handed_over by="wang" from="wang" item="000000000001A-1" reason="他熟悉情况" to="zhang"
              = Waiting
            > zhang does return #1
              refused invalid: something is missing
                /reason: say why it is returned
            > zhang does return #1
              handle work_item_returned by="zhang" item="000000000001A-1" reason="不属于我局职责"
              = Waiting
            > li does comment #1
              handle work_item_commented by="li" item="000000000001A-1" text="请尽快"
              = Waiting
            > qian does comment #1
              refused forbidden: qian is not a candidate for work item 000000000001A-1
        "#]],
    );
}

#[test]
fn a_delegate_decides_for_the_one_who_is_responsible() {
    check(
        HANDLE,
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            let wang = run.who("wang");
            run.claim(1, &wang).act(1, &wang, Act::Delegate { to: "sun".to_owned() }, "").quietly();
            let sun = run.who("sun");
            run.complete(1, &sun, "done", json!({}), "d1");
            run.claim(2, &wang);
        },
        expect![[r#"
            > sun completes #1 by d1
              handle work_item_completed by="sun" form={} item="000000000001A-1" onBehalfOf="wang" outcome="done"
              handle task_completed output={"completedAt":"2024-06-11T01:00:00Z","completedBy":"sun","form":{},"onBehalfOf":"wang","outcome":"done","workItemId":"000000000001A-1"}
              audit task_started
              audit work_item_offered due=null item="000000000001A-2" roles=["handler@城管局","auditor"] title="审核"
              = Waiting
            > wang claims #2
              audit work_item_refused attempt="claim" by="wang" code="work-item.four-eyes" item="000000000001A-2" reason="wang may not do work item 000000000001A-2"
              refused work-item.four-eyes: wang may not do work item 000000000001A-2
              = Waiting
        "#]],
    );
}

#[test]
fn remarks_files_priority_and_follow_up() {
    check(
        HANDLE,
        |run| {
            run.start(json!({})).quietly();
            let (zhang, zhao) = (person("zhang", &["handler@城管局"]), person("zhao", &["supervisor"]));
            let comment = |text: &str| WorkItemCommand::Act {
                act: Act::Comment { text: text.to_owned() },
                reason: None,
                decision: Some("c1".to_owned()),
            };
            // Twice is once.
            run.work(1, &zhang, None, comment("看过现场")).work(1, &zhang, None, comment("看过现场"));
            run.work(1, &zhang, Some(1), comment("旧")).work(1, &zhang, Some(1), WorkItemCommand::Claim);
            let file = |digest: &str| File {
                name: "现场.jpg".to_owned(),
                digest: Some(digest.to_owned()),
                reference: None,
                media_type: None,
            };
            run.act(1, &zhang, Act::Attach { file: file("sha256:12") }, "");
            run.act(1, &zhang, Act::Attach { file: file(&format!("sha256:{}", "ab".repeat(32))) }, "");
            run.act(1, &zhao, Act::Priority { priority: Priority::Urgent }, "领导批示");
            run.act(1, &zhao, Act::FollowUp { at: Some(Timestamp(1_718_154_000_000)) }, "");
            run.act(1, &zhang, Act::FollowUp { at: None }, "");
        },
        expect![[r#"
            > zhang does comment #1
              handle work_item_commented by="zhang" item="000000000001A-1" text="看过现场"
              = Waiting
            > zhang does comment #1
              = Waiting
            > zhang does comment #1
              = Waiting
            > zhang claims #1
              refused conflict: work item 000000000001A-1 has changed: version 2, not 1
            > zhang does attach #1
              refused invalid: the file cannot be attached
                /file/digest: a digest is `sha256:` and 64 digits of 0-9a-f
            > zhang does attach #1
              handle work_item_attached by="zhang" file={"digest":"sha256:abababababababababababababababababababababababababababababababab","name":"现场.jpg"} item="000000000001A-1"
              = Waiting
            > zhao does set-priority #1
              handle work_item_changed by="zhao" changes={"priority":"urgent"} item="000000000001A-1" reason="领导批示"
              = Waiting
            > zhao does follow-up #1
              handle work_item_changed by="zhao" changes={"followUp":"2024-06-12T01:00:00Z"} item="000000000001A-1" reason=null
              = Waiting
            > zhang does follow-up #1
              refused forbidden: zhang has not claimed work item 000000000001A-1
        "#]],
    );
}

#[test]
fn who_has_an_interest_must_not_decide() {
    check(
        "
        do:
          - review:
              call: human-task:1.0.0@default
              with:
                title: 评审
                candidateRoles: [handler, auditor]
                conflicts: {people: [wang], units: [城管局, null]}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            // By person, by a unit below, by a role on the token alone, for somebody absent.
            let wang = run.who("wang");
            run.claim(1, &wang).claim(1, &wang);
            run.claim(1, &run.who("sun"));
            run.claim(1, &person("x", &["handler@市政所"]));
            let li = run.who("li");
            run.claim(1, &li);
            run.act(1, &li, Act::DeclareConflict, "");
            run.act(1, &li, Act::DeclareConflict, "项目负责人是我的亲属");
            run.claim(1, &li);
        },
        expect![[r#"
            > wang claims #1
              review work_item_refused attempt="claim" by="wang" code="work-item.conflict-of-interest" item="000000000001A-1" reason="wang may not decide work item 000000000001A-1: the matter concerns wang"
              refused work-item.conflict-of-interest: wang may not decide work item 000000000001A-1: the matter concerns wang
              = Waiting
            > wang claims #1
              refused forbidden: wang may not decide work item 000000000001A-1: the matter concerns wang
            > sun claims #1
              review work_item_refused attempt="claim" by="sun" code="work-item.conflict-of-interest" item="000000000001A-1" reason="sun may not decide work item 000000000001A-1: sun has to do with 城管局, which the matter concerns"
              refused work-item.conflict-of-interest: sun may not decide work item 000000000001A-1: sun has to do with 城管局, which the matter concerns
              = Waiting
            > x claims #1
              review work_item_refused attempt="claim" by="x" code="work-item.conflict-of-interest" item="000000000001A-1" reason="x may not decide work item 000000000001A-1: x has to do with 城管局, which the matter concerns"
              refused work-item.conflict-of-interest: x may not decide work item 000000000001A-1: x has to do with 城管局, which the matter concerns
              = Waiting
            > li claims #1
              review work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > li does declare-conflict #1
              refused invalid: something is missing
                /reason: say which interest
            > li does declare-conflict #1
              review work_item_conflict by="li" item="000000000001A-1" reason="项目负责人是我的亲属"
              = Waiting
            > li claims #1
              review work_item_refused attempt="claim" by="li" code="work-item.four-eyes" item="000000000001A-1" reason="li may not do work item 000000000001A-1"
              refused work-item.four-eyes: li may not do work item 000000000001A-1
              = Waiting
        "#]],
    );
}

#[test]
fn four_eyes_names_tasks_that_exist() {
    check(
        "
        do:
          - audit:
              call: human-task:1.0.0@default
              with: {title: 审核, candidateRoles: [auditor], fourEyes: {tasks: [handel]}}
        ",
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              audit task_started
              audit task_faulted error={"detail":"with: `fourEyes.tasks` names `handel`, and the workflow has no such task","instance":"/do/0/audit","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: `fourEyes.tasks` names `handel`, and the workflow has no such task","instance":"/do/0/audit","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

const TIMED: &str = "
do:
  - handle:
      call: human-task:1.0.0@default
      with:
        title: 办理
        candidateRoles: [handler@城管局]
        due: {at: '2024-06-11T03:00:00Z'}
        escalation: [{at: 50%, raisePriority: true}]
";

/// The clock of the tests begins at 01:00 UTC: half of two hours is 02:00, half of four is 03:00.
#[test]
fn another_due_time_takes_the_timers_with_it() {
    check(
        TIMED,
        |run| {
            run.start(json!({})).quietly();
            let (zhang, zhao) = (person("zhang", &["handler@城管局"]), person("zhao", &["supervisor"]));
            let at = |text: &str| Act::SetDue { at: Timestamp::parse(text).unwrap() };
            run.act(1, &zhang, at("2024-06-11T05:00:00Z"), "来不及");
            run.act(1, &zhao, at("2024-06-11T05:00:00Z"), "");
            run.act(1, &zhao, at("2024-06-11T00:30:00Z"), "太早");
            run.act(1, &zhao, at("2025-06-30T00:00:00Z"), "太晚");
            run.act(1, &zhao, at("2024-06-11T05:00:00Z"), "等待鉴定");
            run.act(1, &zhao, at("2024-06-11T05:00:00Z"), "等待鉴定");
            run.wake_after(90 * 60_000).wake_after(30 * 60_000).wake_after(120 * 60_000);
            // It was late; it is not any more, and becomes so again.
            run.act(1, &zhao, at("2024-06-11T06:00:00Z"), "再宽限一小时").wake_after(60 * 60_000);
        },
        expect![[r#"
            > zhang does set-due #1
              refused forbidden: changing the due time of a work item needs the role supervisor or process_admin; zhang has neither (work item 000000000001A-1)
            > zhao does set-due #1
              refused invalid: something is missing
                /reason: say why it is due at another time
            > zhao does set-due #1
              refused invalid: it cannot be due then
                /at: it has passed already
            > zhao does set-due #1
              refused invalid: it cannot be due then
                /at: it is more than a year away
            > zhao does set-due #1
              handle work_item_changed by="zhao" changes={"due":"2024-06-11T05:00:00Z"} item="000000000001A-1" reason="等待鉴定"
              handle work_item_due_moved due=14400s item="000000000001A-1"
              = Waiting, wakes 7200s
            > zhao does set-due #1
              = Waiting, wakes 7200s
            > wake
              = Waiting, wakes 7200s
            > wake
              handle work_item_escalated item="000000000001A-1" roles=[] step="50%"
              = Waiting, wakes 14400s
            > wake
              handle work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting
            > zhao does set-due #1
              handle work_item_changed by="zhao" changes={"due":"2024-06-11T06:00:00Z"} item="000000000001A-1" reason="再宽限一小时"
              handle work_item_due_moved due=18000s item="000000000001A-1"
              = Waiting, wakes 18000s
            > wake
              handle work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting
        "#]],
    );
}

#[test]
fn work_is_offered_to_others_and_escalated() {
    check(
        HANDLE,
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            let (zhang, zhao, li) = (person("zhang", &["handler@城管局"]), run.who("zhao"), run.who("li"));
            let sweep = person("sweep:late", &["sweep"]);
            let offer = |role: &str| Act::Offer { roles: vec![role.to_owned()] };
            let escalate = |roles: &[&str], priority| Act::Escalate {
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                priority,
            };
            run.claim(1, &zhang).quietly();
            run.act(1, &zhang, offer("handler@住建局"), "不归我管");
            run.act(1, &zhao, offer("handler@"), "改派");
            run.act(1, &sweep, escalate(&["approver@城管局"], Some(Priority::High)), "超时未办");
            // What there is already changes nothing; less urgent it never becomes.
            run.act(1, &sweep, escalate(&["approver@城管局"], Some(Priority::Low)), "超时未办");
            run.act(1, &zhao, offer("handler@住建局"), "改派");
            run.claim(1, &zhang).claim(1, &li);
            // Nobody is an approver there: others are asked, as when it is offered first.
            run.act(1, &zhao, offer("approver@住建局"), "再改派");
        },
        expect![[r#"
            > zhang does offer #1
              refused forbidden: changing who does a work item needs the role supervisor or process_admin; zhang has neither (work item 000000000001A-1)
            > zhao does offer #1
              refused invalid: these are no roles
                /roles/0: a role is `role`, `role@unit` or `*@unit`
            > sweep:late does escalate #1
              handle work_item_changed by="sweep:late" changes={"addedRoles":["approver@城管局"],"priority":"high"} item="000000000001A-1" reason="超时未办"
              = Waiting
            > sweep:late does escalate #1
              = Waiting
            > zhao does offer #1
              handle work_item_changed by="zhao" changes={"assignee":null,"candidatePeople":[],"candidateRoles":["handler@住建局"]} item="000000000001A-1" reason="改派"
              = Waiting
            > zhang claims #1
              refused forbidden: zhang is not a candidate for work item 000000000001A-1
            > li claims #1
              handle work_item_claimed by="li" item="000000000001A-1"
              = Waiting
            > zhao does offer #1
              handle work_item_changed by="zhao" changes={"assignee":null,"candidatePeople":[],"candidateRoles":["approver@住建局"]} item="000000000001A-1" reason="再改派"
              handle work_item_unheld candidates=["approver@住建局"] fallback=["supervisor"] item="000000000001A-1"
              = Waiting
        "#]],
    );
}
