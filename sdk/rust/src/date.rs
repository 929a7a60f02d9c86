//! Dates as people, spreadsheets and feeds write them, as RFC 3339. Time zones are fixed offsets here; it reads no
//! clock, and guesses neither year nor zone that is not there.

use crate::time;

/// Months as RFC 822 has them.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// RFC 3339 of `2024-06-04T14:30:00+08:00`, `2024/6/4 9:05`, `2024.6.4`, `2024年6月4日 14时30分`; what has no
/// offset gets this one, what has no clock is midnight.
#[must_use]
pub fn written(text: &str, offset: &str) -> Option<String> {
    if let Some(done) = time::complete(text, offset) {
        return Some(done);
    }
    let text = text.replace(['年', '月', '/', '.'], "-").replace('日', " ");
    let text = text.replace(['时', '點', '点', '：'], ":").replace('分', ":").replace('秒', "");
    let mut words = text.split_whitespace();
    let date: Vec<&str> = words.next()?.split('-').collect();
    let [year, month, day] = date.as_slice() else { return None };
    let clock = words.next().unwrap_or("00:00").trim_end_matches(':');
    let clock = if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() };
    words
        .next()
        .is_none()
        .then(|| time::complete(&format!("{year}-{month:0>2}-{day:0>2} {clock}"), offset))?
}

/// RFC 3339 of a date of RFC 822 and its successors, as RSS has it: `Tue, 04 Jun 2024 14:30:00 +0800`. Day of the
/// week and seconds may be missing, the year may have two digits; a zone whose name means nothing for certain is
/// this offset.
#[must_use]
pub fn rfc822(text: &str, offset: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.split_once(',') {
        Some((weekday, rest)) if weekday.chars().all(char::is_alphabetic) => rest,
        Some(_) => return None,
        None => text,
    };
    let mut words = text.split_whitespace();
    let (day, month, year) = (words.next()?, words.next()?.to_ascii_lowercase(), words.next()?);
    let month = 1 + MONTHS.iter().position(|name| month.starts_with(name))?;
    let year = match (year.len(), year.parse::<u16>().ok()?) {
        (4, year) => year,
        // RFC 2822, 4.3.
        (2, year) if year < 50 => 2000 + year,
        (2 | 3, year) => 1900 + year,
        _ => return None,
    };
    let clock = words.next().unwrap_or("00:00");
    let clock = if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() };
    let zone = zone(words.next().unwrap_or_default(), offset)?;
    time::complete(&format!("{year:04}-{month:02}-{day:0>2}T{clock}{zone}"), offset)
}

fn zone(word: &str, offset: &str) -> Option<String> {
    if let Some(digits) = word.strip_prefix(['+', '-']) {
        let plain = digits.replace(':', "");
        let four = plain.len() == 4 && plain.bytes().all(|byte| byte.is_ascii_digit());
        return four.then(|| format!("{}{}:{}", &word[..1], &plain[..2], &plain[2..]));
    }
    Some(
        match word.to_ascii_uppercase().as_str() {
            "GMT" | "UT" | "UTC" | "Z" => "Z",
            "EDT" => "-04:00",
            "EST" => "-05:00",
            "CDT" => "-05:00",
            "MDT" => "-06:00",
            "MST" | "PDT" => "-07:00",
            "PST" => "-08:00",
            // `CST` is Chicago by the standard, and Beijing on most servers that write it.
            _ => offset,
        }
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_dates() {
        for (text, expected) in [
            ("2024-06-04T14:30:00Z", Some("2024-06-04T14:30:00Z")),
            ("2024/6/4", Some("2024-06-04T00:00:00+08:00")),
            ("2024年6月4日 9:05", Some("2024-06-04T09:05:00+08:00")),
            ("2024年6月4日14时30分", Some("2024-06-04T14:30:00+08:00")),
            ("2024年06月04日 14时30分05秒", Some("2024-06-04T14:30:05+08:00")),
            ("2024.6.4 14:30:05", Some("2024-06-04T14:30:05+08:00")),
            ("2024-06-04 14：30", Some("2024-06-04T14:30:00+08:00")),
            ("2024/13/4", None),
            ("6/4/2024", None),
            ("2024-06-04 x", None),
            ("", None),
        ] {
            assert_eq!(written(text, "+08:00").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn dates_of_feeds() {
        for (text, expected) in [
            ("Tue, 04 Jun 2024 14:30:00 +0800", Some("2024-06-04T14:30:00+08:00")),
            ("4 Jun 2024 06:30 GMT", Some("2024-06-04T06:30:00Z")),
            ("Tue, 4 June 24 9:30:00 EST", Some("2024-06-04T09:30:00-05:00")),
            ("Tue, 04 Jun 2024 14:30:00 CST", Some("2024-06-04T14:30:00+08:00")),
            ("Tue, 04 Jun 2024 14:30:00", Some("2024-06-04T14:30:00+08:00")),
            ("04 Jun 2024", Some("2024-06-04T00:00:00+08:00")),
            ("Tue, 04 Jun 2024 14:30:00 +08:00", Some("2024-06-04T14:30:00+08:00")),
            ("Tue, 31 Jun 2024 14:30:00 +0800", None),
            ("Tue, 04 Foo 2024 14:30:00 +0800", None),
            ("Tue, 04 Jun 2024 14:30:00 +8", None),
            ("2024-06-04, 14:30", None),
            ("Tue, 04 Jun 2024 14:30:00 +中1", None),
            ("中文", None),
            ("", None),
        ] {
            assert_eq!(rfc822(text, "+08:00").as_deref(), expected, "{text}");
        }
    }
}
