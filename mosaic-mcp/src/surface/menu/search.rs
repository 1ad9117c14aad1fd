//! The two tools that find the others: one searches them by words, one calls what was found.

use std::collections::HashMap;
use std::sync::Arc;

use mosaic_core::types::Effect;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::surface::Tool;

/// The name of the tool that finds tools.
pub(in crate::surface) const SEARCH_TOOLS: &str = "search_tools";
/// The name of the tool that calls a tool.
pub(in crate::surface) const CALL_TOOL: &str = "call_tool";

/// How many tools a search gives at most.
const MOST: usize = 25;
/// The most characters of a query that are looked at.
const QUERY: usize = 500;

/// The two tools.
pub(in crate::surface) fn finders() -> [Tool; 2] {
    let search = Tool::new(
        "tools",
        SEARCH_TOOLS,
        "Find tools that the list does not show, by words for what they do. Gives names, descriptions and schemas, the best first.",
        Effect::Read,
        json!({
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "Words for what is to be done, such as `delete branch`." },
                "limit": { "type": "integer", "minimum": 1, "maximum": MOST, "default": 5, "description": "How many at most." },
            },
            "required": ["query"],
            "additionalProperties": false,
        }),
    )
    .closed_world();
    let mut call = Tool::new(
        "tools",
        CALL_TOOL,
        "Call a tool that `search_tools` found. It answers as that tool does.",
        // What it does is what the tool does: clients are told the worst.
        Effect::Irreversible,
        json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "The name of the tool." },
                "arguments": { "type": "object", "description": "Its arguments, after its schema." },
            },
            "required": ["name"],
            "additionalProperties": false,
        }),
    );
    call.annotations.open_world_hint = true;
    [search, call]
}

/// What is looked for.
///
/// # Errors
/// A text that says what does not fit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::surface) struct Search {
    query: String,
    #[serde(default = "five")]
    limit: usize,
}

fn five() -> usize {
    5
}

impl Search {
    /// The tools that fit best, with their schemas.
    pub(in crate::surface) fn run<'a>(&self, tools: impl Iterator<Item = &'a Arc<Tool>>) -> Value {
        let query: String = self.query.chars().take(QUERY).collect();
        let found: Vec<Value> = rank(&query, tools)
            .into_iter()
            .take(self.limit.clamp(1, MOST))
            .map(|tool| {
                json!({
                    "name": tool.name, "description": tool.description, "inputSchema": tool.input_schema,
                    "annotations": tool.annotations,
                })
            })
            .collect();
        json!({ "tools": found })
    }
}

/// The tools in which words of the query occur, the best first. A word counts more the rarer it is, in a name three times;
/// the beginning of a word counts half. Ties stay in the order of the list.
fn rank<'a>(query: &str, tools: impl Iterator<Item = &'a Arc<Tool>>) -> Vec<&'a Arc<Tool>> {
    let indexed: Vec<(&Arc<Tool>, Vec<String>, Vec<String>)> =
        tools.map(|tool| (tool, words(&tool.name), words(&tool.description))).collect();
    let mut seen_in: HashMap<&str, f64> = HashMap::new();
    for (_, name, description) in &indexed {
        let mut all: Vec<&str> = name.iter().chain(description).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        for word in all {
            *seen_in.entry(word).or_default() += 1.0;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of tools is small")]
    let count = indexed.len() as f64;
    let terms = words(query);
    let score = |name: &[String], description: &[String]| -> f64 {
        let of = |term: &str, text: &[String]| {
            let best = |word: &String| -> f64 {
                match () {
                    () if word == term => 1.0,
                    () if word.starts_with(term) || (word.len() > 2 && term.starts_with(word.as_str())) => {
                        0.5
                    }
                    () => 0.0,
                }
            };
            let hit = text.iter().max_by(|a, b| best(a).total_cmp(&best(b)));
            hit.map_or(0.0, |word| {
                best(word) * (1.0 + count / (1.0 + seen_in.get(word.as_str()).unwrap_or(&0.0))).ln()
            })
        };
        terms.iter().map(|term| 3.0 * of(term, name) + of(term, description)).sum()
    };
    let mut ranked: Vec<(f64, &Arc<Tool>)> =
        indexed.iter().map(|(tool, name, description)| (score(name, description), *tool)).collect();
    ranked.retain(|(score, _)| *score > 0.0);
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().map(|(_, tool)| tool).collect()
}

/// The words of a text in small letters, each once, without those that say nothing.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| {
            !matches!(
                word.as_str(),
                "a" | "an" | "the" | "of" | "to" | "in" | "and" | "or" | "it" | "is" | "for"
            )
        })
        .collect();
    let mut seen = std::collections::HashSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words
}
