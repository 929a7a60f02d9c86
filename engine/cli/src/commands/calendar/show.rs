//! A month or a year on the wall.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};
use yiwang_core::calendar::{Calendar, Day, SpecialKind};

use super::Here;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    here: Here,
    /// A month such as 2024-02, or a year such as 2024.
    when: String,
}

pub(super) fn run(args: &Args, format: Format) -> Result<(), Failure> {
    let calendars = args.here.calendars()?;
    let calendar = args.here.open(&calendars)?;
    let whole_year = args.when.len() == 4;
    let first = if whole_year { format!("{}-01-01", args.when) } else { format!("{}-01", args.when) };
    let Ok(first) = first.parse::<Date>() else {
        let message = format!("`{}` is neither a month such as 2024-02 nor a year such as 2024", args.when);
        return Err(Failure::new(Exit::Invalid, "cli.calendar", message));
    };
    let span = if whole_year { 1.year() } else { 1.month() };
    let last = first.checked_add(span).and_then(Date::yesterday).unwrap_or(Date::MAX);
    let days = calendar.list(first, last);
    match format {
        Format::Json => output::json(&as_json(calendar, &days)),
        Format::Name => {
            for day in days.iter().filter(|day| day.works) {
                output::line(&day.date.to_string());
            }
        }
        Format::Table => table(calendar, first, &days, whole_year),
    }
    Ok(())
}

fn as_json(calendar: &Calendar, days: &[Day]) -> Value {
    let one = |day: &Day| {
        let windows: Vec<String> = day.windows.iter().map(ToString::to_string).collect();
        json!({
            "date": day.date.to_string(),
            "works": day.works,
            "windows": windows,
            "why": day.special.as_ref().and_then(|special| special.why.clone()),
            "known": day.known,
        })
    };
    json!({
        "calendar": &*calendar.id,
        "title": calendar.title,
        "timezone": calendar.timezone,
        "layers": calendar.layers,
        "knownTo": calendar.known.map(|(_, to)| to.to_string()),
        "workingDays": days.iter().filter(|day| day.works).count(),
        "days": days.iter().map(one).collect::<Vec<_>>(),
    })
}

fn table(calendar: &Calendar, first: Date, days: &[Day], whole_year: bool) {
    if whole_year {
        let month = |month: i8| {
            let works = days.iter().filter(|day| day.works && day.date.month() == month).count();
            let special: Vec<String> =
                days.iter().filter(|day| day.date.month() == month).filter_map(remark).collect();
            vec![format!("{:04}-{month:02}", first.year()), works.to_string(), special.join(" ")]
        };
        let heads = ["MONTH", "WORKING DAYS", "NOT AS THE WEEKDAY SAYS"].map(str::to_owned).to_vec();
        output::table(heads, (1..=12).map(month).collect());
    } else {
        let row = |day: &Day| {
            let windows: Vec<String> = day.windows.iter().map(ToString::to_string).collect();
            let why = day.special.as_ref().and_then(|special| special.why.clone()).unwrap_or_default();
            let weekday = day.date.strftime("%a").to_string();
            let kind = remark(day).map(|text| text.chars().take(1).collect::<String>()).unwrap_or_default();
            vec![day.date.to_string(), weekday, windows.join(" "), kind, why]
        };
        let heads = ["DAY", "", "WORKING TIME", "", "WHY"].map(str::to_owned).to_vec();
        output::table(heads, days.iter().map(row).collect());
    }
    output::note(&format!("{} working days", days.iter().filter(|day| day.works).count()));
    if let Some(source) = calendar.sources.get(&first.year()) {
        output::note(&format!("source: {source}"));
    }
    if let Some((_, to)) = calendar.known.filter(|_| days.iter().any(|day| !day.known)) {
        output::note(&format!("only known up to {to}: later days are as their weekday says"));
    }
}

/// 休, 班 or 半 and the day of the month.
fn remark(day: &Day) -> Option<String> {
    let sign = match day.special.as_ref()?.kind {
        SpecialKind::Off => "休",
        SpecialKind::MakeUp => "班",
        SpecialKind::Windows(_) => "半",
    };
    Some(format!("{sign}{}", day.date.day()))
}
