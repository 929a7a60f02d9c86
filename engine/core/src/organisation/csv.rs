//! Tables as people have them: CSV with a line of names first, in English or Chinese. One row, one thing.
//!
//! A cell that holds several values parts them with `;`.

use serde_json::{Map, Value, json};
use yiwang_dsl::diagnostic::Text;
use yiwang_dsl::text;

/// One of the tables that an organisation can be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `id,name,kind,parent`
    Units,
    /// `id,name,phone,contacts,roles`
    People,
    /// `person,substitute,from,until,reason`
    Absences,
    /// `pool,name,person,fields,affiliations`
    Experts,
}

/// The texts of some tables.
pub type Tables<'t> = [(Table, &'t str)];

/// How a column is read.
#[derive(Clone, Copy)]
enum Kind {
    One,
    Many,
    /// `kind:address`, several.
    Contacts,
}

type Column = (&'static str, &'static str, Kind);

impl Table {
    /// The name of the table in mistakes and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::People => "people",
            Self::Absences => "absences",
            Self::Experts => "experts",
        }
    }

    /// Names of columns in both languages, and how they are read.
    fn columns(self) -> &'static [Column] {
        match self {
            Self::Units => &[
                ("id", "编号", Kind::One),
                ("name", "名称", Kind::One),
                ("kind", "类别", Kind::One),
                ("parent", "上级", Kind::One),
            ],
            Self::People => &[
                ("id", "编号", Kind::One),
                ("name", "姓名", Kind::One),
                ("phone", "电话", Kind::One),
                ("contacts", "联系方式", Kind::Contacts),
                ("roles", "角色", Kind::Many),
            ],
            Self::Absences => &[
                ("person", "人员", Kind::One),
                ("substitute", "代理人", Kind::One),
                ("from", "开始", Kind::One),
                ("until", "结束", Kind::One),
                ("reason", "原因", Kind::One),
            ],
            Self::Experts => &[
                ("pool", "专家库", Kind::One),
                ("name", "名称", Kind::One),
                ("person", "人员", Kind::One),
                ("fields", "专业", Kind::Many),
                ("affiliations", "关联单位", Kind::Many),
            ],
        }
    }
}

/// A row with the line it stands in.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) value: Map<String, Value>,
}

/// Line and sentence.
pub(super) type Trouble = (usize, Text);

/// The rows of a table; cells that are empty are left out.
pub(super) fn rows(table: Table, text: &str) -> Result<Vec<Row>, Vec<Trouble>> {
    let mut records = records(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(|one| vec![one])?;
    if records.is_empty() {
        return Err(vec![(1, text!("the table is empty: the first line names the columns"))]);
    }
    let (line, header) = records.remove(0);
    let mut troubles = Vec::new();
    let mut columns = Vec::new();
    for name in &header {
        let name = name.trim();
        let found = table.columns().iter().find(|(english, chinese, _)| name == *english || name == *chinese);
        match found {
            Some(column) => columns.push(*column),
            None => {
                let known: Vec<_> = table.columns().iter().map(|(name, ..)| *name).collect();
                troubles
                    .push((line, text!("no column is called `{}`: there are {}", name, known.join(", "))));
            }
        }
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    let mut rows = Vec::new();
    for (line, cells) in records {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if cells.len() != columns.len() {
            troubles.push((line, text!("there are {} cells, not {}", cells.len(), columns.len())));
            continue;
        }
        let mut value = Map::new();
        for ((name, _, kind), cell) in columns.iter().zip(&cells) {
            let cell = cell.trim();
            if !cell.is_empty() {
                value.insert((*name).to_owned(), read(*kind, cell));
            }
        }
        rows.push(Row { line, value });
    }
    if troubles.is_empty() { Ok(rows) } else { Err(troubles) }
}

fn read(kind: Kind, cell: &str) -> Value {
    let parts = cell.split([';', ';']).map(str::trim).filter(|part| !part.is_empty());
    match kind {
        Kind::One => json!(cell),
        Kind::Many => parts.map(|part| json!(part)).collect(),
        Kind::Contacts => parts
            .map(|part| {
                let (kind, address) = part.split_once(':').unwrap_or(("", part));
                json!({"kind": kind, "address": address})
            })
            .collect(),
    }
}

/// RFC 4180: cells in quotes may hold commas, line ends and doubled quotes.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Trouble> {
    let mut records = Vec::new();
    let (mut line, mut begun) = (1, 1);
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                records.push((begun, std::mem::take(&mut cells)));
                begun = line;
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err((begun, text!("a cell in quotes has no end")));
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        records.push((begun, cells));
    }
    Ok(records)
}
