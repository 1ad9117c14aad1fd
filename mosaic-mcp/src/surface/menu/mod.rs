//! Which tools a list shows, and how the others are found.

mod search;

use std::sync::Arc;

use mosaic_core::types::Effect;

use super::Tool;

pub(super) use search::{CALL_TOOL, SEARCH_TOOLS, Search, finders};

/// Which tools `tools/list` shows. What it does not show is hidden, **not denied**: `search_tools` finds it, and it can be
/// called by its name, or through `call_tool` by clients that call nothing but what was listed. What must not be called is
/// not offered ([`Tools::new`](super::Tools::new)) or not permitted.
///
/// Where anything is hidden, the list ends with `search_tools` and `call_tool`.
///
/// ```
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::surface::Menu;
///
/// let menu = Menu::all()
///     .groups(["git", "project"])
///     .effects([Effect::Read, Effect::Create])
///     .first(["git_get_repository", "project_*"])
///     .without(["*_delete_*"])
///     .budget(8_000);
/// # let _ = menu;
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Menu {
    groups: Option<Vec<String>>,
    effects: Option<Vec<Effect>>,
    first: Vec<String>,
    without: Vec<String>,
    budget: Option<usize>,
}

impl Menu {
    /// Everything, however much it is.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only tools of these groups: services such as `git`, rooms such as `tasks`, remote servers.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Only tools with these effects.
    pub fn effects(mut self, effects: impl IntoIterator<Item = Effect>) -> Self {
        self.effects = Some(effects.into_iter().collect());
        self
    }

    /// These before the others, whatever their group and effect, so that a budget leaves them in: names, with `*` for any
    /// characters.
    pub fn first<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.first = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// Not these, whatever else says so: names, with `*` for any characters.
    pub fn without<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.without = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// As many as fit: the whole list takes at most this many tokens, counted as the bytes of its JSON by 4, rounded up. The
    /// two tools that find the others are always there and count as well; a budget below theirs leaves the two alone.
    /// No limit at first.
    pub const fn budget(mut self, tokens: usize) -> Self {
        self.budget = Some(tokens);
        self
    }

    /// What is shown of those at these places, in this order of preference, and the bytes that each takes; and whether any of them is hidden.
    /// `finders` is what the tools take that are added where something is hidden.
    pub(super) fn choose(
        &self,
        tools: &[(Arc<Tool>, usize)],
        places: &[usize],
        finders: usize,
    ) -> (Vec<usize>, bool) {
        let mut wanted: Vec<usize> = places.iter().copied().filter(|at| self.wants(&tools[*at].0)).collect();
        // Stable: within each part the order of the sources stays.
        wanted.sort_by_key(|at| self.rank(&tools[*at].0.name));
        // Brackets around the list, a comma after each but the last.
        let size = |taken: &[usize]| 2 + taken.iter().map(|at| tools[*at].1 + 1).sum::<usize>();
        let Some(most) = self.budget.map(|tokens| tokens.saturating_mul(4)) else {
            let hidden = wanted.len() < places.len();
            return (wanted, hidden);
        };
        if wanted.len() == places.len() && size(&wanted) <= most {
            return (wanted, false);
        }
        let mut left = most.saturating_sub(2 + finders);
        wanted.retain(|at| {
            let fits = tools[*at].1 < left;
            if fits {
                left -= tools[*at].1 + 1;
            }
            fits
        });
        (wanted, true)
    }

    fn wants(&self, tool: &Tool) -> bool {
        if matches_any(&self.without, &tool.name) {
            return false;
        }
        matches_any(&self.first, &tool.name)
            || (self.groups.as_ref().is_none_or(|groups| groups.contains(&tool.group))
                && self.effects.as_ref().is_none_or(|effects| effects.contains(&tool.effect)))
    }

    fn rank(&self, name: &str) -> usize {
        self.first.iter().position(|pattern| matches(pattern, name)).unwrap_or(self.first.len())
    }
}

fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name is of a pattern with `*` for any characters. Takes time in proportion to their product at most.
fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(tail) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(tail)
}

#[cfg(test)]
#[path = "menu_tests.rs"]
mod tests;
