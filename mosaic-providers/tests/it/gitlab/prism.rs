//! Every request that the document knows, made against the document.

use std::fmt::Debug;

use mosaic_core::Result;
use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::*;
use mosaic_core::op::document::{
    CreateDocument, DeleteDocument, DocsService as _, GetDocument, GetSpace, ListDocuments, ListSpaces,
    UpdateDocument,
};
use mosaic_core::op::git::*;
use mosaic_core::op::project::*;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{HookEvent, MergeMethod, ReviewVerdict, StatusState};
use mosaic_core::types::project::{IssueState, LinkKind, SprintState};
use mosaic_core::types::{IssueRef, RepoRef, Secret, Timestamp};
use mosaic_providers::gitlab::{GitLabCi, GitLabGit, GitLabIssues, GitLabWiki};
use serde_json::{Value, json};

use super::config;
use super::stage::Stage;
use crate::support::prism::{Document, Prism};

/// What the document says otherwise than GitLab does, as the recordings show: a project goes by its path everywhere, branches
/// have names, several refs are told with brackets, an action of a commit needs a few of its fields, and not every field is
/// a text.
fn amend(document: &mut Value) {
    for operations in document["paths"].as_object_mut().unwrap().values_mut() {
        for operation in operations.as_object_mut().unwrap().values_mut() {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                match (parameter["in"].as_str(), parameter["name"].as_str()) {
                    (Some("path"), Some("id" | "branch" | "slug")) => parameter["type"] = "string".into(),
                    // Prism knows no parameter with brackets: the fake looks at these.
                    (Some("query"), Some("refs")) => parameter["required"] = false.into(),
                    _ => continue,
                }
                let fields = parameter.as_object_mut().unwrap();
                fields.remove("format");
                fields.remove("example");
            }
        }
    }
    let log = &mut document["paths"]["/api/v4/projects/{id}/jobs/{job_id}/trace"]["get"];
    log["produces"] = json!(["text/plain"]);
    log["responses"]["200"]["schema"] = json!({ "type": "string" });
    // Numbers, all of them.
    document["definitions"]["API_Entities_ProjectHook"]["properties"]["id"] = json!({ "type": "integer" });
    document["definitions"]["API_Entities_RelatedIssue"]["properties"]["issue_link_id"] =
        json!({ "type": "integer" });
    let approvals = json!({ "type": "array", "items": { "$ref": "#/definitions/API_Entities_Approvals" } });
    document["definitions"]["API_Entities_MergeRequestApprovals"]["properties"]["approved_by"] = approvals;
    for (entity, field) in [("RelatedIssue", "assignees"), ("RelatedIssue", "closed_by")] {
        let fields = document["definitions"][format!("API_Entities_{entity}")]["properties"].as_object_mut();
        fields.unwrap().remove(field);
    }
    let commit = &mut document["definitions"]["postApiV4ProjectsIdRepositoryCommits"];
    commit["properties"]["actions"]["items"]["required"] = json!(["action", "file_path"]);
}

struct Calls<'a> {
    prism: &'a Prism,
    wrong: Vec<String>,
}

impl Calls<'_> {
    /// An answer that must be read. A kind beside it is what comes of an answer that the document makes up.
    fn read<T: Debug>(&mut self, what: &str, result: Result<T>, made_up: &[ErrorKind]) {
        match result {
            Ok(_) => {}
            Err(error) if made_up.contains(&error.kind()) => {}
            Err(error) => self.wrong.push(format!("{what}: {error}")),
        }
        let violations = self.prism.take_violations();
        self.wrong.extend(violations.into_iter().map(|violation| format!("{what}: {violation}")));
    }
}

macro_rules! calls {
    ($calls:ident, $plugin:ident, $cx:ident: $($method:ident($op:expr) $([$($kind:ident),*])?;)*) => {
        $($calls.read(stringify!($method), $plugin.$method($cx, $op).await.map(drop), &[$($(ErrorKind::$kind),*)?]);)*
    };
}

const COMMIT: &str = "0123456789012345678901234567890123456789";

async fn git(git: &GitLabGit, stage: &Stage, calls: &mut Calls<'_>) {
    let (cx, repo) = (&CallContext::new(), &RepoRef::new("acme/tools", "widget"));
    let update = |archived| {
        UpdateRepository::of(repo).description("A").private(true).default_branch("next").archived(archived)
    };
    calls! { calls, git, cx:
        create_repository(CreateRepository::of(repo).description("A").private(true));
        get_repository(GetRepository::of(repo));
        update_repository(update(true));
        list_repositories(ListRepositories::new().owner("acme/tools"));
        list_repositories(ListRepositories::new());
        delete_repository(DeleteRepository::of(repo));
        create_branch(CreateBranch::of(repo, "a/lid").from("main"));
        create_branch(CreateBranch::of(repo, "lid"));
        get_branch(GetBranch::of(repo, "a/lid"));
        list_branches(ListBranches::of(repo));
        delete_branch(DeleteBranch::of(repo, "a/lid"));
        create_pull_request(CreatePullRequest::of(repo, "Add", "lid", "main").body("Text"));
        get_pull_request(GetPullRequest::of(repo, 7u64));
        list_pull_requests(ListPullRequests::of(repo)) [Protocol];
        update_pull_request(UpdatePullRequest::of(repo, 7u64).title("A").body("B"));
        review_pull_request(ReviewPullRequest::of(repo, 7u64, ReviewVerdict::Approve).body("Good."));
        review_pull_request(ReviewPullRequest::of(repo, 7u64, ReviewVerdict::Comment).body("Hm."));
        list_reviews(ListReviews::of(repo, 7u64));
        comment_on_pull_request(CommentOnPullRequest::of(repo, 7u64, "Why?"));
        comment_on_pull_request(CommentOnPullRequest::of(repo, 7u64, "Why?").path("src/lid.rs").line(3u64));
        list_pull_request_comments(ListPullRequestComments::of(repo, 7u64));
        merge_pull_request(MergePullRequest::of(repo, 7u64).message("A"));
    }
    stage.set(json!({ "archived": true, "state": "opened" }));
    calls! { calls, git, cx:
        update_repository(update(false));
        merge_branch(MergeBranch::of(repo, "lid", "main")) [Protocol];
    }
    stage.set(
        json!({ "archived": false, "state": "opened", "merge_method": "ff", "diverged_commits_count": 3 }),
    );
    calls! { calls, git, cx:
        merge_pull_request(MergePullRequest::of(repo, 7u64).method(MergeMethod::Rebase));
        // No example has a content.
        get_file(GetFile::of(repo, "docs/a.txt").at("main")) [Protocol];
        write_file(WriteFile::of(repo, "docs/a.txt", "text").branch("main").message("A"));
        delete_file(DeleteFile::of(repo, "docs/a.txt").branch("main"));
        list_tree(ListTree::of(repo).path("docs").recursive(true).at("main")) [Protocol];
        list_commits(ListCommits::of(repo).at("main").path("docs"));
        get_commit(GetCommit::of(repo, "main"));
        compare(Compare::of(repo, "main", "lid"));
        create_tag(CreateTag::of(repo, "v1").at("main").message("One"));
        list_tags(ListTags::of(repo));
        create_release(CreateRelease::of(repo, "v1").at("main").name("One").body("Text"));
        list_releases(ListReleases::of(repo));
        set_commit_status(SetCommitStatus::of(repo, COMMIT, "build", StatusState::Failure).description("A").target_url("https://ci.example.org/1"));
        get_commit_status(GetCommitStatus::of(repo, "main"));
        create_webhook(CreateWebhook::of(repo, "https://ci.example.org/hook", vec![HookEvent::Push]).secret(Secret::new("hush")));
        list_webhooks(ListWebhooks::of(repo));
        delete_webhook(DeleteWebhook::of(repo, "7"));
    }
}

async fn ci(ci: &GitLabCi, stage: &Stage, calls: &mut Calls<'_>) {
    let (cx, repo) = (&CallContext::new(), &RepoRef::new("acme/tools", "widget"));
    let file = ".gitlab-ci.yml";
    stage.set(json!({ "ci_config_path": "", "status": "running", "valid": true }));
    calls! { calls, ci, cx:
        list_pipelines(ListPipelines::of(repo).at("main"));
        create_pipeline(CreatePipeline::of(repo, file, "build:\n  script: [make]\n").branch("main"));
        trigger_run(TriggerRun::of(repo, file).at("main").inputs([("level".to_owned(), "full".to_owned())]));
        get_run(GetRun::of(repo, "17"));
        list_runs(ListRuns::of(repo).pipeline(file).reference("main").state(RunState::Failed));
        list_runs(ListRuns::of(repo).reference(COMMIT));
        cancel_run(CancelRun::of(repo, "17"));
    }
    stage.set(json!({ "status": "failed", "sha": "2695effb5807a22ff3d138d593fd856244e155e7" }));
    calls! { calls, ci, cx:
        rerun_run(RerunRun::of(repo, "17").failed_only(true));
        rerun_run(RerunRun::of(repo, "17"));
        list_jobs(ListJobs::of(repo, "17"));
        list_artifacts(ListArtifacts::of(repo, "17"));
        download_artifact(DownloadArtifact::of(repo, "17", "deploy_to_production/a.txt"));
        // The document takes a log for JSON.
        job_log(JobLog::of(repo, "1", "8")) [Provider, Conflict];
    }
}

async fn issues(issues: &GitLabIssues, stage: &Stage, calls: &mut Calls<'_>) {
    let (cx, key) = (&CallContext::new(), "acme/tools/widget");
    let issue = |number: u64| IssueRef::new(key, number);
    stage.take_beside();
    stage.set(json!({ "link_type": "blocks", "references": { "full": "acme/tools/widget#8" }, "issue_link_id": 21, "milestone": null }));
    let end: Timestamp = "2026-07-14T00:00:00Z".parse().unwrap();
    calls! { calls, issues, cx:
        get_project(GetProject::new(key));
        list_projects(ListProjects::new());
        create_issue(CreateIssue::new(key, "The lid leaks").body("Text").assignee("ada").labels(vec!["ux".into(), "bug".into()]));
        get_issue(GetIssue::of(issue(7)));
        update_issue(UpdateIssue::of(issue(7)).title("It leaks").state(IssueState::Closed).assignee("").labels(Vec::new()));
        list_issues(ListIssues::new(key).state(IssueState::Open).assignee("ada").label("bug").sprint("12"));
        search_issues(SearchIssues::new("lid leaks").project(key).state(IssueState::Open));
        add_comment(AddComment::of(issue(7), "Seen."));
        list_comments(ListComments::of(issue(7)));
        link_issues(LinkIssues::of(issue(7), issue(9)).kind(LinkKind::RelatesTo));
        unlink_issues(UnlinkIssues::of(issue(7), issue(8)).kind(LinkKind::Blocks));
        create_sprint(CreateSprint::new(key, "July").goal("Dry").starts_at(end).ends_at(end));
        list_sprints(ListSprints::new(key).state(SprintState::Planned));
        plan_sprint(PlanSprint::new(key, "12").goal("Dry").state(SprintState::Closed).add_issues(vec![7]));
        list_labels(ListLabels::new(key));
        list_users(ListUsers::new(key));
    }
    stage.set(json!({ "link_type": "relates_to" }));
    calls! { calls, issues, cx:
        get_issue(GetIssue::of(issue(7)));
    }
    let asked = stage.take_beside();
    for line in [
        "GET /api/v4/users?username=ada",
        r#"POST /issues {"assignee_ids":[5],"description":"Text","labels":"bug,ux","title":"The lid leaks"}"#,
        "GET /issues/7",
        r#"PUT /issues/7 {"assignee_ids":[0],"labels":"","state_event":"close","title":"It leaks"}"#,
        "GET /issues?state=opened&order_by=created_at&sort=desc&labels=bug&assignee_username=ada&milestone=July&page=1&per_page=30",
        "GET /issues?state=opened&search=leaks&in=title%2Cdescription&order_by=created_at&sort=desc&page=1&per_page=30",
        r#"POST /issues/7/notes {"body":"Seen."}"#,
        "GET /issues/7/notes?order_by=created_at&sort=asc&activity_filter=only_comments&page=1&per_page=30",
        r#"POST /milestones {"description":"Dry","due_date":"2026-07-14","start_date":"2026-07-14","title":"July"}"#,
        "GET /milestones?state=active&page=1&per_page=30",
        "GET /milestones/12",
        r#"PUT /milestones/12 {"description":"Dry","state_event":"close"}"#,
        r#"PUT /issues/7 {"milestone_id":12}"#,
        "GET /labels?page=1&per_page=30",
    ] {
        if !asked.iter().any(|asked| asked == line) {
            calls.wrong.push(format!("not asked: {line}\n{asked:#?}"));
        }
    }
}

async fn wiki(wiki: &GitLabWiki, calls: &mut Calls<'_>) {
    let (cx, key) = (&CallContext::new(), "acme/tools/widget");
    calls! { calls, wiki, cx:
        get_space(GetSpace::new(key));
        list_spaces(ListSpaces::new());
        create_document(CreateDocument::new(key, "A page", "Text"));
        get_document(GetDocument::new(key, "care/A-page"));
        update_document(UpdateDocument::new(key, "A-page").title("Another").body("Text"));
        delete_document(DeleteDocument::new(key, "A-page"));
        list_documents(ListDocuments::new(key));
    }
}

#[tokio::test]
async fn prism_takes_every_request() {
    let document = Document::new("gitlab/openapi_v2.pruned.json").amend(amend);
    let Some(prism) = Prism::boot(document).await else { return };
    let (stage, server) = Stage::before(prism.url()).await;
    stage.set(json!({
        "archived": false, "state": "opened", "detailed_merge_status": "mergeable", "has_conflicts": false,
        "rebase_in_progress": false, "diverged_commits_count": 0, "merge_error": null, "merge_method": "merge",
        "user_has_approved": false, "user_can_approve": true,
    }));
    let mut calls = Calls { prism: &prism, wrong: Vec::new() };
    let config = || config(&server.url());
    git(&GitLabGit::new(config()).unwrap(), &stage, &mut calls).await;
    ci(&GitLabCi::new(config()).unwrap(), &stage, &mut calls).await;
    issues(&GitLabIssues::new(config()).unwrap(), &stage, &mut calls).await;
    wiki(&GitLabWiki::new(config()).unwrap(), &mut calls).await;
    assert!(calls.wrong.is_empty(), "{} wrong:\n{}", calls.wrong.len(), calls.wrong.join("\n"));
    let hits: Vec<_> = prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert!(hits.len() >= 56, "only {} of the document's operations were asked: {hits:#?}", hits.len());
}
