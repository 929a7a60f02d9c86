//! Reads selectors. All mistakes at once, each with its place and, for names, with what may have been meant.

use serde_json::Value;

use super::field::Kind;
use super::span::Span;
use super::{DEPTH_MAX, Field, Mistake, Moment, Of, Selector, TESTS_MAX, Test, VALUES_MAX, below};
use crate::{InstanceId, Timestamp};

const GROUPS: &[&str] = &["all", "any", "not", "open", "overdue"];
const TEXT_OPERATORS: &[&str] = &["is", "in", "not", "exists", "contains"];
const SET_OPERATORS: &[&str] = &["has", "lacks", "exists"];
const TIME_OPERATORS: &[&str] = &["before", "from", "exists"];
const NUMBER_OPERATORS: &[&str] = &["is", "atLeast", "atMost", "exists"];
const ID_OPERATORS: &[&str] = &["is", "in", "not"];
const FREE_OPERATORS: &[&str] = &["is", "in", "not", "exists", "contains", "atLeast", "atMost"];

pub(super) fn parse(of: Of, filter: &Value, place: &str) -> Result<Selector, Vec<Mistake>> {
    let mut reader = Reader { of, mistakes: Vec::new(), tests: 0 };
    let test = reader.group(filter, place, 0);
    if reader.tests > TESTS_MAX {
        let message = format!("a selector has at most {TESTS_MAX} tests, this one has {}", reader.tests);
        reader.mistake(place, "selector.too-large", message);
    }
    match (test, reader.mistakes.is_empty()) {
        (Some(test), true) => Ok(Selector { of, test }),
        (_, _) => Err(reader.mistakes),
    }
}

type Parsed = Option<Test<Moment>>;

struct Reader {
    of: Of,
    mistakes: Vec<Mistake>,
    tests: usize,
}

impl Reader {
    fn mistake(&mut self, place: &str, code: &str, message: String) {
        self.mistakes.push(Mistake::new(place, code, message));
    }

    /// An object: all of its members hold.
    fn group(&mut self, value: &Value, place: &str, depth: usize) -> Parsed {
        let Some(members) = value.as_object() else {
            self.mistake(
                place,
                "selector.bad-value",
                "a selector is an object of fields and tests".to_owned(),
            );
            return None;
        };
        if depth > DEPTH_MAX {
            let message = format!("`all`, `any` and `not` stand at most {DEPTH_MAX} levels deep");
            self.mistake(place, "selector.too-large", message);
            return None;
        }
        let tests: Vec<Parsed> = members
            .iter()
            .map(|(name, value)| self.member(name, value, &below(place, name), depth))
            .collect();
        tests.into_iter().collect::<Option<Vec<_>>>().map(all)
    }

    fn member(&mut self, name: &str, value: &Value, place: &str, depth: usize) -> Parsed {
        self.tests += 1;
        match name {
            "all" => self.groups(value, place, depth).map(Test::All),
            "any" => self.groups(value, place, depth).map(Test::Any),
            "not" => self.group(value, place, depth + 1).map(not),
            "open" => {
                self.truth(value, place).map(|wanted| if wanted { open(self.of) } else { not(open(self.of)) })
            }
            "overdue" => self.truth(value, place).map(|wanted| {
                let late = Test::All(vec![open(self.of), Test::Before(Field::due(self.of), Moment::Now)]);
                if wanted { late } else { not(late) }
            }),
            field => match Field::named(self.of, field) {
                Some((field, kind)) => self.field(&field, kind, value, place),
                None => {
                    let mut known = Field::names(self.of);
                    known.extend(GROUPS.iter().map(|name| (*name).to_owned()));
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    let message = format!("there is no field `{field}`");
                    self.mistakes
                        .push(Mistake::new(place, "selector.unknown-field", message).meant(field, &known));
                    None
                }
            },
        }
    }

    fn groups(&mut self, value: &Value, place: &str, depth: usize) -> Option<Vec<Test<Moment>>> {
        let Some(items) = value.as_array() else {
            self.mistake(place, "selector.bad-value", "a list of selectors stands here".to_owned());
            return None;
        };
        let tests: Vec<Parsed> = items
            .iter()
            .enumerate()
            .map(|(index, item)| self.group(item, &format!("{place}/{index}"), depth + 1))
            .collect();
        tests.into_iter().collect()
    }

    fn truth(&mut self, value: &Value, place: &str) -> Option<bool> {
        if value.as_bool().is_none() {
            self.mistake(place, "selector.bad-value", "true or false stands here".to_owned());
        }
        value.as_bool()
    }

    fn field(&mut self, field: &Field, kind: Kind, value: &Value, place: &str) -> Parsed {
        match value {
            Value::Null => Some(not(Test::Present(field.clone()))),
            Value::Object(operators) => {
                if operators.is_empty() {
                    self.mistake(place, "selector.bad-value", "a test is missing here".to_owned());
                    return None;
                }
                let tests: Vec<Parsed> = operators
                    .iter()
                    .map(|(operator, value)| {
                        self.operator(field, kind, operator, value, &below(place, operator))
                    })
                    .collect();
                tests.into_iter().collect::<Option<Vec<_>>>().map(all)
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => match kind {
                Kind::Time => {
                    let message = "a time is compared: `{ before: … }`, `{ from: … }`".to_owned();
                    self.mistake(place, "selector.bad-value", message);
                    None
                }
                _ => self.one_of(field, kind, value, place),
            },
        }
    }

    fn operator(&mut self, field: &Field, kind: Kind, operator: &str, value: &Value, place: &str) -> Parsed {
        self.tests += 1;
        let known = match kind {
            Kind::Text | Kind::Word(_) => TEXT_OPERATORS,
            Kind::Texts | Kind::Words(_) => SET_OPERATORS,
            Kind::Time => TIME_OPERATORS,
            Kind::Number => NUMBER_OPERATORS,
            Kind::Free => FREE_OPERATORS,
            Kind::Id => ID_OPERATORS,
        };
        if !known.contains(&operator) {
            let message = format!("`{operator}` is no test of this field");
            self.mistakes.push(Mistake::new(place, "selector.unknown-test", message).meant(operator, known));
            return None;
        }
        match operator {
            "is" | "in" | "has" => self.one_of(field, kind, value, place),
            "not" | "lacks" if value.is_null() => Some(Test::Present(field.clone())),
            "not" | "lacks" => self.one_of(field, kind, value, place).map(not),
            "exists" => self.truth(value, place).map(|wanted| {
                let present = Test::Present(field.clone());
                if wanted { present } else { not(present) }
            }),
            "contains" => match value.as_str() {
                Some(part) if !part.is_empty() => Some(Test::Contains(field.clone(), part.to_owned())),
                Some(_) | None => {
                    self.mistake(place, "selector.bad-value", "a text stands here".to_owned());
                    None
                }
            },
            "before" | "from" if value.get("field").is_some() => {
                let other = self.other_time(value, place)?;
                let field = field.clone();
                let before = operator == "before";
                Some(if before { Test::BeforeField(field, other) } else { Test::FromField(field, other) })
            }
            "before" => self.moment(value, place).map(|at| Test::Before(field.clone(), at)),
            "from" => self.moment(value, place).map(|at| Test::From(field.clone(), at)),
            "atLeast" => self.number(value, place).map(|number| Test::AtLeast(field.clone(), number)),
            _ => self.number(value, place).map(|number| Test::AtMost(field.clone(), number)),
        }
    }

    /// `{ field: due }`: the time of another field.
    fn other_time(&mut self, value: &Value, place: &str) -> Option<Field> {
        let inner = below(place, "field");
        let alone = value.as_object().is_some_and(|members| members.len() == 1);
        let name = value.get("field").and_then(Value::as_str).filter(|_| alone);
        let Some(name) = name else {
            self.mistake(place, "selector.bad-moment", "`field` stands alone and names a time".to_owned());
            return None;
        };
        if let Some((field, Kind::Time)) = Field::named(self.of, name) {
            return Some(field);
        }
        let known = Field::names(self.of);
        let is_time = |name: &&String| matches!(Field::named(self.of, name), Some((_, Kind::Time)));
        let times: Vec<&str> = known.iter().filter(is_time).map(String::as_str).collect();
        let message = format!("there is no time `{name}`");
        self.mistakes.push(Mistake::new(&inner, "selector.unknown-field", message).meant(name, &times));
        None
    }

    fn number(&mut self, value: &Value, place: &str) -> Option<i64> {
        if value.as_i64().is_none() {
            self.mistake(place, "selector.bad-value", "a whole number stands here".to_owned());
        }
        value.as_i64()
    }

    /// One value or a list of them; null in a list: the field may be absent.
    fn one_of(&mut self, field: &Field, kind: Kind, value: &Value, place: &str) -> Parsed {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        if items.len() > VALUES_MAX {
            let message = format!("a list has at most {VALUES_MAX} values, this one has {}", items.len());
            self.mistake(place, "selector.too-large", message);
            return None;
        }
        if kind == Kind::Number {
            let numbers: Option<Vec<i64>> = items.iter().map(|item| self.number(item, place)).collect();
            let equal = |number| {
                Test::All(vec![Test::AtLeast(field.clone(), number), Test::AtMost(field.clone(), number)])
            };
            return numbers.map(|numbers| Test::Any(numbers.into_iter().map(equal).collect()));
        }
        let mut values = Vec::new();
        let mut absent = false;
        let mut ok = true;
        for (index, item) in items.iter().enumerate() {
            let place = if value.is_array() { format!("{place}/{index}") } else { place.to_owned() };
            match (self.value(kind, item, &place), item) {
                (_, Value::Null) => absent = true,
                (Some(text), _) => values.push(text),
                (None, _) => ok = false,
            }
        }
        let named = Test::OneOf(field.clone(), values);
        ok.then(|| if absent { Test::Any(vec![named, not(Test::Present(field.clone()))]) } else { named })
    }

    fn value(&mut self, kind: Kind, value: &Value, place: &str) -> Option<String> {
        let text = match (kind, value) {
            (_, Value::Null) => return None,
            (Kind::Free, Value::Number(number)) if number.is_i64() => return Some(number.to_string()),
            (_, Value::String(text)) => text.clone(),
            (_, _) => {
                self.mistake(place, "selector.bad-value", "a text stands here".to_owned());
                return None;
            }
        };
        if kind == Kind::Id {
            let id: Option<InstanceId> = text.parse().ok();
            if id.is_none() {
                self.mistake(place, "selector.bad-value", format!("`{text}` is no id of an instance"));
            }
            return id.map(|id| id.to_string());
        }
        if let Kind::Word(words) | Kind::Words(words) = kind
            && !words.contains(&text.as_str())
        {
            let message = format!("`{text}` is none of the words of this field");
            self.mistakes.push(Mistake::new(place, "selector.bad-value", message).meant(&text, words));
            return None;
        }
        Some(text)
    }

    fn moment(&mut self, value: &Value, place: &str) -> Option<Moment> {
        let moment = match value {
            Value::String(text) if text == "now" => Some(Moment::Now),
            Value::String(text) => Timestamp::parse(text).map(Moment::At),
            Value::Object(members) if members.len() == 1 => {
                let (name, span) = members.iter().next()?;
                let inner = below(place, name);
                match name.as_str() {
                    "ago" => return Span::parse(span, &inner, &mut self.mistakes).map(Moment::Ago),
                    "ahead" => return Span::parse(span, &inner, &mut self.mistakes).map(Moment::Ahead),
                    _ => None,
                }
            }
            _ => None,
        };
        if moment.is_none() {
            let message = "a point in time is `now`, an RFC 3339 time, `{ ago: PT24H }`, `{ ahead: { workingDays: 3 } }` or `{ field: due }`";
            self.mistake(place, "selector.bad-moment", message.to_owned());
        }
        moment
    }
}

fn all(mut tests: Vec<Test<Moment>>) -> Test<Moment> {
    if tests.len() == 1 { tests.remove(0) } else { Test::All(tests) }
}

fn not(test: Test<Moment>) -> Test<Moment> {
    Test::Not(Box::new(test))
}

fn open(of: Of) -> Test<Moment> {
    let (field, words) = Field::ended(of);
    not(Test::OneOf(field, words.iter().map(|word| (*word).to_owned()).collect()))
}
