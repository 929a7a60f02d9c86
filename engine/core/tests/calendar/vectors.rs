//! Due times worked out by hand, with the notices beside.

use yiwang_core::calendar::{Amount, Length, Roll};

use crate::ask::{at, calendar, local};

fn hours(hours: u64) -> Amount {
    Amount::Hours { working_hours: Length(hours * 3_600_000) }
}

fn days(working_days: u32) -> Amount {
    Amount::Days { working_days }
}

fn rolled(calendar_days: u32) -> Amount {
    Amount::Calendar { calendar_days, roll: Roll::Next }
}

#[test]
fn due_times_are_those_of_the_table() {
    let table = [
        ("2024-02-09 17:00", hours(2), "2024-02-18 09:30"),
        ("2024-02-10 09:00", hours(2), "2024-02-18 10:00"),
        ("2024-04-03 16:30", hours(7), "2024-04-07 16:30"),
        ("2024-05-11 08:00", hours(7), "2024-05-11 17:30"),
        ("2024-06-07 12:00", hours(1), "2024-06-07 15:30"),
        ("2024-04-28 17:30", hours(1), "2024-04-29 09:00"),
        ("2024-03-04 13:00", hours(14), "2024-03-06 12:00"),
        ("2024-02-08 10:00", days(1), "2024-02-09 17:30"),
        ("2024-02-08 10:00", days(2), "2024-02-18 17:30"),
        ("2024-02-09 10:00", days(3), "2024-02-20 17:30"),
        ("2024-03-31 23:00", days(5), "2024-04-08 17:30"),
        ("2024-04-30 09:00", days(3), "2024-05-08 17:30"),
        ("2024-06-07 18:00", days(15), "2024-07-01 17:30"),
        ("2024-01-02 09:00", days(60), "2024-03-29 17:30"),
        ("2024-12-31 15:00", days(5), "2025-01-08 17:30"),
        ("2025-09-30 11:00", days(1), "2025-10-09 17:30"),
        ("2026-02-13 09:00", days(3), "2026-02-25 17:30"),
        ("2024-01-26 10:00", rolled(15), "2024-02-18 17:30"),
        ("2024-02-01 10:00", rolled(60), "2024-04-01 17:30"),
        ("2024-04-05 10:00", rolled(30), "2024-05-06 17:30"),
        // The end of what was counted from is not counted, whatever the hour.
        ("2024-03-04 00:00", days(1), "2024-03-05 17:30"),
        ("2024-03-04 23:59", days(1), "2024-03-05 17:30"),
        // The fifth working day of the second quarter, from the last day of the first.
        ("2024-03-31 00:00", days(5), "2024-04-08 17:30"),
    ];
    let calendar = calendar("district");
    for (from, amount, due) in table {
        let found = amount.due(at(&calendar, from), &calendar).unwrap();
        assert_eq!(local(&calendar, found), due, "{from} and {amount}");
    }
}

#[test]
fn elapsed_counts_inside_windows_only() {
    let calendar = calendar("district");
    let elapsed = |from, to| calendar.elapsed(at(&calendar, from), at(&calendar, to)).unwrap() / 60_000;
    assert_eq!(elapsed("2024-02-09 16:30", "2024-02-18 09:00"), 120);
    assert_eq!(elapsed("2024-02-18 09:00", "2024-02-09 16:30"), -120);
    assert_eq!(elapsed("2024-02-10 00:00", "2024-02-18 00:00"), 0);
    assert_eq!(elapsed("2024-03-04 00:00", "2024-03-09 00:00"), 5 * 7 * 60);
    let days = |from, to| calendar.elapsed_days(at(&calendar, from), at(&calendar, to)).unwrap();
    assert_eq!(days("2024-02-08 10:00", "2024-02-18 10:00"), 2);
}

#[test]
fn calendar_days_roll_as_told() {
    let calendar = calendar("district");
    let due = |days, roll| {
        let due = calendar.add_calendar_days(at(&calendar, "2024-01-26 10:00"), days, roll).unwrap();
        local(&calendar, due)
    };
    assert_eq!(due(15, Roll::None), "2024-02-11 00:00", "a day off ends at midnight");
    assert_eq!(due(15, Roll::Previous), "2024-02-09 17:30");
    assert_eq!(due(14, Roll::Previous), "2024-02-09 17:30", "a working day stays");
    assert_eq!(due(14, Roll::Next), "2024-02-09 17:30");
}

#[test]
fn open_and_next_open_at_the_edges() {
    let calendar = calendar("district");
    let open = |time: &str| calendar.is_open(at(&calendar, time));
    let times = ["07:59", "08:00", "11:59", "12:00", "14:29", "14:30", "17:30"];
    let states = times.map(|time| open(&format!("2024-03-04 {time}")));
    assert_eq!(states, [false, true, true, false, false, true, false]);
    let next = |time| local(&calendar, calendar.next_open(at(&calendar, time)).unwrap());
    assert_eq!(next("2024-03-04 09:00"), "2024-03-04 09:00");
    assert_eq!(next("2024-03-04 12:00"), "2024-03-04 14:30");
    assert_eq!(next("2024-02-09 17:30"), "2024-02-18 08:00");
    // The make-up Sunday before the holidays, and the Saturday after.
    assert!(open("2024-02-04 09:00") && !open("2024-02-03 09:00") && open("2024-10-12 09:00"));
}

#[test]
fn the_working_days_of_the_years_are_counted() {
    let calendar = calendar("district");
    let count = |from: &str, to: &str| {
        let days = calendar.list(from.parse().unwrap(), to.parse().unwrap());
        days.iter().filter(|day| day.works).count()
    };
    let years =
        ["2024", "2025", "2026"].map(|year| count(&format!("{year}-01-01"), &format!("{year}-12-31")));
    assert_eq!(years, [251, 248, 248]);
    assert_eq!(count("2024-01-01", "2024-06-30"), 123);
}

#[test]
fn beyond_what_is_known_is_told() {
    let calendar = calendar("district");
    let knows = |time| calendar.knows(at(&calendar, time));
    assert!(knows("2024-01-01 09:00") && knows("2026-12-31 17:30"));
    assert!(knows("2027-01-01 00:00"), "the midnight that ends the last day belongs to it");
    assert!(!knows("2027-01-01 00:01") && !knows("2023-12-29 09:00"));
    // Worked out all the same, by weekends alone.
    let due = calendar.add_days(at(&calendar, "2026-12-31 09:00"), 2).unwrap();
    assert_eq!(local(&calendar, due), "2027-01-04 17:30");
    let far = calendar.add_days(at(&calendar, "2026-12-31 09:00"), 100_000).unwrap_err();
    assert_eq!(far.to_string(), "the calendar reaches from 2022-01-01 to 2036-12-31 only");
    assert!(calendar.add(at(&calendar, "1999-01-01 09:00"), 1).is_err());
}
