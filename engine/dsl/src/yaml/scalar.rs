//! What a plain scalar means: the YAML 1.2 core schema, less its traps.

use super::node::Value;

/// A scalar that cannot be kept as data.
pub(super) enum Refused {
    /// An integer beyond 64 bits, or a float beyond `f64`.
    TooLarge,
    /// `.inf`, `.nan`.
    NotFinite,
}

/// Resolves a scalar written without quotes.
///
/// Digits with a leading zero or a plus sign are texts: they are telephone numbers, codes and dates of
/// birth, and reading them as numbers would lose what was written.
pub(super) fn resolve(text: &str) -> Result<Value, Refused> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0x")
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return i64::from_str_radix(digits, 16).map(Value::Int).map_err(|_| Refused::TooLarge);
    }
    if let Some(digits) = text.strip_prefix("0o")
        && !digits.is_empty()
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'))
    {
        return i64::from_str_radix(digits, 8).map(Value::Int).map_err(|_| Refused::TooLarge);
    }
    if matches!(unsigned.trim_start_matches('+'), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(Refused::NotFinite);
    }
    match number_form(unsigned) {
        Some(Form::Int) => text.parse().map(Value::Int).map_err(|_| Refused::TooLarge),
        Some(Form::Float) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(Refused::TooLarge),
        },
        None => Ok(Value::String(text.to_owned())),
    }
}

enum Form {
    Int,
    Float,
}

/// `[0-9]+`, or `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, without a leading zero.
fn number_form(text: &str) -> Option<Form> {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    if whole > 1 && text.starts_with('0') {
        return None;
    }
    let mut rest = &text[whole..];
    let mut form = Form::Int;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if whole == 0 && digits == 0 {
            return None;
        }
        rest = &fraction[digits..];
        form = Form::Float;
    } else if whole == 0 {
        return None;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        return Some(Form::Float);
    }
    rest.is_empty().then_some(form)
}
