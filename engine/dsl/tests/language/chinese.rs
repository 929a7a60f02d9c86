//! The remarks in Chinese: complete, filled like the English ones, and with nothing English left over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use yiwang_dsl::Diagnostic;
use yiwang_dsl::diagnostic::{Code, Language, chinese};

use crate::{budget, codes, fixtures, remarks, rust};

/// Files whose sentences are about a failed evaluation, which is data of a case, or for developers.
const RUNTIME: [&str; 7] = [
    "expression/deferred.rs",
    "expression/meter.rs",
    "expression/mod.rs",
    "expression/native.rs",
    "expression/value/access.rs",
    "expression/value/operators.rs",
    "diagnostic/text.rs",
];

/// Literals that look like sentences, but are words of others: the YAML parser, serde and jq.
const FOREIGN: [&str; 16] = [
    "unknown field",
    "recursion limit",
    "unknown anchor",
    "mapping values",
    "did not find expected key",
    "quoted scalar",
    "closing brace",
    "comma or right brace",
    "closing bracket",
    "comma or right bracket",
    "closing parenthesis",
    "semicolon or right parenthesis",
    "closing quote",
    "else or end",
    "4-digit hexadecimal UTF-8 code point",
    "string escape sequence",
];

/// Of the files about reference data, those that make remarks.
const REMARKING: [&str; 4] = ["read.rs", "mod.rs", "check.rs", "csv.rs"];

/// Sentences in the source, in whatever way they come into a remark.
fn sentences() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    let reference_data = ["../../core/src/calendar", "../../core/src/sla", "../../core/src/organisation"];
    let own = ["", "check", "check/task", "check/protocol", "expression", "yaml", "diagnostic"];
    for folder in own.into_iter().chain(reference_data) {
        let entries = std::fs::read_dir(source.join(folder)).expect("a folder of the source");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
        for path in paths {
            let name = path.strip_prefix(&source).map_or(String::new(), |path| path.display().to_string());
            // Those of reference data say much that is not about a text.
            if name.starts_with("..") && !REMARKING.iter().any(|own| path.ends_with(own)) {
                continue;
            }
            if RUNTIME.contains(&name.as_str())
                || ["diagnostic/code.rs", "diagnostic/zh.rs"].contains(&&*name)
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a readable file");
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            for literal in rust::literals(production) {
                let sentence = literal.text.contains(' ') && literal.text.contains(char::is_alphabetic);
                if (literal.template && literal.text.contains(char::is_alphabetic)) || sentence {
                    found.insert(literal.text);
                }
            }
        }
    }
    found
}

#[test]
fn every_sentence_has_a_translation() {
    let mut sentences = sentences();
    assert!(sentences.len() > 200, "the source is read: {}", sentences.len());
    sentences.retain(|sentence| !FOREIGN.contains(&sentence.as_str()));
    let translated: BTreeSet<&str> = chinese().iter().map(|(english, _)| *english).collect();
    let missing: Vec<_> = sentences.iter().filter(|english| !translated.contains(english.as_str())).collect();
    assert!(missing.is_empty(), "without a translation in diagnostic/zh.rs: {missing:#?}");
    // One word alone is no sentence, but may be a phrase.
    let old = translated.iter().filter(|english| english.contains(' ') && !sentences.contains(**english));
    let old: Vec<_> = old.collect();
    assert!(old.is_empty(), "translated, but said nowhere: {old:#?}");
    assert_eq!(translated.len(), chinese().len(), "one sentence has two translations");
}

/// The numbers of the holes, in the order in which they stand.
fn holes(template: &str) -> Vec<usize> {
    let mut holes = Vec::new();
    let mut next = 0;
    for part in template.split('{').skip(1) {
        let Some((inside, _)) = part.split_once('}') else { continue };
        match inside.parse() {
            Ok(number) => holes.push(number),
            Err(_) if inside.is_empty() => holes.push(next),
            Err(_) => continue,
        }
        next += 1;
    }
    holes.sort_unstable();
    holes
}

#[test]
fn translations_have_the_holes_of_the_english() {
    for (english, chinese) in chinese() {
        assert_eq!(holes(english), holes(chinese), "{english}\n{chinese}");
        assert!(!chinese.ends_with(['。', '.']), "a remark has no full stop: {chinese}");
        assert!(!outside_code(chinese).contains([',', ';', '?', '!']), "full-width signs: {chinese}");
    }
}

/// Without what stands in backticks or quotes.
fn outside_code(text: &str) -> String {
    let mut left = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            left.push_str(part);
        }
    }
    left
}

/// Words of ours that are left in a Chinese sentence. What others wrote stands after a colon.
fn english_left(sentence: &str) -> bool {
    let own = outside_code(sentence);
    let own = own.split('：').next().unwrap_or_default();
    let words = own.split(|other: char| !other.is_ascii_lowercase()).filter(|word| word.len() > 2);
    // Names of languages and the like may stand among the words.
    words.filter(|word| !["cron", "null", "shell", "schema"].contains(word)).count() > 1
}

/// Every remark of every test comes by here.
pub(crate) fn assert_is_chinese(diagnostic: &Diagnostic) {
    let related = diagnostic.related.iter().map(|(_, text)| text);
    for text in [&diagnostic.message].into_iter().chain(&diagnostic.help).chain(related) {
        let shown = text.render(Language::Chinese);
        let chinese = shown.contains(|other: char| other >= '\u{2e80}');
        assert!(chinese && !english_left(&shown), "{}: {shown}\n{text}", diagnostic.code);
    }
}

#[test]
fn remarks_are_chinese_to_the_last_word() {
    let sources = fixtures::texts().into_iter().map(|(_, text)| fixtures::without_remarks(&text));
    let of_workflows = Code::ALL.iter().filter(|code| !codes::is_of_reference_data(**code));
    let pages = of_workflows.filter_map(|code| codes::example(*code));
    let mut count = 0;
    for source in sources.chain(budget::texts()).chain(pages) {
        for diagnostic in remarks::checked(&source).1 {
            assert_is_chinese(&diagnostic);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

/// One whole workflow as a Chinese author sees it.
#[test]
fn flow_in_chinese() {
    let (_, text) = fixtures::texts().into_iter().find(|(path, _)| path.ends_with("flow.yaml")).unwrap();
    let text = fixtures::without_remarks(&text);
    let shown = remarks::under_lines_in(&text, &remarks::checked(&text).1, Language::Chinese);
    expect_test::expect_file!["../golden/flow.zh.txt"].assert_eq(&shown);
}
