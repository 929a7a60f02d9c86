//! What every poller must stand: answers from outside that nobody means well with, and cursors of another version of
//! itself. What it asks again, it must give again under the same ids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{AGAIN_AFTER_MILLIS, ANOTHER_SEED, SEED, Subject, answers, bad_answers, bodies, broken, ids};
use crate::bench::{Bench, NOW};
use crate::fixture::{Fixture, Question, Step, polled};
use crate::limits;
use crate::watch::Answer;

/// The same question a second later, also on another node: the number of questions, and what differs.
pub(super) async fn idempotent(subject: &Subject<'_>) -> Result<(usize, Vec<String>), String> {
    let (mut problems, mut questions) = (Vec::new(), 0);
    for (name, fixture) in &subject.fixtures {
        for (at, step) in fixture.steps.iter().enumerate() {
            let Some(question) = &step.poll else { continue };
            let once = subject.bench(&fixture.channel, SEED).await?;
            once.answers(answers(step));
            let first = ids(&polled(&once, question.read(step.now()?)).await);
            if first.is_empty() {
                continue;
            }
            questions += 1;
            let later = step.now()?.plus_millis(AGAIN_AFTER_MILLIS);
            let elsewhere =
                once.another(subject.component, subject.cache, &fixture.channel, ANOTHER_SEED).await?;
            for (bench, place) in [(&once, "again"), (&elsewhere, "on another node")] {
                bench.answers(answers(step));
                let other = ids(&polled(bench, question.read(later)).await);
                if !other.is_empty() && other != first {
                    problems.push(format!("{name} step {at}: {first:?}, {place} {other:?}"));
                }
            }
        }
    }
    Ok((questions, problems))
}

/// Questions of a channel whose answers are bad: their number, and which broke down.
pub(super) async fn hostile(
    bench: &Bench,
    fixtures: &[(String, Fixture)],
    channel: &Value,
) -> Result<(usize, Vec<String>), String> {
    let (mut problems, mut calls) = (Vec::new(), 0);
    let of_channel = fixtures.iter().filter(|(_, fixture)| fixture.channel == *channel);
    let steps: Vec<&Step> = of_channel.flat_map(|(_, fixture)| &fixture.steps).collect();
    let good: Vec<Answer> =
        steps.iter().filter(|step| step.poll.is_some()).flat_map(|step| answers(step)).collect();
    let cursors = steps.iter().filter_map(|step| step.poll.as_ref()?.cursor.clone());
    let cursors: Vec<Option<String>> = std::iter::once(None).chain(cursors.map(Some)).collect();
    for (what, answer) in bad(&good) {
        for cursor in &cursors {
            calls += 1;
            bench.answers(vec![answer.clone(); limits::HTTP_CALLS_MAX as usize]);
            let question = Question { cursor: cursor.clone(), events_max: None, attempt: None };
            let given = polled(bench, question.read(NOW)).await;
            problems.extend(broken(&given).map(|code| format!("an answer, {what}: {code}")));
        }
    }
    let odd = ["", "{", "null", "{}", "[[]]", "\u{202e}x", &"x".repeat(limits::CURSOR_BYTES_MAX)]
        .map(str::to_owned);
    for cursor in odd {
        calls += 1;
        bench.answers(good.iter().cycle().take(limits::HTTP_CALLS_MAX as usize).cloned());
        let question = Question { cursor: Some(cursor.clone()), events_max: Some(1), attempt: None };
        let given = polled(bench, question.read(NOW)).await;
        let shown: String = cursor.chars().take(20).collect();
        problems.extend(broken(&given).map(|code| format!("the cursor {shown:?}: {code}")));
    }
    Ok((calls, problems))
}

/// Bad ones on their own, and good ones cut off or with a part over and over again.
fn bad(good: &[Answer]) -> Vec<(String, Answer)> {
    let mut all: Vec<(String, Answer)> = bad_answers().into_iter().map(|it| (told(&it), it)).collect();
    let whole =
        |bytes: &[u8]| Answer { status: 200, base64: Some(STANDARD.encode(bytes)), ..Answer::default() };
    let bodies = bodies().into_iter().map(|(what, body)| (what.to_owned(), whole(&body)));
    all.extend(bodies);
    for marks in ["<a>", "[", "<div><p>x", "<rss><channel><item>", "&amp;", "<!--"] {
        all.push((
            format!("`{marks}` without an end"),
            whole(marks.repeat((2 << 20) / marks.len()).as_bytes()),
        ));
    }
    for answer in good {
        let Some(body) = answer.bytes().ok().filter(|body| !body.is_empty()) else { continue };
        for part in 1..4 {
            let cut = Answer { body: None, json: Value::Null, ..whole(&body[..body.len() * part / 4]) };
            all.push(("a good one cut off".to_owned(), Answer { headers: answer.headers.clone(), ..cut }));
        }
        let middle = &body[body.len() / 4..body.len() * 3 / 4];
        let times = (1 << 20) / middle.len().max(1);
        let again = [&body[..body.len() / 4], &middle.repeat(times), &body[body.len() * 3 / 4..]].concat();
        all.push(("a good one with its middle again and again".to_owned(), whole(&again)));
    }
    all
}

fn told(answer: &Answer) -> String {
    answer.fails.clone().unwrap_or_else(|| answer.status.to_string())
}
