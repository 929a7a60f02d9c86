//! `yiwang explain CODE`: the page of a code, out of the binary.

use crate::failure::{Exit, Failure};
use crate::output;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// e.g. `YW0101` or `request.json`.
    code: String,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let text = page(&args.code).ok_or_else(|| {
        Failure::new(Exit::NotFound, "cli.code", format!("there is no page for the code `{}`", args.code))
            .help("codes look like `YW0101`, `request.json` or `plugin.timeout`")
    })?;
    output::line(text.trim_end());
    Ok(())
}

/// A page of its own, or a section of a page.
fn page(code: &str) -> Option<&'static str> {
    let own = PAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(code));
    own.map(|(_, text)| *text).or_else(|| PAGES.iter().find_map(|(_, text)| section(text, code)))
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
            assert!(page(code.as_str()).is_some(), "{}", code.as_str());
        }
        assert!(page("request.json").unwrap().starts_with("## request.json\n"));
        assert!(page("request.jso").is_none());
        assert!(page("").is_none());
    }
}
