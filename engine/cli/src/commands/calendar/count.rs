//! Working time worked out at the desk: `add` and `elapsed`.

use jiff::civil::DateTime;
use serde_json::json;
use yiwang_core::Timestamp;
use yiwang_core::calendar::{Amount, Calendar, Length, Roll};

use super::Here;
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};

#[derive(clap::Args, Debug)]
pub(super) struct Add {
    #[command(flatten)]
    here: Here,
    /// From when: a local time such as 2024-02-09T17:00, or RFC 3339.
    from: String,
    #[command(flatten)]
    amount: Much,
    /// With --calendar-days: what becomes of a last day that is off.
    #[arg(long, value_enum, default_value = "next", value_name = "HOW")]
    roll: RollTo,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Much {
    /// Time on the wall: hours, or an ISO 8601 duration.
    #[arg(long, value_name = "LENGTH")]
    after: Option<String>,
    /// Working time: hours, or an ISO 8601 duration.
    #[arg(long, value_name = "LENGTH")]
    working_hours: Option<String>,
    /// Working days; the day of the start does not count.
    #[arg(long, value_name = "DAYS")]
    working_days: Option<u32>,
    /// Days; the day of the start does not count.
    #[arg(long, value_name = "DAYS")]
    calendar_days: Option<u32>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RollTo {
    /// The next working day.
    Next,
    /// The working day before.
    Previous,
    /// It stays.
    None,
}

#[derive(clap::Args, Debug)]
pub(super) struct Elapsed {
    #[command(flatten)]
    here: Here,
    /// A local time such as 2024-02-09T17:00, or RFC 3339.
    from: String,
    /// The same.
    to: String,
}

pub(super) fn add(args: &Add, format: Format) -> Result<(), Failure> {
    let calendars = args.here.calendars()?;
    let calendar = args.here.open(&calendars)?;
    let from = time("FROM", &args.from, calendar)?;
    let amount = args.amount()?;
    let due = amount.due(from, calendar).map_err(|beyond| invalid(beyond.to_string()))?;
    let provisional = amount.needs_calendar() && !(calendar.knows(from) && calendar.knows(due));
    let answer = json!({
        "due": local(due, calendar),
        "dueAt": due.rfc3339(),
        "calendar": &*calendar.id,
        "provisional": provisional,
    });
    match format {
        Format::Json => output::json(&answer),
        Format::Name => output::line(&due.rfc3339()),
        Format::Table => output::line(&local(due, calendar)),
    }
    if provisional && let Some((_, to)) = calendar.known {
        output::note(&format!("provisional: the calendar `{}` knows the days up to {to} only", calendar.id));
    }
    Ok(())
}

pub(super) fn elapsed(args: &Elapsed, format: Format) -> Result<(), Failure> {
    let calendars = args.here.calendars()?;
    let calendar = args.here.open(&calendars)?;
    let (from, to) = (time("FROM", &args.from, calendar)?, time("TO", &args.to, calendar)?);
    let beyond = |beyond: yiwang_core::calendar::Beyond| invalid(beyond.to_string());
    let millis = calendar.elapsed(from, to).map_err(beyond)?;
    let days = calendar.elapsed_days(from, to).map_err(beyond)?;
    let length = format!("{}{}", if millis < 0 { "-" } else { "" }, Length(millis.unsigned_abs()));
    let provisional = !(calendar.knows(from) && calendar.knows(to));
    match format {
        Format::Json => output::json(&json!({
            "workingHours": length,
            "workingDays": days,
            "calendar": &*calendar.id,
            "provisional": provisional,
        })),
        Format::Name => output::line(&length),
        Format::Table => output::line(&format!("{length} of working time, {days} working days")),
    }
    Ok(())
}

impl Add {
    fn amount(&self) -> Result<Amount, Failure> {
        let roll = match self.roll {
            RollTo::Next => Roll::Next,
            RollTo::Previous => Roll::Previous,
            RollTo::None => Roll::None,
        };
        match &self.amount {
            Much { after: Some(text), .. } => Ok(Amount::Wall { after: length("--after", text)? }),
            Much { working_hours: Some(text), .. } => {
                Ok(Amount::Hours { working_hours: length("--working-hours", text)? })
            }
            Much { working_days: Some(days), .. } => Ok(Amount::Days { working_days: *days }),
            Much { calendar_days: Some(days), .. } => Ok(Amount::Calendar { calendar_days: *days, roll }),
            Much { after: None, working_hours: None, working_days: None, calendar_days: None } => {
                Err(invalid("say how much is added".to_owned()))
            }
        }
    }
}

/// Hours, with a fraction or without, or an ISO 8601 duration.
fn length(name: &str, text: &str) -> Result<Length, Failure> {
    let hours = || Length::parse(&format!("PT{text}H"));
    Length::parse(text)
        .or_else(hours)
        .ok_or_else(|| invalid(format!("{name} wants hours, or a duration such as PT2H30M, not `{text}`")))
}

fn time(name: &str, text: &str, calendar: &Calendar) -> Result<Timestamp, Failure> {
    if let Some(at) = Timestamp::parse(text) {
        return Ok(at);
    }
    let local = text.replace(' ', "T").parse::<DateTime>().ok();
    local
        .and_then(|local| calendar.instant(local))
        .ok_or_else(|| invalid(format!("{name} wants a time such as 2024-02-09T17:00, not `{text}`")))
}

fn local(at: Timestamp, calendar: &Calendar) -> String {
    calendar.local(at).map_or_else(|| at.rfc3339(), |local| local.strftime("%Y-%m-%d %H:%M").to_string())
}

fn invalid(message: String) -> Failure {
    Failure::new(Exit::Invalid, "cli.calendar", message)
}
