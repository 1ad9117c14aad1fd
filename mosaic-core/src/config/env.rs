//! Variables of the environment in the values of a configuration: `${VAR}`, `${VAR:-default}`, and `$$` for a dollar sign.

use super::code::Code;
use super::node::{Content, Node};
use super::path;
use super::report::Found;
use super::source::{Span, is_name};

/// Where the values of variables come from.
pub(super) type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Longer values of all variables together are not taken.
const LONGEST: usize = 1 << 20;

/// Replaces the variables in every value of a file. Keys stay as they are, and so do the values of the keys `but` at the top and
/// below `wrapper`.
pub(super) fn expand(
    root: &mut Node,
    (wrapper, but): (&str, &[&str]),
    text: &str,
    lookup: &Lookup<'_>,
) -> Vec<Found> {
    let mut expander = Expander { text, lookup, found: Vec::new(), taken: 0 };
    expander.top(root, "", wrapper, but);
    expander.found
}

struct Expander<'a> {
    text: &'a str,
    lookup: &'a Lookup<'a>,
    found: Vec<Found>,
    taken: usize,
}

impl Expander<'_> {
    fn top(&mut self, node: &mut Node, at: &str, wrapper: &str, but: &[&str]) {
        let Content::Map(entries) = &mut node.content else { return self.node(node, at) };
        for entry in entries.iter_mut().filter(|entry| !but.contains(&entry.key.as_str())) {
            let inner = path::key(at, &entry.key);
            if at.is_empty() && entry.key == wrapper {
                self.top(&mut entry.value, &inner, wrapper, but);
            } else {
                self.node(&mut entry.value, &inner);
            }
        }
    }

    fn node(&mut self, node: &mut Node, at: &str) {
        match &mut node.content {
            Content::Map(entries) => {
                for entry in entries {
                    self.node(&mut entry.value, &path::key(at, &entry.key));
                }
            }
            Content::List(items) => {
                for (position, item) in items.iter_mut().enumerate() {
                    self.node(item, &path::index(at, position));
                }
            }
            Content::Scalar(scalar) if scalar.text.contains('$') => {
                let raw = scalar.text.clone();
                let (value, variables) = self.replace(&raw, &node.span, at);
                scalar.text = value;
                scalar.raw = variables.then_some(raw);
            }
            Content::Scalar(_) => {}
        }
    }

    /// The text with its variables replaced, and whether there were any.
    fn replace(&mut self, raw: &str, span: &Span, at: &str) -> (String, bool) {
        let (mut value, mut rest, mut variables) = (String::with_capacity(raw.len()), raw, false);
        while let Some(dollar) = rest.find('$') {
            value.push_str(&rest[..dollar]);
            let here = raw.len() - rest.len() + dollar;
            rest = &rest[dollar..];
            if let Some(after) = rest.strip_prefix("$$") {
                value.push('$');
                rest = after;
            } else if let Some(inner) = rest.strip_prefix("${") {
                variables = true;
                let end = inner.find('}');
                let body = &inner[..end.unwrap_or(inner.len())];
                let all = here..here + 2 + body.len() + usize::from(end.is_some());
                let place = inside(self.text, span, raw, &all);
                value.push_str(&self.variable(end.map(|_| body), place, at));
                rest = end.map_or("", |end| &inner[end + 1..]);
            } else {
                value.push('$');
                rest = &rest[1..];
            }
        }
        value.push_str(rest);
        (value, variables)
    }

    fn variable(&mut self, body: Option<&str>, place: Span, at: &str) -> String {
        let (name, default) = match body
            .map(|body| body.split_once(":-").map_or((body, None), |(name, or)| (name, Some(or))))
        {
            Some((name, default)) if is_name(name) => (name, default),
            _ => {
                let message = "write ${NAME} or ${NAME:-default}, and $$ for a dollar sign";
                self.found.push(Found::error(Code::BadVariable, at, place, message));
                return String::new();
            }
        };
        let set = (self.lookup)(name).filter(|value| default.is_none() || !value.is_empty());
        let Some(value) = set else {
            return default.map(Into::into).unwrap_or_else(|| {
                let message =
                    format!("the variable {name} is not set; set it, or write ${{{name}:-default}}");
                self.found.push(Found::error(Code::MissingVariable, at, place, message));
                String::new()
            });
        };
        self.taken += value.len();
        if self.taken <= LONGEST {
            return value;
        }
        let message = format!("the values of variables have more than {LONGEST} bytes together");
        self.found.push(Found::error(Code::TooLarge, at, place, message));
        String::new()
    }
}

/// The place in the file of a part of a scalar's text: exact where the text stands there as it is, else the whole scalar.
pub(super) fn inside(text: &str, scalar: &Span, value: &str, part: &Span) -> Span {
    let Some(written) = text.get(scalar.clone()) else { return scalar.clone() };
    let quoted = ['"', '\''].iter().find_map(|quote| written.strip_prefix(*quote)?.strip_suffix(*quote));
    let begin = scalar.start + usize::from(quoted.is_some());
    if quoted.unwrap_or(written) == value && part.end <= value.len() {
        begin + part.start..begin + part.end
    } else {
        scalar.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::Resolved;
    use crate::config::source::Source;
    use crate::config::yaml;

    fn read(text: &str) -> (Node, Vec<Found>) {
        let mut root = yaml::parse(&mut Source::new("x", text), &mut Vec::new()).unwrap();
        let lookup = |name: &str| match name {
            "TOKEN" => Some("s3cr3t".to_owned()),
            "N" => Some("42".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let found = expand(&mut root, ("all", &["example"]), text, &lookup);
        (root, found)
    }

    #[test]
    fn variables_are_replaced_quoted_or_not() {
        for (written, expected) in [
            ("${TOKEN}", "s3cr3t"),
            ("'${TOKEN}'", "s3cr3t"),
            ("\"a ${TOKEN} ${N}\"", "a s3cr3t 42"),
            ("${NONE:-other}", "other"),
            ("${EMPTY:-other}", "other"),
            ("${EMPTY}", ""),
            ("${NONE:-}", ""),
            ("$${TOKEN}", "${TOKEN}"),
            ("a$b$", "a$b$"),
            ("$$$$", "$$"),
        ] {
            let (root, found) = read(&format!("a: {written}"));
            assert!(found.is_empty(), "{written}");
            assert_eq!(root.get("a").unwrap().scalar().unwrap().text, expected, "{written}");
        }
    }

    #[test]
    fn what_came_from_the_environment_looks_like_what_it_is_and_is_shown_as_it_is_written() {
        let (root, _) = read("a: '${N}'");
        let scalar = root.get("a").unwrap().scalar().unwrap();
        assert_eq!((scalar.looks_like(), scalar.shown()), (Resolved::Integer(42), "${N}"));
    }

    #[test]
    fn all_faults_are_found_where_they_are() {
        let text = "a: 'x ${ONE}'\nb: [\"${TWO}\", '${', '${1}', '${A:+b}']\nexample: ${THREE}\nall: { example: '${FOUR}' }\n";
        let (_, found) = read(text);
        let parts: Vec<_> =
            found.iter().map(|found| (found.code, &text[found.span.clone().unwrap()])).collect();
        let bad = Code::BadVariable;
        assert_eq!(
            parts,
            [
                (Code::MissingVariable, "${ONE}"),
                (Code::MissingVariable, "${TWO}"),
                (bad, "${"),
                (bad, "${1}"),
                (bad, "${A:+b}")
            ]
        );
    }
}
