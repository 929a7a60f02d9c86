//! Tables that people bring, read for a form: rows to put into it, or what is wrong with each row.

use http::Method;
use serde::Deserialize;
use yiwang_core::table::read;

use crate::call::{Answer, Call, ok};
use crate::limits::TABLE_FILE_BYTES_MAX;
use crate::policy::Policy;
use crate::problem::{Code, Problem};
use crate::routes::Routes;
use crate::spreadsheet::{Unreadable, row_schema, table};

pub(super) fn routes(routes: &mut Routes) {
    routes.add(Policy::Staff, Method::POST, "/api/v1/tables:read", look);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    /// `namespace/name` of the workflow that has the form.
    workflow: String,
    /// None: the newest.
    version: Option<String>,
    /// The form, e.g. `forms/fill`.
    form: String,
    /// The list in the form; none: the form itself says what a row is.
    member: Option<String>,
    /// Of a workbook the sheet.
    sheet: Option<String>,
}

/// Reads the file in the body by the schema of a form's list. Writes nothing.
async fn look(mut call: Call) -> Answer {
    let wanted: Wanted = call.query()?;
    let missing = || Problem::not_found("workflow", &wanted.workflow);
    let deployment = call.app.handle.definition(&wanted.workflow, wanted.version.as_deref());
    let deployment = deployment.ok_or_else(missing)?;
    let form = deployment.forms.iter().find(|(name, _)| **name == *wanted.form);
    let (_, form) = form.ok_or_else(|| Problem::not_found("form", &wanted.form))?;
    let schema = row_schema(&form.document, wanted.member.as_deref())
        .ok_or_else(|| Problem::new(Code::Query, "`member` names no list of rows in this form"))?;
    let language = call.language();
    let bytes = call.bytes(TABLE_FILE_BYTES_MAX).await?;
    let table = table(&bytes, wanted.sheet.as_deref()).map_err(|unreadable| {
        let code = match unreadable {
            Unreadable::TooLarge | Unreadable::TooLargeUnpacked | Unreadable::TooWide => Code::TooLarge,
            Unreadable::OldWorkbook
            | Unreadable::NoText
            | Unreadable::NoSheet { .. }
            | Unreadable::Broken(_) => Code::DataInvalid,
        };
        Problem::new(code, unreadable.to_string())
    })?;
    let reading = read(&table, schema).map_err(|problem| Problem::new(Code::Query, problem))?;
    ok(&reading.to_json(language))
}
