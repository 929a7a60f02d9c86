//! The language in which remarks and pages are shown: `--lang`, or that of the environment.
//!
//! One for the whole process, like its colours. Failures of commands and the help are English.

use std::sync::OnceLock;

use clap::ValueEnum;
use yiwang_dsl::diagnostic::Language;

/// `--lang`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English.
    En,
    /// 中文.
    Zh,
}

static CHOSEN: OnceLock<Language> = OnceLock::new();

/// Chooses the language, once, at the start.
pub(crate) fn choose(option: Option<Lang>) {
    let language = match option {
        Some(Lang::En) => Language::English,
        Some(Lang::Zh) => Language::Chinese,
        None => of_environment(|name| std::env::var(name).ok()),
    };
    CHOSEN.get_or_init(|| language);
}

/// The language chosen.
pub(crate) fn chosen() -> Language {
    CHOSEN.get().copied().unwrap_or_default()
}

/// As HTTP names it.
pub(crate) fn tag() -> &'static str {
    match chosen() {
        Language::English => "en",
        Language::Chinese => "zh-CN",
    }
}

/// The first of the variables that is set decides, as for every program.
fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
    let mut set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
    let first = set.find(|value| !value.is_empty());
    first.and_then(|value| Language::of_tag(&value)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let of = |set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
            of_environment(|name| value(name).map(ToString::to_string))
        };
        assert_eq!(of(&[]), Language::English);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Language::Chinese);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]), Language::Chinese);
        assert_eq!(of(&[("LC_ALL", "C.UTF-8"), ("LANG", "zh_CN.UTF-8")]), Language::English);
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), Language::English);
    }
}
