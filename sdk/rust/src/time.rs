//! Just enough of the calendar for a channel: RFC 3339 out, RFC 3339 and form dates in.
//! Time zones are fixed offsets here; it reads no clock.

/// Milliseconds since 1970 as RFC 3339 in UTC, to the second.
#[must_use]
pub fn rfc3339(ms: u64) -> String {
    let secs = ms / 1000;
    let (year, month, day) = date_of((secs / 86_400) as i64);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Checks a date and time and completes it: seconds and offset may be missing, a space may stand for the `T`.
/// `2024-06-04 14:30` with offset `+08:00` → `2024-06-04T14:30:00+08:00`.
#[must_use]
pub fn complete(text: &str, offset: &str) -> Option<String> {
    let text = text.trim();
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let zone = match zone {
        "" => offset,
        "Z" | "z" => "Z",
        zone => zone,
    };
    let (whole, fraction) =
        clock.split_once('.').map_or((clock, None), |(whole, fraction)| (whole, Some(fraction)));
    if fraction.is_some_and(|f| f.is_empty() || f.len() > 9 || !f.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let whole = if whole.len() == 5 { format!("{whole}:00") } else { whole.to_owned() };
    let complete = match fraction {
        Some(fraction) => format!("{date}T{whole}.{fraction}{zone}"),
        None => format!("{date}T{whole}{zone}"),
    };
    parse_rfc3339(&complete).map(|_| complete)
}

/// Milliseconds since 1970 of an RFC 3339 time with offset; none if it is not one.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 || bytes[4] != b'-' || bytes[7] != b'-' || bytes[10] != b'T' {
        return None;
    }
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month)
        || day < 1
        || day > days_in(year, month)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let rest = &text[19..];
    let (millis, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let len = rest.bytes().take_while(u8::is_ascii_digit).count();
            let padded = format!("{:0<3}", rest.get(..len.min(3))?);
            (digits(&padded).filter(|_| len > 0)?, &rest[len..])
        }
    };
    let secs = days_to(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset_secs(zone)?;
    Some(secs * 1000 + millis)
}

fn offset_secs(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone[1..].split_once(':')?;
    let (hours, minutes) =
        (digits(hours).filter(|_| hours.len() == 2)?, digits(minutes).filter(|_| minutes.len() == 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (years counted from March, so that the leap
/// day comes last).
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_717_482_600_000), "2024-06-04T06:30:00Z");
        assert_eq!(rfc3339(1_709_164_800_000), "2024-02-29T00:00:00Z");
        assert_eq!(parse_rfc3339("2024-06-04T14:30:00+08:00"), Some(1_717_482_600_000));
        assert_eq!(parse_rfc3339("2024-06-04T06:30:00.5Z"), Some(1_717_482_600_500));
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for day in (0..60_000).step_by(7) {
            let text = rfc3339(day * 86_400_000);
            assert_eq!(parse_rfc3339(&text), Some(day as i64 * 86_400_000), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2024",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-06-04T24:00:00Z",
            "2024-06-04T00:00:60Z",
            "2024-06-04T00:00:00",
            "2024-06-04T00:00:00+8",
            "2024-06-04T00:00:00.Z",
            "２０２４-06-04T00:00:00Z",
            "2024-06-04T00:00:00+08:00x",
            "+024-06-04T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn form_dates_are_completed() {
        for (text, complete_text) in [
            ("2024-06-04 14:30", Some("2024-06-04T14:30:00+08:00")),
            ("2024-06-04T14:30", Some("2024-06-04T14:30:00+08:00")),
            ("2024-06-04T14:30:05Z", Some("2024-06-04T14:30:05Z")),
            ("2024-06-04T14:30:05.25-02:30", Some("2024-06-04T14:30:05.25-02:30")),
            ("2024-06-04", None),
            ("昨天", None),
            ("2024-06-31 10:00", None),
        ] {
            assert_eq!(complete(text, "+08:00").as_deref(), complete_text, "{text}");
        }
    }
}
