//! ISO 8601 durations, as far as they have a fixed length.

/// What a JSON Schema of arguments calls texts that [`parse`] reads: its `format`.
pub const FORMAT: &str = "fixed-duration";

/// Milliseconds of an ISO 8601 duration, or what is wrong with it.
///
/// Weeks and days are seven and one times 24 hours. Years and months are refused: how long they are
/// depends on when they begin.
pub fn parse(text: &str) -> Result<u64, &'static str> {
    const FORM: &str = "for example `PT30M`, `P1DT12H` or `{ minutes: 30 }`";
    let body = text.strip_prefix('P').ok_or(FORM)?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return Err(FORM),
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(FORM);
    }
    if date.contains(['Y', 'M']) {
        return Err("years and months have no fixed length; give it in days");
    }
    let date = parts(date, &[('W', 604_800_000), ('D', 86_400_000)]).ok_or(FORM)?;
    let time = parts(time, &[('H', 3_600_000), ('M', 60_000), ('S', 1_000)]).ok_or(FORM)?;
    Ok(date.saturating_add(time))
}

/// `1D`, `2H30M`: numbers with units in this order, fractions to the millisecond.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum = 0_u64;
    for (unit, milliseconds) in units {
        let Some(end) = text.find(*unit) else { continue };
        let number = &text[..end];
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return None;
        }
        let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(*milliseconds) / u128::from(scale);
        let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(*milliseconds);
        sum = sum.saturating_add(whole).saturating_add(u64::try_from(part).ok()?);
        text = &text[end + 1..];
    }
    text.is_empty().then_some(sum)
}
