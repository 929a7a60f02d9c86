//! Bulk import: a table comes in, each row is an intake event, mistakes come back by row and column.
//!
//! The number of a row's matter is the event's id, so that the same table sent again changes nothing. It reads
//! CSV and workbooks; it decides nothing about the cases.

mod cell;
mod columns;
mod import;
mod report;
mod row;
mod table;
mod workbook;

use yiwang_sdk::bearer;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;

/// The token in use, and the one that takes over while tokens are being changed.
const TOKENS: [&str; 2] = ["token", "token_next"];

/// The type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

struct BulkImport;

impl Channel for BulkImport {
    fn webhook<H: Host>(host: &H, _ctx: &CallContext, request: HttpRequest) -> Result<Outcome, Failure> {
        if !request.path.trim_end_matches('/').is_empty() {
            return Err(Failure::refused(404, "channel.no-such-path", "there is nothing at this path")
                .with("keep", "false"));
        }
        if request.method != "POST" {
            return Err(Failure::refused(405, "channel.method-not-allowed", "use POST").with("keep", "false"));
        }
        bearer::check(host, &TOKENS, &request)?;
        let config = host.config();
        let table = table::read(&file(host, &config, &request)?, request.query("sheet"), &config)?;
        let asked = import::Asked::read(&request)?;
        let done = import::run(&config, &table, &asked);
        Ok(report::outcome(&request, &table, &asked, done))
    }
}

/// The bytes of the table: the one file of a form, or the body.
fn file<H: Host>(host: &H, config: &Value, request: &HttpRequest) -> Result<Vec<u8>, Failure> {
    let max = config["maxBytes"].as_u64().and_then(|max| max.try_into().ok()).unwrap_or(4 << 20);
    let too_large =
        || Failure::refused(413, "import.too-large", format!("the table has more than {max} bytes"));
    match request.media_type().as_str() {
        "multipart/form-data" => {
            let mut files = request.form.iter().filter_map(|part| match &part.content {
                Payload::Blob(blob) => Some(blob),
                Payload::Empty | Payload::Text(_) | Payload::Bytes(_) => None,
            });
            let (Some(blob), None) = (files.next(), files.next()) else {
                return Err(Failure::refused(400, "import.no-file", "send one file"));
            };
            host.blob(blob, max).map_err(|error| match error {
                yiwang_sdk::BlobError::TooLarge(_) => too_large(),
                yiwang_sdk::BlobError::Denied(reason) => {
                    Failure::misconfigured("import.files-not-granted", reason)
                }
                error => {
                    Failure::retryable("channel.store-unavailable", format!("reading the table: {error:?}"))
                }
            })
        }
        "text/csv" | "application/csv" | "text/plain" | XLSX if request.bytes().len() > max => {
            Err(too_large())
        }
        "text/csv" | "application/csv" | "text/plain" | XLSX => Ok(request.bytes().to_vec()),
        _ => Err(Failure::refused(
            415,
            "channel.unsupported-media-type",
            "send text/csv or a workbook, or a form with one file",
        )),
    }
}

yiwang_sdk::export_channel!(BulkImport: webhook);

#[cfg(test)]
mod tests;
