//! The organisation of a scenario: given at the start, changed while it runs.

use std::path::Path;

use serde_json::Value;
use yiwang_core::organisation::{Change, Mistake, check, read_yaml};
use yiwang_core::reference::Kind;
use yiwang_runtime::PutReference;
use yiwang_runtime::harness::Harness;

use super::play::{Miss, said};

/// The organisation as the file has it, or as the file that it names has it.
pub(super) async fn given(harness: &mut Harness, path: &Path, given: &Value) -> Result<(), Miss> {
    let at = "/given/organisation";
    let text = match given {
        Value::Null => return Ok(()),
        Value::String(file) => {
            let file = path.with_file_name(file);
            let text = std::fs::read_to_string(&file)
                .map_err(|error| Miss::at(at, format!("{}: {error}", file.display())))?;
            read_yaml(&text).map_err(|mistakes| Miss::at(at, first(&mistakes)))?;
            text
        }
        whole => {
            check(whole).map_err(|remarks| {
                let place = remarks.first().map(|remark| remark.pointer.clone()).unwrap_or_default();
                let sentence = remarks.first().map(|remark| remark.message.to_string()).unwrap_or_default();
                Miss::at(format!("{at}{place}"), sentence)
            })?;
            whole.to_string()
        }
    };
    put(harness, at, text).await
}

fn first(mistakes: &[Mistake]) -> String {
    let all = mistakes
        .iter()
        .map(|mistake| format!("line {}: {}", mistake.line.unwrap_or_default(), mistake.remark.message));
    all.collect::<Vec<_>>().join("; ")
}

/// A small change, as by the API.
pub(super) async fn change(harness: &mut Harness, at: &str, change: Change) -> Result<(), Miss> {
    let document = harness.district().organisation.document().clone();
    let changed = change.apply(document);
    let changed = changed.ok_or_else(|| Miss::at(at, "the organisation does not know whom this is about"))?;
    put(harness, at, serde_json::to_string(&changed).unwrap_or_default()).await
}

async fn put(harness: &mut Harness, at: &str, body: String) -> Result<(), Miss> {
    let wish = PutReference {
        kind: Kind::Organisation,
        name: "district".to_owned(),
        body,
        by: "scenario".to_owned(),
        reason: None,
        version: None,
    };
    harness.put_reference(wish).await.map(drop).map_err(|error| Miss::at(at, said(&error, "")))
}
