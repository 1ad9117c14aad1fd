//! The suite itself: a tracker that does one thing wrong is caught, by the behaviour that is about it.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::OpSet;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, ListLabels, ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, SearchIssues,
    UnlinkIssues, UpdateIssue, UpdateProject,
};
use mosaic_core::testkit::suite::project;
use mosaic_core::types::project::{
    Issue, Label, Link, LinkKind, Project, Sprint, SprintPlan, SprintState, User,
};
use mosaic_core::types::{Comment, Page, ServiceKind};
use mosaic_providers::local::project::LocalProject;

use super::tracker;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    UpdateForgetsDescription,
    UpdateClearsDescription,
    SearchTakesTheFirstWord,
    SearchReadsTitles,
    SearchIgnoresProject,
    SearchIgnoresState,
    SearchIsOldestFirst,
    SearchReadsOperators,
    SearchBreaksOnSigns,
    SearchTakesBlanks,
    SearchHidesPages,
    SearchForgetsTexts,
    SearchTakesEveryCursor,
    CommentsAreNewestFirst,
    CommentsHaveNoPages,
    CommentsLoseTheirAuthor,
    UnlinkDoesNothing,
    UnlinkIsBothWays,
    UnlinkTakesEveryKind,
    UnlinkNeedsALink,
    SprintsLoseTheirGoal,
    SprintsAreNewestFirst,
    SprintsEndBeforeTheyBegin,
    PlanForgetsToRemove,
    PlanIsTwoSteps,
    PlanAnswersWhatWasAdded,
    PlanIgnoresNothingToDo,
    ListIgnoresSprint,
    SprintsIgnoreState,
    ClosedIsInvalid,
    ClosedIsIgnored,
    LabelsAreTurned,
    LabelsAreOfEverybody,
    LabelsHideTheLast,
    UsersAreAssignees,
    UsersComeTwice,
    MissingIsEmpty,
    MissingIsAnError,
}

struct Broken {
    inner: LocalProject,
    fault: Fault,
}

impl Broken {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

fn turned<T>(mut page: Page<T>) -> Page<T> {
    page.items.reverse();
    page
}

/// Operations that are handed on as they are.
macro_rules! handed_on {
    ($($method:ident($op:ty) -> $answer:ty;)*) => {$(
        async fn $method(&self, cx: &CallContext, op: $op) -> Result<$answer> {
            self.inner.$method(cx, op).await
        }
    )*};
}

impl ProjectService for Broken {
    handed_on! {
        create_project(CreateProject) -> Project;
        get_project(GetProject) -> Project;
        list_projects(ListProjects) -> Page<Project>;
        create_issue(CreateIssue) -> Issue;
        get_issue(GetIssue) -> Issue;
        update_issue(UpdateIssue) -> Issue;
        add_comment(AddComment) -> Comment;
        link_issues(LinkIssues) -> Link;
    }

    async fn update_project(&self, cx: &CallContext, mut op: UpdateProject) -> Result<Project> {
        match self.fault {
            Fault::UpdateForgetsDescription => op.description = None,
            Fault::UpdateClearsDescription => op.description = Some(op.description.unwrap_or_default()),
            _ => {}
        }
        self.inner.update_project(cx, op).await
    }

    async fn list_issues(&self, cx: &CallContext, mut op: ListIssues) -> Result<Page<Issue>> {
        op.sprint = op.sprint.filter(|_| !self.has(Fault::ListIgnoresSprint));
        self.inner.list_issues(cx, op).await
    }

    async fn search_issues(&self, cx: &CallContext, mut op: SearchIssues) -> Result<Page<Issue>> {
        let words: Vec<String> = op.query.split_whitespace().map(String::from).collect();
        match self.fault {
            Fault::SearchTakesTheFirstWord => op.query = words.first().cloned().unwrap_or_default(),
            Fault::SearchIgnoresProject => {
                if let Some(project) = op.project.take() {
                    self.inner.get_project(cx, GetProject::of(project)).await?;
                }
            }
            Fault::SearchIgnoresState => op.state = None,
            Fault::SearchReadsOperators => {
                op.query = op.query.split(" OR ").next().unwrap_or_default().into()
            }
            Fault::SearchTakesEveryCursor => op.page.cursor = None,
            Fault::SearchBreaksOnSigns if op.query.contains('"') => {
                return Err(Error::new(ErrorKind::Internal, "syntax error"));
            }
            Fault::SearchTakesBlanks if words.is_empty() => return Ok(Page::last(Vec::new())),
            _ => {}
        }
        let mut page = self.inner.search_issues(cx, op).await?;
        match self.fault {
            Fault::SearchReadsTitles => page.items.retain(|issue| {
                words.iter().all(|word| issue.title.to_lowercase().contains(&word.to_lowercase()))
            }),
            Fault::SearchHidesPages => page.next = None,
            Fault::SearchForgetsTexts => page.items.iter_mut().for_each(|issue| issue.body = None),
            Fault::SearchIsOldestFirst => page = turned(page),
            _ => {}
        }
        Ok(page)
    }

    async fn list_comments(&self, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
        let mut page = self.inner.list_comments(cx, op).await?;
        match self.fault {
            Fault::CommentsAreNewestFirst => page = turned(page),
            Fault::CommentsHaveNoPages => page.next = None,
            Fault::CommentsLoseTheirAuthor => page.items.iter_mut().for_each(|comment| comment.author = None),
            _ => {}
        }
        Ok(page)
    }

    async fn unlink_issues(&self, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
        let (from, to) = (&op.issue, &op.to);
        match self.fault {
            Fault::UnlinkDoesNothing => {
                self.inner.get_issue(cx, GetIssue::of(from)).await?;
                return self.inner.get_issue(cx, GetIssue::of(to)).await.map(|_| ());
            }
            Fault::UnlinkIsBothWays => {
                self.inner.unlink_issues(cx, UnlinkIssues::of(to, from.clone()).kind(op.kind)).await?;
            }
            Fault::UnlinkTakesEveryKind => {
                for kind in [LinkKind::Blocks, LinkKind::Duplicates] {
                    self.inner.unlink_issues(cx, UnlinkIssues::of(from, to.clone()).kind(kind)).await?;
                }
            }
            Fault::UnlinkNeedsALink => {
                let there = self.inner.get_issue(cx, GetIssue::of(from)).await?.links;
                if !there.contains(&Link::new(from, op.kind, to)) {
                    return Err(Error::new(ErrorKind::NotFound, "there is no such link"));
                }
            }
            _ => {}
        }
        self.inner.unlink_issues(cx, op).await
    }

    async fn create_sprint(&self, cx: &CallContext, mut op: CreateSprint) -> Result<Sprint> {
        match self.fault {
            Fault::SprintsLoseTheirGoal => op.goal = None,
            Fault::SprintsEndBeforeTheyBegin => op.ends_at = op.ends_at.max(op.starts_at),
            _ => {}
        }
        self.inner.create_sprint(cx, op).await
    }

    async fn list_sprints(&self, cx: &CallContext, mut op: ListSprints) -> Result<Page<Sprint>> {
        op.state = op.state.filter(|_| !self.has(Fault::SprintsIgnoreState));
        let page = self.inner.list_sprints(cx, op).await?;
        Ok(if self.has(Fault::SprintsAreNewestFirst) { turned(page) } else { page })
    }

    async fn plan_sprint(&self, cx: &CallContext, mut op: PlanSprint) -> Result<SprintPlan> {
        match self.fault {
            Fault::PlanForgetsToRemove => op.remove_issues.clear(),
            Fault::PlanIsTwoSteps => {
                let mut sprint = op.clone();
                sprint.add_issues.clear();
                sprint.remove_issues.clear();
                self.inner.plan_sprint(cx, sprint).await?;
            }
            Fault::PlanIgnoresNothingToDo => {
                let before = PlanSprint::of(&op.project, op.sprint.as_str());
                let there = self.inner.plan_sprint(cx, before).await?.issues;
                if !op.add_issues.is_empty() && op.add_issues.iter().all(|number| there.contains(number)) {
                    return Err(Error::new(ErrorKind::Conflict, "they are in it already"));
                }
            }
            _ => {}
        }
        let (sprint, added) = (PlanSprint::of(&op.project, op.sprint.as_str()), op.add_issues.clone());
        match self.inner.plan_sprint(cx, op).await {
            Ok(mut plan) => {
                if self.has(Fault::PlanAnswersWhatWasAdded) {
                    plan.issues = added;
                }
                Ok(plan)
            }
            Err(error) if error.kind() == ErrorKind::Conflict => match self.fault {
                Fault::ClosedIsInvalid => Err(Error::new(ErrorKind::Invalid, "the sprint is closed")),
                Fault::ClosedIsIgnored => self.inner.plan_sprint(cx, sprint.state(SprintState::Closed)).await,
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn list_labels(&self, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
        let mut page = match self.inner.list_labels(cx, op).await {
            Err(error) if error.kind() == ErrorKind::NotFound && self.has(Fault::MissingIsEmpty) => {
                return Ok(Page::last(Vec::new()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound && self.has(Fault::MissingIsAnError) => {
                return Err(Error::new(ErrorKind::Provider, "it broke"));
            }
            page => page?,
        };
        match self.fault {
            Fault::LabelsAreTurned => page = turned(page),
            Fault::LabelsAreOfEverybody => page.items.push(Label::new("alien")),
            Fault::LabelsHideTheLast if page.next.is_none() => _ = page.items.pop(),
            _ => {}
        }
        Ok(page)
    }

    async fn list_users(&self, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
        let mut page = self.inner.list_users(cx, op).await?;
        match self.fault {
            Fault::UsersAreAssignees => {
                page.items.retain(|user| ["ann", "bob"].contains(&user.login.as_str()))
            }
            Fault::UsersComeTwice => page.items.extend(page.items.last().cloned()),
            _ => {}
        }
        Ok(page)
    }
}

/// Asks each behaviour of trackers with the faults that are named after it, and the whole suite of the first of them.
macro_rules! catch {
    ($wrong:ident, $all:ident; $($behaviour:ident: $first:ident $(, $fault:ident)*;)*) => {$(
        let name = concat!("project/", stringify!($behaviour));
        for fault in [Fault::$first $(, Fault::$fault)*] {
            let (_folder, inner) = tracker().await;
            let broken = Broken { inner, fault };
            match project::$behaviour(&broken, &$all).await {
                Err(failure) if failure.behaviour() == name => {}
                other => $wrong.push(format!("{fault:?} at {name}: {other:?}")),
            }
        }
        let (_folder, inner) = tracker().await;
        let broken = Broken { inner, fault: Fault::$first };
        match project::run(&broken, &$all).await {
            Err(failure) if failure.behaviour() == name => {}
            other => $wrong.push(format!("{:?} in the whole suite: {other:?}", Fault::$first)),
        }
    )*};
}

#[tokio::test]
async fn every_fault_is_caught_by_its_behaviour() {
    let (mut wrong, all) = (Vec::new(), project::World::new(OpSet::service(ServiceKind::Project)));
    catch! {
        wrong, all;
        projects_change_what_they_name: UpdateForgetsDescription, UpdateClearsDescription;
        searches_find_every_word: SearchTakesTheFirstWord, SearchReadsTitles, SearchIgnoresProject, SearchIgnoresState, SearchIsOldestFirst;
        searches_take_any_text: SearchReadsOperators, SearchBreaksOnSigns, SearchTakesBlanks;
        searches_come_in_pages: SearchHidesPages, SearchForgetsTexts, SearchTakesEveryCursor;
        comments_are_listed_oldest_first: CommentsAreNewestFirst, CommentsHaveNoPages, CommentsLoseTheirAuthor;
        links_are_taken_away: UnlinkDoesNothing, UnlinkIsBothWays, UnlinkTakesEveryKind, UnlinkNeedsALink;
        sprints_are_created_and_listed: SprintsLoseTheirGoal, SprintsAreNewestFirst, SprintsEndBeforeTheyBegin;
        plans_move_issues: PlanForgetsToRemove, PlanAnswersWhatWasAdded, PlanIgnoresNothingToDo, ListIgnoresSprint, SprintsIgnoreState;
        plans_are_all_or_nothing: PlanIsTwoSteps;
        closed_sprints_stay_closed: ClosedIsInvalid, ClosedIsIgnored;
        labels_are_listed_by_name: LabelsAreTurned, LabelsAreOfEverybody, LabelsHideTheLast;
        users_are_listed_by_login: UsersAreAssignees, UsersComeTwice;
        missing_things_are_not_found: MissingIsEmpty, MissingIsAnError;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
