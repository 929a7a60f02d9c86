//! Plots as SVG files that need nothing else: work done in a second above, time below, over the load.
//!
//! Sides differ by their dashes and marks, times by their shade: they can be told apart in grey too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::report::Point;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 620.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 730.0;
/// Top and bottom of the two panels.
const UPPER: (f64, f64) = (70.0, 300.0);
const LOWER: (f64, f64) = (350.0, 560.0);
const DARK: &str = "#1b3a5c";
const LIGHT: &str = "#c4661f";
const GREY: &str = "#8a8a8a";

/// What a plot says of itself.
struct Kind {
    name: &'static str,
    title: &'static str,
    across: &'static str,
    /// Clients double from point to point; arrivals grow by steps.
    doubling: bool,
}

const KINDS: [Kind; 3] = [
    Kind { name: "w1-clients", title: "W1: one step, closed loop", across: "clients", doubling: true },
    Kind {
        name: "w1-arrivals",
        title: "W1: one step, open loop",
        across: "requests that come in a second",
        doubling: false,
    },
    Kind { name: "w2-clients", title: "W2: ten steps, closed loop", across: "clients", doubling: true },
];

/// Writes one file for each plot that has points, named after it.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn write(folder: &Path, points: &[Point], machine: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for kind in &KINDS {
        let points: Vec<&Point> = points.iter().filter(|point| point.plot == kind.name).collect();
        if !points.is_empty() {
            let path = folder.join(format!("{}.svg", kind.name));
            fs::write(&path, svg(kind, &points, machine))
                .with_context(|| format!("writing {}", path.display()))?;
        }
    }
    Ok(())
}

/// A line through points.
struct Series {
    label: String,
    colour: &'static str,
    dashes: &'static str,
    points: Vec<(f64, f64)>,
}

fn svg(kind: &Kind, points: &[&Point], machine: &str) -> String {
    let sides: BTreeSet<&str> = points.iter().map(|point| point.side).collect();
    let series = |label: String, at: usize, colour, side: &str, read: fn(&Point) -> f64| Series {
        label,
        colour,
        dashes: ["", "7 4", "2 3"][at % 3],
        points: points
            .iter()
            .filter(|point| point.side == side)
            .map(|point| (point.load, read(point)))
            .collect(),
    };
    let (mut work, mut time) = (Vec::new(), Vec::new());
    for (at, side) in sides.iter().enumerate() {
        work.push(series(format!("done, {side}"), at, DARK, side, |point| point.per_second));
        if points.iter().any(|point| point.refused > 0.0) {
            work.push(series("refused (429)".to_owned(), at + 2, GREY, side, |point| point.refused));
        }
        time.push(series(format!("p50, {side}"), at, DARK, side, |point| point.p50_ms));
        time.push(series(format!("p99, {side}"), at, LIGHT, side, |point| point.p99_ms));
    }
    let loads: BTreeSet<u64> = points.iter().map(|point| rounded(point.load)).collect();
    let across = Axis::new(points.iter().map(|point| point.load), kind.doubling, (LEFT, RIGHT));
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' \
         font-family='sans-serif' font-size='12' fill='#222'>\n<rect width='100%' height='100%' fill='#fff'/>\n"
    );
    text(&mut svg, (LEFT, 28.0), "start", 16, kind.title);
    text(&mut svg, (LEFT, 46.0), "start", 11, machine);
    panel(&mut svg, UPPER, "in a second", false, &across, &work);
    panel(&mut svg, LOWER, "ms", true, &across, &time);
    for load in loads {
        let x = across.at(load as f64);
        text(&mut svg, (x, LOWER.1 + 18.0), "middle", 11, &load.to_string());
    }
    text(&mut svg, (f64::midpoint(LEFT, RIGHT), LOWER.1 + 42.0), "middle", 12, kind.across);
    svg + "</svg>\n"
}

/// A range of values on a stretch of the paper.
struct Axis {
    from: f64,
    to: f64,
    doubling: bool,
    paper: (f64, f64),
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, doubling: bool, paper: (f64, f64)) -> Self {
        let (mut from, mut to) = (f64::MAX, f64::MIN_POSITIVE);
        for value in values.filter(|value| *value > 0.0) {
            (from, to) = (from.min(value), to.max(value));
        }
        // A single value needs a range too; without doubling everything begins at 0.
        let from = if doubling { from.min(to / 2.0) } else { 0.0 };
        Self { from, to, doubling, paper }
    }

    fn at(&self, value: f64) -> f64 {
        let share = if self.doubling {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.paper.0 + share * (self.paper.1 - self.paper.0)
    }

    /// Round values on it: 1, 2 or 5 of some power of ten apart, or the powers themselves.
    fn ticks(&self) -> Vec<f64> {
        if self.doubling {
            let powers = (-4..9).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
            return powers.filter(|tick| (self.from..=self.to).contains(tick)).collect();
        }
        let rough = self.to / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        (0..=5_u8).map(|n| f64::from(n) * step).filter(|tick| *tick <= self.to).collect()
    }
}

fn panel(
    svg: &mut String,
    (top, bottom): (f64, f64),
    unit: &str,
    doubling: bool,
    across: &Axis,
    all: &[Series],
) {
    let values = all.iter().flat_map(|series| series.points.iter().map(|(_, value)| *value));
    let axis = Axis::new(values, doubling, (bottom, top));
    text(svg, (LEFT - 8.0, top - 8.0), "end", 11, unit);
    for tick in axis.ticks() {
        let y = axis.at(tick);
        line(svg, (LEFT, y), (RIGHT, y), "#ddd");
        text(svg, (LEFT - 8.0, y + 4.0), "end", 11, &number(tick));
    }
    line(svg, (LEFT, top), (LEFT, bottom), "#222");
    line(svg, (LEFT, bottom), (RIGHT, bottom), "#222");
    for (at, series) in all.iter().enumerate() {
        let places: Vec<(f64, f64)> =
            series.points.iter().map(|(load, value)| (across.at(*load), axis.at(*value))).collect();
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let (colour, dashes) = (series.colour, series.dashes);
        put(
            svg,
            format_args!(
                "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>\n",
                path.join(" ")
            ),
        );
        for (x, y) in places {
            put(svg, format_args!("<circle cx='{x:.1}' cy='{y:.1}' r='3' fill='{colour}'/>\n"));
        }
        let (x, y) = (LEFT + 24.0 + 160.0 * at as f64, bottom + 14.0 - (bottom - top) - 22.0);
        put(
            svg,
            format_args!(
                "<line x1='{x}' y1='{y}' x2='{}' y2='{y}' stroke='{colour}' stroke-width='2' stroke-dasharray='{dashes}'/>\n",
                x + 26.0
            ),
        );
        text(svg, (x + 32.0, y + 4.0), "start", 11, &series.label);
    }
}

fn line(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) {
    put(svg, format_args!("<line x1='{x1}' y1='{y1:.1}' x2='{x2}' y2='{y2:.1}' stroke='{colour}'/>\n"));
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, size: u32, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    put(
        svg,
        format_args!(
            "<text x='{x:.1}' y='{y:.1}' text-anchor='{anchor}' font-size='{size}'>{words}</text>\n"
        ),
    );
}

fn put(svg: &mut String, words: std::fmt::Arguments<'_>) {
    svg.write_fmt(words).expect("a text takes everything");
}

fn number(value: f64) -> String {
    if value >= 1.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value}") }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "loads are small and positive")]
fn rounded(load: f64) -> u64 {
    load.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(side: &'static str, load: f64, per_second: f64) -> Point {
        Point { plot: "w1-clients", side, load, per_second, refused: 0.0, p50_ms: load / 10.0, p99_ms: load }
    }

    #[test]
    fn the_load_doubles_across_and_time_grows_upwards() {
        let axis = Axis::new([1.0, 16.0, 256.0].into_iter(), true, (0.0, 80.0));
        assert_eq!([1.0, 2.0, 16.0, 256.0].map(|load| axis.at(load).round()), [0.0, 10.0, 40.0, 80.0]);
        let axis = Axis::new([300.0, 4_700.0].into_iter(), false, (100.0, 0.0));
        assert_eq!(axis.ticks(), [0.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0]);
        assert_eq!(axis.at(4_700.0), 0.0);
    }

    #[test]
    fn one_file_for_each_plot_with_points() {
        let folder = tempfile::tempdir().unwrap();
        let points = [point("a", 1.0, 900.0), point("a", 32.0, 4_000.0), point("b < c", 1.0, 1_500.0)];
        write(folder.path(), &points, "2 × processor").unwrap();
        let files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["w1-clients.svg"]);
        let svg = fs::read_to_string(folder.path().join("w1-clients.svg")).unwrap();
        assert_eq!(svg.matches("<polyline").count(), 6, "two sides: done, p50 and p99 of each");
        assert!(svg.contains("b &lt; c") && !svg.contains("NaN"), "{svg}");
    }
}
