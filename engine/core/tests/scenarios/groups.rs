//! Groups: who is asked, in which order, when it is decided, what stays hidden until then.

use crate::driver::{Run, person};
use crate::{check, expect, json};
use yiwang_core::work_item::Act;

const DISTRICT: &str = "
units:
  - {id: 谯城区, name: 谯城区, kind: district}
  - {id: 财政局, name: 区财政局, kind: bureau, parent: 谯城区}
  - {id: 网信办, name: 区委网信办, kind: bureau, parent: 谯城区}
people:
  - {id: e1, name: 专家一, roles: [expert]}
  - {id: e2, name: 专家二, roles: [expert]}
  - {id: e3, name: 专家三, roles: [expert]}
  - {id: e4, name: 专家四, roles: [expert]}
  - {id: e5, name: 专家五, roles: [expert]}
  - {id: cai, name: 财政, roles: [joint_reviewer@财政局]}
  - {id: wangxin, name: 网信, roles: [joint_reviewer@网信办]}
  - {id: zhao, name: 赵六, roles: [supervisor]}
pools:
  - id: it
    name: 信息化
    experts: [{person: e3, affiliations: [甲公司]}]
";

/// Answers of experts, one after the other.
fn answer(run: &mut Run, n: u32, who: &str, outcome: &str) {
    let who = run.who(who);
    run.claim(n, &who).complete(n, &who, outcome, json!({"score": 80}), &format!("d{n}"));
}

#[test]
fn every_department_gives_an_opinion() {
    check(
        "
        do:
          - joint:
              call: human-task-group:1.0.0@default
              with:
                title: 部门联审
                members: [joint_reviewer@财政局, {unit: 网信办}]
                outcomes: [agree, agree_if, oppose]
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            answer(run, 1, "cai", "agree");
            answer(run, 2, "wangxin", "oppose");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              joint task_started
              joint group_opened blind=false members=["joint_reviewer@财政局","*@网信办"] mode="parallel" rule={"enough":"all"}
              joint work_item_offered due=null item="000000000001A-1" roles=["joint_reviewer@财政局"] title="部门联审"
              joint work_item_offered due=null item="000000000001A-2" roles=["*@网信办"] title="部门联审"
              = Waiting
            > cai claims #1
              joint work_item_claimed by="cai" item="000000000001A-1"
              = Waiting
            > cai completes #1 by d1
              joint work_item_completed by="cai" form={"score":80} item="000000000001A-1" outcome="agree"
              = Waiting
            > wangxin claims #2
              joint work_item_claimed by="wangxin" item="000000000001A-2"
              = Waiting
            > wangxin completes #2 by d2
              joint work_item_completed by="wangxin" form={"score":80} item="000000000001A-2" outcome="oppose"
              joint group_closed by="all" outcome=null tally={"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"agree":{"count":1,"weight":1},"oppose":{"count":1,"weight":1}}}
              joint task_completed output={"closedBy":"all","missing":[],"outcome":null,"results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"cai","form":{"score":80},"member":"joint_reviewer@财政局","onBehalfOf":null,"outcome":"agree","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"wangxin","form":{"score":80},"member":"*@网信办","onBehalfOf":null,"outcome":"oppose","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"agree":{"count":1,"weight":1},"oppose":{"count":1,"weight":1}}}}
              * completed output={"closedBy":"all","missing":[],"outcome":null,"results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"cai","form":{"score":80},"member":"joint_reviewer@财政局","onBehalfOf":null,"outcome":"agree","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"wangxin","form":{"score":80},"member":"*@网信办","onBehalfOf":null,"outcome":"oppose","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"agree":{"count":1,"weight":1},"oppose":{"count":1,"weight":1}}}}
              = Completed
        "#]],
    );
}

#[test]
fn opinions_stay_sealed_until_the_group_closes() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with:
                title: 专家打分
                members: [e1, e2]
                blind: true
                outcomes: [pass, fail]
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            answer(run, 1, "e1", "pass");
            run.claim(1, &run.who("e2"));
            let e2 = run.who("e2");
            run.claim(2, &e2).act(2, &e2, Act::Comment { text: "我认为不行".to_owned() }, "");
            let told: Vec<String> = run
                .transitions
                .iter()
                .flat_map(|done| [json!(done.history).to_string(), json!(done.work_items).to_string()])
                .collect();
            let told = told.join("");
            assert!(!told.contains(r#""outcome":"pass""#) && !told.contains(r#""score":80"#), "{told}");
            assert!(!told.contains("我认为不行"), "{told}");
            let before = run.transitions.len();
            run.quietly();
            run.complete(2, &e2, "fail", json!({"score": 40}), "d2");
            let rows = json!(run.transitions[before].work_items).to_string();
            assert!(rows.contains(r#""outcome":"pass""#) && rows.contains("我认为不行"), "{rows}");
        },
        expect![[r#"
            > e2 completes #2 by d2
              score work_item_completed by="e2" form=null item="000000000001A-2" outcome="sealed" sealed=true
              score group_closed by="all" outcome=null tally={"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"fail":{"count":1,"weight":1},"pass":{"count":1,"weight":1}}}
              score task_completed output={"closedBy":"all","missing":[],"outcome":null,"results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"pass","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":40},"member":"e2","onBehalfOf":null,"outcome":"fail","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"fail":{"count":1,"weight":1},"pass":{"count":1,"weight":1}}}}
              * completed output={"closedBy":"all","missing":[],"outcome":null,"results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"pass","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":40},"member":"e2","onBehalfOf":null,"outcome":"fail","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":true,"unanimous":false,"votes":{"fail":{"count":1,"weight":1},"pass":{"count":1,"weight":1}}}}
              = Completed
        "#]],
    );
}

#[test]
fn a_quorum_ends_it_and_the_rest_is_withdrawn() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with: {title: 打分, members: [e1, e2, e3], completion: {quorum: 2}, outcomes: [pass, fail]}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            answer(run, 1, "e1", "pass");
            answer(run, 3, "e3", "pass");
        },
        expect![[r#"
            > e1 claims #1
              score work_item_claimed by="e1" item="000000000001A-1"
              = Waiting
            > e1 completes #1 by d1
              score work_item_completed by="e1" form={"score":80} item="000000000001A-1" outcome="pass"
              = Waiting
            > e3 claims #3
              score work_item_claimed by="e3" item="000000000001A-3"
              = Waiting
            > e3 completes #3 by d3
              score work_item_completed by="e3" form={"score":80} item="000000000001A-3" outcome="pass"
              score work_item_cancelled item="000000000001A-2"
              score group_closed by="quorum" outcome="pass" tally={"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"pass":{"count":2,"weight":2}}}
              score task_completed output={"closedBy":"quorum","missing":[{"member":"e2","reason":"has not answered","seat":2}],"outcome":"pass","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"pass","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e3","form":{"score":80},"member":"e3","onBehalfOf":null,"outcome":"pass","seat":3,"weight":1,"workItemId":"000000000001A-3"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"pass":{"count":2,"weight":2}}}}
              * completed output={"closedBy":"quorum","missing":[{"member":"e2","reason":"has not answered","seat":2}],"outcome":"pass","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"pass","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e3","form":{"score":80},"member":"e3","onBehalfOf":null,"outcome":"pass","seat":3,"weight":1,"workItemId":"000000000001A-3"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"pass":{"count":2,"weight":2}}}}
              = Completed
        "#]],
    );
}

#[test]
fn members_are_asked_one_after_the_other_until_one_objects() {
    check(
        "
        do:
          - sign:
              call: human-task-group:1.0.0@default
              with:
                title: 会签
                mode: serial
                members: [{person: e1, weight: 2}, {role: expert}, e3]
                outcomes: [agree, oppose]
                completion: {veto: [oppose]}
                due: {after: PT1H}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            run.pass(1_800_000);
            answer(run, 1, "e1", "agree");
            // The second seat is for any other expert: one person, one voice.
            let e1 = run.who("e1");
            run.claim(2, &e1);
            answer(run, 2, "e4", "oppose");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              sign task_started
              sign group_opened blind=false members=["e1","expert","e3"] mode="serial" rule={"enough":"all","veto":["oppose"]}
              sign work_item_offered due=3600s item="000000000001A-1" roles=[] title="会签"
              = Waiting, wakes 3600s
            > e1 claims #1
              sign work_item_claimed by="e1" item="000000000001A-1"
              = Waiting, wakes 3600s
            > e1 completes #1 by d1
              sign work_item_completed by="e1" form={"score":80} item="000000000001A-1" outcome="agree"
              sign work_item_offered due=5400s item="000000000001A-2" roles=["expert"] title="会签"
              = Waiting, wakes 5400s
            > e1 claims #2
              sign work_item_refused attempt="claim" by="e1" code="work-item.second-seat" item="000000000001A-2" reason="e1 has another seat of the same group"
              refused work-item.second-seat: e1 has another seat of the same group
              = Waiting, wakes 5400s
            > e4 claims #2
              sign work_item_claimed by="e4" item="000000000001A-2"
              = Waiting, wakes 5400s
            > e4 completes #2 by d2
              sign work_item_completed by="e4" form={"score":80} item="000000000001A-2" outcome="oppose"
              sign group_closed by="veto" outcome="oppose" tally={"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"agree":{"count":1,"weight":2},"oppose":{"count":1,"weight":1}}}
              sign task_completed output={"closedBy":"veto","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"oppose","results":[{"completedAt":"2024-06-11T01:30:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"agree","seat":1,"weight":2,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:30:00Z","completedBy":"e4","form":{"score":80},"member":"expert","onBehalfOf":null,"outcome":"oppose","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"agree":{"count":1,"weight":2},"oppose":{"count":1,"weight":1}}}}
              * completed output={"closedBy":"veto","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"oppose","results":[{"completedAt":"2024-06-11T01:30:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"agree","seat":1,"weight":2,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:30:00Z","completedBy":"e4","form":{"score":80},"member":"expert","onBehalfOf":null,"outcome":"oppose","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"agree":{"count":1,"weight":2},"oppose":{"count":1,"weight":1}}}}
              = Completed
        "#]],
    );
}

#[test]
fn weight_decides() {
    check(
        "
        do:
          - vote:
              call: human-task-group:1.0.0@default
              with:
                title: 表决
                members: [{person: e1, weight: 3}, e2, e3]
                outcomes: [yes, no]
                completion: {percent: 60}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({})).quietly();
            answer(run, 2, "e2", "no");
            answer(run, 1, "e1", "yes");
        },
        expect![[r#"
            > e2 claims #2
              vote work_item_claimed by="e2" item="000000000001A-2"
              = Waiting
            > e2 completes #2 by d2
              vote work_item_completed by="e2" form={"score":80} item="000000000001A-2" outcome="no"
              = Waiting
            > e1 claims #1
              vote work_item_claimed by="e1" item="000000000001A-1"
              = Waiting
            > e1 completes #1 by d1
              vote work_item_completed by="e1" form={"score":80} item="000000000001A-1" outcome="yes"
              vote work_item_cancelled item="000000000001A-3"
              vote group_closed by="weight" outcome="yes" tally={"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"no":{"count":1,"weight":1},"yes":{"count":1,"weight":3}}}
              vote task_completed output={"closedBy":"weight","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"yes","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"yes","seat":1,"weight":3,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"no","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"no":{"count":1,"weight":1},"yes":{"count":1,"weight":3}}}}
              * completed output={"closedBy":"weight","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"yes","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"yes","seat":1,"weight":3,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"no","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":false,"votes":{"no":{"count":1,"weight":1},"yes":{"count":1,"weight":3}}}}
              = Completed
        "#]],
    );
}

#[test]
fn an_interest_gives_the_seat_to_a_reserve() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with:
                title: 打分
                members: [e1, e2, e3]
                reserves: [e2, e4]
                conflicts: {people: [applicant], units: [甲公司]}
                blind: true
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            let e1 = run.who("e1");
            run.act(1, &e1, Act::DeclareConflict, "与申报单位有合作").claim(1, &e1);
            // Nobody is left for the seat of e1: it does not count.
            answer(run, 2, "e2", "");
            answer(run, 3, "e4", "");
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              score task_started
              score group_opened blind=true members=["e1","e2","e3"] mode="parallel" rule={"enough":"all"}
              score work_item_offered due=null item="000000000001A-1" roles=[] title="打分"
              score work_item_offered due=null item="000000000001A-2" roles=[] title="打分"
              score group_seat_changed from="e3" reason="conflict of interest: e3 has to do with 甲公司, which the matter concerns" seat=3 to="e4"
              score work_item_offered due=null item="000000000001A-3" roles=[] title="打分"
              = Waiting
            > e1 does declare-conflict #1
              score work_item_conflict by="e1" item="000000000001A-1" reason="与申报单位有合作"
              score work_item_cancelled item="000000000001A-1"
              score group_seat_changed by="e1" from="e1" reason="conflict of interest: 与申报单位有合作" seat=1 to=null
              = Waiting
            > e1 claims #1
              refused not_found: there is no open work item 000000000001A-1
            > e2 claims #2
              score work_item_claimed by="e2" item="000000000001A-2"
              = Waiting
            > e2 completes #2 by d2
              score work_item_completed by="e2" form=null item="000000000001A-2" outcome="sealed" sealed=true
              = Waiting
            > e4 claims #3
              score work_item_claimed by="e4" item="000000000001A-3"
              = Waiting
            > e4 completes #3 by d3
              score work_item_completed by="e4" form=null item="000000000001A-3" outcome="sealed" sealed=true
              score group_closed by="all" outcome="completed" tally={"answered":2,"excused":1,"pending":0,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}
              score task_completed output={"closedBy":"all","missing":[{"member":"e1","reason":"conflict of interest: 与申报单位有合作","seat":1}],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-2"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e4","form":{"score":80},"member":"e4","onBehalfOf":null,"outcome":"completed","seat":3,"weight":1,"workItemId":"000000000001A-3"}],"tally":{"answered":2,"excused":1,"pending":0,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              * completed output={"closedBy":"all","missing":[{"member":"e1","reason":"conflict of interest: 与申报单位有合作","seat":1}],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-2"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e4","form":{"score":80},"member":"e4","onBehalfOf":null,"outcome":"completed","seat":3,"weight":1,"workItemId":"000000000001A-3"}],"tally":{"answered":2,"excused":1,"pending":0,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              = Completed
        "#]],
    );
}

#[test]
fn a_member_who_does_not_answer_is_replaced() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with:
                title: 打分
                members: [e1, e2]
                reserves: [e4]
                due: {after: PT10H}
                escalation: [{at: 50%, replacePending: true}]
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            answer(run, 1, "e1", "");
            run.quietly().wake();
            run.act(3, &run.who("e1"), Act::Replace { with: Some("e5".to_owned()) }, "x");
            let zhao = run.who("zhao");
            run.act(3, &zhao, Act::Replace { with: None }, "联系不上");
            run.act(3, &zhao, Act::Replace { with: Some("e1".to_owned()) }, "联系不上");
            run.act(3, &zhao, Act::Replace { with: Some("e5".to_owned()) }, "联系不上");
            answer(run, 4, "e5", "");
        },
        expect![[r#"
            > wake
              score work_item_escalated item="000000000001A-2" roles=[] step="50%"
              score work_item_cancelled item="000000000001A-2"
              score group_seat_changed from="e2" reason="no answer at 50%" seat=2 to="e4"
              score work_item_offered due=54000s item="000000000001A-3" roles=[] title="打分"
              = Waiting, wakes 36000s
            > e1 does replace #3
              refused forbidden: replacing a member needs the role supervisor or process_admin; e1 has neither
            > zhao does replace #3
              refused conflict: the group has no reserve who may take the seat; name somebody
            > zhao does replace #3
              refused conflict: e1 has another seat of the same group
            > zhao does replace #3
              score work_item_cancelled item="000000000001A-3"
              score group_seat_changed by="zhao" from="e4" reason="联系不上" seat=2 to="e5"
              score work_item_offered due=54000s item="000000000001A-4" roles=[] title="打分"
              = Waiting, wakes 36000s
            > e5 claims #4
              score work_item_claimed by="e5" item="000000000001A-4"
              = Waiting, wakes 36000s
            > e5 completes #4 by d4
              score work_item_completed by="e5" form={"score":80} item="000000000001A-4" outcome="completed"
              score group_closed by="all" outcome="completed" tally={"answered":2,"excused":0,"pending":0,"seats":2,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}
              score task_completed output={"closedBy":"all","missing":[],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"completed","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T06:00:00Z","completedBy":"e5","form":{"score":80},"member":"e5","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-4"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              * completed output={"closedBy":"all","missing":[],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"completed","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T06:00:00Z","completedBy":"e5","form":{"score":80},"member":"e5","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-4"}],"tally":{"answered":2,"excused":0,"pending":0,"seats":2,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              = Completed
        "#]],
    );
}

#[test]
fn enough_when_it_is_due() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with:
                title: 打分
                members: [e1, e2, e3]
                due: {after: PT10H}
                completion: {enoughWhenDue: 2}
        ",
        |run| {
            run.organisation(DISTRICT).start(json!({}));
            answer(run, 1, "e1", "");
            answer(run, 2, "e2", "");
            run.quietly().wake();
        },
        expect![[r#"
            > wake
              score work_item_escalated item="000000000001A-3" roles=[] step="due"
              score work_item_cancelled item="000000000001A-3"
              score group_closed by="due" outcome="completed" tally={"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}
              score task_completed output={"closedBy":"due","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"completed","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              * completed output={"closedBy":"due","missing":[{"member":"e3","reason":"has not answered","seat":3}],"outcome":"completed","results":[{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e1","form":{"score":80},"member":"e1","onBehalfOf":null,"outcome":"completed","seat":1,"weight":1,"workItemId":"000000000001A-1"},{"completedAt":"2024-06-11T01:00:00Z","completedBy":"e2","form":{"score":80},"member":"e2","onBehalfOf":null,"outcome":"completed","seat":2,"weight":1,"workItemId":"000000000001A-2"}],"tally":{"answered":2,"excused":0,"pending":1,"seats":3,"tied":false,"unanimous":true,"votes":{"completed":{"count":2,"weight":2}}}}
              = Completed
        "#]],
    );
}

#[test]
fn too_few_are_left_to_decide() {
    check(
        "
        do:
          - score:
              call: human-task-group:1.0.0@default
              with: {title: 打分, members: [e1, e2], completion: {quorum: 2}}
        ",
        |run| {
            run.start(json!({})).quietly();
            run.act(1, &person("e1", &[]), Act::DeclareConflict, "亲属");
        },
        expect![[r#"
            > e1 does declare-conflict #1
              score work_item_conflict by="e1" item="000000000001A-1" reason="亲属"
              score work_item_cancelled item="000000000001A-1"
              score group_seat_changed by="e1" from="e1" reason="conflict of interest: 亲属" seat=1 to=null
              score work_item_cancelled item="000000000001A-2"
              score group_closed by="unreachable" outcome=null tally={"answered":0,"excused":1,"pending":1,"seats":2,"tied":false,"unanimous":false,"votes":{}}
              score task_completed output={"closedBy":"unreachable","missing":[{"member":"e1","reason":"conflict of interest: 亲属","seat":1},{"member":"e2","reason":"has not answered","seat":2}],"outcome":null,"results":[],"tally":{"answered":0,"excused":1,"pending":1,"seats":2,"tied":false,"unanimous":false,"votes":{}}}
              * completed output={"closedBy":"unreachable","missing":[{"member":"e1","reason":"conflict of interest: 亲属","seat":1},{"member":"e2","reason":"has not answered","seat":2}],"outcome":null,"results":[],"tally":{"answered":0,"excused":1,"pending":1,"seats":2,"tied":false,"unanimous":false,"votes":{}}}
              = Completed
        "#]],
    );
}

#[test]
fn groups_that_cannot_be() {
    for with in [
        "{title: x, members: [e1, e1]}",
        "{title: x, members: [e1], completion: {quorum: 2}}",
        "{title: x, members: [e1], completion: {rule: '${ \"weighted\" }'}}",
        "{title: x, members: [e1], completion: {veto: ['${ \"no\" }']}}",
        "{title: x, members: [e1], completion: {enoughWhenDue: 1}}",
    ] {
        let text = format!("do: [ask: {{call: 'human-task-group:1.0.0@default', with: {with}}}]");
        let mut run = Run::new(&text, &[]);
        run.start(json!({}));
        assert!(run.log.contains("Faulted"), "{with}: {}", run.log);
    }
}
