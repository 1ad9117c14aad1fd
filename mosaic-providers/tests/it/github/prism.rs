//! Every operation against a server that holds requests to GitHub's own document.

use mosaic_core::context::CallContext;
use mosaic_core::op::git::*;
use mosaic_core::op::project::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::git::{HookEvent, MergeMethod, PullRequestState, ReviewVerdict, StatusState};
use mosaic_core::types::project::{IssueState, SprintState};
use mosaic_core::types::{PageRequest, RepoRef, Secret, Timestamp};
use mosaic_providers::github::{GitHubGit, GitHubIssues};
use mosaic_providers::http::Auth;
use serde_json::Value;

use super::config;
use crate::support::prism::{Document, Prism, Told, told};

/// What the document's examples are about, as far as they agree.
fn hello() -> RepoRef {
    RepoRef::new("octocat", "Hello-World")
}

/// Takes examples out of the summaries that the document wraps some in, makes issues of issues that are pull requests too, and
/// base64 of what is to be base64.
fn mend(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(mend),
        Value::Object(fields) => {
            if let (1, Some(inner)) = (fields.len(), fields.get_mut("value")) {
                *value = inner.take();
                return mend(value);
            }
            fields.remove("pull_request");
            for (name, value) in fields {
                match name.as_str() {
                    "content" if value.is_string() => *value = "VGV4dA==".into(),
                    _ => mend(value),
                }
            }
        }
        _ => {}
    }
}

/// GitHub's document.
pub(crate) fn document() -> Document {
    Document::new("github/api.github.com.pruned.json")
        .rehost("https://api.github.com")
        .json_as("application/vnd.github+json")
        .one_page()
        .mended_by(|_, value| mend(value))
}

#[tokio::test]
async fn prism_finds_no_fault_in_what_is_asked() {
    let Some(prism) = Prism::boot(document()).await else { return };
    let config = || config(&prism.url(), Auth::token("t0ken"));
    let (git, issues) = (GitHubGit::new(config()).unwrap(), GitHubIssues::new(config()).unwrap());
    let (cx, mut told) = (CallContext::new(), Told::default());
    let sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
    let pull = |title: &str| CreatePullRequest::of(hello(), title, "new-topic", "main");
    told! { told, git, cx:
        create_repository(CreateRepository::of(hello()).description("Hello").private(true));
        create_repository(CreateRepository::new("github", "Hello-World"));
        get_repository(GetRepository::of(hello()));
        update_repository(UpdateRepository::of(hello()).description("Hello").private(false).archived(false));
        list_repositories(ListRepositories::new());
        list_repositories(ListRepositories::new().owner("octocat"));
        list_repositories(ListRepositories::new().owner("github"));
        delete_repository(DeleteRepository::of(hello()));
        create_branch(CreateBranch::of(hello(), "feature/lid").from("main"));
        get_branch(GetBranch::of(hello(), "main"));
        list_branches(ListBranches::of(hello()).page(PageRequest::first(5)));
        delete_branch(DeleteBranch::of(hello(), "feature/lid"));
        merge_branch(MergeBranch::of(hello(), "lid", "main").message("Bring the lid"));
        merge_branch(MergeBranch::of(hello(), "main", "next").method(MergeMethod::Squash)) => NotFound;
        create_pull_request(pull("Amazing new feature").body("It fits."));
        get_pull_request(GetPullRequest::of(hello(), 1347u64));
        list_pull_requests(ListPullRequests::of(hello()).state(PullRequestState::Open));
        update_pull_request(UpdatePullRequest::of(hello(), 1347u64).title("New").body("Text").target("next"));
        merge_pull_request(MergePullRequest::of(hello(), 1347u64).expected_head(sha).message("One\n\nTwo"));
        merge_pull_request(MergePullRequest::of(hello(), 1347u64).method(MergeMethod::Rebase));
        review_pull_request(ReviewPullRequest::of(hello(), 1347u64, ReviewVerdict::RequestChanges).body("No."));
        list_reviews(ListReviews::of(hello(), 1347u64));
        comment_on_pull_request(CommentOnPullRequest::of(hello(), 1347u64, "Why?"));
        comment_on_pull_request(CommentOnPullRequest::of(hello(), 1347u64, "Why?").path("src/lid.rs").line(3u64));
        comment_on_pull_request(CommentOnPullRequest::of(hello(), 1347u64, "Why?").path("src/lid.rs"));
        list_pull_request_comments(ListPullRequestComments::of(hello(), 1347u64));
        get_file(GetFile::of(hello(), "docs/a b.md").at("main"));
        write_file(WriteFile::of(hello(), "docs/a b.md", "text").branch("main").message("Write it"));
        delete_file(DeleteFile::of(hello(), "docs/a b.md").branch("main"));
        list_tree(ListTree::of(hello()).recursive(true));
        list_tree(ListTree::of(hello()).path("subdir"));
        list_commits(ListCommits::of(hello()).at("main").path("src/lid.rs"));
        get_commit(GetCommit::of(hello(), "feature/lid"));
        compare(Compare::of(hello(), "main", "feature/lid"));
        set_commit_status(SetCommitStatus::of(hello(), sha, "build", StatusState::Success).description("Well"));
        get_commit_status(GetCommitStatus::of(hello(), "feature/lid"));
        create_tag(CreateTag::of(hello(), "v1.0.0").message("The first one"));
        create_tag(CreateTag::of(hello(), "v1.0.0").at(sha));
        list_tags(ListTags::of(hello()));
        create_release(CreateRelease::of(hello(), "v1.0.0").name("One").body("It has a lid.").at("main").draft(true));
        list_releases(ListReleases::of(hello()));
        create_webhook(CreateWebhook::of(hello(), "https://ci.example.org/hook", vec![HookEvent::Push, HookEvent::Comment])
            .secret(Secret::new("hush")));
        list_webhooks(ListWebhooks::of(hello()));
        delete_webhook(DeleteWebhook::of(hello(), "12"));
    }
    let day = || Timestamp::from_second(1_790_000_000).unwrap();
    let key = "octocat/Hello-World";
    told! { told, issues, cx:
        get_project(GetProject::new(key));
        list_projects(ListProjects::new());
        update_project(UpdateProject::new(key).description("What for"));
        create_issue(CreateIssue::new(key, "It leaks").body("Here").assignee("octocat").labels(vec!["bug".to_owned()]));
        get_issue(GetIssue::new(key, 1347u64));
        update_issue(UpdateIssue::new(key, 1347u64).title("New").state(IssueState::Closed).labels(vec![]));
        list_issues(ListIssues::new(key).state(IssueState::Open).label("bug").assignee("octocat").sprint("1"));
        add_comment(AddComment::new(key, 1347u64, "Seen too."));
        list_comments(ListComments::new(key, 1347u64));
        search_issues(SearchIssues::new("leaking lid").project(key).state(IssueState::Open));
        create_sprint(CreateSprint::new(key, "July").goal("No leaks").ends_at(day()));
        list_sprints(ListSprints::new(key).state(SprintState::Planned));
        plan_sprint(PlanSprint::new(key, "1").goal("Dry").ends_at(day()).state(SprintState::Closed));
        list_labels(ListLabels::new(key));
    }
    assert_eq!(git.health().await.detail, None);
    prism.assert_clean();
    told.assert_read();
    let hits = prism.hits();
    assert!(hits.len() >= 45, "only {} places of the document were asked: {hits:?}", hits.len());
}
