//! Random questions, judged by an independent program in another language that walks day by day.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use yiwang_core::calendar::{BUILT_IN, Roll};
use yiwang_dsl::yaml;

use crate::ask::{HALL, NIGHT, calendars};
use crate::laws::Random;

/// So many questions, unless the environment wants more.
const QUESTIONS: u64 = 100_000;

#[test]
fn the_oracle_agrees() {
    let wanted = std::env::var("YIWANG_ORACLE_QUESTIONS").ok().and_then(|number| number.parse().ok());
    let questions = wanted.unwrap_or(QUESTIONS);
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let calendars = calendars();
    let json = |text: &str| yaml::parse(text).unwrap().to_json();
    let built_in: BTreeMap<&str, Value> = BUILT_IN.iter().map(|(id, text)| (*id, json(text))).collect();
    let stack = |last: Value| vec![built_in["cn-mainland"].clone(), last];
    let documents = BTreeMap::from([
        ("cn-mainland", vec![built_in["cn-mainland"].clone()]),
        ("district", stack(built_in["district"].clone())),
        ("hall", stack(json(HALL))),
        ("night", vec![json(NIGHT)]),
    ]);
    let names: Vec<&str> = documents.keys().copied().collect();
    let mut text = serde_json::to_string(&documents).unwrap();
    text.push('\n');
    let mut random = Random(20_240_611);
    for _ in 0..questions {
        let name = names[random.below(names.len() as u64) as usize];
        let calendar = calendars.newest(name).unwrap();
        let at = random.time();
        let (question, argument, answer) = match random.below(5) {
            0 => {
                let millis = random.below(60) * 1_800_000 + random.below(3) * random.below(60_000);
                ("hours", i64::try_from(millis).unwrap(), calendar.add(at, millis).unwrap().0)
            }
            1 => {
                let to = yiwang_core::Timestamp(
                    at.0 - 10 * 86_400_000 + random.below(30 * 86_400_000).cast_signed(),
                );
                ("elapsed", to.0, calendar.elapsed(at, to).unwrap())
            }
            2 => {
                let days = u32::try_from(1 + random.below(30)).unwrap();
                ("days", days.into(), calendar.add_days(at, days).unwrap().0)
            }
            3 => {
                let days = u32::try_from(random.below(90)).unwrap();
                ("rolled", days.into(), calendar.add_calendar_days(at, days, Roll::Next).unwrap().0)
            }
            _ => ("next", 0, calendar.next_open(at).unwrap().0),
        };
        writeln!(text, "{name} {question} {} {argument} {answer}", at.0).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calendar/oracle.py");
    let mut oracle = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 was there a moment ago");
    let mut stdin = oracle.stdin.take().expect("it is piped");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("judged {questions} wrong 0")), "{said}");
}
