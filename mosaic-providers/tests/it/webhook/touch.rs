//! What an event makes old: through an orchestrator with a provider that counts how often it is asked.

use mosaic_core::op::{Caller, OpMeta, Operation, cicd, document, git, project};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::ports::Notice;
use mosaic_core::testkit::Double;
use mosaic_core::types::Page;
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::git::{CombinedStatus, PullRequest, PullRequestState, Repository};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_providers::webhook::{Delivery, Vendor};
use serde_json::{Value, json};

/// The reads that are kept, each by the name that the tables below use; all are about `acme/REPO`.
const READS: &[&str] = &[
    "repository",
    "branches",
    "branch",
    "file",
    "commits",
    "commit",
    "tags",
    "pull",
    "reviews",
    "pull_comments",
    "releases",
    "statuses",
    "issue",
    "issues",
    "issue_comments",
    "run",
    "jobs",
    "artifacts",
    "pipelines",
    "wiki",
];

fn forge() -> Double {
    let double = Double::new()
        .answer(|op: &git::GetRepository| Ok(Repository::of(&op.repo, "main")))
        .answer(|_: &git::ListBranches| Ok(Page::last(Vec::new())))
        .answer(|op: &git::GetBranch| Ok(mosaic_core::types::git::Branch::new(op.branch.clone(), "aa")))
        .answer(|_: &git::ListTree| Ok(Page::last(Vec::new())))
        .answer(|_: &git::ListCommits| Ok(Page::last(Vec::new())))
        .answer(|_: &git::ListTags| Ok(Page::last(Vec::new())))
        .answer(|_: &git::ListReviews| Ok(Page::last(Vec::new())))
        .answer(|_: &git::ListPullRequestComments| Ok(Page::last(Vec::new())))
        .answer(|_: &git::ListReleases| Ok(Page::last(Vec::new())))
        .answer(|_: &git::GetCommitStatus| Ok(CombinedStatus::new("aa")))
        .answer(|op: &git::GetPullRequest| {
            Ok(PullRequest::new(op.number, "t", "lid", "main", PullRequestState::Open))
        })
        .answer(|_: &git::Compare| Ok(mosaic_core::types::git::Comparison::new(0u64, 0u64)))
        .answer(|op: &project::GetIssue| Ok(Issue::of(&op.issue, "t", IssueState::Open)))
        .answer(|_: &project::ListIssues| Ok(Page::last(Vec::new())))
        .answer(|_: &project::ListComments| Ok(Page::last(Vec::new())))
        .answer(|op: &cicd::GetRun| Ok(PipelineRun::new(op.run.clone(), &op.repo, RunState::Running)));
    double
        .answer(|_: &cicd::ListJobs| Ok(Page::last(Vec::new())))
        .answer(|_: &cicd::ListArtifacts| Ok(Page::last(Vec::new())))
        .answer(|_: &cicd::ListPipelines| Ok(Page::last(Vec::new())))
        .answer(|_: &document::ListDocuments| Ok(Page::last(Vec::new())))
}

/// Makes one of the reads and tells whether the provider was asked.
async fn asked(mosaic: &Orchestrator, forge: &Double, read: &str, repo: &str) -> bool {
    let before = forge.seen();
    let name = format!("acme/{repo}");
    let at = json!({"owner": "acme", "name": repo});
    let issue = json!({"project": name, "number": 3});
    let (operation, params) = match read {
        "repository" => ("git.get_repository", json!({"repo": at})),
        "branches" => ("git.list_branches", json!({"repo": at})),
        "branch" => ("git.get_branch", json!({"repo": at, "branch": "main"})),
        "file" => ("git.list_tree", json!({"repo": at})),
        "commits" => ("git.list_commits", json!({"repo": at})),
        "commit" => ("git.compare", json!({"repo": at, "base": "main", "head": "lid"})),
        "tags" => ("git.list_tags", json!({"repo": at})),
        "pull" => ("git.get_pull_request", json!({"repo": at, "number": 7})),
        "reviews" => ("git.list_reviews", json!({"repo": at, "number": 7})),
        "pull_comments" => ("git.list_pull_request_comments", json!({"repo": at, "number": 7})),
        "releases" => ("git.list_releases", json!({"repo": at})),
        "statuses" => ("git.get_commit_status", json!({"repo": at, "commit": "main"})),
        "issue" => ("project.get_issue", json!({"issue": issue})),
        "issues" => ("project.list_issues", json!({"project": name})),
        "issue_comments" => ("project.list_comments", json!({"issue": issue})),
        "run" => ("cicd.get_run", json!({"repo": at, "run": "1"})),
        "jobs" => ("cicd.list_jobs", json!({"repo": at, "run": "1"})),
        "artifacts" => ("cicd.list_artifacts", json!({"repo": at, "run": "1"})),
        "pipelines" => ("cicd.list_pipelines", json!({"repo": at})),
        "wiki" => ("docs.list_documents", json!({"space": name})),
        other => panic!("{other}"),
    };
    mosaic.call_json(&Default::default(), operation, params).await.unwrap();
    forge.seen() > before
}

/// What is asked for anew after a delivery, of `acme/widget` and of another repository of the same owner.
async fn made_old(delivery: &Delivery) -> (Vec<&'static str>, Vec<&'static str>) {
    let forge = forge();
    let mosaic = Orchestrator::builder().provider("forge", forge.clone()).build().await.unwrap();
    let mut old = (Vec::new(), Vec::new());
    for read in READS {
        for repo in ["widget", "gadget"] {
            assert!(asked(&mosaic, &forge, read, repo).await, "{read}: nothing is kept yet");
        }
    }
    for read in READS {
        assert!(!asked(&mosaic, &forge, read, "widget").await, "{read} is kept");
    }
    mosaic.observe(delivery);
    for read in READS {
        if asked(&mosaic, &forge, read, "widget").await {
            old.0.push(*read);
        }
        if asked(&mosaic, &forge, read, "gadget").await {
            old.1.push(*read);
        }
    }
    mosaic.shutdown().await;
    old
}

async fn check(name: &str, action: &str, more: Value, expected: &[&str]) {
    let mut body =
        json!({"action": action, "repository": {"full_name": "Acme/Widget"}, "sender": {"login": "ada"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let delivery = super::delivery(Vendor::GitHub, name, &body);
    let (widget, gadget) = made_old(&delivery).await;
    assert_eq!(widget, expected, "{name} {action}");
    assert_eq!(gadget, Vec::<&str>::new(), "{name} {action}: another repository");
}

fn push(reference: &str, before: &str, after: &str) -> Value {
    json!({"ref": reference, "before": before, "after": after, "commits": []})
}

#[tokio::test(start_paused = true)]
async fn pushes() {
    let of_a_branch = ["branches", "branch", "file", "commits", "commit", "pull", "statuses"];
    check(
        "push",
        "",
        push("refs/heads/main", "aa", "bb"),
        &["branches", "branch", "file", "commits", "commit", "pull", "reviews", "statuses"],
    )
    .await;
    check("push", "", push("refs/heads/lid", "00", "bb"), &of_a_branch).await;
    check("create", "", json!({"ref": "lid", "ref_type": "branch"}), &of_a_branch).await;
    let gone = ["branches", "branch", "file", "commits", "commit", "pull", "reviews", "statuses"];
    check("push", "", push("refs/heads/lid", "aa", "00"), &gone).await;
    check("delete", "", json!({"ref": "lid", "ref_type": "branch"}), &gone).await;
    let of_a_tag = ["commit", "tags", "statuses"];
    check("push", "", push("refs/tags/v1", "00", "bb"), &of_a_tag).await;
    check("create", "", json!({"ref": "v1", "ref_type": "tag"}), &of_a_tag).await;
    check("delete", "", json!({"ref": "v1", "ref_type": "tag"}), &of_a_tag).await;
}

#[tokio::test(start_paused = true)]
async fn pull_requests() {
    let pull = |merged: bool| {
        json!({"pull_request": {"number": 7, "title": "t", "state": if merged { "closed" } else { "open" }, "merged": merged,
            "head": {"ref": "lid"}, "base": {"ref": "main"}}})
    };
    for action in ["opened", "synchronize", "reopened"] {
        check("pull_request", action, pull(false), &["pull", "reviews"]).await;
    }
    let merged = ["branches", "branch", "file", "commits", "commit", "pull", "reviews", "statuses"];
    check("pull_request", "closed", pull(true), &merged).await;
    let mut review = pull(false);
    review["review"] = json!({"id": 1, "state": "approved"});
    check("pull_request_review", "submitted", review, &["pull", "reviews"]).await;
    let comment = json!({"pull_request": {"number": 7}, "comment": {"id": 1, "body": "b"}});
    check("pull_request_review_comment", "created", comment, &["pull", "reviews", "pull_comments"]).await;
    let comment = json!({"issue": {"number": 7, "pull_request": {}}, "comment": {"id": 1, "body": "b"}});
    check("issue_comment", "created", comment, &["pull", "reviews", "pull_comments"]).await;
}

#[tokio::test(start_paused = true)]
async fn issues_releases_and_the_wiki() {
    let issue = json!({"issue": {"number": 3, "title": "t", "state": "open"}});
    check("issues", "opened", issue.clone(), &["issue", "issues"]).await;
    check("issues", "closed", issue, &["issue", "issues"]).await;
    let comment = json!({"issue": {"number": 3}, "comment": {"id": 1, "body": "b"}});
    check("issue_comment", "created", comment, &["issue", "issues", "issue_comments"]).await;
    check("commit_comment", "created", json!({"comment": {"id": 1, "commit_id": "aa"}}), &[]).await;
    let release = json!({"release": {"id": 1, "tag_name": "v1"}});
    check("release", "published", release, &["commit", "tags", "releases", "statuses"]).await;
    check("gollum", "", json!({"pages": [{"title": "Home", "action": "edited"}]}), &["wiki"]).await;
}

#[tokio::test(start_paused = true)]
async fn runs_and_checks() {
    let run = json!({"workflow_run": {"id": 1, "status": "completed", "conclusion": "success"}});
    check("workflow_run", "completed", run, &["run", "jobs", "artifacts"]).await;
    let job = json!({"workflow_job": {"id": 2, "run_id": 1, "name": "t", "status": "in_progress"}});
    check("workflow_job", "in_progress", job, &["run", "jobs", "artifacts"]).await;
    check("status", "", json!({"sha": "aa", "context": "c", "state": "success"}), &["statuses"]).await;
    let check_run = json!({"check_run": {"head_sha": "aa", "name": "n", "status": "queued"}});
    check("check_run", "created", check_run, &["statuses"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_repository_itself() {
    check(
        "repository",
        "edited",
        json!({}),
        &["repository", "branches", "branch", "file", "commits", "commit", "pull", "statuses", "wiki"],
    )
    .await;
    check("repository", "deleted", json!({}), READS).await;
    check("ping", "", json!({}), &[]).await;
    check("star", "created", json!({}), &[]).await;

    let renamed = json!({"action": "renamed", "repository": {"full_name": "acme/widget"}, "changes": {"repository": {"name": {"from": "gadget"}}}});
    let (widget, gadget) = made_old(&super::delivery(Vendor::GitHub, "repository", &renamed)).await;
    assert_eq!((widget, gadget), (READS.to_vec(), READS.to_vec()), "both names stand for something else now");
}

#[test]
fn lists_around_the_repository_are_told_of_too() {
    let body = json!({"action": "created", "repository": {"full_name": "acme/widget"}});
    let mut told: Vec<&'static OpMeta> = Vec::new();
    super::delivery(Vendor::GitHub, "repository", &body).changes(&mut |meta, subject| {
        assert!(subject.org.is_some_and(|org| org.starts_with("acme")));
        told.push(meta);
    });
    assert!(told.contains(&git::CreateRepository::META) && told.contains(&project::CreateProject::META));
}
