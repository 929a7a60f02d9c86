//! Reads `WWW-Authenticate`: several challenges in one header or in several (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

use http::{HeaderMap, header};

/// One challenge: its scheme in lower case, its parameters by name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) scheme: String,
    pub(super) parameters: BTreeMap<String, String>,
}

/// All challenges of an answer. What cannot be read is left out.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(parse).collect()
}

fn parse(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let word = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        if word == 0 {
            return found;
        }
        let (name, after) = rest.split_at(word);
        let value = after.trim_start().strip_prefix('=');
        match (value, found.last_mut()) {
            (Some(value), Some(challenge)) => {
                let (value, after) = read_value(value.trim_start());
                challenge.parameters.insert(name.to_ascii_lowercase(), value);
                rest = after;
            }
            (Some(_), None) => return found,
            (None, _) => {
                let scheme = name.to_ascii_lowercase();
                found.push(Challenge { scheme, parameters: BTreeMap::new() });
                rest = after;
            }
        }
    }
}

/// A token or a quoted text, and what comes after it.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_challenges_in_one_header_are_told_apart() {
        let found = parse(
            r#"Basic realm="a, \"b\"", Digest realm=x, qop="auth,auth-int" , nonce="n=="; x, Negotiate"#,
        );
        let told: Vec<String> = found.iter().map(|it| format!("{} {:?}", it.scheme, it.parameters)).collect();
        assert_eq!(told[0], r#"basic {"realm": "a, \"b\""}"#);
        assert_eq!(told[1], r#"digest {"nonce": "n==", "qop": "auth,auth-int", "realm": "x"}"#);
        assert_eq!(parse("").len(), 0);
        assert_eq!(parse("a=b, c").len(), 0);
        assert_eq!(parse("Digest realm=\"open").len(), 1);
    }
}
