//! Values as JSON text, as `tojson` and `"\(.)"` show them.

use jaq_json::{Num, Val};

use super::meter::{allocate, charge};
use super::value::normal;

/// Characters of a value that an error message shows.
const BRIEF_LEN_MAX: usize = 80;

/// The whole value. Charged as it grows: a small value may refer to itself a thousand times.
pub(super) fn json(value: &Val) -> String {
    let mut out = String::new();
    write(value, &mut out, usize::MAX);
    out
}

/// The beginning of a value.
pub(super) fn brief(value: &Val) -> String {
    let mut out = String::new();
    write(value, &mut out, BRIEF_LEN_MAX);
    if out.chars().count() > BRIEF_LEN_MAX {
        out = out.chars().take(BRIEF_LEN_MAX).collect();
        out.push('…');
    }
    out
}

fn write(value: &Val, out: &mut String, len_max: usize) {
    charge(1);
    let before = out.len();
    if before > len_max {
        return;
    }
    match value {
        Val::Null => out.push_str("null"),
        Val::Bool(true) => out.push_str("true"),
        Val::Bool(false) => out.push_str("false"),
        Val::Num(number) => number_text(number, out),
        Val::TStr(bytes) | Val::BStr(bytes) => {
            charge(bytes.len().min(len_max) / 16);
            let text = String::from_utf8_lossy(bytes);
            let cut = text.char_indices().nth(len_max).map_or(text.len(), |(at, _)| at);
            out.push_str(&serde_json::Value::from(&text[..cut]).to_string());
        }
        Val::Arr(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if out.len() > len_max {
                    return;
                }
                out.push_str(if at > 0 { "," } else { "" });
                write(item, out, len_max);
            }
            out.push(']');
        }
        Val::Obj(members) => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                if out.len() > len_max {
                    return;
                }
                out.push_str(if at > 0 { "," } else { "" });
                write(key, out, len_max);
                out.push(':');
                write(member, out, len_max);
            }
            out.push('}');
        }
    }
    if !matches!(value, Val::Arr(_) | Val::Obj(_)) {
        allocate(out.len() - before);
    }
}

fn number_text(number: &Num, out: &mut String) {
    match normal(number.clone()) {
        Num::Int(value) => out.push_str(&value.to_string()),
        Num::Float(value) if value.is_nan() => out.push_str("null"),
        Num::Float(value) => {
            let value = value.clamp(f64::MIN, f64::MAX);
            out.push_str(&serde_json::Value::from(value).to_string());
        }
        Num::BigInt(_) | Num::Dec(_) => out.push_str(&number.to_string()),
    }
}
