//! The codes themselves: stable, documented, and each one real.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect;
use yiwang_dsl::diagnostic::{Code, Language, Report, Severity};
use yiwang_dsl::yaml;

use crate::{budget, fixtures, remarks};

#[test]
fn codes_are_unique_and_grouped() {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes.len(), sorted.len(), "no code stands for two mistakes");
    for code in Code::ALL {
        assert!(code.summary().ends_with('.'), "{code}: one sentence");
        let later = code.as_str().starts_with("YW04");
        assert!(!later || code.severity() == Severity::Error, "{code}: what is missing is refused");
    }
}

#[test]
fn every_code_has_a_page() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for code in Code::ALL {
        let page = repository.join(code.page(Language::English));
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        let title = format!("# {code}: {}", code.summary().trim_end_matches('.'));
        assert!(text.starts_with(&title), "{} must begin with `{title}`", page.display());
        assert!(text.contains("\n## Mend it\n"), "{} must say how to mend it", page.display());
    }
    let folder =
        std::fs::read_dir(repository.join("docs/errors")).expect("the pages are part of the repository");
    for page in folder {
        let name = page.expect("a readable folder").file_name().to_string_lossy().into_owned();
        let Some(code) = name.strip_suffix(".md").filter(|name| name.starts_with("YW0")) else { continue };
        assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{name} is about no code");
    }
}

#[test]
fn every_page_is_there_in_chinese() {
    for code in Code::ALL {
        let (english, chinese) = (page(*code, Language::English), page(*code, Language::Chinese));
        assert!(chinese.starts_with(&format!("# {code}：")), "{code}: there is no page in Chinese");
        assert!(chinese.contains("\n## 怎样改正\n"), "{code}: the page must say how to mend it");
        assert_eq!(blocks(&english), blocks(&chinese), "{code}: both show the same");
    }
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors/zh");
    for page in std::fs::read_dir(pages).expect("the pages are part of the repository") {
        let name = page.expect("a readable folder").file_name().to_string_lossy().into_owned();
        let Some(code) = name.strip_suffix(".md").filter(|name| name.starts_with("YW0")) else { continue };
        assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{name} is about no code");
    }
}

fn page(code: Code, language: Language) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(repository.join(code.page(language))).unwrap_or_default()
}

/// Calendars and the like are read by `core`: its tests trigger these.
pub(crate) fn is_of_reference_data(code: Code) -> bool {
    code.as_str().starts_with("YW05")
}

/// The code that a page shows.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```").skip(1).step_by(2).collect()
}

/// The mistake that the page of a code shows, as a whole text.
pub(crate) fn example(code: Code) -> Option<String> {
    let page = page(code, Language::English);
    let (_, example) = page.split_once("## Example\n\n```yaml\n")?;
    let example = example.split("```").next().unwrap_or_default();
    let raw = code.as_str().starts_with("YW00") || example.starts_with("document:");
    Some(match example {
        whole if raw => whole.to_owned(),
        tasks if tasks.starts_with("- ") => remarks::with_head(&remarks::as_do(tasks)),
        body => remarks::with_head(body),
    })
}

/// What a page shows as a mistake is that mistake.
#[test]
fn examples_of_the_pages_are_true() {
    for code in Code::ALL.iter().filter(|code| !is_of_reference_data(**code)) {
        let Some(text) = example(*code) else { continue };
        let (_, found) = remarks::checked(&text);
        assert!(found.iter().any(|found| found.code == *code), "{code}: {found:?}");
    }
}

#[test]
fn examples_of_the_guide_are_clean() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/language.md");
    let guide = std::fs::read_to_string(guide).expect("the guide is part of the repository");
    let examples: Vec<&str> =
        guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 2, "the guide has examples");
    for example in examples {
        assert_eq!(remarks::checked(example).1, [], "{example}");
    }
}

#[test]
fn every_code_is_triggered() {
    let mut triggered = BTreeSet::new();
    for (_, text) in fixtures::texts() {
        triggered.extend(remarks::checked(&text).1.into_iter().map(|found| found.code));
    }
    for text in budget::texts() {
        triggered.extend(remarks::checked(&text).1.into_iter().map(|found| found.code));
    }
    let shape = yaml::from_str::<Vec<u8>>("a: 1").unwrap_err();
    triggered.extend(shape.into_iter().map(|found| found.code));
    let own = Code::ALL.iter().filter(|code| !is_of_reference_data(**code));
    let silent: Vec<_> = own.filter(|code| !triggered.contains(code)).collect();
    assert!(silent.is_empty(), "no fixture triggers {silent:?}");
}

#[test]
fn remarks_as_json() {
    let text = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }\ndo:\n  - 受理: { wait: PT1S, then: 派单了 }\n  - 派单: { wait: PT1S }\n";
    let (_, diagnostics) = remarks::checked(text);
    let json = serde_json::to_string_pretty(&diagnostics[0].locate(text, Language::English)).unwrap();
    expect![[r#"
        {
          "code": "YW0101",
          "severity": "error",
          "message": "there is no task `派单了`",
          "pointer": "/do/0/受理/then",
          "start": {
            "line": 3,
            "column": 29
          },
          "end": {
            "line": 3,
            "column": 32
          },
          "help": "did you mean `派单`?"
        }"#]]
    .assert_eq(&json);
}

#[test]
fn remarks_on_a_terminal() {
    let text = "a: 1\n名字: 2\n名字: 3\n";
    let diagnostic = yaml::parse(text).unwrap_err().remove(0);
    let source_code = std::sync::Arc::new(miette::NamedSource::new("workflow.yaml", text.to_owned()));
    let mut shown = String::new();
    let theme = miette::GraphicalTheme::unicode_nocolor();
    miette::GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(80)
        .render_report(&mut shown, &Report { diagnostic, source_code, language: Language::English })
        .unwrap();
    expect![[r#"
        YW0004 (docs/errors/YW0004.md)

          × the key `名字` stands twice
           ╭─[workflow.yaml:3:1]
         1 │ a: 1
         2 │ 名字: 2
           · ──┬─
           ·   ╰── it stands here already
         3 │ 名字: 3
           · ────
           ╰────
    "#]]
    .assert_eq(&shown);
}
