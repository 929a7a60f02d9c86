//! `yiwang explain CODE`: the page of a code, out of the binary; in English where there is no translation.

use yiwang_dsl::diagnostic::Language;

use crate::failure::{Exit, Failure};
use crate::language;
use crate::output;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// e.g. `YW0101` or `request.json`.
    code: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let text = page(&args.code, language::chosen()).ok_or_else(|| {
        Failure::new(Exit::NotFound, "cli.code", format!("there is no page for the code `{}`", args.code))
            .help("codes look like `YW0101`, `request.json` or `plugin.timeout`")
    })?;
    output::line(text.trim_end());
    Ok(())
}

/// The page in a language, or else in English.
fn page(code: &str, language: Language) -> Option<&'static str> {
    match language {
        Language::English => among(PAGES, code),
        Language::Chinese => among(PAGES_ZH, code).or_else(|| among(PAGES, code)),
    }
}

/// A page of its own, or a section of a page.
fn among(pages: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    let own = pages.iter().find(|(name, _)| name.eq_ignore_ascii_case(code));
    own.map(|(_, text)| *text).or_else(|| pages.iter().find_map(|(_, text)| section(text, code)))
}

/// The section under the heading `## code`, up to the next heading of that level.
fn section(text: &'static str, code: &str) -> Option<&'static str> {
    let heading = |line: &str| {
        let title = line.strip_prefix("## ").and_then(|title| title.split_whitespace().next());
        title.is_some_and(|name| name.trim_matches(['`', ':']) == code)
    };
    let mut start = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        match start {
            None if heading(line) => start = Some(offset),
            Some(start) if line.starts_with("## ") || line.starts_with("# ") => {
                return Some(&text[start..offset]);
            }
            None | Some(_) => {}
        }
        offset += line.len();
    }
    start.map(|start| &text[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_users_see_is_explained() {
        for code in yiwang_server::Code::ALL {
            for pages in [PAGES, PAGES_ZH] {
                assert!(among(pages, code.as_str()).is_some(), "{}", code.as_str());
            }
        }
        assert!(page("request.json", Language::English).unwrap().starts_with("## request.json\n"));
        assert!(page("request.jso", Language::Chinese).is_none());
        assert!(page("", Language::English).is_none());
    }

    #[test]
    fn why_a_plugin_is_not_run_is_explained() {
        for code in yiwang_host::Refused::CODES {
            for pages in [PAGES, PAGES_ZH] {
                assert!(among(pages, code).is_some(), "{code}");
            }
        }
    }

    #[test]
    fn every_page_of_the_language_is_there_in_both() {
        for (name, text) in PAGES.iter().filter(|(name, _)| name.starts_with("YW")) {
            assert_eq!(page(name, Language::English), Some(*text));
            let translated = page(name, Language::Chinese).unwrap();
            assert!(translated.starts_with(&format!("# {name}：")), "{name}");
        }
    }
}
