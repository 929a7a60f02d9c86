//! Counting the answers of a group: when it is decided, and how. Pure arithmetic on what is handed in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// When a group is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) enough: Enough,
    /// One such answer decides at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) veto: Vec<String>,
    /// This many answers are enough once the group is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) enough_when_due: Option<u32>,
}

/// What is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Enough {
    /// Every member's answer.
    All,
    /// So many answers.
    Quorum(u32),
    /// One outcome has so many percent of all weight.
    Weight(u32),
}

/// A member's seat, as far as counting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// Has not answered.
    Pending(u32),
    /// Has answered.
    Answered(u32, &'a str),
    /// Does not count: an interest in the matter, and nobody to take the seat.
    Excused,
}

/// How the answers stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// All seats.
    pub seats: u32,
    /// Answers.
    pub answered: u32,
    /// Seats that could still answer.
    pub pending: u32,
    /// Seats that do not count.
    pub excused: u32,
    /// By outcome.
    pub votes: BTreeMap<String, Votes>,
    /// All answers are the same.
    pub unanimous: bool,
    /// Two or more outcomes have the most weight.
    pub tied: bool,
}

/// The answers with one outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Votes {
    /// How many.
    pub count: u32,
    /// Their weight.
    pub weight: u64,
}

/// What decided a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// Every member has answered.
    All,
    /// Enough answers.
    Quorum,
    /// Enough weight for one outcome.
    Weight,
    /// An answer that decides at once.
    Veto,
    /// It was due, and there were enough answers for that.
    Due,
    /// The members who are left cannot decide it any more.
    Unreachable,
}

/// Counts. The group is decided if there is a second part: by what, and with which outcome.
pub(crate) fn count(
    rule: &Rule,
    seats: &[Standing<'_>],
    is_due: bool,
) -> (Tally, Option<(ClosedBy, Option<String>)>) {
    let (tally, weights) = tally(seats);
    let veto = seats.iter().find_map(|seat| match seat {
        Standing::Answered(_, outcome) => rule.veto.iter().find(|veto| veto == outcome),
        Standing::Pending(_) | Standing::Excused => None,
    });
    if let Some(veto) = veto {
        let veto = Some(veto.clone());
        return (tally, Some((ClosedBy::Veto, veto)));
    }
    let most = leading(&tally);
    let could = tally.answered + tally.pending;
    let by = match rule.enough {
        Enough::All if could == 0 => Some(ClosedBy::Unreachable),
        Enough::All => (tally.pending == 0).then_some(ClosedBy::All),
        Enough::Quorum(quorum) if tally.answered >= quorum => Some(ClosedBy::Quorum),
        Enough::Quorum(quorum) => (could < quorum).then_some(ClosedBy::Unreachable),
        Enough::Weight(percent) => {
            let best = tally.votes.values().map(|votes| votes.weight).max().unwrap_or(0);
            let enough = |weight: u64| weight > 0 && weight * 100 >= weights.all * u64::from(percent);
            if enough(best) {
                Some(ClosedBy::Weight)
            } else {
                (!enough(best + weights.pending)).then_some(ClosedBy::Unreachable)
            }
        }
    };
    let at_due = || {
        let wanted = rule.enough_when_due.filter(|_| is_due)?;
        (tally.answered >= wanted).then_some(ClosedBy::Due)
    };
    let closed = by.or_else(at_due).map(|by| match by {
        ClosedBy::Unreachable => (by, None),
        ClosedBy::All | ClosedBy::Quorum | ClosedBy::Weight | ClosedBy::Veto | ClosedBy::Due => (by, most),
    });
    (tally, closed)
}

struct Weights {
    all: u64,
    pending: u64,
}

fn tally(seats: &[Standing<'_>]) -> (Tally, Weights) {
    let mut tally = Tally::default();
    let mut weights = Weights { all: 0, pending: 0 };
    for seat in seats {
        tally.seats += 1;
        match seat {
            Standing::Excused => tally.excused += 1,
            Standing::Pending(weight) => {
                tally.pending += 1;
                weights.all += u64::from(*weight);
                weights.pending += u64::from(*weight);
            }
            Standing::Answered(weight, outcome) => {
                tally.answered += 1;
                weights.all += u64::from(*weight);
                let votes = tally.votes.entry((*outcome).to_owned()).or_default();
                votes.count += 1;
                votes.weight += u64::from(*weight);
            }
        }
    }
    tally.unanimous = tally.votes.len() == 1;
    let best = tally.votes.values().map(|votes| votes.weight).max();
    tally.tied = tally.votes.values().filter(|votes| Some(votes.weight) == best).count() > 1;
    (tally, weights)
}

/// The outcome with the most weight, unless two have it.
fn leading(tally: &Tally) -> Option<String> {
    let best = tally.votes.iter().max_by_key(|(_, votes)| votes.weight);
    best.filter(|_| !tally.tied).map(|(outcome, _)| outcome.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `3 yes` is an answer of weight 3, `? 2` a pending seat of weight 2, `-` an excused one.
    fn seats(text: &str) -> Vec<Standing<'_>> {
        text.split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(|one| match one.split_once(' ') {
                None if one == "-" => Standing::Excused,
                None => Standing::Answered(1, one),
                Some(("?", weight)) => Standing::Pending(weight.parse().unwrap()),
                Some((weight, outcome)) => Standing::Answered(weight.parse().unwrap(), outcome),
            })
            .map(|seat| if seat == Standing::Answered(1, "?") { Standing::Pending(1) } else { seat })
            .collect()
    }

    fn check(rule: &Rule, due: bool, text: &str, expected: &str) {
        let (_, closed) = count(rule, &seats(text), due);
        let shown = match closed {
            None => "open".to_owned(),
            Some((by, outcome)) => format!("{by:?} {}", outcome.as_deref().unwrap_or("none")).to_lowercase(),
        };
        assert_eq!(shown, expected, "{rule:?} {text}");
    }

    fn rule(enough: Enough) -> Rule {
        Rule { enough, veto: Vec::new(), enough_when_due: None }
    }

    #[test]
    fn all_must_answer() {
        let all = rule(Enough::All);
        for (text, expected) in [
            ("?, ?", "open"),
            ("yes, ?", "open"),
            ("yes, yes", "all yes"),
            ("yes, yes, no", "all yes"),
            ("yes, no", "all none"),
            ("yes, -", "all yes"),
            ("-, -", "unreachable none"),
            ("", "unreachable none"),
            ("3 no, yes, yes", "all no"),
        ] {
            check(&all, false, text, expected);
        }
    }

    #[test]
    fn a_quorum_is_enough() {
        let two = rule(Enough::Quorum(2));
        for (text, expected) in [
            ("yes, ?, ?", "open"),
            ("yes, yes, ?", "quorum yes"),
            ("yes, no, ?", "quorum none"),
            ("yes, -, ?", "open"),
            ("yes, -, -", "unreachable none"),
        ] {
            check(&two, false, text, expected);
        }
    }

    #[test]
    fn weight_decides_as_soon_as_nothing_can_change_it() {
        let two_thirds = rule(Enough::Weight(67));
        for (text, expected) in [
            ("?, ?, ?", "open"),
            ("yes, yes, ?", "open"),
            ("2 yes, 2 yes, ? 1", "weight yes"),
            ("yes, no, ?", "unreachable none"),
            ("yes, yes, yes", "weight yes"),
            ("1 yes, 1 no, ? 8", "open"),
            ("4 yes, 1 no, -", "weight yes"),
            ("-, -", "unreachable none"),
        ] {
            check(&two_thirds, false, text, expected);
        }
        check(&rule(Enough::Weight(50)), false, "yes, no", "weight none");
    }

    #[test]
    fn one_veto_decides_at_once() {
        let veto = Rule { enough: Enough::All, veto: vec!["oppose".to_owned()], enough_when_due: None };
        check(&veto, false, "agree, ?, ?", "open");
        check(&veto, false, "agree, oppose, ?", "veto oppose");
        check(&veto, false, "agree, agree, agree", "all agree");
    }

    #[test]
    fn fewer_may_be_enough_when_it_is_due() {
        let five = Rule { enough: Enough::All, veto: Vec::new(), enough_when_due: Some(2) };
        check(&five, false, "yes, yes, ?", "open");
        check(&five, true, "yes, yes, ?", "due yes");
        check(&five, true, "yes, ?, ?", "open");
    }

    #[test]
    fn a_tally_names_all() {
        let (tally, _) = count(&rule(Enough::All), &seats("2 yes, no, no, ? 4, -"), false);
        assert_eq!((tally.seats, tally.answered, tally.pending, tally.excused), (5, 3, 1, 1));
        assert_eq!(tally.votes["yes"], Votes { count: 1, weight: 2 });
        assert_eq!(tally.votes["no"], Votes { count: 2, weight: 2 });
        assert!(tally.tied && !tally.unanimous);
    }
}
