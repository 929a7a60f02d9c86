//! Due times by calendars: work items, deadlines, ladders, and what a new calendar does to them.

use yiwang_core::reference::{Kind, Reference};
use yiwang_core::{Input, Timestamp};

use crate::driver::person;
use crate::{Run, check, expect, json};

/// A time in the district.
pub(crate) fn local(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap();
    at.to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The district's clock shows this.
pub(crate) fn set(run: &mut Run, time: &str) {
    run.now = Timestamp::parse(&format!("{}:00+08:00", time.replace(' ', "T"))).unwrap();
}

/// Puts a calendar, and tells the instance if it waits for one.
pub(crate) fn put(run: &mut Run, name: &str, body: &str) {
    let number = run.district.last_number() + 1;
    let document = Reference {
        number,
        kind: Kind::Calendar,
        name: name.to_owned(),
        version: 1,
        at: run.now,
        by: "li".to_owned(),
        reason: None,
        body: body.into(),
    };
    run.district = run.district.with(document).unwrap();
    run.input("calendars changed", Input::CalendarsChanged);
}

/// The notice for 2027, as if it had come: three days off.
pub(crate) const NEXT_YEAR: &str = "
schema: yiwang.calendar/v1
id: cn-mainland
timezone: Asia/Shanghai
valid: { from: 2024-01-01, to: 2027-12-31 }
years:
  '2027':
    source: { title: 关于2027年部分节假日安排的通知 }
    holidays:
      - { id: new-year, zh: 元旦, daysOff: [2027-01-01, 2027-01-02, 2027-01-03], makeUp: [2026-12-26] }
";

fn items(run: &mut Run) {
    let items: Vec<String> = run
        .state
        .open_work_items()
        .map(|item| {
            format!("{} due {} overdue {}", item.title, item.due.map(local).unwrap_or_default(), item.overdue)
        })
        .collect();
    run.note(items.join("\n"));
    let wakes = run.state.wake_at().map(local).unwrap_or_default();
    run.note(format!("wakes {wakes}"));
}

#[test]
fn work_is_due_by_the_calendar_and_escalates_in_working_time() {
    check(
        r#"
        do:
          - ask:
              call: human-task:1.0.0@default
              with:
                title: 签收
                candidateRoles: [unit_liaison]
                due: {workingHours: PT2H}
                escalation:
                  - {at: 50%, note: 半}
                  - {after: {workingHours: PT1H}, addCandidateRoles: [supervisor]}
                  - {after: {workingDays: 1}, addCandidateRoles: [leader]}
                  - {after: PT1H, addCandidateRoles: [auditor]}
        "#,
        |run| {
            set(run, "2024-02-09 17:00");
            run.start(json!({})).quietly();
            items(run);
            while let Some(at) = run.state.wake_at() {
                run.note(local(at)).wake();
            }
        },
        expect![[r#"
            签收 due 2024-02-18 09:30 overdue false
            wakes 2024-02-18 08:30
            2024-02-18 08:30
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="50%"
              = Waiting, wakes -9847800s
            2024-02-18 09:30
            > wake
              ask work_item_escalated item="000000000001A-1" roles=[] step="due"
              = Waiting, wakes -9844200s
            2024-02-18 10:30
            > wake
              ask work_item_escalated item="000000000001A-1" roles=["supervisor"] step="workingHours: PT1H"
              ask work_item_escalated item="000000000001A-1" roles=["auditor"] step="PT1H"
              = Waiting, wakes -9732600s
            2024-02-19 17:30
            > wake
              ask work_item_escalated item="000000000001A-1" roles=["leader"] step="workingDays: 1"
              = Waiting
        "#]],
    );
}

#[test]
fn working_days_and_rolled_days_end_at_the_close_of_business() {
    check(
        r#"
        do:
          - days: {call: 'deadline:1.0.0@default', with: {workingDays: 3, from: '2024-02-09T10:00:00+08:00'}}
          - rolled: {call: 'deadline:1.0.0@default', with: {calendarDays: 15, roll: next, from: '2024-01-26T10:00:00+08:00'}}
          - wall: {call: 'deadline:1.0.0@default', with: {after: PT72H}}
          - late: {call: 'deadline:1.0.0@default', with: {workingDays: 5, from: '2026-12-30T10:00:00+08:00'}}
          - holidays: {call: 'deadline:1.0.0@default', with: {workingHours: PT30H, calendar: cn-mainland}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              days task_started
              days task_completed output={"calendar":"district","dueAt":"2024-02-20T09:30:00Z","edition":0,"provisional":false,"workingDays":3}
              rolled task_started
              rolled task_completed output={"calendar":"district","calendarDays":15,"dueAt":"2024-02-18T09:30:00Z","edition":0,"provisional":false,"roll":"next"}
              wall task_started
              wall task_completed output={"after":"PT72H","dueAt":"2024-06-14T01:00:00Z","provisional":false}
              late task_started
              late task_completed output={"calendar":"district","dueAt":"2027-01-06T09:30:00Z","edition":0,"provisional":true,"workingDays":5}
              holidays task_started
              holidays task_completed output={"calendar":"cn-mainland","dueAt":"2024-06-12T07:00:00Z","edition":0,"provisional":false,"workingHours":"PT30H"}
              * completed output={"calendar":"cn-mainland","dueAt":"2024-06-12T07:00:00Z","edition":0,"provisional":false,"workingHours":"PT30H"}
              = Completed
        "#]],
    );
}

#[test]
fn a_calendar_that_is_not_there_is_told_with_those_that_are() {
    check(
        r#"
        do:
          - try:
              try:
                - days: {call: 'deadline:1.0.0@default', with: {workingDays: 3, calendar: hall}}
              catch: {as: e, do: [{say: {set: '${ $e.detail }'}}]}
          - far: {call: 'deadline:1.0.0@default', with: {workingDays: 3660}}
        "#,
        |run| {
            run.start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              try task_started
              days task_started
              days task_faulted error={"detail":"with: there is no calendar `hall`; known here: cn-mainland, district","instance":"/do/0/try/try/0/days","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/configuration"}
              say task_started
              say task_completed output="with: there is no calendar `hall`; known here: cn-mainland, district"
              try task_completed output="with: there is no calendar `hall`; known here: cn-mainland, district"
              far task_started
              far task_faulted error={"detail":"with: the calendar reaches from 2022-01-01 to 2036-12-31 only","instance":"/do/1/far","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              * faulted error={"detail":"with: the calendar reaches from 2022-01-01 to 2036-12-31 only","instance":"/do/1/far","status":400,"type":"https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
              = Faulted
        "#]],
    );
}

#[test]
fn what_is_provisional_is_worked_out_again_and_the_rest_is_not() {
    check(
        r#"
        do:
          - fork:
              fork:
                branches:
                  - soon: {call: 'human-task:1.0.0@default', with: {title: soon, candidateRoles: [a], due: {workingDays: 1}}}
                  - late:
                      call: human-task:1.0.0@default
                      with: {title: late, candidateRoles: [a], due: {workingDays: 5}, escalation: [{at: 50%}, {after: {workingDays: 1}, flag: supervised}]}
                  - wall: {call: 'human-task:1.0.0@default', with: {title: wall, candidateRoles: [a], due: {after: P5D}}}
        "#,
        |run| {
            set(run, "2026-12-29 09:00");
            run.start(json!({})).quietly();
            items(run);
            let waits = run.state.has_provisional_due_times();
            run.note(waits);
            put(run, "cn-mainland", NEXT_YEAR);
            items(run);
            let waits = run.state.has_provisional_due_times();
            run.note(waits);
            // Nothing is left to be done: the next edition changes nothing.
            put(run, "cn-mainland", &format!("{NEXT_YEAR}daysOff: [2027-01-04]\n"));
            let li = person("li", &["a"]);
            run.claim(2, &li).complete(2, &li, "", json!({}), "d");
        },
        expect![[r#"
            soon due 2026-12-30 17:30 overdue false
            late due 2027-01-05 17:30 overdue false
            wall due 2027-01-03 09:00 overdue false
            wakes 2026-12-30 17:30
            true
            > calendars changed
              late due_recomputed calendar="district" edition=1 item="000000000001A-2" new=1799227800000 old=1799141400000 provisional=false
              = Waiting, wakes 80555400s
            soon due 2026-12-30 17:30 overdue false
            late due 2027-01-06 17:30 overdue false
            wall due 2027-01-03 09:00 overdue false
            wakes 2026-12-30 17:30
            false
            > calendars changed
              = Waiting, wakes 80555400s
            > li claims #2
              late work_item_claimed by="li" item="000000000001A-2"
              = Waiting, wakes 80555400s
            > li completes #2 by d
              late work_item_completed by="li" form={} item="000000000001A-2" outcome="completed"
              late task_completed output={"completedAt":"2026-12-29T01:00:00Z","completedBy":"li","form":{},"outcome":"completed","workItemId":"000000000001A-2"}
              = Waiting, wakes 80555400s
        "#]],
    );
}

#[test]
fn a_workflow_names_its_calendar() {
    let hall = "id: hall\nextends: [cn-mainland]\nweek: [mon, tue, wed, thu, fri, sat]\nhours: [{windows: ['09:00-17:00']}]\n";
    let text = "
        do:
          - days: {call: 'deadline:1.0.0@default', with: {workingDays: 1, calendar: hall, from: '2024-03-01T10:00:00+08:00'}}
        ";
    check(
        text,
        |run| {
            put(run, "hall", hall);
            run.quietly().start(json!({}));
        },
        expect![[r#"
            > start
              * started cause={"by":"request","person":"li"} input={}
              days task_started
              days task_completed output={"calendar":"hall","dueAt":"2024-03-02T09:00:00Z","edition":1,"provisional":false,"workingDays":1}
              * completed output={"calendar":"hall","dueAt":"2024-03-02T09:00:00Z","edition":1,"provisional":false,"workingDays":1}
              = Completed
        "#]],
    );
}
