//! The data of a repository that git has no place for.

use std::collections::{BTreeMap, BTreeSet};

use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{HookEvent, MergeMethod, ReviewVerdict, StatusState};

use mosaic_core::testkit::suite::cicd::Draft;

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct Repo {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) default_branch: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) pushed_at: Timestamp,
    /// Issues and pull requests by their number: one sequence, as on GitHub and Gitea. Dialects with two sequences number
    /// with [`Repo::place_among`].
    pub(crate) items: BTreeMap<u64, Item>,
    pub(crate) last_number: u64,
    pub(crate) labels: Vec<Label>,
    pub(crate) milestones: Vec<Milestone>,
    pub(crate) hooks: Vec<Hook>,
    /// Oldest first.
    pub(crate) releases: Vec<Release>,
    /// Everything that checks ever said, oldest first.
    pub(crate) statuses: Vec<Status>,
    /// Page name to page.
    pub(crate) wiki: BTreeMap<String, WikiPage>,
    pub(crate) collaborators: BTreeSet<String>,
    pub(crate) topics: Vec<String>,
    /// Workflows that were switched off, by path.
    pub(crate) disabled: BTreeSet<String>,
}

/// An issue, or a pull request where `pull` is there.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: String,
    pub(crate) open: bool,
    /// GitHub's word for why it is closed.
    pub(crate) state_reason: Option<String>,
    /// Names of labels of the repository.
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    /// Number of a milestone.
    pub(crate) milestone: Option<u64>,
    pub(crate) comments: Vec<Comment>,
    /// What it is linked to: kind and number.
    pub(crate) links: Vec<(String, u64)>,
    pub(crate) locked: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<String>,
    pub(crate) pull: Option<Pull>,
}

/// What a pull request is more than an issue.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) source: String,
    pub(crate) target: String,
    /// The head and base when it was opened; what they were last, once it is closed or merged. See `Forge::pull`.
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) draft: bool,
    pub(crate) merged: Option<MergedBy>,
    /// Oldest first.
    pub(crate) reviews: Vec<Review>,
    /// Comments on lines, oldest first.
    pub(crate) remarks: Vec<Remark>,
    pub(crate) reviewers: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct MergedBy {
    pub(crate) commit: String,
    pub(crate) method: MergeMethod,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) verdict: ReviewVerdict,
    pub(crate) body: Option<String>,
    pub(crate) commit: String,
    pub(crate) at: Timestamp,
    pub(crate) dismissed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Remark {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) path: String,
    /// None where it is about the whole file.
    pub(crate) line: Option<u64>,
    pub(crate) commit: String,
    /// The text of the change that it is beneath.
    pub(crate) hunk: String,
    pub(crate) review: Option<u64>,
    pub(crate) reply_to: Option<u64>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// Six hexadecimal digits, without `#`.
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Milestone {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) open: bool,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) creator: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
}

/// A webhook; the secret is kept and no dialect ever gives it back.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) url: String,
    /// The vendor's own words.
    pub(crate) events: Vec<String>,
    /// The same in ours, where a dialect says them.
    pub(crate) known: Vec<HookEvent>,
    pub(crate) active: bool,
    pub(crate) secret: Option<String>,
    pub(crate) content_type: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: u64,
    pub(crate) tag: String,
    /// Where the tag is made when it is not there: a branch or commit.
    pub(crate) target: String,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) author: String,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) published_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) commit: String,
    pub(crate) context: String,
    pub(crate) state: StatusState,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) creator: String,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct WikiPage {
    pub(crate) title: String,
    pub(crate) content: String,
    pub(crate) author: String,
    pub(crate) message: String,
    /// How often it was written.
    pub(crate) version: u64,
    pub(crate) updated_at: Timestamp,
}

/// A run of a pipeline. It moves on by itself: see `runs.rs`.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) repo: u64,
    /// Its number in the repository.
    pub(crate) number: u64,
    /// What defines it: the path of a file, or a name.
    pub(crate) pipeline: String,
    /// The branch or tag it was asked for.
    pub(crate) reference: String,
    pub(crate) commit: String,
    pub(crate) event: String,
    pub(crate) actor: String,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) program: Draft,
    pub(crate) attempt: u64,
    pub(crate) state: RunState,
    pub(crate) jobs: Vec<JobRun>,
    pub(crate) artifacts: Vec<ArtifactFile>,
    /// The jobs of the attempts before.
    pub(crate) before: Vec<Vec<JobRun>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct JobRun {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) state: RunState,
    pub(crate) exit_code: Option<i64>,
    /// What was printed so far: lines, each with its line feed.
    pub(crate) log: String,
    /// How many steps are done.
    pub(crate) done: usize,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct ArtifactFile {
    pub(crate) id: u64,
    pub(crate) job: u64,
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    pub(crate) created_at: Timestamp,
}
