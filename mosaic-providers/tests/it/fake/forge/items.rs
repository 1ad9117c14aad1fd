//! Issues: made with a number of the repository.

use super::{Comment, Forge, Item, Label, Milestone, Refusal, now};

/// An issue to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewIssue {
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) milestone: Option<u64>,
}

impl Forge {
    /// Makes an issue. Labels that the repository does not have are made, in grey, as GitHub does; a dialect that refuses them
    /// looks first. `Missing` without the repository.
    pub(crate) fn create_issue(&self, repo: u64, author: &str, new: NewIssue) -> Result<Item, Refusal> {
        let labels = self.ensure_labels(repo, &new.labels);
        let id = self.fresh_id();
        let made = self.with(repo, |repo| {
            repo.last_number += 1;
            let now = now();
            let item = Item {
                id,
                number: repo.last_number,
                title: new.title,
                body: new.body,
                author: author.to_owned(),
                open: true,
                state_reason: None,
                labels,
                assignees: new.assignees,
                milestone: new.milestone,
                comments: Vec::new(),
                links: Vec::new(),
                locked: false,
                created_at: now,
                updated_at: now,
                closed_at: None,
                closed_by: None,
                pull: None,
            };
            repo.items.insert(item.number, item.clone());
            item
        });
        made.ok_or_else(|| Refusal::missing("no such repository"))
    }

    /// Changes an issue or pull request and says when; none where it is not there.
    pub(crate) fn change_item<T>(
        &self,
        repo: u64,
        number: u64,
        change: impl FnOnce(&mut Item) -> T,
    ) -> Option<T> {
        self.with(repo, |repo| {
            let item = repo.items.get_mut(&number)?;
            item.updated_at = now();
            Some(change(item))
        })
        .flatten()
    }

    /// A copy of an issue or pull request.
    pub(crate) fn item(&self, repo: u64, number: u64) -> Option<Item> {
        self.with(repo, |repo| repo.items.get(&number).cloned()).flatten()
    }

    /// Adds a comment to an issue or pull request.
    pub(crate) fn add_comment(&self, repo: u64, number: u64, author: &str, body: &str) -> Option<Comment> {
        let id = self.fresh_id();
        self.change_item(repo, number, |item| {
            let now = now();
            let comment = Comment {
                id,
                author: author.to_owned(),
                body: body.to_owned(),
                created_at: now,
                updated_at: now,
            };
            item.comments.push(comment.clone());
            comment
        })
    }

    /// Makes the labels that are not there, in grey; gives the names as the repository spells them, each once.
    pub(crate) fn ensure_labels(&self, repo: u64, names: &[String]) -> Vec<String> {
        let mut spelled: Vec<String> = Vec::new();
        for name in names {
            let there = self.with(repo, |repo| repo.label(name).map(|label| label.name.clone())).flatten();
            let name = there.unwrap_or_else(|| {
                self.add_label(repo, name, "ededed", None);
                name.clone()
            });
            if !spelled.contains(&name) {
                spelled.push(name);
            }
        }
        spelled
    }

    /// Makes a label; none where there is one of this name.
    pub(crate) fn add_label(
        &self,
        repo: u64,
        name: &str,
        color: &str,
        description: Option<&str>,
    ) -> Option<Label> {
        let id = self.fresh_id();
        self.with(repo, |repo| {
            if repo.label(name).is_some() {
                return None;
            }
            let label = Label {
                id,
                name: name.to_owned(),
                color: color.trim_start_matches('#').to_lowercase(),
                description: description.map(str::to_owned),
            };
            repo.labels.push(label.clone());
            Some(label)
        })
        .flatten()
    }

    /// Makes a milestone; none where there is an open one of this title.
    pub(crate) fn add_milestone(&self, repo: u64, creator: &str, title: &str) -> Option<Milestone> {
        let id = self.fresh_id();
        self.with(repo, |repo| {
            if repo.milestones.iter().any(|other| other.title == title) {
                return None;
            }
            let now = now();
            let milestone = Milestone {
                id,
                number: repo.milestones.iter().map(|other| other.number).max().unwrap_or(0) + 1,
                title: title.to_owned(),
                description: None,
                open: true,
                starts_at: None,
                due_at: None,
                creator: creator.to_owned(),
                created_at: now,
                updated_at: now,
                closed_at: None,
            };
            repo.milestones.push(milestone.clone());
            Some(milestone)
        })
        .flatten()
    }
}

impl Item {
    /// Opens or closes it; what is so already stays.
    pub(crate) fn set_open(&mut self, open: bool, by: &str) {
        if self.open == open {
            return;
        }
        self.open = open;
        self.state_reason = if open { Some("reopened".to_owned()) } else { None };
        (self.closed_at, self.closed_by) =
            if open { (None, None) } else { (Some(now()), Some(by.to_owned())) };
    }
}
