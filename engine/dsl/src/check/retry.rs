//! Retry policies.

use super::Checker;
use super::fields::Place;
use super::schema::transpose;
use super::template::Position;
use crate::definition::{Backoff, Retry, Span};
use crate::diagnostic::Code;

impl<'n> Checker<'n> {
    /// `catch.retry`: a name of `use.retries`, or a policy.
    pub(super) fn retry(&mut self, place: &Place<'n>) -> Option<Retry> {
        match place.node.as_str() {
            Some(_) => {
                let definition = self.reused(place, super::reuse::Kind::Retry)?;
                self.retry_object(&definition)
            }
            None => self.retry_object(place),
        }
    }

    /// A policy as an object.
    pub(super) fn retry_object(&mut self, place: &Place<'n>) -> Option<Retry> {
        let mut fields = self.fields(place)?;
        let when = fields.get("when");
        let except_when = fields.get("exceptWhen");
        let delay = fields.get("delay");
        let backoff = fields.get("backoff");
        let limit = fields.get("limit");
        let jitter = fields.get("jitter");
        fields.finish(self);
        let when = when.map(|when| self.expression(&when, Position::Definition));
        let except_when = except_when.map(|when| self.expression(&when, Position::Definition));
        let delay = delay.map_or(Some(Span::Fixed(0)), |delay| self.span(&delay, Position::Definition));
        let backoff = backoff.map_or(Some(Backoff::Constant), |backoff| self.backoff(&backoff));
        let limit = limit.map_or(Some(Limit::default()), |limit| self.limit(&limit));
        let jitter = jitter.map(|jitter| self.jitter(&jitter));
        let (limit, attempts_max) = limit.map(|limit| (limit.spans, limit.attempts_max))?;
        Some(Retry {
            when: transpose(when)?,
            except_when: transpose(except_when)?,
            delay: delay?,
            backoff: backoff?,
            jitter: transpose(jitter)?,
            attempts_max,
            attempt_duration: limit.0,
            duration: limit.1,
        })
    }

    fn backoff(&mut self, place: &Place<'n>) -> Option<Backoff> {
        let mut fields = self.fields(place)?;
        let kinds = [
            ("constant", Backoff::Constant),
            ("linear", Backoff::Linear),
            ("exponential", Backoff::Exponential),
        ];
        let given: Vec<_> = kinds.iter().filter(|(key, _)| fields.get(key).is_some()).collect();
        let head = fields.head_span();
        if fields.finish(self) && given.is_empty() {
            return None;
        }
        match given.as_slice() {
            [(_, backoff)] => Some(*backoff),
            [] => {
                let message = "one of `constant`, `linear` and `exponential` is missing here";
                self.report_at(Code::MissingKey, head, &place.pointer, message);
                None
            }
            _ => {
                let message = "only one of `constant`, `linear` and `exponential` can stand here";
                self.report_at(Code::Exclusive, head, &place.pointer, message);
                None
            }
        }
    }

    fn limit(&mut self, place: &Place<'n>) -> Option<Limit> {
        let mut fields = self.fields(place)?;
        let attempt = fields.get("attempt");
        let duration = fields.get("duration");
        fields.finish(self);
        let mut limit = Limit::default();
        if let Some(attempt) = attempt {
            let mut fields = self.fields(&attempt)?;
            let count = fields.get("count");
            let duration = fields.get("duration");
            fields.finish(self);
            let count = count.map(|count| self.number(&count, 0..=1_000_000));
            let duration = duration.map(|duration| self.span(&duration, Position::Definition));
            limit.attempts_max = transpose(count)?.and_then(|count| u32::try_from(count).ok());
            limit.spans.0 = transpose(duration)?;
        }
        let duration = duration.map(|duration| self.span(&duration, Position::Definition));
        limit.spans.1 = transpose(duration)?;
        Some(limit)
    }

    fn jitter(&mut self, place: &Place<'n>) -> Option<(Span, Span)> {
        let mut fields = self.fields(place)?;
        let from = fields.need(self, "from");
        let to = fields.need(self, "to");
        fields.finish(self);
        let from = from.and_then(|from| self.span(&from, Position::Definition));
        let to = to.and_then(|to| self.span(&to, Position::Definition));
        if let (Some(Span::Fixed(from)), Some(Span::Fixed(to))) = (&from, &to)
            && from > to
        {
            self.report(Code::BadValue, place, "`from` is longer than `to`");
            return None;
        }
        Some((from?, to?))
    }
}

/// `retry.limit`.
#[derive(Default)]
struct Limit {
    attempts_max: Option<u32>,
    /// Of one attempt, and of all together.
    spans: (Option<Span>, Option<Span>),
}
