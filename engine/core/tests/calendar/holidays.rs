//! The built-in holidays beside an independent collection, day by day.

use tyme4rs::tyme::solar::SolarDay;

use crate::ask::calendar;

#[test]
fn every_day_of_three_years_is_as_in_another_collection() {
    let days = calendar("cn-mainland").list("2024-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    assert_eq!(days.len(), 1_096);
    let mut differ = Vec::new();
    for day in days {
        let (year, month, date) = (day.date.year(), day.date.month(), day.date.day());
        let solar = SolarDay::from_ymd(year.into(), month.try_into().unwrap(), date.try_into().unwrap());
        let weekend = [0, 6].contains(&solar.get_week().get_index());
        let works = solar.get_legal_holiday().map_or(!weekend, |holiday| holiday.is_work());
        if works != day.works {
            differ.push(day.date.to_string());
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}
