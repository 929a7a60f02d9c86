//! The way through the language's schema to what may stand at a place.

use serde_json::Value;

use super::Step;
use super::outline::Outline;

/// The schema and the text it guides through.
pub(super) struct Guide<'g> {
    pub(super) schema: &'g Value,
    pub(super) outline: &'g Outline,
}

impl<'g> Guide<'g> {
    /// The schemas that hold at a path.
    pub(super) fn at(&self, path: &[Step]) -> Vec<&'g Value> {
        let mut here = self.expand(vec![self.schema], &[]);
        for (depth, step) in path.iter().enumerate() {
            let mut next = Vec::new();
            for schema in &here {
                next.extend(below(schema, step));
            }
            // What is named stands before what may have any name.
            if next.is_empty()
                && let Step::Key(_) = step
            {
                next = here.iter().filter_map(|schema| schema.get("additionalProperties")).collect();
            }
            here = self.expand(next, &path[..=depth]);
        }
        here
    }

    /// The description at a path: of the member itself, before that of its type.
    pub(super) fn description(&self, path: &[Step]) -> Option<&'g str> {
        self.at(path).into_iter().find_map(|schema| schema.get("description")?.as_str())
    }

    /// Schemas with all that they refer to and consist of.
    fn expand(&self, schemas: Vec<&'g Value>, path: &[Step]) -> Vec<&'g Value> {
        let mut found = Vec::new();
        let mut open: Vec<&Value> = schemas.into_iter().rev().collect();
        while let Some(schema) = open.pop() {
            if !schema.is_object() || found.len() > 500 {
                continue;
            }
            found.push(schema);
            if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
                open.extend(self.schema.pointer(target.trim_start_matches('#')));
            }
            for parts in ["allOf", "anyOf", "oneOf"] {
                let parts: Vec<&Value> =
                    schema.get(parts).and_then(Value::as_array).into_iter().flatten().collect();
                let parts: Vec<&Value> = parts.into_iter().map(|part| self.target(part)).collect();
                let fitting: Vec<&Value> =
                    parts.iter().copied().filter(|part| self.is_meant(part, path)).collect();
                open.extend(if fitting.is_empty() { parts } else { fitting });
            }
            if let (Some(condition), Some(then)) = (schema.get("if"), schema.get("then"))
                && self.holds(condition, path)
            {
                open.push(then);
            }
        }
        found
    }

    fn target(&self, schema: &'g Value) -> &'g Value {
        let target = schema.get("$ref").and_then(Value::as_str);
        target.and_then(|target| self.schema.pointer(target.trim_start_matches('#'))).unwrap_or(schema)
    }

    /// Has the mapping at the path a key that only this alternative asks for?
    fn is_meant(&self, schema: &Value, path: &[Step]) -> bool {
        let keys = self.outline.keys(path);
        let required = schema.get("required").and_then(Value::as_array);
        let first = required.and_then(|required| required.first()).and_then(Value::as_str);
        let excluded = schema.pointer("/not/required/0").and_then(Value::as_str);
        first.is_some_and(|first| keys.contains(&first))
            && !excluded.is_some_and(|excluded| keys.contains(&excluded))
    }

    /// Conditions compare one member with a constant.
    fn holds(&self, condition: &Value, path: &[Step]) -> bool {
        let members = condition.get("properties").and_then(Value::as_object);
        members.is_some_and(|members| {
            members.iter().all(|(key, schema)| {
                let wanted = schema.get("const").and_then(Value::as_str);
                wanted.is_some() && self.outline.scalar(path, key) == wanted
            })
        })
    }
}

fn below<'g>(schema: &'g Value, step: &Step) -> Option<&'g Value> {
    match step {
        Step::Key(key) => schema.get("properties")?.get(key),
        Step::Item(_) => schema.get("items"),
    }
}
