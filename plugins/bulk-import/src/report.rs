//! What is told about an import: JSON, or the mistakes as CSV for those who correct the table.

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::{Value, json};

use crate::import::{Asked, Done};
use crate::row::Mistake;
use crate::table::Table;

/// Most mistakes that are told.
const MISTAKES_MAX: usize = 1000;

/// The answer, with the events unless mistakes forbid it.
pub(crate) fn outcome(request: &HttpRequest, table: &Table, asked: &Asked, done: Done) -> Outcome {
    let refused = !done.mistakes.is_empty() && !asked.partial && !asked.dry_run;
    let (status, events) = if refused { (422, Vec::new()) } else { (200, done.events) };
    let as_csv = request.header("accept").is_some_and(|accept| accept.contains("text/csv"));
    let response = if as_csv {
        HttpResponse::typed(status, "text/csv; charset=utf-8", csv(&done.mistakes))
            .with("content-disposition", "attachment; filename=\"errors.csv\"")
    } else {
        let errors: Vec<Value> = done.mistakes.iter().take(MISTAKES_MAX).map(told).collect();
        let body = json!({
            "dryRun": asked.dry_run,
            "table": table.kind.name,
            "encoding": table.encoding,
            "rows": table.rows.len(),
            "checked": done.checked,
            "taken": events.len(),
            "next": if refused { None } else { done.next },
            "ignoredColumns": table.ignored,
            "errorCount": done.mistakes.len(),
            "errors": errors,
            "detail": detail(refused, &events, &done.mistakes),
        });
        HttpResponse::json(status, &body)
    };
    let response = if refused { response.with("x-yiwang-code", "import.rows") } else { response };
    Outcome::new(response, events)
}

fn detail(refused: bool, events: &[Event], mistakes: &[Mistake]) -> String {
    if refused {
        format!(
            "{} mistakes: nothing was taken; correct the table, or send it with partial=true",
            mistakes.len()
        )
    } else {
        format!("{} rows were taken, {} mistakes", events.len(), mistakes.len())
    }
}

fn told(mistake: &Mistake) -> Value {
    json!({"row": mistake.row, "column": mistake.column, "code": mistake.code, "detail": mistake.detail})
}

/// With the mark by which spreadsheets know UTF-8. No cell of it is the table's: nothing to neutralise.
fn csv(mistakes: &[Mistake]) -> String {
    let mut text = "\u{FEFF}行,列,代码,说明\r\n".to_owned();
    for mistake in mistakes.iter().take(MISTAKES_MAX) {
        text.push_str(&format!("{},{},{},{}\r\n", mistake.row, mistake.column, mistake.code, mistake.detail));
    }
    text
}
