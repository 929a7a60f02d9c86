//! What is told: lines on the screen, the same as JSON, the points of the plots, and the goals.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use yiwang_bench::figure::print;

/// All of one run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    lines: Vec<Line>,
    goals: Vec<Goal>,
    /// Of the plots.
    pub(crate) points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Line {
    what: String,
    figure: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
struct Goal {
    what: String,
    bound: Bound,
    got: f64,
    met: bool,
}

/// What a goal asks of its figure.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bound {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
}

/// One measured point of a plot.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    /// Name of the plot.
    pub(crate) plot: &'static str,
    /// Who was measured.
    pub(crate) side: &'static str,
    /// Clients, or requests that came in a second.
    pub(crate) load: f64,
    /// Done in a second.
    pub(crate) per_second: f64,
    /// Refused with 429 in a second.
    pub(crate) refused: f64,
    /// Of what was done.
    pub(crate) p50_ms: f64,
    /// Of what was done.
    pub(crate) p99_ms: f64,
}

impl Report {
    /// A line for people, with its values for programs.
    pub(crate) fn line(&mut self, what: &str, figure: String, values: &[(&'static str, f64)]) {
        print(what, &figure);
        let values = values.iter().copied().collect();
        self.lines.push(Line { what: what.to_owned(), figure, values });
    }

    /// A figure beside its goal.
    pub(crate) fn goal(&mut self, what: &str, bound: Bound, got: f64) {
        let (met, asked) = match bound {
            Bound::AtLeast(least) => (got >= least, format!("at least {least}")),
            Bound::AtMost(most) => (got <= most, format!("at most {most:.2}")),
        };
        let met_or_not = if met { "met" } else { "MISSED" };
        print(&format!("goal: {what}"), &format!("{got:.2}, {asked}: {met_or_not}"));
        self.goals.push(Goal { what: what.to_owned(), bound, got, met });
    }

    /// Writes everything as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}
