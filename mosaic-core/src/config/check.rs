//! Compares a tree with a JSON Schema: every fault at its place, and what is right as JSON.
//!
//! The same code reads a configuration against the schema that is published for it, and a plugin's own part against the schema of
//! its factory. It knows the part of JSON Schema that describes records: types, properties, items, choices, bounds. Of other
//! keywords it takes no notice.

use serde_json::{Map, Number, Value};

use super::code::Code;
use super::node::{Content, Entry, Node, Resolved, Scalar};
use super::path;
use super::report::Found;
use super::source::Span;
use crate::types::nearest::nearest;

/// A key of a schema whose value is read by people alone.
pub(super) const ANNOTATION: &str = "x-annotation";

pub(super) struct Checker<'s> {
    /// The whole schema, in which references are looked up.
    root: &'s Value,
    /// Names that are known at the top though the schema does not have them.
    also: &'s [&'s str],
    pub(super) found: Vec<Found>,
    /// Places of values that no report shows.
    pub(super) masked: Vec<Span>,
}

impl<'s> Checker<'s> {
    pub(super) fn new(root: &'s Value) -> Self {
        Self { root, also: &[], found: Vec::new(), masked: Vec::new() }
    }

    /// The same, with further names that may be meant by an unknown key at the top.
    pub(super) fn also_known(mut self, names: &'s [&'s str]) -> Self {
        self.also = names;
        self
    }

    /// What the node says, as JSON. Where it does not fit the faults are in `found`, and what does not fit is left out.
    pub(super) fn check(&mut self, node: &Node, schema: &'s Value, at: &str) -> Option<Value> {
        let schema = self.resolve(schema);
        let Value::Object(keywords) = schema else {
            self.mask(node);
            if schema == &Value::Bool(false) {
                self.found.push(Found::error(
                    Code::UnknownKey,
                    at,
                    node.span.clone(),
                    "nothing may stand here",
                ));
            }
            return Some(json(node));
        };
        if keywords.get("writeOnly") == Some(&Value::Bool(true)) || keywords.contains_key(ANNOTATION) {
            self.mask(node);
        }
        if let Some(choices) = choices(keywords) {
            return self.choice(node, &choices, at);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(alternatives)) = keywords.get(keyword) {
                return self.alternatives(node, alternatives, at);
            }
        }
        if let Some(Value::Array(all)) = keywords.get("allOf") {
            let values: Vec<_> = all.iter().map(|one| self.check(node, one, at)).collect();
            return values.into_iter().next_back().flatten();
        }
        let types = types(keywords);
        match &node.content {
            Content::Map(entries) if accepts(&types, "object") => self.object(node, entries, keywords, at),
            Content::List(items) if accepts(&types, "array") => self.list(node, items, keywords, at),
            Content::Scalar(scalar) => match value(scalar, &types) {
                Some(value) => self.bounds(node, value, keywords, at),
                None => self.wrong(node, &types, at),
            },
            _ => self.wrong(node, &types, at),
        }
    }

    fn resolve(&self, mut schema: &'s Value) -> &'s Value {
        // A reference to a reference to itself leads nowhere.
        for _ in 0..16 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
            let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
            else {
                return &Value::Bool(true);
            };
            schema = target;
        }
        schema
    }

    pub(super) fn mask(&mut self, node: &Node) {
        node.scalars(&mut |_, span| self.masked.push(span.clone()));
    }

    fn object(
        &mut self,
        node: &Node,
        entries: &[Entry],
        keywords: &'s Map<String, Value>,
        at: &str,
    ) -> Option<Value> {
        let properties = keywords.get("properties").and_then(Value::as_object);
        let rest = keywords.get("additionalProperties");
        let (mut object, mut meant) = (Map::new(), Vec::new());
        for Entry { key, at: place, value } in entries {
            let inner = path::key(at, key);
            let schema = properties.and_then(|properties| properties.get(key)).or(rest);
            match schema {
                None => {
                    self.mask(value);
                    object.insert(key.clone(), json(value));
                }
                Some(Value::Bool(false)) => {
                    self.mask(value);
                    let known = properties
                        .into_iter()
                        .flatten()
                        .filter(|(_, schema)| schema.get(ANNOTATION).is_none());
                    let known: Vec<_> =
                        known.map(|(name, _)| name.as_str()).chain(self.also.iter().copied()).collect();
                    let fault = unknown(key, &known, inner, place.clone());
                    meant.extend(fault.suggestion.clone());
                    self.found.push(fault);
                }
                Some(schema) if self.resolve(schema).get(ANNOTATION).is_some() => self.mask(value),
                Some(schema) => {
                    if let Some(value) = self.check(value, schema, &inner) {
                        object.insert(key.clone(), value);
                    }
                }
            }
        }
        let required = keywords.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            // One that is there under a name close to it is one fault, not two.
            if !entries.iter().any(|entry| entry.key == name) && !meant.iter().any(|meant| meant == name) {
                let place = entries.first().map_or(node.span.clone(), |entry| entry.at.clone());
                let message = format!("the key {name:?} is missing");
                self.found.push(Found::error(Code::MissingKey, path::key(at, name), place, message));
            }
        }
        Some(Value::Object(object))
    }

    fn list(
        &mut self,
        node: &Node,
        items: &[Node],
        keywords: &'s Map<String, Value>,
        at: &str,
    ) -> Option<Value> {
        let bound = |name: &str| keywords.get(name).and_then(Value::as_u64);
        let count = items.len() as u64;
        if bound("minItems").is_some_and(|least| count < least) {
            let message =
                format!("the list has {count} items; at least {} are wanted", bound("minItems").unwrap_or(0));
            self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
        }
        if bound("maxItems").is_some_and(|most| count > most) {
            let message =
                format!("the list has {count} items; at most {} are taken", bound("maxItems").unwrap_or(0));
            self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
        }
        let schema = keywords.get("items").unwrap_or(&Value::Bool(true));
        // What does not fit keeps its place: others are found by theirs.
        let each = items
            .iter()
            .enumerate()
            .map(|(position, item)| self.check(item, schema, &path::index(at, position)).unwrap_or_default());
        Some(Value::Array(each.collect()))
    }

    fn choice(&mut self, node: &Node, choices: &[&str], at: &str) -> Option<Value> {
        let Some(scalar) =
            node.scalar().filter(|scalar| scalar.replaced() || scalar.resolve() == Resolved::Text)
        else {
            return self.wrong(node, &["string"], at);
        };
        if choices.contains(&scalar.text.as_str()) {
            return Some(Value::String(scalar.text.clone()));
        }
        let message = format!("{:?} is none of {}", path::cut(scalar.shown()), choices.join(", "));
        let meant = if scalar.replaced() { None } else { nearest(&scalar.text, choices.iter().copied()) };
        self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message).suggest(meant));
        None
    }

    fn alternatives(&mut self, node: &Node, alternatives: &'s [Value], at: &str) -> Option<Value> {
        let fitting: Vec<&'s Value> = alternatives
            .iter()
            .filter(|one| self.admits(one, node))
            .filter(|one| self.tag_fits(one, node))
            .collect();
        match fitting[..] {
            [] => self.no_alternative(node, alternatives, at),
            [one] => self.check(node, one, at),
            _ => {
                // The one with the fewest faults is the one that was meant.
                let tries = fitting.into_iter().map(|one| {
                    let mut other = Checker { found: Vec::new(), masked: Vec::new(), ..*self };
                    let value = other.check(node, one, at);
                    (other.found, other.masked, value)
                });
                let (found, masked, value) = tries.min_by_key(|(found, ..)| found.len())?;
                self.found.extend(found);
                self.masked.extend(masked);
                value
            }
        }
    }

    /// Whether the type of the node is one that the schema takes.
    fn admits(&self, schema: &'s Value, node: &Node) -> bool {
        let schema = self.resolve(schema);
        let Value::Object(keywords) = schema else { return schema == &Value::Bool(true) };
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(alternatives)) = keywords.get(keyword) {
                return alternatives.iter().any(|one| self.admits(one, node));
            }
        }
        let types = types(keywords);
        match &node.content {
            Content::Map(_) => accepts(&types, "object"),
            Content::List(_) => accepts(&types, "array"),
            Content::Scalar(scalar) => value(scalar, &types).is_some(),
        }
    }

    /// Whether the fields that tell the alternatives of records apart have the values that this one wants.
    fn tag_fits(&self, schema: &'s Value, node: &Node) -> bool {
        let Content::Map(_) = &node.content else { return true };
        let Some(properties) = self.resolve(schema).get("properties").and_then(Value::as_object) else {
            return true;
        };
        properties.iter().all(|(name, schema)| {
            match (schema.get("const").and_then(Value::as_str), node.get(name)) {
                (Some(wanted), Some(node)) => node.scalar().is_some_and(|scalar| scalar.text == wanted),
                _ => true,
            }
        })
    }

    fn no_alternative(&mut self, node: &Node, alternatives: &'s [Value], at: &str) -> Option<Value> {
        let schemas: Vec<_> = alternatives.iter().map(|one| self.resolve(one)).collect();
        // Records that one field tells apart: the fault is the value of that field.
        for entry in node.entries() {
            let tags = schemas
                .iter()
                .filter_map(|schema| schema.pointer("/properties")?.get(&entry.key)?.get("const")?.as_str());
            let tags: Vec<_> = tags.collect();
            if !tags.is_empty() {
                return self.choice(&entry.value, &tags, &path::key(at, &entry.key));
            }
        }
        let mut wanted = Vec::new();
        self.all_types(alternatives, &mut wanted);
        self.wrong(node, &wanted, at)
    }

    /// The types that any of these takes, each once.
    fn all_types(&self, alternatives: &'s [Value], all: &mut Vec<&'s str>) {
        for keywords in alternatives.iter().filter_map(|one| self.resolve(one).as_object()) {
            if let Some(Value::Array(inner)) = keywords.get("oneOf").or(keywords.get("anyOf")) {
                self.all_types(inner, all);
                continue;
            }
            for name in types(keywords) {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
    }

    fn wrong(&mut self, node: &Node, types: &[&str], at: &str) -> Option<Value> {
        if node.scalar().is_none() {
            self.mask(node);
        }
        let mut wanted: Vec<_> =
            types.iter().filter(|name| **name != "null").map(|name| in_words(name)).collect();
        wanted.dedup();
        if let Some(Resolved::Integer(_)) = node.scalar().map(Scalar::looks_like)
            && (types.contains(&"integer") || types.contains(&"number"))
        {
            let message = "the number is too large";
            self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
            return None;
        }
        let wanted = if wanted.is_empty() { "nothing".into() } else { wanted.join(" or ") };
        let hint = match node.scalar() {
            Some(scalar) if scalar.replaced() => "",
            Some(scalar)
                if scalar.resolve() == Resolved::Text && value(&scalar.unquoted(), types).is_some() =>
            {
                "; take the quotes away"
            }
            Some(scalar) if scalar.resolve() != Resolved::Null && types.contains(&"string") => {
                "; put it in quotes"
            }
            _ => "",
        };
        let message = format!("{wanted} is wanted here, and this is {}{hint}", node.describe());
        self.found.push(Found::error(Code::WrongType, at, node.span.clone(), message));
        None
    }

    /// Lengths and limits of a scalar that has the right type.
    fn bounds(
        &mut self,
        node: &Node,
        value: Value,
        keywords: &Map<String, Value>,
        at: &str,
    ) -> Option<Value> {
        let limit = |name: &str| keywords.get(name).and_then(Value::as_f64);
        let message = if let Some(number) = value.as_f64() {
            let least = limit("minimum")
                .filter(|least| number < *least)
                .map(|least| format!("it must be at least {least}"));
            let most = limit("maximum")
                .filter(|most| number > *most)
                .map(|most| format!("it must be at most {most}"));
            let above = limit("exclusiveMinimum")
                .filter(|least| number <= *least)
                .map(|least| format!("it must be more than {least}"));
            let below = limit("exclusiveMaximum")
                .filter(|most| number >= *most)
                .map(|most| format!("it must be less than {most}"));
            least.or(most).or(above).or(below)
        } else if let Some(text) = value.as_str() {
            let length = text.chars().count() as f64;
            let short = limit("minLength").filter(|least| length < *least).map(|least| match least {
                1.0 => "the text is empty".into(),
                least => format!("the text must have at least {least} characters"),
            });
            short.or(limit("maxLength")
                .filter(|most| length > *most)
                .map(|most| format!("the text must have at most {most} characters")))
        } else {
            None
        };
        if let Some(message) = message {
            self.found.push(Found::error(Code::BadValue, at, node.span.clone(), message));
            return None;
        }
        Some(value)
    }
}

fn unknown(key: &str, known: &[&str], at: String, place: Span) -> Found {
    let (name, shown) = (key.split(':').next().unwrap_or(key), path::shown(key));
    let meant = nearest(name, known.iter().copied());
    let message = match meant {
        Some(meant) if meant == name => {
            format!("there is no key {shown:?} here; a space belongs behind its colon")
        }
        Some(_) => format!("there is no key {shown:?} here"),
        None if known.is_empty() => format!("there is no key {shown:?} here, nor any other"),
        None => format!("there is no key {shown:?} here, only {}", known.join(", ")),
    };
    Found::error(Code::UnknownKey, at, place, message).suggest(meant)
}

/// The texts of a schema that is a choice of texts alone.
fn choices(keywords: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(Value::Array(texts)) = keywords.get("enum") {
        return texts.iter().map(Value::as_str).collect();
    }
    if let Some(text) = keywords.get("const") {
        return text.as_str().map(|text| vec![text]);
    }
    let Some(Value::Array(alternatives)) = keywords.get("oneOf").or(keywords.get("anyOf")) else {
        return None;
    };
    let all: Option<Vec<_>> = alternatives.iter().map(|one| choices(one.as_object()?)).collect();
    Some(all?.concat())
}

fn types(keywords: &Map<String, Value>) -> Vec<&str> {
    match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if keywords.contains_key("properties") => vec!["object"],
        _ if keywords.contains_key("items") => vec!["array"],
        _ if choices(keywords).is_some() => vec!["string"],
        _ => Vec::new(),
    }
}

/// Whether a schema of these types takes that one; without types it takes all.
fn accepts(types: &[&str], wanted: &str) -> bool {
    types.is_empty() || types.contains(&wanted)
}

fn in_words(name: &str) -> &str {
    match name {
        "object" => "a mapping",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        other => other,
    }
}

/// A scalar as one of these types. One with variables is a text where a text will do.
fn value(scalar: &Scalar, types: &[&str]) -> Option<Value> {
    let wants = |name: &str| accepts(types, name);
    if scalar.replaced() && types.contains(&"string") {
        return Some(Value::String(scalar.text.clone()));
    }
    match scalar.looks_like() {
        Resolved::Null if wants("null") => Some(Value::Null),
        Resolved::Bool(value) if wants("boolean") => Some(Value::Bool(value)),
        Resolved::Integer(value) if wants("integer") || wants("number") => number(value),
        // JSON knows no difference between 5 and 5.0.
        Resolved::Float(value) if !wants("number") && wants("integer") => {
            (value.fract() == 0.0 && value.abs() < 9e15).then(|| number(value as i128))?
        }
        Resolved::Float(value) if wants("number") => Number::from_f64(value).map(Value::Number),
        Resolved::Text if wants("string") => Some(Value::String(scalar.text.clone())),
        _ => None,
    }
}

/// Says the largest value of whole numbers that their format bounds, so that what fits the schema can be read.
pub(super) fn with_limits(mut schema: Value) -> Value {
    let mut open = vec![&mut schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(keywords) => {
                let largest: Option<u64> = match keywords.get("format").and_then(Value::as_str) {
                    Some("uint8") => Some(u8::MAX.into()),
                    Some("uint16") => Some(u16::MAX.into()),
                    Some("uint32") => Some(u32::MAX.into()),
                    Some("int32") => Some(i32::MAX as u64),
                    _ => None,
                };
                if let Some(largest) = largest.filter(|_| !keywords.contains_key("maximum")) {
                    keywords.insert("maximum".into(), largest.into());
                }
                if keywords.get("format").and_then(Value::as_str) == Some("int32")
                    && !keywords.contains_key("minimum")
                {
                    keywords.insert("minimum".into(), i32::MIN.into());
                }
                open.extend(keywords.values_mut());
            }
            _ => {}
        }
    }
    schema
}

fn number(value: i128) -> Option<Value> {
    let small = i64::try_from(value).map(Value::from).ok();
    small.or_else(|| u64::try_from(value).map(Value::from).ok())
}

/// A node of which nothing is known, as JSON.
pub(super) fn json(node: &Node) -> Value {
    match &node.content {
        Content::Map(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect())
        }
        Content::List(items) => Value::Array(items.iter().map(json).collect()),
        // Too large a number stays what is written.
        Content::Scalar(scalar) => value(scalar, &[]).unwrap_or_else(|| Value::String(scalar.text.clone())),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
