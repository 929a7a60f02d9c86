//! The texts that stand in Rust source, for tests that hold something else complete.

/// A literal.
pub(crate) struct Literal {
    /// As the program sees it.
    pub(crate) text: String,
    /// Does it stand in `text!(…)`?
    pub(crate) template: bool,
}

/// The literals of a source, but for those in comments, attributes and what is said to developers only.
pub(crate) fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = source[at..].chars().next() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(len) = character_len(rest) {
            at += len;
        } else if next == '"' {
            let (text, len) = string(rest);
            let before = source[..at].trim_end();
            let developers = ["expect(", "reason =", "#[doc =", "assert!("];
            if !developers.iter().any(|before_it| before.ends_with(before_it)) {
                found.push(Literal { text, template: before.ends_with("text!(") });
            }
            at += len;
        } else {
            at += next.len_utf8();
        }
    }
    found
}

/// The length of a character literal, which may be a quote.
fn character_len(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let character = inner.chars().next()?;
    let len = if character == '\\' { inner[1..].find('\'')? + 1 } else { character.len_utf8() };
    // `'a` alone is a lifetime. Of `'\''`, the first quote is the character.
    let len = if inner.starts_with("\\'") { 2 } else { len };
    inner[len..].starts_with('\'').then_some(len + 2)
}

/// A string's value and its length in the source.
fn string(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (text, at + 1),
            '\\' => match characters.next() {
                Some((_, '\n')) => while characters.next_if(|(_, next)| next.is_whitespace()).is_some() {},
                Some((_, 'n')) => text.push('\n'),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            other => text.push(other),
        }
    }
    (text, rest.len())
}
