//! Every request that the document knows, made against the document.

use std::fmt::Debug;

use mosaic_core::Result;
use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::*;
use mosaic_core::op::git::*;
use mosaic_core::types::git::{HookEvent, ReviewVerdict, StatusState};
use mosaic_core::types::{RepoRef, Secret};
use mosaic_providers::gitlab::{GitLabCi, GitLabGit};
use serde_json::{Value, json};

use super::config;
use crate::support::prism::{Document, Prism};

/// What the document does not have although GitLab has it; what it does have of them is asked all the same.
const BESIDE: &[&str] = &["/namespaces/", "/notes", "/discussions"];

/// What the document says otherwise than GitLab does, as the recordings show: a project goes by its path everywhere, branches
/// have names, several refs are told with brackets, an action of a commit needs a few of its fields, and not every field is
/// a text.
fn amend(document: &mut Value) {
    for operations in document["paths"].as_object_mut().unwrap().values_mut() {
        for operation in operations.as_object_mut().unwrap().values_mut() {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                match (parameter["in"].as_str(), parameter["name"].as_str()) {
                    (Some("path"), Some("id" | "branch")) => parameter["type"] = "string".into(),
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
    for (entity, field, kind) in [
        ("MergeRequest", "has_conflicts", "boolean"),
        ("MergeRequest", "rebase_in_progress", "boolean"),
        ("MergeRequest", "diverged_commits_count", "integer"),
        ("ProjectHook", "id", "integer"),
    ] {
        document["definitions"][format!("API_Entities_{entity}")]["properties"][field] =
            json!({ "type": kind });
    }
    let approvals = json!({ "type": "array", "items": { "$ref": "#/definitions/API_Entities_Approvals" } });
    document["definitions"]["API_Entities_MergeRequestApprovals"]["properties"]["approved_by"] = approvals;
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
        let known = |text: &String| !BESIDE.iter().any(|path| text.contains(path));
        let violations =
            self.prism.take_violations().iter().map(ToString::to_string).filter(known).collect::<Vec<_>>();
        self.wrong.extend(violations.into_iter().map(|violation| format!("{what}: {violation}")));
    }
}

#[tokio::test]
async fn prism_takes_every_request_of_git() {
    use ErrorKind::{Conflict, Invalid, NotFound, Protocol, Provider, Unsupported};
    let Some(prism) = Prism::boot(Document::new("gitlab/openapi_v2.pruned.json").amend(amend)).await else {
        return;
    };
    let git = GitLabGit::new(config(&prism.url())).unwrap();
    let (cx, repo) = (&CallContext::new(), &RepoRef::new("acme/tools", "widget"));
    let id = "0123456789".repeat(4);
    let mut calls = Calls { prism: &prism, wrong: Vec::new() };
    macro_rules! calls {
        ($($method:ident($op:expr) $([$($kind:ident),*])?;)*) => {
            $(calls.read(stringify!($method), git.$method(cx, $op).await, &[$($($kind),*)?]);)*
        };
    }
    calls! {
        create_repository(CreateRepository::of(repo)) [NotFound];
        get_repository(GetRepository::of(repo));
        update_repository(UpdateRepository::of(repo).description("A").private(true).default_branch("next").archived(true)) [Conflict];
        update_repository(UpdateRepository::of(repo).description("A").private(true).default_branch("next").archived(false));
        delete_repository(DeleteRepository::of(repo));
        list_repositories(ListRepositories::new());
        create_branch(CreateBranch::of(repo, "a/lid").from("main"));
        create_branch(CreateBranch::of(repo, "lid"));
        get_branch(GetBranch::of(repo, "a/lid"));
        list_branches(ListBranches::of(repo));
        delete_branch(DeleteBranch::of(repo, "a/lid"));
        create_pull_request(CreatePullRequest::of(repo, "Add", "lid", "main").body("Text"));
        get_pull_request(GetPullRequest::of(repo, 7u64));
        list_pull_requests(ListPullRequests::of(repo)) [Protocol];
        update_pull_request(UpdatePullRequest::of(repo, 7u64).title("A").body("B"));
        merge_pull_request(MergePullRequest::of(repo, 7u64).message("A")) [Conflict, Unsupported, Provider];
        merge_branch(MergeBranch::of(repo, "lid", "main")) [Conflict, Unsupported, Provider, Protocol];
        review_pull_request(ReviewPullRequest::of(repo, 7u64, ReviewVerdict::Approve));
        list_reviews(ListReviews::of(repo, 7u64));
        get_file(GetFile::of(repo, "docs/a.txt").at("main")) [Protocol];
        write_file(WriteFile::of(repo, "docs/a.txt", "text").branch("main").message("A")) [Protocol];
        delete_file(DeleteFile::of(repo, "docs/a.txt").branch("main")) [Protocol];
        list_tree(ListTree::of(repo).path("docs").recursive(true).at("main")) [Protocol];
        list_commits(ListCommits::of(repo).at("main").path("docs"));
        get_commit(GetCommit::of(repo, "main"));
        compare(Compare::of(repo, "main", "lid"));
        create_tag(CreateTag::of(repo, "v1").at("main").message("One"));
        list_tags(ListTags::of(repo));
        create_release(CreateRelease::of(repo, "v1").at("main").name("One").body("Text"));
        list_releases(ListReleases::of(repo));
        set_commit_status(SetCommitStatus::of(repo, id.as_str(), "build", StatusState::Failure).description("A").target_url("https://ci.example.org/1"));
        get_commit_status(GetCommitStatus::of(repo, "main"));
        create_webhook(CreateWebhook::of(repo, "https://ci.example.org/hook", vec![HookEvent::Push]).secret(Secret::new("hush")));
        list_webhooks(ListWebhooks::of(repo));
        delete_webhook(DeleteWebhook::of(repo, "7"));
    }
    let ci = GitLabCi::new(config(&prism.url())).unwrap();
    macro_rules! runs {
        ($($method:ident($op:expr) $([$($kind:ident),*])?;)*) => {
            $(calls.read(stringify!($method), ci.$method(cx, $op).await.map(drop), &[$($($kind),*)?]);)*
        };
    }
    let file = ci.list_pipelines(cx, ListPipelines::of(repo)).await.unwrap().items.remove(0).id;
    runs! {
        list_pipelines(ListPipelines::of(repo).at("main"));
        create_pipeline(CreatePipeline::of(repo, file.as_str(), "build:\n  script: [make]\n").branch("main")) [Invalid];
        trigger_run(TriggerRun::of(repo, file.as_str()).at("main").inputs([("level".to_owned(), "full".to_owned())]));
        get_run(GetRun::of(repo, "17"));
        list_runs(ListRuns::of(repo).pipeline(file.as_str()).reference("main"));
        cancel_run(CancelRun::of(repo, "17"));
        rerun_run(RerunRun::of(repo, "17").failed_only(true)) [Conflict];
        rerun_run(RerunRun::of(repo, "17")) [Conflict];
        list_jobs(ListJobs::of(repo, "17"));
        list_artifacts(ListArtifacts::of(repo, "17"));
        download_artifact(DownloadArtifact::of(repo, "17", "rspec/a.txt")) [NotFound];
        job_log(JobLog::of(repo, "18", "8")) [NotFound];
    }
    assert!(calls.wrong.is_empty(), "{} wrong:\n{}", calls.wrong.len(), calls.wrong.join("\n"));
    assert!(prism.hits().len() >= 37, "only {} of the document's operations were asked", prism.hits().len());
}
