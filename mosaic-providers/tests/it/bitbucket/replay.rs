//! Traffic that was recorded at Bitbucket Cloud: what was answered is understood.

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CancelRun, CicdService as _, GetRun, ListJobs, ListRuns, TriggerRun};
use mosaic_core::op::git::*;
use mosaic_core::types::PageRequest;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{MergeMethod, PullRequestState, ReviewVerdict};
use mosaic_providers::bitbucket::{BitbucketGit, BitbucketPipelines};

use super::config;
use crate::support::replay::{Recording, Replay};

const OWNER: &str = "TestWorkspace1";
const NAME: &str = "testrepository1";

async fn replay() -> Option<(Replay, BitbucketGit, BitbucketPipelines)> {
    // What this provider asks for more than the one that was recorded.
    let extra = &["pagelen", "sort", "state", "page"];
    let recording = Recording::atlassian()?.rehost().ignoring(extra).again();
    let replay = Replay::start(recording).await;
    let config = || config(&format!("{}/2.0", replay.url()), "token");
    let (git, ci) = (BitbucketGit::new(config()).unwrap(), BitbucketPipelines::new(config()).unwrap());
    Some((replay, git, ci))
}

#[tokio::test]
async fn recorded_repositories_are_understood() {
    let Some((replay, git, _)) = replay().await else { return };
    let cx = CallContext::new();
    let found = git.get_repository(&cx, GetRepository::new(OWNER, NAME)).await.unwrap();
    assert_eq!((found.repo.owner.as_str(), found.repo.name.as_str()), (OWNER, NAME));
    assert_eq!((found.default_branch.as_str(), found.private), ("master", true));
    assert_eq!(found.description.as_deref(), Some("Test repository"));
    assert_eq!(found.created_at, Some("2020-11-03T12:09:39.418592Z".parse().unwrap()));
    let all = git.list_repositories(&cx, ListRepositories::new().owner(OWNER)).await.unwrap();
    let names: Vec<_> = all.items.iter().map(|one| one.repo.name.as_str()).collect();
    assert_eq!((names.as_slice(), all.next), (["testrepository1", "testrepository2"].as_slice(), None));
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_pull_requests_are_understood() {
    let Some((replay, git, _)) = replay().await else { return };
    let cx = CallContext::new();
    let list = ListPullRequests::new(OWNER, NAME).page(PageRequest::first(50));
    let listed = git.list_pull_requests(&cx, list).await.unwrap().items;
    let one = listed.iter().find(|pull| pull.number == 1).unwrap();
    assert_eq!((one.source.as_str(), one.target.as_str()), ("feature/test-branch", "master"));
    assert_eq!((one.state, one.author.as_deref()), (PullRequestState::Open, Some("User03Nickname")));
    assert_eq!(one.head, None, "the ids of commits are shortened in lists");
    let comments = git.list_pull_request_comments(&cx, ListPullRequestComments::new(OWNER, NAME, 1u64)).await;
    let comments = comments.unwrap().items;
    let said: Vec<_> = comments.iter().map(|one| (one.id.as_str(), one.body.as_str())).collect();
    assert_eq!(said, [("223684280", "Test comment 1"), ("223684282", "Test comment 2")]);
    let reviews = git.list_reviews(&cx, ListReviews::new(OWNER, NAME, 1u64)).await.unwrap();
    // Who only takes part has not reviewed.
    let said: Vec<_> = reviews.items.iter().map(|one| (one.author.as_deref(), one.verdict)).collect();
    let (approved, refused) = (ReviewVerdict::Approve, ReviewVerdict::RequestChanges);
    assert_eq!(said, [(Some("User01Nickname"), refused), (Some("User04Nickname"), approved)]);
    let approve = ReviewPullRequest::new(OWNER, NAME, 1u64, ReviewVerdict::Approve);
    let review = git.review_pull_request(&cx, approve).await.unwrap();
    assert_eq!((review.id.as_str(), review.author.as_deref()), ("{User04UUID}", Some("User04Nickname")));
    let merged = git.merge_pull_request(&cx, MergePullRequest::new(OWNER, NAME, 1u64)).await.unwrap();
    assert_eq!(merged.commit, "36bb9607a8c9e0c6222342486e3393ae154b46c0");
    assert_eq!(merged.method, MergeMethod::Merge);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_pipelines_are_understood() {
    let Some((replay, _, ci)) = replay().await else { return };
    let cx = CallContext::new();
    let run = "{PipelineUuid}";
    let listed = ci.list_runs(&cx, ListRuns::new(OWNER, NAME)).await.unwrap();
    assert_eq!((listed.items.len(), &listed.next), (1, &None));
    let got = ci.get_run(&cx, GetRun::new(OWNER, NAME, run)).await.unwrap();
    assert_eq!((got.state, got.vendor_state.as_deref()), (RunState::Cancelled, Some("COMPLETED/STOPPED")));
    assert_eq!((got.id.as_str(), got.pipeline.as_deref()), (run, Some("default")));
    assert_eq!(got.reference.as_deref(), Some("master"));
    assert_eq!(got.commit.as_deref(), Some("30c1b58a2341992fe6870756a8880d5006ddb18e"));
    let cancelled = ci.cancel_run(&cx, CancelRun::new(OWNER, NAME, run)).await.unwrap();
    assert_eq!(cancelled, got, "what has ended stays as it ended");
    let jobs = ci.list_jobs(&cx, ListJobs::new(OWNER, NAME, run)).await.unwrap().items;
    let states: Vec<_> = jobs.iter().map(|job| (job.id.as_str(), job.state)).collect();
    let stopped = RunState::Cancelled;
    assert_eq!(states, [("{PipelineStep1Uuid}", stopped), ("{PipelineStep2Uuid}", stopped)]);
    let made = ci.trigger_run(&cx, TriggerRun::new(OWNER, NAME, "default")).await.unwrap();
    assert_eq!((made.id.as_str(), made.reference.as_deref()), (run, Some("master")));
    replay.assert_matched();
    replay.assert_bodies();
}
