//! Addresses of people, in ASCII: what is none is refused, so that it can end neither a header nor a command.

/// Is it one plain address?
pub(crate) fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"@".contains(&byte);
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.bytes().all(plain)
        && !domain.is_empty()
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// Are they the same person's? Servers do not tell upper from lower case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// What stands behind `@`.
pub(crate) fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}
