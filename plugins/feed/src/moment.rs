//! When an entry was written, as RFC 3339: the dates of feeds, and what pages say instead: `发布时间：…`, `昨天 9:05`,
//! `3小时前`, `06-04 14:30`.

use yiwang_sdk::{date, time};

/// Reads a date; `now` is for those that count from today, `offset` for those without a zone.
pub(crate) fn read(text: &str, offset: &str, now_ms: u64) -> Option<String> {
    let text = text.trim();
    date::written(text, offset)
        .or_else(|| date::rfc822(text, offset))
        .or_else(|| date::written(&from_first_digit(text)?, offset))
        .or_else(|| from_today(text, offset, now_ms))
}

/// `发布时间：2024-06-04 14:30 来源：…` → `2024-06-04 14:30`: at most a date and a clock.
fn from_first_digit(text: &str) -> Option<String> {
    let text = &text[text.find(|char: char| char.is_ascii_digit())?..];
    let part = |char: char| char.is_ascii_digit() || "-/.:：年月日时點点分秒TZ+ ".contains(char);
    let text: String = text.chars().take_while(|char| part(*char)).collect();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    Some(words.join(" "))
}

fn from_today(text: &str, offset: &str, now_ms: u64) -> Option<String> {
    // The local day, whose fields are read off as if it were UTC.
    let shift = time::parse_rfc3339(&format!("1970-01-02T00:00:00{offset}")).map(|ms| 86_400_000 - ms)?;
    let local = now_ms.checked_add_signed(shift)?;
    let stamp = |ms: u64| Some(format!("{}{offset}", time::rfc3339(ms).strip_suffix('Z')?));
    if let Some(ago) = text.strip_suffix('前') {
        let digits: String = ago.chars().take_while(char::is_ascii_digit).collect();
        let unit = match ago[digits.len()..].trim() {
            "秒" | "秒钟" => 1_000,
            "分" | "分钟" => 60_000,
            "小时" | "个小时" => 3_600_000,
            "天" => 86_400_000,
            _ => return None,
        };
        return stamp(local.checked_sub(digits.parse::<u32>().ok().map(|n| u64::from(n) * unit)?)?);
    }
    if text == "刚刚" {
        return stamp(local);
    }
    let days = ["今天", "昨天", "前天"].into_iter().zip(0_u64..);
    for (word, ago) in days {
        if let Some(clock) = text.strip_prefix(word) {
            let day = time::rfc3339(local.checked_sub(ago * 86_400_000)?);
            return date::written(&format!("{} {}", &day[..10], clock.trim()), offset);
        }
    }
    // `06-04 14:30`, `6月4日`: of this year, or of the last one if that would be to come.
    let year: u32 = time::rfc3339(local).get(..4)?.parse().ok()?;
    let short = from_first_digit(text)?;
    let of = |year: u32| date::written(&format!("{year}-{short}"), offset);
    let tomorrow = i64::try_from(now_ms).ok()? + 86_400_000;
    of(year)
        .filter(|done| time::parse_rfc3339(done).is_some_and(|ms| ms <= tomorrow))
        .or_else(|| of(year - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_feeds_and_pages() {
        // 2024-06-04T14:30:00+08:00.
        let now = 1_717_482_600_000;
        for (text, expected) in [
            ("2024-06-04T06:30:00Z", Some("2024-06-04T06:30:00Z")),
            ("Tue, 04 Jun 2024 14:30:00 +0800", Some("2024-06-04T14:30:00+08:00")),
            ("发布时间：2024-06-03 09:05 来源：某网", Some("2024-06-03T09:05:00+08:00")),
            ("[2024-06-03]", Some("2024-06-03T00:00:00+08:00")),
            ("2024年6月3日 9:05", Some("2024-06-03T09:05:00+08:00")),
            ("（6月3日）", Some("2024-06-03T00:00:00+08:00")),
            ("06-03 09:05", Some("2024-06-03T09:05:00+08:00")),
            ("12-31", Some("2023-12-31T00:00:00+08:00")),
            ("5分钟前", Some("2024-06-04T14:25:00+08:00")),
            ("3 小时前", Some("2024-06-04T11:30:00+08:00")),
            ("2天前", Some("2024-06-02T14:30:00+08:00")),
            ("刚刚", Some("2024-06-04T14:30:00+08:00")),
            ("昨天 9:05", Some("2024-06-03T09:05:00+08:00")),
            ("今天", Some("2024-06-04T00:00:00+08:00")),
            ("从前", None),
            ("4294967295天前", None),
            ("去年", None),
            ("13-40", None),
            ("", None),
        ] {
            assert_eq!(read(text, "+08:00", now).as_deref(), expected, "{text}");
        }
    }
}
