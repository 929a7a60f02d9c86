//! SLA clocks: stopwatches of a case, with pauses, ladders and cards.

use yiwang_core::case::CaseCommand;
use yiwang_core::clock::{Clock, replay};
use yiwang_core::{HistoryEvent, Timestamp};

use crate::driver::person;
use crate::due::{NEXT_YEAR, local, put, set};
use crate::{Run, check, expect, json};

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), local)
}

/// All clocks, and that history tells the same.
fn clocks(run: &mut Run) {
    let history: Vec<HistoryEvent> =
        run.transitions.iter().flat_map(|transition| transition.history.clone()).collect();
    let told = replay(&history, &run.district.calendars).unwrap();
    let stored: Vec<Clock> = run.state.clocks().cloned().collect();
    assert_eq!(told, stored, "a clock is what its history says");
    for clock in stored {
        let (stage, due) = (clock.stage, time(clock.due));
        let (spent, total) = (clock.spent, clock.total);
        let breached = time(clock.breached);
        run.note(format!(
            "{} {stage:?} due {due} spent {spent} of {total} breached {breached} card {:?} provisional {}",
            clock.clock, clock.card, clock.provisional
        ));
    }
}

const TWO: &str = "
        do:
          - open:
              call: case-open:1.0.0@default
              with:
                type: complaint
                title: 路灯不亮
                content: {}
                channel: wechat
                clocks:
                  - {clock: first_contact, goal: {after: PT24H}}
                  - clock: handling
                    goal: {workingDays: 3}
                    thresholds:
                      - {at: 50%, flag: warned, note: 过半}
                      - {at: 100%, card: yellow}
                      - {after: {workingDays: 3}, card: red, flag: supervised}
          - call: {listen: {to: {one: {with: {type: called}}}}}
          - contact: {call: 'clock-stop:1.0.0@default', with: {clock: first_contact}}
          - material: {listen: {to: {one: {with: {type: material}}}}}
          - pause: {call: 'clock-pause:1.0.0@default', with: {clock: handling, reason: 等诉求人补充材料}}
          - came: {listen: {to: {one: {with: {type: came}}}}}
          - resume: {call: 'clock-resume:1.0.0@default', with: {clock: handling}}
          - done: {listen: {to: {one: {with: {type: done}}}}}
          - stop: {call: 'clock-stop:1.0.0@default', with: {clock: handling}}
        ";

#[test]
fn clocks_of_a_case_run_beside_each_other() {
    check(
        TWO,
        |run| {
            set(run, "2024-06-11 09:00");
            run.start(json!({}));
            let case = run.transitions[0].case.clone().unwrap();
            run.note(format!("next due {}", time(case.next_due())));
            clocks(run);
            run.quietly();
            set(run, "2024-06-11 15:00");
            run.event("called", json!({}));
            set(run, "2024-06-12 11:00");
            run.event("material", json!({}));
            clocks(run);
            // Paused over a weekend: the remaining working time is what it was.
            set(run, "2024-06-17 14:00");
            run.event("came", json!({}));
            clocks(run);
            set(run, "2024-06-18 10:00");
            run.event("done", json!({}));
            clocks(run);
        },
        expect![[r#"
            > event called
              call event_taken id="e1" source="/channels/web" type="called"
              call task_completed output=[{}]
              contact task_started
              contact clock_ended clock="first_contact" reason=null spent="PT6H" stage="met"
              contact task_completed output={"breached":false,"calendar":"district","card":null,"clock":"first_contact","dueAt":"2024-06-12T01:00:00Z","edition":0,"goal":{"after":"PT24H"},"left":"PT18H","provisional":false,"spent":"PT6H","stage":"met","started":"2024-06-11T01:00:00Z"}
              material task_started
              material listening types=["material"]
              = Waiting, wakes 171000s
            > event material
              material event_taken id="e2" source="/channels/web" type="material"
              material task_completed output=[{}]
              pause task_started
              pause clock_paused clock="handling" reason="等诉求人补充材料" spent="PT9H"
              pause task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":null,"edition":0,"goal":{"workingDays":3},"left":"PT18H","provisional":false,"spent":"PT9H","stage":"paused","started":"2024-06-11T01:00:00Z"}
              came task_started
              came listening types=["came"]
              = Waiting
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Paused due - spent PT9H of PT27H breached - card None provisional false
            > event came
              came event_taken id="e3" source="/channels/web" type="came"
              came task_completed output=[{}]
              resume task_started
              resume clock_resumed clock="handling" due=777600s edition=0 provisional=false
              resume task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-20T01:00:00Z","edition":0,"goal":{"workingDays":3},"left":"PT18H","provisional":false,"spent":"PT9H","stage":"running","started":"2024-06-11T01:00:00Z"}
              done task_started
              done listening types=["done"]
              = Waiting, wakes 606600s
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Running due 2024-06-20 09:00 spent PT9H of PT27H breached - card None provisional false
            > event done
              done event_taken id="e4" source="/channels/web" type="done"
              done task_completed output=[{}]
              stop task_started
              stop clock_ended clock="handling" reason=null spent="PT14H" stage="met"
              stop task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-20T01:00:00Z","edition":0,"goal":{"workingDays":3},"left":"PT13H","provisional":false,"spent":"PT14H","stage":"met","started":"2024-06-11T01:00:00Z"}
              * completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-20T01:00:00Z","edition":0,"goal":{"workingDays":3},"left":"PT13H","provisional":false,"spent":"PT14H","stage":"met","started":"2024-06-11T01:00:00Z"}
              = Completed
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Met due 2024-06-20 09:00 spent PT14H of PT27H breached - card None provisional false
        "#]],
    );
}

#[test]
fn a_late_clock_goes_up_its_ladder() {
    check(
        TWO,
        |run| {
            set(run, "2024-06-07 09:00");
            run.start(json!({})).quietly();
            while let Some(at) = run.state.wake_at() {
                run.note(local(at)).wake();
            }
            clocks(run);
            set(run, "2024-07-01 09:00");
            run.event("called", json!({})).event("material", json!({}));
            run.event("came", json!({})).event("done", json!({}));
            run.quietly();
            clocks(run);
            let case = run.transitions.iter().rev().find_map(|transition| transition.case.clone()).unwrap();
            run.note(format!("{:?}", case.flags));
        },
        expect![[r#"
            first_contact Breached due 2024-06-08 09:00 spent PT576H of PT24H breached 2024-06-08 09:00 card None provisional false
            handling Breached due 2024-07-01 09:00 spent PT105H of PT27H breached 2024-06-13 17:30 card Some(Red) provisional false
            {Overdue, Warned, Supervised}
        "#]],
    );
}

#[test]
fn a_clock_is_changed_reset_and_cancelled_while_it_runs() {
    check(
        r#"
        do:
          - start: {call: 'clock-start:1.0.0@default', with: {clock: handling, goal: {workingDays: 3}, thresholds: [{at: 50%, card: yellow}]}}
          - w1: {wait: P1D}
          - longer: {call: 'clock-change:1.0.0@default', with: {clock: handling, goal: {workingDays: 10}, reason: 疑难}}
          - w2: {wait: P1D}
          - fixed: {call: 'clock-change:1.0.0@default', with: {clock: handling, dueAt: '2024-06-14T12:00:00+08:00', reason: 领导批示}}
          - w3: {wait: P3D}
          - reset: {call: 'clock-reset:1.0.0@default', with: {clock: handling}}
          - w4: {wait: PT1H}
          - cancel: {call: 'clock-cancel:1.0.0@default', with: {clock: handling, reason: 撤诉}}
          - again: {call: 'clock-start:1.0.0@default', with: {clock: handling, goal: {after: PT1H}}}
        "#,
        |run| {
            set(run, "2024-06-11 09:00");
            run.start(json!({}));
            clocks(run);
            while run.state.status() != yiwang_core::transition::Status::Completed {
                run.wake();
                clocks(run);
            }
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              start task_started
              start clock_started calendar="district" clock="handling" due=289800s edition=0 from=1718067600000 goal={"workingDays":3} provisional=false
              start task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT27H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-11T01:00:00Z"}
              w1 task_started
              w1 timer_set due=86400s purpose="wait"
              = Waiting, wakes 86400s
            handling Running due 2024-06-14 17:30 spent PT0S of PT27H breached - card None provisional false
            > wake
              w1 timer_fired due=86400s purpose="wait"
              w1 task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT27H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-11T01:00:00Z"}
              longer task_started
              longer clock_changed calendar="district" clock="handling" due=1240200s edition=0 fixed=null goal={"workingDays":10} old=1718357400000 provisional=false reason="疑难"
              longer task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-25T09:30:00Z","edition":0,"goal":{"workingDays":10},"left":"PT69H","provisional":false,"spent":"PT7H","stage":"running","started":"2024-06-11T01:00:00Z"}
              w2 task_started
              w2 timer_set due=172800s purpose="wait"
              = Waiting, wakes 172800s
            handling Running due 2024-06-25 17:30 spent PT0S of PT76H breached - card None provisional false
            > wake
              w2 timer_fired due=172800s purpose="wait"
              w2 task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-25T09:30:00Z","edition":0,"goal":{"workingDays":10},"left":"PT69H","provisional":false,"spent":"PT7H","stage":"running","started":"2024-06-11T01:00:00Z"}
              fixed task_started
              fixed clock_changed calendar="district" clock="handling" due=270000s edition=0 fixed=1718337600000 goal=null old=1719307800000 provisional=false reason="领导批示"
              fixed task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T04:00:00Z","edition":0,"goal":{"workingDays":10},"left":"PT10H","provisional":false,"spent":"PT14H","stage":"running","started":"2024-06-11T01:00:00Z"}
              w3 task_started
              w3 timer_set due=432000s purpose="wait"
              * clock_step card="yellow" clock="handling" step="50%"
              = Waiting, wakes 270000s
            handling Running due 2024-06-14 12:00 spent PT0S of PT24H breached - card Some(Yellow) provisional false
            > wake
              * clock_breached clock="handling" due=270000s
              = Waiting, wakes 432000s
            handling Running due 2024-06-14 12:00 spent PT0S of PT24H breached 2024-06-14 12:00 card Some(Yellow) provisional false
            > wake
              w3 timer_fired due=432000s purpose="wait"
              w3 task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T04:00:00Z","edition":0,"goal":{"workingDays":10},"left":"PT10H","provisional":false,"spent":"PT14H","stage":"running","started":"2024-06-11T01:00:00Z"}
              reset task_started
              reset clock_started calendar="district" clock="handling" due=1499400s edition=0 from=1718499600000 goal={"workingDays":10} provisional=false
              reset task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-28T09:30:00Z","edition":0,"goal":{"workingDays":10},"left":"PT70H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-16T01:00:00Z"}
              w4 task_started
              w4 timer_set due=435600s purpose="wait"
              = Waiting, wakes 435600s
            handling Running due 2024-06-28 17:30 spent PT0S of PT70H breached - card None provisional false
            > wake
              w4 timer_fired due=435600s purpose="wait"
              w4 task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-28T09:30:00Z","edition":0,"goal":{"workingDays":10},"left":"PT70H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-16T01:00:00Z"}
              cancel task_started
              cancel clock_ended clock="handling" reason="撤诉" spent="PT0S" stage="cancelled"
              cancel task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-28T09:30:00Z","edition":0,"goal":{"workingDays":10},"left":"PT70H","provisional":false,"spent":"PT0S","stage":"cancelled","started":"2024-06-16T01:00:00Z"}
              again task_started
              again clock_started calendar="district" clock="handling" due=439200s edition=0 from=1718503200000 goal={"after":"PT1H"} provisional=false
              again task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-16T03:00:00Z","edition":0,"goal":{"after":"PT1H"},"left":"PT1H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-16T02:00:00Z"}
              * clock_ended clock="handling" reason=null spent="PT0S" stage="cancelled"
              * completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-16T03:00:00Z","edition":0,"goal":{"after":"PT1H"},"left":"PT1H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-16T02:00:00Z"}
              = Completed
            handling Cancelled due 2024-06-16 11:00 spent PT0S of PT1H breached - card None provisional false
        "#]],
    );
}

#[test]
fn what_cannot_be_done_with_a_clock_is_told() {
    check(
        r#"
        do:
          - start: {call: 'clock-start:1.0.0@default', with: {clock: a, goal: {after: PT1H}}}
          - each:
              for: {each: it, in: '${ [["pause", "b"], ["resume", "a"], ["start", "a"]] }'}
              do:
                - try:
                    try:
                      - which:
                          switch:
                            - p: {when: '${ $it[0] == "pause" }', then: pause}
                            - r: {when: '${ $it[0] == "resume" }', then: resume}
                            - s: {then: begin}
                      - pause: {call: 'clock-pause:1.0.0@default', with: {clock: '${ $it[1] }', reason: x}, then: exit}
                      - resume: {call: 'clock-resume:1.0.0@default', with: {clock: '${ $it[1] }'}, then: exit}
                      - begin: {call: 'clock-start:1.0.0@default', with: {clock: '${ $it[1] }', goal: {after: PT1H}}}
                    catch: {as: e, do: [{say: {set: {said: '${ $e.detail }'}}}]}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              start task_started
              start clock_started calendar="district" clock="a" due=3600s edition=0 from=1718067600000 goal={"after":"PT1H"} provisional=false
              start task_completed output={"breached":false,"calendar":"district","card":null,"clock":"a","dueAt":"2024-06-11T02:00:00Z","edition":0,"goal":{"after":"PT1H"},"left":"PT1H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-11T01:00:00Z"}
              each task_started
              try task_started
              which task_started
              which switched case="p"
              which task_completed output={"breached":false,"calendar":"district","card":null,"clock":"a","dueAt":"2024-06-11T02:00:00Z","edition":0,"goal":{"after":"PT1H"},"left":"PT1H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-06-11T01:00:00Z"}
              pause task_started
              pause task_faulted error={"detail":"with: there is no clock `b`; there are: a","instance":"/do/1/each/do/0/try/try/1/pause","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              say task_started
              say task_completed output={"said":"with: there is no clock `b`; there are: a"}
              try task_completed output={"said":"with: there is no clock `b`; there are: a"}
              try task_started
              which task_started
              which switched case="r"
              which task_completed output={"said":"with: there is no clock `b`; there are: a"}
              resume task_started
              resume task_faulted error={"detail":"with: the clock `a` is running","instance":"/do/1/each/do/0/try/try/2/resume","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              say task_started
              say task_completed output={"said":"with: the clock `a` is running"}
              try task_completed output={"said":"with: the clock `a` is running"}
              try task_started
              which task_started
              which switched case="s"
              which task_completed output={"said":"with: the clock `a` is running"}
              begin task_started
              begin task_faulted error={"detail":"with: the clock `a` runs already","instance":"/do/1/each/do/0/try/try/3/begin","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              say task_started
              say task_completed output={"said":"with: the clock `a` runs already"}
              try task_completed output={"said":"with: the clock `a` runs already"}
              each task_completed output={"said":"with: the clock `a` runs already"}
              * clock_ended clock="a" reason=null spent="PT0S" stage="cancelled"
              * completed output={"said":"with: the clock `a` runs already"}
              = Completed
        "#]],
    );
}

#[test]
fn the_built_in_table_promises_by_kind_and_urgency() {
    check(
        r#"
        do:
          - general: {call: 'sla-lookup:1.0.0@default', with: {kind: complaint, urgency: general}, output: {as: '.clocks | map({(.clock): .goal}) | add'}}
          - consult: {call: 'sla-lookup:1.0.0@default', with: {kind: consult, urgency: general}, output: {as: '.clocks | map({(.clock): .goal}) | add'}}
          - urgent: {call: 'sla-lookup:1.0.0@default', with: {kind: consult, urgency: urgent}, output: {as: '.clocks | map({(.clock): .goal}) | add'}}
          - start: {call: 'clock-start:1.0.0@default', with: {clock: handling, sla: {kind: consult}}}
          - wait: {wait: P30D}
        "#,
        |run| {
            set(run, "2024-02-08 10:00");
            run.start(json!({}));
            clocks(run);
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              general task_started
              general task_completed output={"callback":{"workingDays":3},"first_contact":{"after":"PT24H"},"handling":{"workingDays":10},"sign":{"workingHours":"PT2H"}}
              consult task_started
              consult task_completed output={"callback":{"workingDays":3},"first_contact":{"after":"PT24H"},"handling":{"workingDays":3},"sign":{"workingHours":"PT2H"}}
              urgent task_started
              urgent task_completed output={"callback":{"workingDays":3},"first_contact":{"after":"PT24H"},"handling":{"after":"PT24H"},"sign":{"after":"PT30M"}}
              start task_started
              start clock_started calendar="district" clock="handling" due=-9732600s edition=0 from=1707357600000 goal={"workingDays":3} provisional=false
              start task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-02-19T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT26H","provisional":false,"spent":"PT0S","stage":"running","started":"2024-02-08T02:00:00Z"}
              wait task_started
              wait timer_set due=-8118000s purpose="wait"
              = Waiting, wakes -9849600s
            handling Running due 2024-02-19 17:30 spent PT0S of PT26H breached - card None provisional false
        "#]],
    );
}

#[test]
fn a_provisional_clock_follows_its_calendar_also_when_paused() {
    check(
        r#"
        do:
          - one: {call: 'clock-start:1.0.0@default', with: {clock: one, goal: {workingDays: 5}}}
          - two: {call: 'clock-start:1.0.0@default', with: {clock: two, goal: {workingDays: 5}}}
          - three: {call: 'clock-start:1.0.0@default', with: {clock: three, goal: {workingDays: 1}}}
          - pause: {call: 'clock-pause:1.0.0@default', with: {clock: two, reason: x}}
          - w1: {wait: P10D}
          - resume: {call: 'clock-resume:1.0.0@default', with: {clock: two}}
          - w2: {wait: P1D}
        "#,
        |run| {
            set(run, "2026-12-29 09:00");
            run.start(json!({})).quietly();
            clocks(run);
            put(run, "cn-mainland", NEXT_YEAR);
            clocks(run);
            run.quietly().wake().wake().wake();
            clocks(run);
        },
        expect![[r#"
            > wake
              * clock_breached clock="three" due=80555400s
              = Waiting, wakes 81160200s
            > wake
              * clock_breached clock="one" due=81160200s
              = Waiting, wakes 81302400s
            > wake
              w1 timer_fired due=81302400s purpose="wait"
              w1 task_completed output={"breached":false,"calendar":"district","card":null,"clock":"two","dueAt":null,"edition":0,"goal":{"workingDays":5},"left":"PT41H","provisional":true,"spent":"PT0S","stage":"paused","started":"2026-12-29T01:00:00Z"}
              resume task_started
              resume clock_resumed clock="two" due=81937800s edition=1 provisional=false
              resume task_completed output={"breached":false,"calendar":"district","card":null,"clock":"two","dueAt":"2027-01-15T09:30:00Z","edition":1,"goal":{"workingDays":5},"left":"PT41H","provisional":false,"spent":"PT0S","stage":"running","started":"2026-12-29T01:00:00Z"}
              w2 task_started
              w2 timer_set due=81388800s purpose="wait"
              = Waiting, wakes 81388800s
            one Running due 2027-01-06 17:30 spent PT0S of PT41H breached 2027-01-06 17:30 card None provisional false
            two Running due 2027-01-15 17:30 spent PT0S of PT41H breached - card None provisional false
            three Running due 2026-12-30 17:30 spent PT0S of PT13H breached 2026-12-30 17:30 card None provisional false
        "#]],
    );
}

const HEEDS: &str = "
        do:
          - open:
              call: case-open:1.0.0@default
              with:
                type: complaint
                title: 路灯不亮
                content: {}
                channel: wechat
                clocks:
                  - {clock: handling, goal: {workingDays: 3}, thresholds: [{at: 50%, flag: warned}]}
          - half: {listen: {to: {one: {with: {source: /clocks, type: cn.yiwang.clock.step.v1}}}}}
          - late: {listen: {to: {one: {with: {source: /clocks, type: cn.yiwang.clock.breached.v1}}}}}
        ";

#[test]
fn a_process_hears_of_what_time_does_to_a_clock() {
    check(
        HEEDS,
        |run| {
            set(run, "2024-06-11 09:00");
            run.start(json!({})).quietly();
            run.wake().wake();
        },
        expect![[r#"
            > wake
              * clock_step clock="handling" step="50%"
              * case_flagged flag="warned" no="QC-20240611-000001"
              half event_taken id="000000000001A/handling/50%/1718238600000" source="/clocks" type="cn.yiwang.clock.step.v1"
              half task_completed output=[{"caseNo":"QC-20240611-000001","clock":"handling","state":{"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT13H30M","provisional":false,"spent":"PT13H30M","stage":"running","started":"2024-06-11T01:00:00Z"},"step":"50%"}]
              late task_started
              late listening types=["cn.yiwang.clock.breached.v1"]
              = Waiting, wakes 289800s
            > wake
              * clock_breached clock="handling" due=289800s
              * case_flagged flag="overdue" no="QC-20240611-000001"
              late event_taken id="000000000001A/handling/breached/1718357400000" source="/clocks" type="cn.yiwang.clock.breached.v1"
              late task_completed output=[{"caseNo":"QC-20240611-000001","clock":"handling","state":{"breached":true,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT0S","provisional":false,"spent":"PT27H","stage":"running","started":"2024-06-11T01:00:00Z"},"step":null}]
              * clock_ended clock="handling" reason=null spent="PT27H" stage="cancelled"
              * completed output=[{"caseNo":"QC-20240611-000001","clock":"handling","state":{"breached":true,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-14T09:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT0S","provisional":false,"spent":"PT27H","stage":"running","started":"2024-06-11T01:00:00Z"},"step":null}]
              = Completed
        "#]],
    );
}

#[test]
fn clocks_rest_with_their_case_and_those_paused_before_stay_so() {
    check(
        TWO,
        |run| {
            let unit = person("zhou", &["supervisor"]);
            set(run, "2024-06-11 09:00");
            run.start(json!({}));
            run.quietly();
            set(run, "2024-06-11 15:00");
            run.event("called", json!({})).event("material", json!({}));
            set(run, "2024-06-11 16:00");
            run.on_case(&unit, CaseCommand::Suspend);
            clocks(run);
            set(run, "2024-06-13 09:00");
            run.on_case(&unit, CaseCommand::Resume);
            clocks(run);
            run.event("came", json!({}));
            run.on_case(&unit, CaseCommand::Suspend);
            set(run, "2024-06-17 09:00");
            run.on_case(&unit, CaseCommand::Resume);
            clocks(run);
        },
        expect![[r#"
            > event called
              call event_taken id="e1" source="/channels/web" type="called"
              call task_completed output=[{}]
              contact task_started
              contact clock_ended clock="first_contact" reason=null spent="PT6H" stage="met"
              contact task_completed output={"breached":false,"calendar":"district","card":null,"clock":"first_contact","dueAt":"2024-06-12T01:00:00Z","edition":0,"goal":{"after":"PT24H"},"left":"PT18H","provisional":false,"spent":"PT6H","stage":"met","started":"2024-06-11T01:00:00Z"}
              material task_started
              material listening types=["material"]
              = Waiting, wakes 171000s
            > event material
              material event_taken id="e2" source="/channels/web" type="material"
              material task_completed output=[{}]
              pause task_started
              pause clock_paused clock="handling" reason="等诉求人补充材料" spent="PT3H30M"
              pause task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":null,"edition":0,"goal":{"workingDays":3},"left":"PT23H30M","provisional":false,"spent":"PT3H30M","stage":"paused","started":"2024-06-11T01:00:00Z"}
              came task_started
              came listening types=["came"]
              = Waiting
            > zhou suspend by d3
              * case_acted by="zhou" command={"do":"suspend"} decision="d3" no="QC-20240611-000001" reason="原因"
              = Waiting
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Paused due - spent PT3H30M of PT27H breached - card None provisional false
            > zhou resume by d4
              * case_acted by="zhou" command={"do":"resume"} decision="d4" no="QC-20240611-000001" reason="原因"
              = Waiting
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Paused due - spent PT3H30M of PT27H breached - card None provisional false
            > event came
              came event_taken id="e5" source="/channels/web" type="came"
              came task_completed output=[{}]
              resume task_started
              resume clock_resumed clock="handling" due=613800s edition=0 provisional=false
              resume task_completed output={"breached":false,"calendar":"district","card":null,"clock":"handling","dueAt":"2024-06-18T03:30:00Z","edition":0,"goal":{"workingDays":3},"left":"PT23H30M","provisional":false,"spent":"PT3H30M","stage":"running","started":"2024-06-11T01:00:00Z"}
              done task_started
              done listening types=["done"]
              = Waiting, wakes 270000s
            > zhou suspend by d6
              * case_acted by="zhou" command={"do":"suspend"} decision="d6" no="QC-20240611-000001" reason="原因"
              * clock_paused clock="handling" reason="原因" spent="PT3H30M"
              = Waiting
            > zhou resume by d7
              * case_acted by="zhou" command={"do":"resume"} decision="d7" no="QC-20240611-000001" reason="原因"
              * clock_resumed clock="handling" due=786600s edition=0 provisional=false
              = Waiting, wakes 615600s
            first_contact Met due 2024-06-12 09:00 spent PT6H of PT24H breached - card None provisional false
            handling Running due 2024-06-20 11:30 spent PT3H30M of PT27H breached - card None provisional false
        "#]],
    );
}
