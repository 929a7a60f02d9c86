//! The mistakes of calendar documents: each told with its code and place, all at once.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};
use yiwang_core::calendar::{BUILT_IN, Calendars};
use yiwang_dsl::diagnostic::{Code, Language};

fn shown(text: &str, language: Language) -> String {
    let mut shown = String::new();
    for remark in Calendars::built_in().check(text) {
        let located = remark.locate(text, language);
        write!(shown, "{} {}:{} {}", located.code, located.start.line, located.start.column, located.message)
            .unwrap();
        if let Some(help) = located.help {
            write!(shown, " ({help})").unwrap();
        }
        shown.push('\n');
    }
    shown
}

fn check(text: &str, expect: Expect) {
    expect.assert_eq(&shown(text, Language::English));
}

#[test]
fn the_built_in_documents_are_clean() {
    for (id, document) in BUILT_IN {
        let remarks = Calendars::built_in().check(document);
        assert_eq!(remarks, [], "{id}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    check(
        "id: Halle
timezone: Beijing
extends: [cn-mainlend, 7]
valid: { from: 2024-02-30, to: 2024-12-31 }
week: [mon, son]
hours:
  - { from: 05-01, to: 09-31, windows: ['08:00-12:30', '12:00-17:30'] }
  - windows: ['8-12', '10:00-10:00', '20:00-25:00']
daysoff: [2024-01-01]
makeUp: [2024-02-05]
exceptions:
  - { date: 2024-13-01, windows: [] }
  - { date: 2024-03-01 }
dayEnd: noon
",
        expect![[r#"
            YW0201 9:1 the key `daysoff` is not known here (did you mean `daysOff`?)
            YW0112 1:5 `Halle` cannot be the id of a calendar (small letters, digits and hyphens, at most 64, a letter first)
            YW0213 2:11 `Beijing` is no time zone (for the whole of China it is `Asia/Shanghai`)
            YW0202 3:24 this must be a text, and is a number
            YW0501 4:16 `2024-02-30` is no day of the calendar (year, month and day, as in `2024-02-10`)
            YW0210 5:13 `son` is no day of the week (did you mean `sun`?)
            YW0501 7:24 `09-31` is no day of a year (month and day, as in `05-01`)
            YW0502 7:41 it overlaps with the window that begins at 12:00
            YW0502 8:15 `8-12` is no window (two times of a day, as in `08:00-12:00`; one that ends earlier than it begins goes over midnight)
            YW0502 8:23 the window `10:00-10:00` has no length (the whole day is `00:00-24:00`)
            YW0502 8:38 `20:00-25:00` is no window (two times of a day, as in `08:00-12:00`; one that ends earlier than it begins goes over midnight)
            YW0210 14:9 `noon` is no end of a day (`lastWindow` or `24:00`)
            YW0503 10:10 2024-02-05 works anyway: it is no make-up day (a make-up day is a day off of the week on which people work)
            YW0501 12:13 `2024-13-01` is no day of the calendar (year, month and day, as in `2024-02-10`)
            YW0203 13:5 the key `windows` is missing here
        "#]],
    );
}

#[test]
fn numbers_of_working_days_are_checked() {
    check(
        "id: a
years:
  '2024':
    workingDays: 250
    workingDaysByMonth: [23, 21]
    holidays:
      - { id: new-year, zh: 元旦, daysOff: [2024-01-01, 2024-01-01, 2026-01-01] }
  twenty: {}
",
        expect![[r#"
            YW0508 7:55 2024-01-01 stands twice
            YW0505 7:67 2026-01-01 is not in the year that it stands under
            YW0501 8:3 `twenty` is no year
            YW0507 4:18 2024 has 261 working days, not 250 (a day is missing or too much above, or the number is wrong)
            YW0507 5:25 2024 has 22, 21, 21, 22, 23, 20, 23, 22, 21, 23, 21, 22 working days, not 23, 21 (a day is missing or too much above, or the number is wrong)
        "#]],
    );
}

#[test]
fn a_shift_over_midnight_may_not_meet_the_next_morning() {
    check(
        "id: a\nhours: [ { windows: ['20:00-08:30', '08:00-12:00'] } ]\n",
        expect![[r#"
        YW0502 2:22 it overlaps with the window that begins at 08:00
    "#]],
    );
    check("id: a\nhours: [ { windows: ['20:00-08:00', '08:00-12:00'] } ]\n", expect![[r#""#]]);
}

#[test]
fn a_calendar_does_not_lead_back_to_itself() {
    let mut calendars = Calendars::built_in();
    calendars.put("a", "id: a\nextends: [district]\n", 1).unwrap();
    let remarks = calendars.put("district", "id: district\nextends: [a]\n", 2).unwrap_err();
    assert_eq!(remarks.iter().map(|remark| remark.code).collect::<Vec<_>>(), [Code::CalendarExtends]);
    let remarks = calendars.put("b", "id: a\n", 3).unwrap_err();
    assert_eq!(remarks[0].message.to_string(), "the document is the calendar `a`, not `b`");
    assert_eq!(calendars.editions("a").collect::<Vec<_>>(), [1], "nothing has changed");
}

#[test]
fn the_pages_show_these_mistakes_and_every_code_has_one() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = BTreeSet::new();
    for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("YW050")) {
        let page = std::fs::read_to_string(pages.join(code.page(Language::English))).unwrap();
        let example = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let found = Calendars::built_in().check(example);
        assert!(found.iter().any(|remark| remark.code == *code), "{code}: {found:?}");
        let chinese = shown(example, Language::Chinese);
        assert!(chinese.contains(|letter: char| letter >= '\u{2e80}'), "{chinese}");
        seen.insert(*code);
    }
    assert_eq!(seen.len(), 8);
}
