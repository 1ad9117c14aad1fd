//! The front matter of a file: the YAML between two lines of `---` at its very beginning, and the text after it.
//!
//! Four keys mean something here: `id`, `title`, `labels` and `created_at`. Whatever else a person wrote there, comments
//! too, stays as it is when one of these changes. What is not a map in valid YAML is no front matter but text.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::names;
use super::validate::TITLE_MAX;

/// The number of bytes of a front matter at most; what is longer is text.
const FRONT_MAX: usize = 64 * 1024;
const FENCE: &str = "---";

/// What a front matter says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Front {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<Timestamp>,
}

/// A file in its parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts<'a> {
    /// The front matter as it is written, and as a map; none where there is none.
    front: Option<(&'a str, Map<String, Value>)>,
    /// The text after it: exactly what follows the line that ends it.
    pub(super) body: &'a str,
}

impl<'a> Parts<'a> {
    /// Takes a file apart.
    pub(super) fn of(file: &'a str) -> Self {
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        let parts = split(file).and_then(|(yaml, body)| Some(Self { front: Some((yaml, map(yaml)?)), body }));
        parts.unwrap_or(Self { front: None, body: file })
    }

    /// The text without what was meant for a front matter, valid or not.
    pub(super) fn prose(&self) -> &'a str {
        if self.front.is_some() { self.body } else { split(self.body).map_or(self.body, |(_, rest)| rest) }
    }

    /// What the front matter says, as far as it can be understood.
    pub(super) fn front(&self) -> Front {
        let Some((_, map)) = &self.front else { return Front::default() };
        Front {
            id: map.get("id").and_then(scalar).filter(|id| names::is_id(id)),
            title: map.get("title").and_then(scalar).map(|title| one_line(&title)).filter(|t| !t.is_empty()),
            labels: map.get("labels").map(labels).unwrap_or_default(),
            created_at: map.get("created_at").and_then(scalar).and_then(|time| time.parse().ok()),
        }
    }

    /// The file with another front matter and text. What a person wrote beside the four keys stays.
    pub(super) fn with(&self, front: &Front, body: &str) -> Result<String> {
        let Some((yaml, old)) = &self.front else { return compose(front, body) };
        let (ours, was) = (value(front)?, value(&self.front())?);
        // A key that means what it meant before is left as it is written.
        let changed = |key: &&str| ours.get(*key) != was.get(*key);
        let mut wanted = old.clone();
        let mut edited = (*yaml).to_string();
        for key in ["id", "title", "labels", "created_at"].into_iter().filter(changed) {
            match ours.get(key) {
                Some(value) => {
                    wanted.insert(key.into(), value.clone());
                    edited = replace(&edited, key, &yaml_of(&Map::from_iter([(key.into(), value.clone())]))?);
                }
                None => {
                    wanted.remove(key);
                    edited = replace(&edited, key, "");
                }
            }
        }
        // Shapes that lines do not show, such as a map in braces, are written anew as a whole.
        if map(&edited).as_ref() != Some(&wanted) || edited.lines().any(is_fence) {
            edited = yaml_of(&wanted)?;
        }
        Ok(fenced(&edited, body))
    }
}

/// A new file.
pub(super) fn compose(front: &Front, body: &str) -> Result<String> {
    Ok(fenced(&yaml_of(front)?, body))
}

/// One line, as a title is: as it is written where it is one; else white space is one space, and what is too long is cut.
pub(super) fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) && text.chars().count() <= TITLE_MAX && !text.trim().is_empty() {
        return text.into();
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().take(TITLE_MAX).collect()
}

fn fenced(yaml: &str, body: &str) -> String {
    let end = if yaml.is_empty() || yaml.ends_with('\n') { "" } else { "\n" };
    format!("{FENCE}\n{yaml}{end}{FENCE}\n{body}")
}

/// The YAML and what follows the line that ends it.
fn split(file: &str) -> Option<(&str, &str)> {
    let mut lines = file.split_inclusive('\n');
    let first = lines.next().filter(|line| line.ends_with('\n') && is_fence(line))?;
    let mut end = first.len();
    for line in lines {
        if is_fence(line) {
            return Some((&file[first.len()..end], &file[end + line.len()..]));
        }
        end += line.len();
        if end > FRONT_MAX {
            break;
        }
    }
    None
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == FENCE
}

fn map(yaml: &str) -> Option<Map<String, Value>> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options::<Option<Map<String, Value>>>(yaml, options)
        .ok()
        .map(Option::unwrap_or_default)
}

fn yaml_of(value: &impl Serialize) -> Result<String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(value, options);
    yaml.map_err(|error| Error::new(ErrorKind::Internal, "the front matter has no YAML form").source(error))
}

fn value(front: &Front) -> Result<Value> {
    serde_json::to_value(front)
        .map_err(|error| Error::new(ErrorKind::Internal, "the front matter has no JSON form").source(error))
}

/// The text with the lines of a key at its left edge replaced, or with the new lines at its end.
fn replace(yaml: &str, key: &str, new: &str) -> String {
    let is_key = |line: &str| {
        let after =
            line.strip_prefix(key).and_then(|rest| rest.trim_start_matches([' ', '\t']).strip_prefix(':'));
        after.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    };
    let (mut text, mut inside, mut blank, mut done) = (String::new(), false, String::new(), false);
    for line in yaml.split_inclusive('\n') {
        if inside {
            // Empty lines belong to the value only where more of it follows.
            if line.trim().is_empty() {
                blank.push_str(line);
                continue;
            }
            if line.starts_with([' ', '\t', '-']) {
                blank.clear();
                continue;
            }
            inside = false;
            text.push_str(&std::mem::take(&mut blank));
        }
        if !done && is_key(line) {
            (inside, done) = (true, true);
            text.push_str(new);
        } else {
            text.push_str(line);
        }
    }
    text.push_str(&blank);
    if !done && !new.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(new);
    }
    text
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A list of labels, or a single one.
fn labels(value: &Value) -> Vec<String> {
    let found = match value {
        Value::Array(all) => all.iter().filter_map(scalar).collect(),
        one => Vec::from_iter(scalar(one)),
    };
    let mut labels: Vec<String> = found.iter().map(|label| one_line(label)).collect();
    labels.retain(|label| !label.is_empty());
    labels.sort_unstable();
    labels.dedup();
    labels
}

#[cfg(test)]
#[path = "front_tests.rs"]
mod tests;
