//! Every operation against Bitbucket's document: no request is wrong, and what the document answers is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::*;
use mosaic_core::op::git::*;
use mosaic_core::types::git::{HookEvent, MergeMethod, PullRequestState, ReviewVerdict, StatusState};
use mosaic_core::types::{PageRequest, Secret};
use mosaic_providers::bitbucket::{BitbucketGit, BitbucketPipelines};
use serde_json::{Value, json};

use super::config;
use crate::support::prism::{Document, Prism, Told, told};

const COMMIT: &str = "0123456789012345678901234567890123456789";

/// What makes examples fit together: repositories with an owner, ids of commits that differ, a pull request that is open until it is merged or declined, no
/// second page, and runs that go on until they are said to have ended.
#[derive(Default)]
struct Sense {
    commits: AtomicU64,
    ended: AtomicBool,
}

impl Sense {
    fn mend(&self, path: &str, value: &mut Value) {
        let end = path.rsplit('/').next().unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("next");
        }
        let listed = value.get("values").is_some();
        let all: Vec<&mut Value> = match value.get_mut("values").and_then(Value::as_array_mut) {
            Some(values) => values.iter_mut().collect(),
            None => vec![value],
        };
        for one in all.into_iter().filter(|one| one.is_object()) {
            if one.get("full_name").is_some() {
                one["full_name"] = "acme/widget".into();
            }
            if matches!(end, "commits" | "commit")
                || path.contains("/merge-base/")
                || path.contains("/commit/")
            {
                one["hash"] = format!("{:040x}", self.commits.fetch_add(1, Ordering::AcqRel) + 1).into();
            }
            if path.contains("/pullrequests") && one.get("source").is_some() {
                let state = match end {
                    "merge" => "MERGED",
                    "decline" => "DECLINED",
                    _ if listed => "DECLINED",
                    _ => "OPEN",
                };
                one["state"] = state.into();
                one["source"]["commit"]["hash"] = "012345678901".into();
                one["merge_commit"] = json!({ "hash": "abcdef012345" });
            }
            if path.contains("/steps") || end == "pipelines" || path.contains("/pipelines/") {
                let ended = self.ended.load(Ordering::Acquire) || path.contains("/steps");
                one["state"] = match ended {
                    true => json!({ "name": "COMPLETED", "result": { "name": "FAILED" } }),
                    false => json!({ "name": "IN_PROGRESS" }),
                };
                one["variables"] = json!([]);
                one["target"] = json!({
                    "type": "pipeline_ref_target", "ref_type": "branch", "ref_name": "main",
                    "commit": { "type": "commit", "hash": COMMIT }, "selector": { "type": "custom", "pattern": "deploy" },
                });
            }
        }
    }
}

/// What the document leaves out although its own texts show it: the bodies of branches and webhooks, the form of a commit, and
/// that states may be several and lists be turned round.
fn amend(document: &mut Value) {
    let paths = &mut document["paths"];
    let repo = "/repositories/{workspace}/{repo_slug}";
    let parameters = |paths: &Value, path: &str, method: &str| -> Vec<Value> {
        paths[format!("{repo}{path}")][method]["parameters"].as_array().cloned().unwrap_or_default()
    };
    let body = json!({ "in": "body", "name": "_body", "required": true, "schema": { "type": "object" } });
    let field = json!({ "in": "formData", "name": "branch", "type": "string", "required": true });
    let mut changed = Vec::new();
    for (path, more) in [("/refs/branches", &body), ("/hooks", &body), ("/src", &field)] {
        let mut all = parameters(paths, path, "post");
        all.push(more.clone());
        changed.push((path, "post", all));
    }
    for path in ["/pullrequests", "/pipelines"] {
        let mut all = parameters(paths, path, "get");
        for one in &mut all {
            match one["name"].as_str() {
                Some("state") => {
                    let words = one["enum"].take();
                    one["type"] = "array".into();
                    one["collectionFormat"] = "multi".into();
                    one["items"] = json!({ "type": "string", "enum": words });
                    if let Some(fields) = one.as_object_mut() {
                        fields.remove("enum");
                    }
                }
                Some("sort") => one["enum"] = json!(["created_on", "-created_on"]),
                _ => {}
            }
        }
        changed.push((path, "get", all));
    }
    for (path, method, all) in changed {
        paths[format!("{repo}{path}")][method]["parameters"] = all.into();
    }
    paths[format!("{repo}/src")]["post"]["consumes"] = json!(["multipart/form-data"]);
}

async fn git(git: &BitbucketGit, told: &mut Told) {
    let cx = CallContext::new();
    let (o, n) = ("acme", "widget");
    let page = || PageRequest::first(5);
    told! { told, git, cx:
        create_repository(CreateRepository::new(o, n).description("It fits.").private(true));
        get_repository(GetRepository::new(o, n));
        update_repository(UpdateRepository::new(o, n).description("Better").default_branch("next").private(false));
        list_repositories(ListRepositories::new().owner(o).page(page()));
        list_repositories(ListRepositories::new());
        delete_repository(DeleteRepository::new(o, n));
        create_branch(CreateBranch::new(o, n, "lid").from("main"));
        create_branch(CreateBranch::new(o, n, "lid"));
        list_branches(ListBranches::new(o, n).page(page()));
        get_branch(GetBranch::new(o, n, "lid"));
        delete_branch(DeleteBranch::new(o, n, "lid"));
        create_pull_request(CreatePullRequest::new(o, n, "Add a lid", "lid", "main").body("It fits."));
        get_pull_request(GetPullRequest::new(o, n, 7u64));
        list_pull_requests(ListPullRequests::new(o, n).page(page()));
        list_pull_requests(ListPullRequests::new(o, n).state(PullRequestState::Closed));
        update_pull_request(UpdatePullRequest::new(o, n, 7u64).title("Better").body("Text").target("next"));
        update_pull_request(UpdatePullRequest::new(o, n, 7u64).open(false));
        review_pull_request(ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::Approve).body("Good."));
        review_pull_request(ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::RequestChanges).body("No."));
        review_pull_request(ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::Comment).body("Hm."));
        comment_on_pull_request(CommentOnPullRequest::new(o, n, 7u64, "Why?"));
        comment_on_pull_request(CommentOnPullRequest::new(o, n, 7u64, "Why?").path("src/lid.rs").line(3u64));
        list_pull_request_comments(ListPullRequestComments::new(o, n, 7u64).page(page()));
        list_reviews(ListReviews::new(o, n, 7u64).page(page()));
        get_file(GetFile::new(o, n, "lid.rs").at("main"));
        list_commits(ListCommits::new(o, n).at("lid").path("src/lid.rs").page(page()));
        get_commit(GetCommit::new(o, n, "lid"));
        compare(Compare::new(o, n, "main", "lid"));
        // The examples know no directory, and no address of a commit that was made.
        list_tree(ListTree::new(o, n).at("main").path("src").recursive(true)) => NotFound;
        write_file(WriteFile::new(o, n, "lid.rs", "text").branch("lid").message("Write")) => Protocol;
        delete_file(DeleteFile::new(o, n, "lid.rs").branch("lid").message("Delete")) => Protocol;
        create_tag(CreateTag::new(o, n, "v1").at("main").message("The first one"));
        list_tags(ListTags::new(o, n).page(page()));
        set_commit_status(SetCommitStatus::new(o, n, COMMIT, "build", StatusState::Error).description("d").target_url("https://ci.example.org/1"));
        get_commit_status(GetCommitStatus::new(o, n, COMMIT));
        create_webhook(CreateWebhook::new(o, n, "https://ci.example.org/hook", vec![
            HookEvent::Push, HookEvent::Create, HookEvent::Delete, HookEvent::PullRequest, HookEvent::Review,
            HookEvent::Issue, HookEvent::Comment, HookEvent::Run,
        ]).secret(Secret::new("hush")));
        list_webhooks(ListWebhooks::new(o, n).page(page()));
        delete_webhook(DeleteWebhook::new(o, n, "{01234567-89ab-cdef-0123-456789abcdef}"));
    }
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        let merge = MergePullRequest::new(o, n, 7u64).method(method).message("Bring it\n\nin");
        told.take("merge_pull_request", git.merge_pull_request(&cx, merge).await, None);
    }
    // The head of a branch and that of a pull request are not of one kind in the examples.
    let merge = git.merge_branch(&cx, MergeBranch::new(o, n, "lid", "main")).await;
    told.take("merge_branch", merge, Some(mosaic_core::error::ErrorKind::Conflict));
}

async fn pipelines(ci: &BitbucketPipelines, sense: &Sense, told: &mut Told) {
    let cx = CallContext::new();
    let (o, n, run) = ("acme", "widget", "{01234567-89ab-cdef-0123-456789abcdef}");
    let inputs = || [("level".to_owned(), "full".to_owned())];
    told! { told, ci, cx:
        trigger_run(TriggerRun::new(o, n, "deploy").at("main").inputs(inputs()));
        trigger_run(TriggerRun::new(o, n, "deploy").at(COMMIT));
        get_run(GetRun::new(o, n, run));
        list_pipelines(ListPipelines::new(o, n).at("main"));
        list_runs(ListRuns::new(o, n).reference("main").page(PageRequest::first(5)));
        list_runs(ListRuns::new(o, n).pipeline("deploy").reference(COMMIT));
        cancel_run(CancelRun::new(o, n, run));
        list_jobs(ListJobs::new(o, n, run));
    }
    told.take("job_log", ci.job_log(&cx, JobLog::new(o, n, run, run)).await.map(drop), None);
    sense.ended.store(true, Ordering::Release);
    told.take("rerun_run", ci.rerun_run(&cx, RerunRun::new(o, n, run)).await, None);
}

#[tokio::test]
async fn prism_takes_every_request_of_bitbucket() {
    let sense = Arc::new(Sense::default());
    let mend = Arc::clone(&sense);
    let document = Document::new("bitbucket/swagger.v2.pruned.json").below("/2.0").amend(amend);
    let document = document.mended_by(move |path, value| mend.mend(path, value));
    let Some(prism) = Prism::boot(document).await else { return };
    let config = || config(&format!("{}/2.0", prism.url()), "t0ken");
    let mut told = Told::default();
    git(&BitbucketGit::new(config()).unwrap(), &mut told).await;
    pipelines(&BitbucketPipelines::new(config()).unwrap(), &sense, &mut told).await;
    prism.assert_clean();
    told.assert_read();
    let hits: BTreeSet<_> =
        prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert!(hits.len() >= 40, "only {} calls of the document were made: {hits:#?}", hits.len());
}
