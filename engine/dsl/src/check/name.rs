//! Names and versions.

use super::Checker;
use super::fields::Place;
use crate::diagnostic::Code;
use crate::text;

/// Longest name of a namespace or workflow.
const NAME_LEN_MAX: usize = 63;

/// A namespace or a workflow's name: letters, digits and hyphens, as in host names.
pub(super) fn name<'n>(checker: &mut Checker<'n>, place: &Place<'n>) -> Option<String> {
    let text = checker.text(place)?;
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let well_formed = !text.is_empty()
        && text.len() <= NAME_LEN_MAX
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if !well_formed {
        let message = text!("`{}` cannot be a name", text);
        let help = "letters a–z, digits and hyphens, at most 63; Chinese belongs into `title`";
        checker.report(Code::BadName, place, message).help(help);
        return None;
    }
    Some(text.to_owned())
}

/// A variable's name, without `$`.
pub(super) fn variable<'n>(checker: &mut Checker<'n>, place: &Place<'n>) -> Option<String> {
    let text = checker.text(place)?;
    let bare = text.strip_prefix('$').unwrap_or(text);
    let first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !bare.as_bytes().first().is_some_and(first) || !bare.bytes().all(inner) {
        let message = text!("`{}` cannot be a variable's name", text);
        let help = "letters a–z, digits and `_`, not beginning with a digit";
        checker.report(Code::BadName, place, message).help(help);
        return None;
    }
    if RESERVED.contains(&bare) {
        let message = text!("`${}` is a variable of the language", bare);
        checker.report(Code::BadName, place, message).help("choose another name");
        return None;
    }
    Some(bare.to_owned())
}

const RESERVED: &[&str] =
    &["context", "input", "output", "secrets", "authorization", "task", "workflow", "runtime"];

/// A semantic version, `major.minor.patch`, perhaps with `-pre` and `+build`.
pub(super) fn version<'n>(checker: &mut Checker<'n>, place: &Place<'n>) -> Option<String> {
    let text = checker.text(place)?;
    if !is_semantic(text) {
        let message = text!("`{}` is not a semantic version", text);
        checker.report(Code::Version, place, message).help("three numbers: '1.0.0'");
        return None;
    }
    Some(text.to_owned())
}

/// Is it a semantic version (semver.org 2.0)?
pub(super) fn is_semantic(text: &str) -> bool {
    let identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let no_leading_zero = |part: &str| part == "0" || !part.starts_with('0');
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|part| numeric(part) && no_leading_zero(part))
        && build.is_none_or(|build| build.split('.').all(identifier))
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| identifier(part) && (!numeric(part) || no_leading_zero(part)))
        })
}
