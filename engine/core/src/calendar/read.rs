//! Reads a calendar document: all its mistakes at once, each at its place.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use yiwang_dsl::diagnostic::{Code, Severity, Text};
use yiwang_dsl::yaml::{self, Entry, Node, Value};
use yiwang_dsl::{Diagnostic, text};

use super::layer::{DayEnd, Layer, Season, Special, SpecialKind, Window, place};

/// Days of the week as they are written, Monday first.
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Most years between the first and the last day that a calendar knows.
const YEARS_MAX: i16 = 50;
/// A year with all its days.
const LEAP: i16 = 2024;
const MINUTES: i16 = 24 * 60;

/// A document's layer with the places of what it extends, unless it has mistakes. Warnings may be there also
/// when it has none.
pub(super) fn read(source: &str) -> (Option<Read>, Vec<Diagnostic>) {
    let root = match yaml::parse(source) {
        Ok(root) => root,
        Err(diagnostics) => return (None, diagnostics),
    };
    let mut reader = Reader { found: Vec::new() };
    let layer = reader.document(&root);
    let failed = reader.found.iter().any(|remark| remark.severity() == Severity::Error);
    (layer.filter(|_| !failed), reader.found)
}

/// A layer, and the places of what it extends.
pub(super) type Read = (Layer, Vec<Range<usize>>);

struct Reader {
    found: Vec<Diagnostic>,
}

/// A value and the JSON Pointer to it.
#[derive(Clone)]
struct At<'n> {
    node: &'n Node,
    pointer: String,
}

impl<'n> At<'n> {
    fn child(&self, step: &str, node: &'n Node) -> Self {
        Self { node, pointer: format!("{}/{}", self.pointer, step.replace('~', "~0").replace('/', "~1")) }
    }
}

/// What the special days of a document are, and where each stands.
#[derive(Default)]
struct Days {
    days: BTreeMap<Date, Special>,
    places: BTreeMap<Date, Range<usize>>,
}

impl Reader {
    fn report(&mut self, code: Code, at: &At<'_>, message: impl Into<Text>) -> &mut Diagnostic {
        let mut diagnostic = Diagnostic::new(code, at.node.span.clone(), message);
        diagnostic.pointer.clone_from(&at.pointer);
        self.found.push(diagnostic);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn document(&mut self, root: &Node) -> Option<Read> {
        let root = At { node: root, pointer: String::new() };
        let keys = [
            "schema",
            "id",
            "title",
            "timezone",
            "extends",
            "valid",
            "week",
            "hours",
            "years",
            "daysOff",
            "makeUp",
            "exceptions",
            "dayEnd",
        ];
        let entries = self.mapping(&root, &keys)?;
        let get = |key: &str| {
            entries.iter().find(|entry| entry.key.text == key).map(|entry| root.child(key, &entry.value))
        };
        if let Some(schema) = get("schema")
            && self.text(&schema).is_some_and(|name| name != "yiwang.calendar/v1")
        {
            self.report(Code::BadValue, &schema, text!("this is no calendar"))
                .help(text!("the schema of a calendar is `yiwang.calendar/v1`"));
        }
        let id = match get("id") {
            Some(id) => self.id(&id),
            None => {
                let first = entries.first().map_or(root.node.span.clone(), |entry| entry.key.span.clone());
                self.found.push(Diagnostic::new(
                    Code::MissingKey,
                    first,
                    text!("the key `{}` is missing here", "id"),
                ));
                None
            }
        };
        let title = get("title").and_then(|title| self.text(&title).map(str::to_owned));
        let timezone = get("timezone").and_then(|timezone| self.timezone(&timezone));
        let extends = get("extends").map(|extends| self.names(&extends)).unwrap_or_default();
        let valid = get("valid").and_then(|valid| self.valid(&valid));
        let week = get("week").and_then(|week| self.week(&week));
        let seasons = get("hours").and_then(|hours| self.seasons(&hours));
        let day_end = get("dayEnd").and_then(|end| self.day_end(&end));
        let mut days = Days::default();
        let mut sources = BTreeMap::new();
        let mut years = Vec::new();
        if let Some(all) = get("years") {
            years = self.years(&all, &mut days, &mut sources, week);
        }
        for (key, kind) in [("daysOff", SpecialKind::Off), ("makeUp", SpecialKind::MakeUp)] {
            if let Some(list) = get(key) {
                self.days(&list, &kind, None, None, week, &mut days);
            }
        }
        if let Some(exceptions) = get("exceptions") {
            self.exceptions(&exceptions, &mut days);
        }
        if let Some((from, to)) = valid {
            for (date, span) in &days.places {
                if *date < from || *date > to {
                    let message =
                        text!("{} is outside the time that the calendar is valid for", date.to_string());
                    let mut remark = Diagnostic::new(Code::CalendarOutside, span.clone(), message);
                    remark.help(text!("it is valid from {} to {}", from.to_string(), to.to_string()));
                    self.found.push(remark);
                }
            }
        }
        for (year, wanted, span) in years {
            self.count(year, &wanted, span, week, &days.days);
        }
        let (names, spans) = extends.into_iter().unzip();
        let layer = Layer {
            id: id?,
            title,
            timezone,
            extends: names,
            valid,
            week,
            seasons,
            days: days.days,
            day_end,
            sources,
        };
        Some((layer, spans))
    }

    /// The entries of a mapping with known keys.
    fn mapping<'n>(&mut self, at: &At<'n>, keys: &[&str]) -> Option<&'n [Entry]> {
        let Value::Map(entries) = &at.node.value else {
            self.report(
                Code::WrongType,
                at,
                text!("this must be {}, and is {}", Text::from("a mapping"), Text::from(at.node.kind())),
            );
            return None;
        };
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.text.as_str())) {
            let message = text!("the key `{}` is not known here", entry.key.text);
            let mut remark = Diagnostic::new(Code::UnknownKey, entry.key.span.clone(), message);
            remark.pointer = at.child(&entry.key.text, &entry.value).pointer;
            let absent = keys.iter().filter(|key| entries.iter().all(|entry| entry.key.text != **key));
            remark.meant(&entry.key.text, absent.copied());
            self.found.push(remark);
        }
        Some(entries)
    }

    fn list<'n>(&mut self, at: &At<'n>) -> Vec<At<'n>> {
        match &at.node.value {
            Value::List(items) => {
                items.iter().enumerate().map(|(n, item)| at.child(&n.to_string(), item)).collect()
            }
            _ => {
                self.report(
                    Code::WrongType,
                    at,
                    text!("this must be {}, and is {}", Text::from("a list"), Text::from(at.node.kind())),
                );
                Vec::new()
            }
        }
    }

    fn text<'n>(&mut self, at: &At<'n>) -> Option<&'n str> {
        let text = at.node.as_str();
        if text.is_none() {
            self.report(
                Code::WrongType,
                at,
                text!("this must be {}, and is {}", Text::from("a text"), Text::from(at.node.kind())),
            );
        }
        text
    }

    fn id(&mut self, at: &At<'_>) -> Option<String> {
        let id = self.text(at)?;
        if is_id(id) {
            return Some(id.to_owned());
        }
        self.report(Code::BadName, at, text!("`{}` cannot be the id of a calendar", id))
            .help(text!("small letters, digits and hyphens, at most 64, a letter first"));
        None
    }

    fn timezone(&mut self, at: &At<'_>) -> Option<String> {
        let name = self.text(at)?;
        if jiff::tz::TimeZone::get(name).is_ok() {
            return Some(name.to_owned());
        }
        self.report(Code::TimeZone, at, text!("`{}` is no time zone", name))
            .help(text!("for the whole of China it is `Asia/Shanghai`"));
        None
    }

    fn names(&mut self, at: &At<'_>) -> Vec<(String, Range<usize>)> {
        let items = self.list(at);
        let named =
            items.iter().filter_map(|item| Some((self.text(item)?.to_owned(), item.node.span.clone())));
        named.collect()
    }

    fn valid(&mut self, at: &At<'_>) -> Option<(Date, Date)> {
        let entries = self.mapping(at, &["from", "to"])?;
        let mut ends =
            ["from", "to"].into_iter().map(|key| match entries.iter().find(|entry| entry.key.text == key) {
                Some(entry) => self.date(&at.child(key, &entry.value)),
                None => {
                    self.report(Code::MissingKey, at, text!("the key `{}` is missing here", key));
                    None
                }
            });
        let (from, to) = (ends.next().flatten(), ends.next().flatten());
        let (from, to) = (from?, to?);
        if from > to {
            self.report(Code::CalendarOutside, at, text!("it ends before it begins"));
            return None;
        }
        if to.year() - from.year() > YEARS_MAX {
            self.report(
                Code::CalendarOutside,
                at,
                text!("it is longer than {} years", u32::from(YEARS_MAX.unsigned_abs())),
            );
            return None;
        }
        Some((from, to))
    }

    fn week(&mut self, at: &At<'_>) -> Option<[bool; 7]> {
        let mut week = [false; 7];
        for item in self.list(at) {
            let day = self.text(&item)?;
            match WEEK.iter().position(|known| *known == day) {
                Some(known) => week[known] = true,
                None => {
                    self.report(Code::BadValue, &item, text!("`{}` is no day of the week", day))
                        .meant(day, WEEK);
                }
            }
        }
        Some(week)
    }

    fn day_end(&mut self, at: &At<'_>) -> Option<DayEnd> {
        match self.text(at)? {
            "lastWindow" => Some(DayEnd::LastWindow),
            "24:00" => Some(DayEnd::Midnight),
            other => {
                self.report(Code::BadValue, at, text!("`{}` is no end of a day", other))
                    .help(text!("`lastWindow` or `24:00`"));
                None
            }
        }
    }

    fn seasons(&mut self, at: &At<'_>) -> Option<Vec<Season>> {
        let mut seasons = Vec::new();
        for item in self.list(at) {
            let Some(entries) = self.mapping(&item, &["from", "to", "windows"]) else { continue };
            let get = |key: &str| {
                entries.iter().find(|entry| entry.key.text == key).map(|entry| item.child(key, &entry.value))
            };
            let from = get("from").map_or(Some((1, 1)), |from| self.month_day(&from));
            let to = get("to").map_or(Some((12, 31)), |to| self.month_day(&to));
            let Some(windows) = get("windows") else {
                self.report(Code::MissingKey, &item, text!("the key `{}` is missing here", "windows"));
                continue;
            };
            let windows = self.windows(&windows);
            if let (Some(from), Some(to), Some(windows)) = (from, to, windows) {
                seasons.push(Season { from, to, windows });
            }
        }
        // Over a leap year every day is in exactly one of them.
        let mut date = Date::constant(LEAP, 1, 1);
        while date.year() == LEAP && !seasons.is_empty() {
            let of = seasons.iter().filter(|season| season.contains(date)).count();
            if of != 1 {
                let day = date.strftime("%m-%d").to_string();
                let message = if of == 0 {
                    text!("no season has the day {}", day)
                } else {
                    text!("two seasons have the day {}", day)
                };
                self.report(Code::CalendarSeason, at, message)
                    .help(text!("seasons follow each other through the whole year; without `from` and `to` one is the whole year"));
                return None;
            }
            date = date.tomorrow().unwrap_or(Date::MAX);
        }
        Some(seasons)
    }

    fn month_day(&mut self, at: &At<'_>) -> Option<(i8, i8)> {
        let written = self.text(at)?;
        match format!("{LEAP}-{written}").parse::<Date>() {
            Ok(date) if written.len() == 5 => Some((date.month(), date.day())),
            _ => {
                self.report(Code::CalendarDay, at, text!("`{}` is no day of a year", written))
                    .help(text!("month and day, as in `05-01`"));
                None
            }
        }
    }

    fn windows(&mut self, at: &At<'_>) -> Option<Vec<Window>> {
        let items = self.list(at);
        let mut windows: Vec<(Window, At<'_>)> = Vec::new();
        let mut failed = false;
        for item in items {
            match self.window(&item) {
                Some(window) => windows.push((window, item)),
                None => failed = true,
            }
        }
        windows.sort_by_key(|(window, _)| *window);
        // The last one may go over midnight into the next day's first one.
        let next_day = windows.first().map(|(first, _)| first.start + MINUTES);
        let starts: Vec<i16> = windows.iter().skip(1).map(|(next, _)| next.start).chain(next_day).collect();
        for ((window, item), next) in windows.iter().zip(starts) {
            if window.end > next {
                let next = next % MINUTES;
                let message = text!("it overlaps with the window that begins at {}", clock(next));
                self.report(Code::CalendarWindow, item, message);
                failed = true;
            }
        }
        (!failed).then(|| windows.into_iter().map(|(window, _)| window).collect())
    }

    fn window(&mut self, at: &At<'_>) -> Option<Window> {
        let written = self.text(at)?;
        let ends = written
            .split_once('-')
            .and_then(|(start, end)| Some((minutes(start.trim())?, minutes(end.trim())?)));
        match ends {
            Some((start, end)) if start < MINUTES && start != end => {
                Some(Window { start, end: if end < start { end + MINUTES } else { end } })
            }
            Some(_) => {
                self.report(Code::CalendarWindow, at, text!("the window `{}` has no length", written))
                    .help(text!("the whole day is `00:00-24:00`"));
                None
            }
            None => {
                self.report(Code::CalendarWindow, at, text!("`{}` is no window", written))
                    .help(text!("two times of a day, as in `08:00-12:00`; one that ends earlier than it begins goes over midnight"));
                None
            }
        }
    }

    fn years(
        &mut self,
        at: &At<'_>,
        days: &mut Days,
        sources: &mut BTreeMap<i16, String>,
        week: Option<[bool; 7]>,
    ) -> Vec<(i16, Vec<u32>, Range<usize>)> {
        let mut counts = Vec::new();
        let Value::Map(entries) = &at.node.value else {
            self.report(
                Code::WrongType,
                at,
                text!("this must be {}, and is {}", Text::from("a mapping"), Text::from(at.node.kind())),
            );
            return counts;
        };
        for entry in entries {
            let place = at.child(&entry.key.text, &entry.value);
            let Some(year) = entry.key.text.parse::<i16>().ok().filter(|year| (1900..=9000).contains(year))
            else {
                let mut remark = Diagnostic::new(
                    Code::CalendarDay,
                    entry.key.span.clone(),
                    text!("`{}` is no year", entry.key.text),
                );
                remark.pointer = place.pointer;
                self.found.push(remark);
                continue;
            };
            let keys = ["source", "workingDays", "workingDaysByMonth", "holidays"];
            let Some(fields) = self.mapping(&place, &keys) else { continue };
            for field in fields {
                let value = place.child(&field.key.text, &field.value);
                match field.key.text.as_str() {
                    "source" => {
                        let title =
                            value.node.as_str().or_else(|| value.node.get("title").and_then(Node::as_str));
                        sources.insert(year, title.unwrap_or_default().to_owned());
                    }
                    "workingDays" => {
                        let number = self.number(&value);
                        counts.extend(number.map(|n| (year, vec![n], value.node.span.clone())));
                    }
                    "workingDaysByMonth" => {
                        let months: Vec<u32> =
                            self.list(&value).iter().filter_map(|month| self.number(month)).collect();
                        counts.push((year, months, value.node.span.clone()));
                    }
                    "holidays" => {
                        for holiday in self.list(&value) {
                            self.holiday(year, &holiday, week, days);
                        }
                    }
                    _ => {}
                }
            }
        }
        counts
    }

    fn holiday(&mut self, year: i16, at: &At<'_>, week: Option<[bool; 7]>, days: &mut Days) {
        let Some(fields) = self.mapping(at, &["id", "zh", "en", "daysOff", "makeUp", "note"]) else { return };
        let get = |key: &str| {
            fields.iter().find(|field| field.key.text == key).map(|field| at.child(key, &field.value))
        };
        let name = ["zh", "en", "id"].iter().find_map(|key| get(key)?.node.as_str().map(str::to_owned));
        for (key, kind) in [("daysOff", SpecialKind::Off), ("makeUp", SpecialKind::MakeUp)] {
            if let Some(list) = get(key) {
                self.days(&list, &kind, name.as_deref(), Some(year), week, days);
            }
        }
    }

    /// Dates, each alone or with a reason.
    fn days(
        &mut self,
        at: &At<'_>,
        kind: &SpecialKind,
        name: Option<&str>,
        year: Option<i16>,
        week: Option<[bool; 7]>,
        days: &mut Days,
    ) {
        for item in self.list(at) {
            let (place, why) = match &item.node.value {
                Value::Map(_) => {
                    let Some(fields) = self.mapping(&item, &["date", "reason"]) else { continue };
                    let get = |key: &str| {
                        fields
                            .iter()
                            .find(|field| field.key.text == key)
                            .map(|field| item.child(key, &field.value))
                    };
                    let Some(date) = get("date") else {
                        self.report(Code::MissingKey, &item, text!("the key `{}` is missing here", "date"));
                        continue;
                    };
                    (date, get("reason").and_then(|why| self.text(&why).map(str::to_owned)))
                }
                _ => (item, None),
            };
            let Some(date) = self.date(&place) else { continue };
            // A notice for one year may give days of the year before.
            if year.is_some_and(|year| date.year() != year && date.year() != year - 1) {
                self.report(
                    Code::CalendarOutside,
                    &place,
                    text!("{} is not in the year that it stands under", date.to_string()),
                );
                continue;
            }
            let weekday = place_of(date);
            let works = week.unwrap_or([true, true, true, true, true, false, false])[weekday];
            if *kind == SpecialKind::MakeUp && works {
                self.report(
                    Code::CalendarMakeUp,
                    &place,
                    text!("{} works anyway: it is no make-up day", date.to_string()),
                )
                .help(text!("a make-up day is a day off of the week on which people work"));
                continue;
            }
            let special = Special { kind: kind.clone(), why: why.or_else(|| name.map(str::to_owned)) };
            self.special(date, special, &place, days);
        }
    }

    fn special(&mut self, date: Date, special: Special, at: &At<'_>, days: &mut Days) {
        if let Some(before) = days.places.get(&date) {
            let before = before.clone();
            self.report(Code::CalendarTwice, at, text!("{} stands twice", date.to_string()))
                .related
                .push((before, text!("it stands here already")));
            return;
        }
        days.places.insert(date, at.node.span.clone());
        days.days.insert(date, special);
    }

    fn exceptions(&mut self, at: &At<'_>, days: &mut Days) {
        let mut own = Days::default();
        for item in self.list(at) {
            let Some(fields) = self.mapping(&item, &["date", "windows", "reason"]) else { continue };
            let get = |key: &str| {
                fields.iter().find(|field| field.key.text == key).map(|field| item.child(key, &field.value))
            };
            let (Some(date), Some(windows)) = (get("date"), get("windows")) else {
                let missing = if get("date").is_none() { "date" } else { "windows" };
                self.report(Code::MissingKey, &item, text!("the key `{}` is missing here", missing));
                continue;
            };
            let why = get("reason").and_then(|why| self.text(&why).map(str::to_owned));
            if let (Some(day), Some(windows)) = (self.date(&date), self.windows(&windows)) {
                self.special(day, Special { kind: SpecialKind::Windows(windows), why }, &date, &mut own);
            }
        }
        // A half day says more about a holiday or a make-up day than that it is one.
        days.days.extend(own.days);
        days.places.extend(own.places);
    }

    fn date(&mut self, at: &At<'_>) -> Option<Date> {
        let written = self.text(at)?;
        match written.parse::<Date>() {
            Ok(date) if written.len() == 10 => Some(date),
            _ => {
                self.report(Code::CalendarDay, at, text!("`{}` is no day of the calendar", written))
                    .help(text!("year, month and day, as in `2024-02-10`"));
                None
            }
        }
    }

    fn number(&mut self, at: &At<'_>) -> Option<u32> {
        match at.node.value {
            Value::Int(number) if (0..=366).contains(&number) => u32::try_from(number).ok(),
            _ => {
                self.report(
                    Code::WrongType,
                    at,
                    text!("this must be {}, and is {}", Text::from("a number"), Text::from(at.node.kind())),
                );
                None
            }
        }
    }

    /// Is the number of working days, of the year or of its months, the one that is written?
    fn count(
        &mut self,
        year: i16,
        wanted: &[u32],
        span: Range<usize>,
        week: Option<[bool; 7]>,
        days: &BTreeMap<Date, Special>,
    ) {
        let week = week.unwrap_or([true, true, true, true, true, false, false]);
        let mut months = [0_u32; 12];
        let mut date = Date::constant(1, 1, 1);
        if let Ok(first) = Date::new(year, 1, 1) {
            date = first;
        }
        while date.year() == year {
            let works = match days.get(&date).map(|special| &special.kind) {
                Some(SpecialKind::Off) => false,
                Some(SpecialKind::MakeUp) => true,
                Some(SpecialKind::Windows(windows)) => !windows.is_empty(),
                None => week[place_of(date)],
            };
            months[usize::try_from(date.month() - 1).unwrap_or_default()] += u32::from(works);
            date = date.tomorrow().unwrap_or(Date::MAX);
        }
        let counted = if wanted.len() == 1 { vec![months.iter().sum()] } else { months.to_vec() };
        if counted != wanted {
            let message = text!("{} has {} working days, not {}", i64::from(year), counted, wanted.to_vec());
            let mut remark = Diagnostic::new(Code::CalendarCount, span, message);
            remark.help(text!("a day is missing or too much above, or the number is wrong"));
            self.found.push(remark);
        }
    }
}

/// Small letters, digits and hyphens.
pub(super) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    id.len() <= 64 && id.starts_with(|first: char| first.is_ascii_lowercase()) && id.bytes().all(plain)
}

fn place_of(date: Date) -> usize {
    place(date.weekday())
}

/// Minutes after midnight.
fn minutes(time: &str) -> Option<i16> {
    let (hours, minutes) = time.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= MINUTES).then_some(all)
}

fn clock(minutes: i16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
