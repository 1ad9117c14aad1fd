//! Every operation against the documents of both products: no request is wrong, and what the documents answer is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::document::{
    CreateDocument, DeleteDocument, DocsService as _, GetDocument, GetSpace, ListDocuments, ListSpaces,
    UpdateDocument,
};
use mosaic_core::op::git::*;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments, ListIssues,
    ListLabels, ListProjects, ListSprints, PlanSprint, ProjectService as _, SearchIssues, UnlinkIssues,
    UpdateIssue,
};
use mosaic_core::types::git::{HookEvent, MergeMethod, PullRequestState, ReviewVerdict, StatusState};
use mosaic_core::types::project::{IssueState, LinkKind, SprintState};
use mosaic_core::types::{IssueRef, PageRequest, Secret, Timestamp};
use mosaic_providers::gitea::{GiteaGit, GiteaIssues, GiteaWiki, Product};
use serde_json::Value;

use super::config;
use crate::support::prism::{Document, Prism};

const COMMIT: &str = "0123456789012345678901234567890123456789";

/// What came of each call: an example is no forge, so some answers of a call of several steps do not fit together.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn read<T: std::fmt::Debug>(&mut self, what: &str, result: Result<T>) {
        self.read_or(what, result, &[]);
    }

    /// The same where the examples may make one of these of it.
    fn read_or<T: std::fmt::Debug>(&mut self, what: &str, result: Result<T>, kinds: &[ErrorKind]) {
        if let Err(error) = result
            && !kinds.contains(&error.kind())
        {
            self.0.push(format!("{what}: {error}"));
        }
    }
}

async fn git(git: &GiteaGit, merged: &AtomicBool, told: &mut Told) {
    let cx = CallContext::new();
    macro_rules! read {
        ($($method:ident $op:expr;)*) => { $(told.read(stringify!($method), git.$method(&cx, $op).await);)* };
    }
    let (o, n) = ("acme", "widget");
    let page = || PageRequest::first(5);
    read! {
        create_repository CreateRepository::new(o, n).description("It fits.").private(true).default_branch("trunk");
        get_repository GetRepository::new(o, n);
        update_repository UpdateRepository::new(o, n).description("Better").default_branch("next").private(false).archived(false);
        list_repositories ListRepositories::new().owner(o).page(page());
        list_repositories ListRepositories::new();
        delete_repository DeleteRepository::new(o, n);
        create_branch CreateBranch::new(o, n, "feature/lid").from("main");
        list_branches ListBranches::new(o, n).page(page());
        get_branch GetBranch::new(o, n, "feature/lid");
        delete_branch DeleteBranch::new(o, n, "feature/lid");
        create_pull_request CreatePullRequest::new(o, n, "Add a lid", "feature/lid", "main").body("It fits.");
        get_pull_request GetPullRequest::new(o, n, 7u64);
        list_pull_requests ListPullRequests::new(o, n).page(page());
        list_pull_requests ListPullRequests::new(o, n).state(PullRequestState::Merged);
        review_pull_request ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::Approve).body("Good.");
        review_pull_request ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::RequestChanges).body("No.");
        review_pull_request ReviewPullRequest::new(o, n, 7u64, ReviewVerdict::Comment).body("Hm.");
        list_commits ListCommits::new(o, n).at("feature/lid").path("src/lid.rs").page(page());
        list_tree ListTree::new(o, n).at("main").recursive(true);
        get_commit GetCommit::new(o, n, "feature/lid");
        update_pull_request UpdatePullRequest::new(o, n, 7u64).title("Better").body("Text").target("next/one");
        comment_on_pull_request CommentOnPullRequest::new(o, n, 7u64, "Why?");
        comment_on_pull_request CommentOnPullRequest::new(o, n, 7u64, "Why?").path("src/lid.rs").line(3u64);
        list_pull_request_comments ListPullRequestComments::new(o, n, 7u64).page(page());
        list_reviews ListReviews::new(o, n, 7u64).page(page());
        create_tag CreateTag::new(o, n, "v1/a").at("main").message("The first one");
        create_tag CreateTag::new(o, n, "v1");
        list_tags ListTags::new(o, n).page(page());
        create_release CreateRelease::new(o, n, "v1").at("main").name("One").body("Text").draft(true).prerelease(true);
        list_releases ListReleases::new(o, n).page(page());
        set_commit_status SetCommitStatus::new(o, n, COMMIT, "build", StatusState::Error).description("d").target_url("https://ci.example.org/1");
        get_commit_status GetCommitStatus::new(o, n, COMMIT);
        create_webhook CreateWebhook::new(o, n, "https://ci.example.org/hook", vec![
            HookEvent::Push, HookEvent::Create, HookEvent::Delete, HookEvent::PullRequest, HookEvent::Review,
            HookEvent::Issue, HookEvent::Comment, HookEvent::Release, HookEvent::Run, HookEvent::Wiki,
        ]).secret(Secret::new("hush"));
        list_webhooks ListWebhooks::new(o, n).page(page());
        delete_webhook DeleteWebhook::new(o, n, "7");
    }
    // Of a diff there is no example.
    let compare = git.compare(&cx, Compare::new(o, n, "main", "feature/lid")).await;
    told.read_or("compare", compare, &[ErrorKind::Provider]);
    let file = GetFile::new(o, n, "src/lid.rs").at("feature/lid");
    told.read("get_file", git.get_file(&cx, file).await);
    let write = WriteFile::new(o, n, "src/lid.rs", "text").branch("feature/lid").message("Write");
    told.read("write_file", git.write_file(&cx, write).await);
    let delete = DeleteFile::new(o, n, "src/lid.rs").branch("feature/lid").message("Delete");
    told.read("delete_file", git.delete_file(&cx, delete).await);
    let tree = ListTree::new(o, n).at("main").path("src");
    told.read_or("list_tree", git.list_tree(&cx, tree).await, &[ErrorKind::NotFound]);
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        merged.store(false, Ordering::Release);
        let op = MergePullRequest::new(o, n, 7u64).method(method).message("Bring it\n\nin");
        told.read("merge_pull_request", git.merge_pull_request(&cx, op).await);
        merged.store(false, Ordering::Release);
        let op = MergeBranch::new(o, n, "feature/lid", "main").method(method).message("Bring it");
        told.read("merge_branch", git.merge_branch(&cx, op).await);
    }
}

async fn issues(issues: &GiteaIssues, told: &mut Told) {
    let cx = CallContext::new();
    macro_rules! read {
        ($($method:ident $op:expr;)*) => { $(told.read(stringify!($method), issues.$method(&cx, $op).await);)* };
    }
    let key = "acme/widget";
    let issue = || IssueRef::new(key, 7u64);
    let page = || PageRequest::first(5);
    let labels = || vec!["bug".to_owned(), "needs care".to_owned()];
    let end: Timestamp = "2026-07-14T00:00:00Z".parse().unwrap();
    read! {
        get_project GetProject::new(key);
        list_projects ListProjects::new().page(page());
        create_issue CreateIssue::new(key, "The lid leaks").body("Text").assignee("ada").labels(labels());
        get_issue GetIssue::of(issue());
        update_issue UpdateIssue::of(issue()).title("It leaks").body("Text").state(IssueState::Closed).assignee("ada").labels(labels());
        update_issue UpdateIssue::of(issue()).assignee("").labels(Vec::<String>::new());
        list_issues ListIssues::new(key).state(IssueState::Open).assignee("ada").page(page());
        list_issues ListIssues::new(key).label("bug").sprint("1");
        search_issues SearchIssues::new("lid leaks").project(key).state(IssueState::Open).page(page());
        search_issues SearchIssues::new("lid leaks");
        add_comment AddComment::of(issue(), "Seen.");
        list_comments ListComments::of(issue()).page(page());
        link_issues LinkIssues::of(issue(), IssueRef::new(key, 8u64)).kind(LinkKind::Blocks);
        unlink_issues UnlinkIssues::of(issue(), IssueRef::new(key, 8u64)).kind(LinkKind::Blocks);
        create_sprint CreateSprint::new(key, "July").goal("Dry").ends_at(end);
        list_sprints ListSprints::new(key).page(page());
        plan_sprint PlanSprint::new(key, "1").goal("Dry").ends_at(end).state(SprintState::Closed).add_issues(vec![7]).remove_issues(vec![8]);
        list_labels ListLabels::new(key).page(page());
    }
}

async fn wiki(wiki: &GiteaWiki, told: &mut Told) {
    let cx = CallContext::new();
    macro_rules! read {
        ($($method:ident $op:expr;)*) => { $(told.read(stringify!($method), wiki.$method(&cx, $op).await);)* };
    }
    let key = "acme/widget";
    read! {
        get_space GetSpace::new(key);
        list_spaces ListSpaces::new();
        create_document CreateDocument::new(key, "A page", "Text");
        get_document GetDocument::new(key, "A/page");
        update_document UpdateDocument::new(key, "A-page").title("Another").body("Text");
        delete_document DeleteDocument::new(key, "A-page");
        list_documents ListDocuments::new(key).page(PageRequest::first(5));
    }
}

/// Makes of examples what fits together: an issue is no pull request, a pull request is open until it was merged, and what is
/// to be base64 is.
fn mend(value: &mut Value, merged: bool) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|value| mend(value, merged)),
        Value::Object(fields) => {
            // What issues and pull requests have in common is not looked at.
            fields.remove("pull_request");
            for (name, value) in fields {
                match name.as_str() {
                    "content" | "content_base64" if value.is_string() => *value = "VGV4dA==".into(),
                    "merged" => *value = merged.into(),
                    "state" if value == "closed" => *value = "open".into(),
                    _ => mend(value, merged),
                }
            }
        }
        _ => {}
    }
}

async fn fits(product: Product, document: &'static str, lowest: usize) {
    let merged = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&merged);
    let document = Document::new(document).below("/api/v1").one_page().mended_by(move |asked, value| {
        seen.fetch_or(asked.starts_with("POST") && asked.ends_with("/merge"), Ordering::AcqRel);
        mend(value, seen.load(Ordering::Acquire));
    });
    let Some(prism) = Prism::boot(document).await else { return };
    let config = || config(product, &format!("{}/api/v1", prism.url()), "t0ken");
    let mut told = Told::default();
    git(&GiteaGit::new(config()).unwrap(), &merged, &mut told).await;
    issues(&GiteaIssues::new(config()).unwrap(), &mut told).await;
    wiki(&GiteaWiki::new(config()).unwrap(), &mut told).await;
    prism.assert_clean();
    assert!(told.0.is_empty(), "{} answers were not read:\n{}", told.0.len(), told.0.join("\n"));
    let hits: BTreeSet<_> =
        prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    assert!(hits.len() >= lowest, "only {} calls of the document were made: {hits:#?}", hits.len());
}

#[tokio::test]
async fn prism_takes_every_request_of_gitea() {
    fits(Product::Gitea, "gitea/swagger.v1.pruned.json", 57).await;
}

#[tokio::test]
async fn prism_takes_every_request_of_forgejo() {
    fits(Product::Forgejo, "forgejo/swagger.v1.pruned.json", 57).await;
}
