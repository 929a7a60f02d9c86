//! `schedule`, and the time zone it runs in.

use croner::parser::{CronParser, Seconds, Year};

use super::Checker;
use super::fields::Place;
use super::template::Position;
use crate::definition::Schedule;
use crate::diagnostic::Code;
use crate::text;

/// Shortest interval of `every` and `after`, in milliseconds. More is polling, and belongs into a channel.
const INTERVAL_MIN: u64 = 1_000;

impl<'n> Checker<'n> {
    /// `schedule`.
    pub(super) fn schedule(&mut self, place: Option<Place<'n>>) -> Option<Option<Schedule>> {
        let Some(place) = place else { return Some(None) };
        let mut fields = self.fields(&place)?;
        let (every, cron) = (fields.get("every"), fields.get("cron"));
        let (after, on) = (fields.get("after"), fields.get("on"));
        let read = fields.get("read");
        let given = [&every, &cron, &after, &on].into_iter().flatten().count();
        let head = fields.head_span();
        if let (Some(read), None) = (&read, &on) {
            let span = fields.key_span("read");
            self.report_at(
                Code::MissingKey,
                span,
                &read.pointer,
                "`read` belongs to `on`, which is missing here",
            );
        }
        if fields.finish(self) && given == 0 {
            return None;
        }
        if given != 1 {
            let (code, message) = match given {
                0 => (Code::MissingKey, "one of `on`, `cron`, `every` and `after` is missing here"),
                _ => (Code::Exclusive, "only one of `on`, `cron`, `every` and `after` can stand here"),
            };
            self.report_at(code, head, &place.pointer, message);
            return None;
        }
        if let Some(every) = every {
            return self.interval(&every).map(Schedule::Every).map(Some);
        }
        if let Some(after) = after {
            return self.interval(&after).map(Schedule::After).map(Some);
        }
        if let Some(cron) = cron {
            return self.cron(&cron).map(Schedule::Cron).map(Some);
        }
        let strategy = self.strategy(&on?, Position::Event);
        let read = self.read_as(read);
        Some(Some(Schedule::On { strategy: strategy?, read: read? }))
    }

    fn interval(&mut self, place: &Place<'n>) -> Option<u64> {
        let length = self.milliseconds(place)?;
        if length < INTERVAL_MIN {
            self.report(Code::BadValue, place, "an interval must be at least one second");
            return None;
        }
        Some(length)
    }

    fn cron(&mut self, place: &Place<'n>) -> Option<String> {
        let text = self.text(place)?;
        let fields = text.split_whitespace().count();
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = match parser.parse(text) {
            Ok(cron) if fields == 5 || text.trim().starts_with('@') => cron,
            Ok(_) | Err(_) if fields != 5 => {
                let message = text!("a cron expression has five fields, this one has {}", fields);
                let help = "minute, hour, day of month, month, day of week (0 and 7 are Sunday)";
                self.report(Code::Cron, place, message).help(help);
                return None;
            }
            Ok(cron) => cron,
            Err(error) => {
                let message = text!("`{}` is not a cron expression: {}", text, error.to_string());
                self.report(Code::Cron, place, message);
                return None;
            }
        };
        // From a fixed day, so that the answer does not depend on when it is asked.
        let day = jiff::civil::date(2026, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        if cron.find_next_occurrence(&day, true).is_err() {
            let message = text!("there is never a time that fits `{}`", text);
            self.report(Code::Cron, place, message);
            return None;
        }
        Some(text.to_owned())
    }

    /// A time zone by its IANA name.
    pub(super) fn timezone(&mut self, place: &Place<'n>) -> Option<String> {
        let text = self.text(place)?;
        if jiff::tz::TimeZone::get(text).is_err() {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let message = text!("the time zone `{}` is not known", text);
            let diagnostic = self.report(Code::TimeZone, place, message);
            match crate::diagnostic::nearest(text, &known.iter().map(String::as_str).collect::<Vec<_>>()) {
                Some(near) => diagnostic.help(text!("did you mean `{}`?", near)),
                None => diagnostic.help("an IANA name, for example `Asia/Shanghai`"),
            };
            return None;
        }
        Some(text.to_owned())
    }
}
