//! Texts in feature files: `"""yaml` and an indented document.

use serde_json::Value;

/// The text without its media type line and its common indentation.
pub fn dedent(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let media_type = |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_alphanumeric());
    if lines.first().filter(|line| !line.starts_with(' ')).is_some_and(media_type) {
        lines.remove(0);
    }
    let width = |line: &str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| width(line)).min();
    let cut = lines.iter().map(|line| line.get(common.unwrap_or(0)..).unwrap_or(""));
    let mut text = cut.collect::<Vec<_>>().join("\n");
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The document in a docstring.
///
/// # Errors
/// What is wrong with the text, for whoever wrote the scenario.
pub fn value(text: &str) -> Result<Value, String> {
    yiwang_dsl::yaml::from_str(&dedent(text)).map_err(|remarks| {
        let words: Vec<String> = remarks.iter().map(|remark| remark.message.to_string()).collect();
        format!("the docstring is no YAML: {}", words.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_media_type_and_the_indentation_are_no_part_of_the_text() {
        assert_eq!(dedent("yaml\n    a:\n      - b\n\n    c: 1\n    "), "a:\n  - b\n\nc: 1\n");
        assert_eq!(dedent("a: 1"), "a: 1\n");
        assert_eq!(value("yaml\n    1\n").unwrap(), json!(1));
        assert_eq!(value("yaml\n  ids: [ 1, 2 ]\n").unwrap(), json!({"ids": [1, 2]}));
        assert!(value("yaml\n  a: [").is_err());
    }
}
