//! The end of the demo: the table, the proof, and what to try next.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use yiwang_e2e::ledger::Books;
use yiwang_e2e::receiver::Receiver;
use yiwang_e2e::server::Server;

use super::crowd::Crowd;

/// Prints the table and the proof.
///
/// # Errors
/// When the books do not agree with each other or with the outside.
pub(crate) fn show(
    books: &Books,
    crowd: &Crowd,
    receiver: &Receiver,
    kills: &[Duration],
    took: Duration,
) -> Result<()> {
    let notes = crowd.notes();
    let outside = receiver.ledger();
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |what: &str, value: String| rows.push((what.to_owned(), value));

    row("requests sent 来件", crowd.planned().to_string());
    row("accepted 受理", notes.accepted.len().to_string());
    row("the same again, taken once 重复", notes.again.to_string());
    row("refused 拒收", notes.refused.values().sum::<usize>().to_string());
    for ((channel, why), count) in &notes.refused {
        row(&format!("  {channel}: {why}"), count.to_string());
    }
    row("cases 办件", books.cases.len().to_string());
    for (outcome, name) in [
        ("resolved", "办结"),
        ("explained", "解释到位"),
        ("planned", "纳入计划"),
        ("rejected", "不予受理"),
        ("merged", "并单"),
        ("transferred", "转办"),
        ("withdrawn", "撤回"),
        ("unreachable", "无法联系"),
    ] {
        row(&format!("  closed: {outcome} {name}"), books.closed_as(outcome).to_string());
    }
    row("overdue at least once 超期", books.flagged("overdue").to_string());
    row("supervised 督办", books.flagged("supervised").to_string());
    let reworks: u64 = books.cases.iter().filter_map(|case| case["reworks"].as_u64()).sum();
    row("reworks 重办", reworks.to_string());
    row("work items completed 待办办结", books.lines("work_item_completed").to_string());
    row("rated by citizens 群众评价", notes.rated.to_string());
    row("messages sent 消息", books.messages.len().to_string());
    let attempts: u64 = books.messages.iter().filter_map(|message| message["attempts"].as_u64()).sum();
    row("  attempts", attempts.to_string());
    row("  by webhook, signatures hold", outside.messages.len().to_string());
    row("  by WeChat", outside.wechat.len().to_string());
    row("lines of history 历史记录", books.histories.values().map(Vec::len).sum::<usize>().to_string());
    row("killed with SIGKILL", kills.len().to_string());
    for (at, kill) in kills.iter().enumerate() {
        row(&format!("  back after crash {}", at + 1), format!("{} ms", kill.as_millis()));
    }
    row("requests that a crash left without answer", notes.unanswered.to_string());
    row("time", format!("{:.1} s", took.as_secs_f64()));
    table(&rows);

    let mut mismatches = books.mismatches(&notes.accepted, &outside);
    let refused: usize = notes.refused.values().sum();
    // A request that a crash left without answer was sent again: its rejection may be kept twice.
    if books.rejections.len() < refused || books.rejections.len() > refused + notes.unanswered {
        mismatches.push(format!(
            "{refused} requests were refused, but {} rejections are kept",
            books.rejections.len()
        ));
    }
    if mismatches.is_empty() {
        say(&format!(
            "\n  ✔ The books agree: each of the {} accepted matters is one case, closed once;\n    each history is \
             without gap and names the same outcome as its case; each of the {} messages was asked for\n    by a \
             history, sent, and seen outside; each of the {refused} refusals is kept with its reason.",
            books.cases.len(),
            books.messages.len()
        ));
        return Ok(());
    }
    say("\n  ✖ The books do not agree:");
    for mismatch in mismatches.iter().take(30) {
        say(&format!("    {mismatch}"));
    }
    bail!("{} mismatches", mismatches.len());
}

/// What to look at while the server is up.
pub(crate) fn where_to_look(server: &Server, folder: &Path, token: &str) {
    let (address, folder) = (server.address(), folder.display());
    say(&format!(
        "\nLook around:\n\
         \n  export YIWANG_SERVER=http://{address} YIWANG_TOKEN={token}\
         \n  cargo run -q -- case list\
         \n  cargo run -q -- message list\
         \n  cargo run -q -- rejection list\
         \n  cargo run -q -- channel list\
         \n  curl -s -H \"authorization: Bearer $YIWANG_TOKEN\" $YIWANG_SERVER/api/v1/cases?flag=overdue\
         \n  open http://{address}/channels/suishoupai/ in a browser: the form of 随手拍\
         \n\nThe project and its data are in {folder}; end the server with: kill {}",
        server.pid()
    ));
}

/// What to try after the demo.
pub(crate) fn what_next() {
    say("\nTry next:\n\
         \n  cargo xtask demo --keep                          # leaves the server up, says where to look\
         \n  cargo xtask demo --cases 1000 --seed 7           # another district, more people\
         \n  cargo run -q -- test workflows                   # the process under a virtual clock\
         \n  cargo run -q -- check workflows/citizen-complaint/workflow.yaml\
         \n  less workflows/citizen-complaint/README.md       # how to change a deadline or a step");
}

/// Two columns.
pub(crate) fn table(rows: &[(String, String)]) {
    say("");
    for (what, value) in rows {
        // A Chinese character is two columns wide.
        let width: usize = what.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
        say(&format!("  {what}{} {value:>7}", " ".repeat(46usize.saturating_sub(width))));
    }
}

/// The report goes to where data go.
#[expect(clippy::print_stdout, reason = "this is the report that was asked for")]
fn say(line: &str) {
    println!("{line}");
}
