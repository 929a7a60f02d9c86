//! `yiwang version`.

use serde_json::json;

use crate::failure::Failure;
use crate::output::{self, Format};

pub(super) fn run(format: Format) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json => output::json(&json!({ "version": version, "api": "v1", "dsl": "1.0.3" })),
        Format::Table | Format::Name => output::line(&format!("yiwang {version} (API v1, DSL 1.0.3)")),
    }
    Ok(())
}
