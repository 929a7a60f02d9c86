//! Which rows of a table are taken in this call. A call hands over a bounded number of events: the answer says
//! from which row to go on.

use std::collections::BTreeMap;

use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

use crate::row::{self, Mistake};
use crate::table::Table;

/// Events of a call, as the host bounds them.
const EVENTS_MAX: usize = 500;
/// Bytes of events of a call; the host bounds all that is handed over to 8 MiB.
const EVENT_BYTES_MAX: usize = 4 << 20;

/// What the caller asks for.
pub(crate) struct Asked {
    /// Check only.
    pub(crate) dry_run: bool,
    /// Take what is right, though other rows are not.
    pub(crate) partial: bool,
    /// The first row, as a spreadsheet counts.
    pub(crate) from: usize,
}

impl Asked {
    pub(crate) fn read(request: &HttpRequest) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::refused(400, "import.bad-query", what.to_owned());
        let flag = |name: &str| match request.query(name) {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(wrong("dry-run and partial are true or false")),
        };
        let from = request.query("from").map_or(Ok(2), str::parse::<usize>);
        let from = from.map_err(|_| wrong("from is the number of a row"))?;
        Ok(Self { dry_run: flag("dry-run")?, partial: flag("partial")?, from })
    }
}

/// What came out of it.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) events: Vec<Event>,
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) checked: usize,
    /// The row to go on from.
    pub(crate) next: Option<usize>,
}

/// Reads the rows from where the caller says to where the call is full.
pub(crate) fn run(config: &Value, table: &Table, asked: &Asked) -> Done {
    let mut done = Done::default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut bytes = 0;
    for (number, record) in &table.rows {
        let read = row::read(config, table, *number, record);
        if let Ok(intake) = &read
            && seen.insert(intake.external_id.clone(), *number).is_some()
        {
            if *number >= asked.from {
                done.checked += 1;
                done.mistakes.push(Mistake {
                    row: *number,
                    column: table.kind.key,
                    code: "twice",
                    detail: "编号在表中重复".into(),
                });
            }
            continue;
        }
        if *number < asked.from {
            continue;
        }
        // A dry run looks at the whole table.
        if !asked.dry_run && (done.events.len() == EVENTS_MAX || bytes > EVENT_BYTES_MAX) {
            done.next = Some(*number);
            break;
        }
        done.checked += 1;
        match read {
            Ok(_) if asked.dry_run => {}
            Ok(intake) => {
                let id = intake.external_id.clone();
                let event = intake.into_event(id, Vec::new());
                bytes += event.data.len();
                done.events.push(event);
            }
            Err(mistakes) => done.mistakes.extend(mistakes),
        }
    }
    done
}
