//! Calendars as people read them: which days work, from when to when.

use http::Method;
use serde::{Deserialize, Serialize};
use yiwang_core::calendar::{Calendar, Day, SpecialKind, Window};

use crate::call::{Answer, Call, ok};
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::view::PageView;

/// Days of one answer: two years.
const DAYS_MAX: i32 = 732;

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::GET, "/api/v1/calendars", list);
    routes.add(Policy::Staff, Method::GET, "/api/v1/calendars/{id}", get);
}

/// A calendar without its days.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CalendarView {
    id: String,
    title: Option<String>,
    /// Number of the newest document that it is made of; 0: what is built in.
    edition: u64,
    timezone: String,
    /// Ids of the documents it is made of, the lowest first.
    layers: Vec<String>,
    /// Between which days everything is known; due times beyond are provisional.
    known_from: Option<String>,
    known_to: Option<String>,
}

impl From<&Calendar> for CalendarView {
    fn from(of: &Calendar) -> Self {
        Self {
            id: of.id.to_string(),
            title: of.title.clone(),
            edition: of.edition,
            timezone: of.timezone.clone(),
            layers: of.layers.clone(),
            known_from: of.known.map(|(from, _)| from.to_string()),
            known_to: of.known.map(|(_, to)| to.to_string()),
        }
    }
}

async fn list(call: Call) -> Answer {
    let district = call.app.handle.district();
    let calendars = &district.calendars;
    let newest = calendars.ids().filter_map(|id| calendars.newest(id));
    ok(&PageView::whole(newest.map(|calendar| CalendarView::from(&**calendar)).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    from: Option<String>,
    to: Option<String>,
}

/// One day.
#[derive(Serialize)]
struct DayView {
    date: String,
    works: bool,
    windows: Vec<String>,
    /// `off`, `make_up` or `windows`: why it is not as its weekday says.
    #[serde(skip_serializing_if = "Option::is_none")]
    special: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    known: bool,
}

impl From<Day> for DayView {
    fn from(of: Day) -> Self {
        let special = of.special.as_ref().map(|special| match special.kind {
            SpecialKind::Off => "off",
            SpecialKind::MakeUp => "make_up",
            SpecialKind::Windows(_) => "windows",
        });
        Self {
            date: of.date.to_string(),
            works: of.works,
            windows: of.windows.iter().map(Window::to_string).collect(),
            special,
            why: of.special.and_then(|special| special.why),
            known: of.known,
        }
    }
}

/// One calendar with its days, from the first to the last that is asked for; none: without days.
async fn get(call: Call) -> Answer {
    #[derive(Serialize)]
    struct Whole {
        #[serde(flatten)]
        head: CalendarView,
        days: Vec<DayView>,
    }
    let id = call.param("id");
    let district = call.app.handle.district();
    let calendar = district.calendars.newest(id).ok_or_else(|| Problem::not_found("calendar", id))?;
    let Wanted { from, to } = call.query()?;
    let date = |text: Option<String>| {
        let text = text.unwrap_or_default();
        text.parse::<jiff::civil::Date>()
            .map_err(|_| Problem::new(Code::Query, "`from` and `to` are days, as in `2024-02-10`"))
    };
    let days = match (from, to) {
        (None, None) => Vec::new(),
        (from, to) => {
            let (from, to) = (date(from)?, date(to)?);
            if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= DAYS_MAX {
                return Err(Problem::new(Code::Query, format!("At most {DAYS_MAX} days are shown at once")));
            }
            calendar.list(from, to)
        }
    };
    let days = days.into_iter().map(DayView::from).collect();
    ok(&Whole { head: CalendarView::from(&**calendar), days })
}
