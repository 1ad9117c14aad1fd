//! The tracker beside a model of it: whatever is done in whatever order, both say the same.
//!
//! 24 runs; 200 where `MOSAIC_SOAK` is `full`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, LinkIssues, ListIssues, ListLabels,
    ListSprints, ListUsers, PlanSprint, ProjectService as _, SearchIssues, UnlinkIssues, UpdateIssue,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::project::{Link, LinkKind, SprintState};
use mosaic_core::types::{IssueRef, PageRequest};
use mosaic_providers::local::project::LocalProject;
use proptest::prelude::*;

use super::is_whole;

const WORDS: [&str; 4] = ["lid", "cap", "Kessel", "öl"];
const PEOPLE: [&str; 4] = ["", "ann", "bob", "carl"];
const STATES: [SprintState; 3] = [SprintState::Planned, SprintState::Active, SprintState::Closed];

#[derive(Debug, Clone)]
enum Step {
    Issue {
        title: usize,
        body: usize,
        by: usize,
        labels: Vec<usize>,
    },
    Update {
        issue: u64,
        title: Option<usize>,
        body: Option<usize>,
        assignee: Option<usize>,
        labels: Option<Vec<usize>>,
    },
    Comment {
        issue: u64,
        by: usize,
    },
    Link {
        from: u64,
        to: u64,
        there: bool,
    },
    Sprint,
    Plan {
        sprint: usize,
        add: Vec<u64>,
        remove: Vec<u64>,
        state: Option<usize>,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    // Issues and sprints are few, so that steps meet; some numbers name none.
    let (issue, word) = (0..7u64, 0..WORDS.len());
    let labels = prop::collection::vec(word.clone(), 0..3);
    let issues = prop::collection::vec(issue.clone(), 0..4);
    prop_oneof![
        3 => (word.clone(), word.clone(), 0..PEOPLE.len(), labels.clone())
            .prop_map(|(title, body, by, labels)| Step::Issue { title, body, by, labels }),
        2 => (issue.clone(), prop::option::of(word.clone()), prop::option::of(word),
                prop::option::of(0..PEOPLE.len()), prop::option::of(labels))
            .prop_map(|(issue, title, body, assignee, labels)| Step::Update { issue, title, body, assignee, labels }),
        1 => (issue.clone(), 0..PEOPLE.len()).prop_map(|(issue, by)| Step::Comment { issue, by }),
        2 => (issue.clone(), issue, any::<bool>()).prop_map(|(from, to, there)| Step::Link { from, to, there }),
        1 => Just(Step::Sprint),
        4 => (0..4usize, issues.clone(), issues, prop::option::weighted(0.3, 0..STATES.len()))
            .prop_map(|(sprint, add, remove, state)| Step::Plan { sprint, add, remove, state }),
        1 => Just(Step::Restart),
    ]
}

#[derive(Debug, Default)]
struct Issue {
    title: usize,
    body: usize,
    assignee: usize,
    labels: BTreeSet<usize>,
    sprint: Option<usize>,
}

#[derive(Debug, Default)]
struct Model {
    issues: BTreeMap<u64, Issue>,
    links: BTreeSet<(u64, u64)>,
    sprints: Vec<SprintState>,
    authors: BTreeSet<usize>,
}

impl Model {
    /// Does a step, or says how it must be refused.
    fn run(&mut self, step: &Step) -> Result<(), ErrorKind> {
        match step {
            Step::Issue { title, body, by, labels } => {
                let issue = Issue {
                    title: *title,
                    body: *body,
                    labels: labels.iter().copied().collect(),
                    ..Issue::default()
                };
                self.issues.insert(self.issues.len() as u64 + 1, issue);
                self.authors.insert(*by);
            }
            Step::Update { issue, title, body, assignee, labels } => {
                let issue = self.issues.get_mut(issue).ok_or(ErrorKind::NotFound)?;
                issue.title = title.unwrap_or(issue.title);
                issue.body = body.unwrap_or(issue.body);
                issue.assignee = assignee.unwrap_or(issue.assignee);
                if let Some(labels) = labels {
                    issue.labels = labels.iter().copied().collect();
                }
            }
            Step::Comment { issue, by } => {
                self.issues.get(issue).ok_or(ErrorKind::NotFound)?;
                self.authors.insert(*by);
            }
            Step::Link { from, to, there } => {
                if *there && from == to {
                    return Err(ErrorKind::Invalid);
                }
                if !self.issues.contains_key(from) || !self.issues.contains_key(to) {
                    return Err(ErrorKind::NotFound);
                }
                _ = if *there { self.links.insert((*from, *to)) } else { self.links.remove(&(*from, *to)) };
            }
            Step::Sprint => self.sprints.push(SprintState::Planned),
            Step::Plan { sprint, add, remove, state } => {
                self.plan(*sprint, add, remove, state.map(|at| STATES[at]))?
            }
            Step::Restart => {}
        }
        Ok(())
    }

    fn plan(
        &mut self,
        sprint: usize,
        add: &[u64],
        remove: &[u64],
        state: Option<SprintState>,
    ) -> Result<(), ErrorKind> {
        if add.iter().any(|number| remove.contains(number)) {
            return Err(ErrorKind::Invalid);
        }
        let closed = *self.sprints.get(sprint).ok_or(ErrorKind::NotFound)? == SprintState::Closed;
        if closed && state.is_some_and(|state| state != SprintState::Closed) {
            return Err(ErrorKind::Conflict);
        }
        if add.iter().chain(remove).any(|number| !self.issues.contains_key(number)) {
            return Err(ErrorKind::NotFound);
        }
        if closed && add.iter().any(|number| self.issues[number].sprint != Some(sprint)) {
            return Err(ErrorKind::Conflict);
        }
        for (_, issue) in self.issues.iter_mut().filter(|(number, _)| remove.contains(number)) {
            issue.sprint = issue.sprint.filter(|planned| *planned != sprint);
        }
        for (_, issue) in self.issues.iter_mut().filter(|(number, _)| add.contains(number)) {
            issue.sprint = Some(sprint);
        }
        self.sprints[sprint] = state.unwrap_or(self.sprints[sprint]);
        Ok(())
    }

    /// The numbers of the issues that are so, newest first.
    fn numbers(&self, are: impl Fn(&Issue) -> bool) -> Vec<u64> {
        self.issues.iter().rev().filter(|(_, issue)| are(issue)).map(|(number, _)| *number).collect()
    }
}

/// Does a step, or says how it was refused.
async fn run(tracker: &LocalProject, step: &Step) -> Result<(), ErrorKind> {
    let by = |who: &usize| CallContext::new().principal(Principal::user(PEOPLE[*who]));
    let cx = CallContext::new();
    let words = |labels: &[usize]| labels.iter().map(|at| WORDS[*at].to_string()).collect::<Vec<_>>();
    let done = match step {
        Step::Issue { title, body, by: who, labels } => {
            let op = CreateIssue::new("OPS", WORDS[*title]).body(WORDS[*body]).labels(words(labels));
            tracker.create_issue(&by(who), op).await.map(drop)
        }
        Step::Update { issue, title, body, assignee, labels } => {
            let mut op = UpdateIssue::new("OPS", *issue);
            op.title = title.map(|at| WORDS[at].into());
            op.body = body.map(|at| WORDS[at].into());
            op.assignee = assignee.map(|at| PEOPLE[at].into());
            op.labels = labels.as_deref().map(words);
            tracker.update_issue(&cx, op).await.map(drop)
        }
        Step::Comment { issue, by: who } => {
            tracker.add_comment(&by(who), AddComment::new("OPS", *issue, "Seen.")).await.map(drop)
        }
        Step::Link { from, to, there: true } => {
            let op = LinkIssues::new("OPS", *from, IssueRef::new("OPS", *to)).kind(LinkKind::Blocks);
            tracker.link_issues(&cx, op).await.map(drop)
        }
        Step::Link { from, to, there: false } => {
            let op = UnlinkIssues::new("OPS", *from, IssueRef::new("OPS", *to)).kind(LinkKind::Blocks);
            tracker.unlink_issues(&cx, op).await
        }
        Step::Sprint => tracker.create_sprint(&cx, CreateSprint::new("OPS", "Sprint")).await.map(drop),
        Step::Plan { sprint, add, remove, state } => {
            let mut op = PlanSprint::new("OPS", (sprint + 1).to_string());
            (op.add_issues, op.remove_issues) = (add.clone(), remove.clone());
            op.state = state.map(|at| STATES[at]);
            tracker.plan_sprint(&cx, op).await.map(drop)
        }
        Step::Restart => {
            tracker.stop().await.unwrap();
            tracker.start().await
        }
    };
    done.map_err(|error| error.kind())
}

/// Reads everything, and compares.
async fn compare(tracker: &LocalProject, model: &Model) {
    let cx = CallContext::new();
    let all = PageRequest::first(100);
    for (number, issue) in &model.issues {
        let got = tracker.get_issue(&cx, GetIssue::new("OPS", *number)).await.unwrap();
        assert_eq!((got.title.as_str(), got.body.as_deref()), (WORDS[issue.title], Some(WORDS[issue.body])));
        assert_eq!(got.assignee.unwrap_or_default(), PEOPLE[issue.assignee]);
        assert_eq!(got.sprint, issue.sprint.map(|sprint| (sprint + 1).to_string()));
        let link = |(from, to): &(u64, u64)| {
            Link::new(IssueRef::new("OPS", *from), LinkKind::Blocks, IssueRef::new("OPS", *to))
        };
        let links = model.links.iter().filter(|(from, to)| from == number || to == number).map(link);
        let mut links: Vec<_> = links.collect();
        links.sort_by_key(|link| (link.from.number, link.to.number));
        let mut stored = got.links;
        stored.sort_by_key(|link| (link.from.number, link.to.number));
        assert_eq!(stored, links);
    }
    for (at, word) in WORDS.iter().enumerate() {
        let op = SearchIssues::new(word.to_uppercase()).page(all.clone());
        let found = tracker.search_issues(&cx, op).await.unwrap().items;
        let found: Vec<_> = found.iter().map(|issue| issue.issue.number).collect();
        assert_eq!(found, model.numbers(|issue| issue.title == at || issue.body == at), "{word}");
    }
    let sprints = tracker.list_sprints(&cx, ListSprints::new("OPS").page(all.clone())).await.unwrap().items;
    assert_eq!(sprints.iter().map(|sprint| sprint.state).collect::<Vec<_>>(), model.sprints);
    for (at, sprint) in sprints.iter().enumerate() {
        let op = ListIssues::new("OPS").sprint(sprint.id.as_str()).page(all.clone());
        let listed = tracker.list_issues(&cx, op).await.unwrap().items;
        let listed: Vec<_> = listed.iter().map(|issue| issue.issue.number).collect();
        assert_eq!(listed, model.numbers(|issue| issue.sprint == Some(at)));
    }
    let labels = tracker.list_labels(&cx, ListLabels::new("OPS")).await.unwrap().items;
    let used: BTreeSet<_> =
        model.issues.values().flat_map(|issue| &issue.labels).map(|at| WORDS[*at]).collect();
    assert!(labels.iter().map(|label| label.name.as_str()).eq(used), "{labels:?}");
    let users = tracker.list_users(&cx, ListUsers::new("OPS")).await.unwrap().items;
    let assignees = model.issues.values().map(|issue| issue.assignee);
    let known: BTreeSet<_> = model.authors.iter().copied().chain(assignees).map(|at| PEOPLE[at]).collect();
    assert!(
        users.iter().map(|user| user.login.as_str()).eq(known.into_iter().filter(|name| !name.is_empty()))
    );
}

async fn both(steps: &[Step], path: &Path) {
    let tracker = LocalProject::open(path).await.unwrap();
    tracker.create_project(&CallContext::new(), CreateProject::new("OPS", "Operations")).await.unwrap();
    let mut model = Model::default();
    for step in steps {
        assert_eq!(run(&tracker, step).await, model.run(step), "{step:?}");
    }
    compare(&tracker, &model).await;
    is_whole(path).await;
}

#[test]
fn the_tracker_does_what_its_model_does() {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(if full { 200 } else { 24 })
    };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..40))| {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(both(&steps, &folder.path().join("tracker.db")));
    });
}
