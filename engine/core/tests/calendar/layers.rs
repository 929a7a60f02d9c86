//! Calendars over calendars, seasons, nights, and clocks that are put forward.

use yiwang_core::calendar::{Calendars, Roll};

use crate::ask::{at, calendar, local};

#[test]
fn an_overlay_adds_to_what_is_below() {
    let calendar = calendar("hall");
    assert_eq!(calendar.layers, ["cn-mainland", "hall"]);
    let due =
        |from, hours: u64| local(&calendar, calendar.add(at(&calendar, from), hours * 3_600_000).unwrap());
    assert_eq!(due("2024-02-09 11:00", 2), "2024-02-18 09:00", "half a day before the holidays of the base");
    assert_eq!(due("2024-03-02 16:00", 2), "2024-03-04 09:00", "open on Saturdays");
    assert_eq!(due("2024-04-30 16:00", 2), "2024-05-06 09:00");
    assert_eq!(due("2024-07-09 17:00", 1), "2024-07-12 10:30", "two days under water");
    assert_eq!(due("2024-07-12 10:00", 2), "2024-07-12 21:00");
    // Winter hours, then summer hours.
    assert!(calendar.is_open(at(&calendar, "2024-04-29 14:10")));
    assert!(!calendar.is_open(at(&calendar, "2024-05-07 14:10")));
    let end = calendar.add_days(at(&calendar, "2024-03-04 09:00"), 1).unwrap();
    assert_eq!(local(&calendar, end), "2024-03-06 00:00", "this hall says that its days end at midnight");
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_it_begins_on() {
    let calendar = calendar("night");
    let open = |time| calendar.is_open(at(&calendar, time));
    assert!(open("2024-02-09 23:00") && open("2024-02-10 05:59"), "the shift of the 9th");
    assert!(!open("2024-02-10 22:30") && !open("2024-02-11 05:00"), "there is none on the 10th");
    assert!(!open("2024-02-10 06:00") && open("2024-02-11 22:00"));
    let due = calendar.add(at(&calendar, "2024-02-09 22:00"), 9 * 3_600_000).unwrap();
    assert_eq!(local(&calendar, due), "2024-02-11 22:30", "half an hour at noon of the 11th");
    let end = calendar.roll(at(&calendar, "2024-03-01 10:00"), Roll::Next).unwrap();
    assert_eq!(local(&calendar, end), "2024-03-02 06:00");
}

#[test]
fn time_that_the_clocks_skip_is_no_working_time() {
    let calendar = calendar("paris");
    let elapsed = |from, to| calendar.elapsed(at(&calendar, from), at(&calendar, to)).unwrap() / 3_600_000;
    assert_eq!(elapsed("2024-03-31 00:00", "2024-03-31 06:00"), 3, "forward at two");
    assert_eq!(elapsed("2024-10-27 00:00", "2024-10-27 06:00"), 5, "back at three");
    assert_eq!(elapsed("2024-06-02 00:00", "2024-06-02 06:00"), 4);
}

#[test]
fn a_new_document_makes_new_editions_and_keeps_the_old_ones() {
    let mut calendars = Calendars::built_in();
    let known = calendars.newest("district").unwrap().known.unwrap();
    assert_eq!(known.1.to_string(), "2026-12-31");
    let document = "
schema: yiwang.calendar/v1
id: cn-mainland
timezone: Asia/Shanghai
valid: { from: 2024-01-01, to: 2027-12-31 }
daysOff: [2027-01-01]
";
    calendars.put("cn-mainland", document, 7).unwrap();
    assert_eq!(
        calendars.editions("district").collect::<Vec<_>>(),
        [0, 7],
        "what lies over it has changed too"
    );
    let (old, new) = (calendars.edition("district", 6).unwrap(), calendars.edition("district", 9).unwrap());
    assert_eq!((old.edition, new.edition), (0, 7));
    let from = at(old, "2026-12-31 09:00");
    let due =
        |calendar: &yiwang_core::calendar::Calendar| local(calendar, calendar.add_days(from, 1).unwrap());
    assert_eq!((due(old), due(new)), ("2027-01-01 17:30".to_owned(), "2027-01-04 17:30".to_owned()));
    assert!(!old.knows(old.add_days(from, 1).unwrap()) && new.knows(new.add_days(from, 1).unwrap()));
}
