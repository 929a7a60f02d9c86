//! Single cells, as spreadsheets write them: formulas, dates, numbers that were made unreadable.

use yiwang_sdk::intake::clean;
use yiwang_sdk::{date, time};

/// The words of a cell. `="0123"`, by which spreadsheets keep a number as text, is the text.
pub(crate) fn plain(cell: &str) -> String {
    let text = clean(cell);
    let quoted = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let inner =
        quoted.filter(|inner| inner.chars().all(|char| char.is_ascii_alphanumeric() || "-_ ".contains(char)));
    inner.map(ToOwned::to_owned).unwrap_or(text)
}

/// A text that no spreadsheet takes for a formula, wherever it is exported to later (CSV injection, CWE-1236).
pub(crate) fn neutral(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text
    }
}

/// A telephone number without blanks.
pub(crate) fn phone(text: &str) -> Option<String> {
    let number: String = text.trim_start_matches('\'').chars().filter(|char| !char.is_whitespace()).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let fits = digits.starts_with(|char: char| char.is_ascii_digit() || char == '*' || char == '(')
        && digits.chars().all(|char| char.is_ascii_digit() || "*-()".contains(char));
    (fits && (3..=40).contains(&number.len())).then_some(number)
}

/// A long number that a spreadsheet has cut: `2.02406E+14`.
pub(crate) fn is_mangled(text: &str) -> bool {
    text.split_once(['E', 'e']).is_some_and(|(mantissa, exponent)| {
        exponent.starts_with(['+', '-'])
            && exponent[1..].bytes().all(|byte| byte.is_ascii_digit())
            && !mantissa.is_empty()
            && mantissa.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// RFC 3339 of a date as it is written, or of a spreadsheet's number of days: `45447.604`.
pub(crate) fn date(text: &str, offset: &str) -> Option<String> {
    serial(text, offset).or_else(|| date::written(text, offset))
}

/// Days since 1899-12-30, as spreadsheets count them; from 1970 to 2119.
fn serial(text: &str, offset: &str) -> Option<String> {
    let days: f64 = text.parse().ok().filter(|days| (25_569.0..80_000.0).contains(days))?;
    let secs = ((days - 25_569.0) * 86_400.0).round();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 4.7e9")]
    let utc = time::rfc3339(secs as u64 * 1000);
    Some(format!("{}{offset}", utc.trim_end_matches('Z')))
}
