//! The shape of a text by its indentation, whether it is YAML already or not: block mappings, lists, and flow
//! collections within a line.

use super::Step;

/// One member or item of the text.
#[derive(Debug)]
struct Entry {
    path: Vec<Step>,
    /// The scalar behind a key, as written, without quotes.
    value: Option<String>,
}

/// Where the cursor stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the mapping or list that the word belongs to; for a value, of its key.
    pub(super) path: Vec<Step>,
    /// What is being written.
    pub(super) at: At,
    /// The part of the word before the cursor.
    pub(super) prefix: String,
}

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A key of the mapping at the path.
    Key,
    /// The value at the path.
    Value,
}

/// A text by its indentation.
pub(super) struct Outline {
    entries: Vec<Entry>,
    pub(super) cursor: Cursor,
}

impl Outline {
    /// Reads the lines around the cursor; the rest of the cursor's line is not looked at.
    pub(super) fn new(text: &str, offset: usize) -> Self {
        let offset = floor(text, offset);
        let line_start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
        let line_end = text[offset..].find('\n').map_or(text.len(), |end| offset + end);
        let mut reader = Reader::default();
        text[..line_start].lines().for_each(|line| reader.line(line));
        let cursor = reader.cursor(&text[line_start..offset]);
        text[line_end..].lines().skip(1).for_each(|line| reader.line(line));
        Self { entries: reader.entries, cursor }
    }

    /// The keys of the mapping at a path.
    pub(super) fn keys(&self, path: &[Step]) -> Vec<&str> {
        self.children(path).filter_map(|(step, _)| step.key()).collect()
    }

    /// The scalar of a member of the mapping at a path.
    pub(super) fn scalar(&self, path: &[Step], key: &str) -> Option<&str> {
        let found = self.children(path).find(|(step, _)| step.key() == Some(key));
        found.and_then(|(_, entry)| entry.value.as_deref())
    }

    /// The names of the tasks of a list: the only key of each item.
    pub(super) fn names(&self, list: &[Step]) -> Vec<&str> {
        let of_item = |entry: &&Entry| entry.path.len() == list.len() + 2 && entry.path.starts_with(list);
        let items = self.entries.iter().filter(of_item);
        items
            .filter(|entry| matches!(entry.path[list.len()], Step::Item(_)))
            .filter_map(|entry| entry.path.last()?.key())
            .collect()
    }

    fn children(&self, path: &[Step]) -> impl Iterator<Item = (&Step, &Entry)> {
        let below = move |entry: &&Entry| entry.path.len() == path.len() + 1 && entry.path.starts_with(path);
        self.entries.iter().filter(below).filter_map(|entry| Some((entry.path.last()?, entry)))
    }
}

/// The last character boundary at or before a byte.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[derive(Default)]
struct Reader {
    /// Column and step of what is open, the innermost last.
    open: Vec<(usize, Step)>,
    entries: Vec<Entry>,
    /// Column of the key whose block text is being passed over.
    block: Option<usize>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if content.trim().is_empty() || content.starts_with('#') {
            return;
        }
        if self.block.is_some_and(|key| column > key) {
            return;
        }
        self.block = None;
        let (column, rest) = self.items(column, content);
        let Some((key, value)) = key_of(rest) else { return };
        self.enter(column, Step::Key(key));
        let path = self.path();
        if value.starts_with(['|', '>']) {
            self.block = Some(column);
        }
        if value.starts_with(['{', '[']) {
            let mut flow = Flow::new(path.clone());
            flow.read(value);
            self.entries.push(Entry { path, value: None });
            self.entries.append(&mut flow.entries);
            return;
        }
        self.entries.push(Entry { path, value: scalar(value) });
    }

    /// Enters the items whose dashes begin a line; what follows, and its column.
    fn items<'l>(&mut self, mut column: usize, mut rest: &'l str) -> (usize, &'l str) {
        while let Some(after) =
            rest.strip_prefix('-').filter(|after| after.is_empty() || after.starts_with(' '))
        {
            self.item(column);
            let next = after.trim_start_matches(' ');
            column += rest.len() - next.len();
            rest = next;
        }
        (column, rest)
    }

    fn item(&mut self, column: usize) {
        let mut index = 0;
        while let Some((open, step)) = self.open.last() {
            match step {
                // A list may begin in the column of its key.
                Step::Key(_) if *open <= column => break,
                Step::Item(n) if *open == column => {
                    index = n + 1;
                    self.open.pop();
                    break;
                }
                Step::Item(_) if *open < column => break,
                Step::Key(_) | Step::Item(_) => {
                    self.open.pop();
                }
            }
        }
        self.open.push((column, Step::Item(index)));
    }

    fn enter(&mut self, column: usize, step: Step) {
        while self.open.last().is_some_and(|(open, _)| *open >= column) {
            self.open.pop();
        }
        self.open.push((column, step));
    }

    fn path(&self) -> Vec<Step> {
        self.open.iter().map(|(_, step)| step.clone()).collect()
    }

    /// Reads the line up to the cursor.
    fn cursor(&mut self, line: &str) -> Cursor {
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if self.block.is_some_and(|key| column > key) {
            return Cursor { path: self.path(), at: At::Value, prefix: content.to_owned() };
        }
        self.block = None;
        let (column, rest) = self.items(column, content);
        match key_of(rest) {
            Some((key, value)) => {
                self.enter(column, Step::Key(key));
                let path = self.path();
                if value.starts_with(['{', '[']) {
                    let mut flow = Flow::new(path);
                    flow.read(value);
                    self.entries.append(&mut flow.entries);
                    return flow.cursor();
                }
                Cursor { path, at: At::Value, prefix: value.to_owned() }
            }
            None => {
                while self.open.last().is_some_and(|(open, _)| *open >= column) {
                    self.open.pop();
                }
                Cursor {
                    path: self.path(),
                    at: At::Key,
                    prefix: rest.trim_start_matches(['"', '\'']).to_owned(),
                }
            }
        }
    }
}

/// `key: value` of a line.
fn key_of(rest: &str) -> Option<(String, &str)> {
    if rest.starts_with(['{', '[', '#']) {
        return None;
    }
    let end = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1))?;
    let key = rest[..end].trim().trim_matches(['"', '\'']);
    (!key.is_empty()).then(|| (key.to_owned(), rest[end + 1..].trim_start()))
}

fn scalar(value: &str) -> Option<String> {
    let value = value.split(" #").next().unwrap_or(value).trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// A flow collection within one line.
struct Flow {
    base: Vec<Step>,
    /// For each open bracket: the key or item that is being read; none: a key is awaited.
    open: Vec<Option<Step>>,
    entries: Vec<Entry>,
    word: String,
}

impl Flow {
    fn new(base: Vec<Step>) -> Self {
        Self { base, open: Vec::new(), entries: Vec::new(), word: String::new() }
    }

    fn read(&mut self, text: &str) {
        let mut quote = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match (quote, character) {
                (Some(end), _) => {
                    if character == end {
                        quote = None;
                    } else {
                        self.word.push(character);
                    }
                }
                (None, '"' | '\'') if self.word.trim().is_empty() => quote = Some(character),
                (None, '{') => self.push(None),
                (None, '[') => self.push(Some(Step::Item(0))),
                (None, '}' | ']') => {
                    self.leave();
                    self.open.pop();
                    if self.open.is_empty() {
                        return;
                    }
                }
                (None, ',') => {
                    self.leave();
                    match self.open.last_mut() {
                        Some(Some(Step::Item(n))) => *n += 1,
                        Some(key) => *key = None,
                        None => {}
                    }
                }
                (None, ':') if characters.peek().is_none_or(|next| *next == ' ') => {
                    let key = std::mem::take(&mut self.word).trim().to_owned();
                    if let Some(open @ None) = self.open.last_mut() {
                        *open = Some(Step::Key(key));
                    }
                }
                (None, _) => self.word.push(character),
            }
        }
    }

    fn push(&mut self, step: Option<Step>) {
        if matches!(self.open.last(), Some(Some(Step::Key(_)))) {
            self.entries.push(Entry { path: self.path(), value: None });
        }
        self.word.clear();
        self.open.push(step);
    }

    /// A member or item ends.
    fn leave(&mut self) {
        let word = std::mem::take(&mut self.word);
        if matches!(self.open.last(), Some(Some(Step::Key(_)))) {
            self.entries.push(Entry { path: self.path(), value: scalar(&word) });
        }
    }

    fn path(&self) -> Vec<Step> {
        self.base.iter().cloned().chain(self.open.iter().flatten().cloned()).collect()
    }

    fn cursor(&self) -> Cursor {
        let at = if matches!(self.open.last(), Some(None)) { At::Key } else { At::Value };
        Cursor { path: self.path(), at, prefix: self.word.trim_start().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` stands for the cursor.
    fn cursor(text: &str) -> String {
        let offset = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let Cursor { path, at, prefix } = Outline::new(&text, offset).cursor;
        let path: String = path
            .iter()
            .map(|step| match step {
                Step::Key(key) => format!("/{key}"),
                Step::Item(n) => format!("/{n}"),
            })
            .collect();
        format!("{at:?} {path} `{prefix}`")
    }

    #[test]
    fn cursors_are_found_by_indentation() {
        assert_eq!(cursor("document:\n  na|"), "Key /document `na`");
        assert_eq!(cursor("do:\n  - 登记:\n      ca|"), "Key /do/0/登记 `ca`");
        assert_eq!(cursor("do:\n- a:\n    set: {}\n- b:\n    then: |"), "Value /do/1/b/then ``");
        assert_eq!(cursor("do:\n  - a:\n      set: |\n  - b: {}"), "Value /do/0/a/set ``");
        assert_eq!(
            cursor("do:\n  - a:\n      do:\n        - b:\n            wait: PT1S\n      th|"),
            "Key /do/0/a `th`"
        );
        assert_eq!(cursor("do:\n  - a: { call: http, with: { me|"), "Key /do/0/a/with `me`");
        assert_eq!(
            cursor("do:\n  - a: { listen: { to: { any: [ { with: { type: x } }, { wi|"),
            "Key /do/0/a/listen/to/any/1 `wi`"
        );
        assert_eq!(cursor("a: |\n"), "Value /a ``");
        assert_eq!(cursor("a: >\n  text: x\nb|"), "Key  `b`");
    }
}
