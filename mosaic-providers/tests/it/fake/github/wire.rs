//! GitHub's shapes of what the forge has.

use serde_json::{Value, json};

use super::Cx;
use crate::fake::forge::{Comment, Commit, FileDiff, Item, Label, Milestone, Ref, Repo, User, UserKind, Who};
use crate::fake::http::{encode, encode_path, maybe_time, time};

/// A node id, which nobody takes apart.
pub(super) fn node(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{kind}_{id}")
}

/// The first object with the fields of the second put over it.
pub(super) fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}

impl Cx<'_> {
    pub(super) fn repo_url(&self, repo: &Repo) -> String {
        format!("{}/repos/{}", self.api(), repo.full_name())
    }

    pub(super) fn repo_page(&self, repo: &Repo) -> String {
        format!("{}/{}", self.web(), repo.full_name())
    }

    pub(super) fn login(&self, login: &str) -> Value {
        self.user(&self.forge().user_or_ghost(login))
    }

    pub(super) fn user(&self, user: &User) -> Value {
        let url = format!("{}/users/{}", self.api(), user.login);
        json!({
            "login": user.login, "id": user.id, "node_id": node("U", user.id),
            "avatar_url": format!("{}/avatars/u/{}?v=4", self.web(), user.id), "gravatar_id": "",
            "url": url, "html_url": format!("{}/{}", self.web(), user.login),
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"), "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": if user.kind == UserKind::Person { "User" } else { "Organization" },
            "user_view_type": "public", "site_admin": false,
        })
    }

    /// As in lists and inside other things.
    pub(super) fn repository(&self, repo: &Repo) -> Value {
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let open = repo.items.values().filter(|item| item.open).count();
        let host = self.web().trim_start_matches("http://").to_owned();
        let first = json!({
            "id": repo.id, "node_id": node("R", repo.id), "name": repo.name, "full_name": repo.full_name(),
            "private": repo.private, "owner": self.login(&repo.owner), "html_url": page,
            "description": repo.description, "fork": false, "url": url,
            "created_at": time(repo.created_at), "updated_at": time(repo.updated_at),
            "pushed_at": time(repo.pushed_at),
            "git_url": format!("git://{host}/{}.git", repo.full_name()),
            "ssh_url": format!("git@{host}:{}.git", repo.full_name()),
            "clone_url": format!("{page}.git"), "svn_url": page, });
        let second = json!({
            "homepage": null,
            "size": 0, "stargazers_count": 0, "watchers_count": 0, "language": null,
            "has_issues": true, "has_projects": true, "has_downloads": true, "has_wiki": true,
            "has_pages": false, "has_discussions": false, "forks_count": 0, "mirror_url": null,
            "archived": repo.archived, "disabled": false, "open_issues_count": open, "license": null,
            "allow_forking": true, "is_template": false, "web_commit_signoff_required": false,
            "topics": repo.topics, "visibility": if repo.private { "private" } else { "public" },
            "forks": 0, "open_issues": open, "watchers": 0, "default_branch": repo.default_branch,
        });
        let mut shape = with(first, second);
        for (name, path) in [
            ("forks_url", "forks"),
            ("keys_url", "keys{/key_id}"),
            ("collaborators_url", "collaborators{/collaborator}"),
            ("teams_url", "teams"),
            ("hooks_url", "hooks"),
            ("issue_events_url", "issues/events{/number}"),
            ("events_url", "events"),
            ("assignees_url", "assignees{/user}"),
            ("branches_url", "branches{/branch}"),
            ("tags_url", "tags"),
            ("blobs_url", "git/blobs{/sha}"),
            ("git_tags_url", "git/tags{/sha}"),
            ("git_refs_url", "git/refs{/sha}"),
            ("trees_url", "git/trees{/sha}"),
            ("statuses_url", "statuses/{sha}"),
            ("languages_url", "languages"),
            ("stargazers_url", "stargazers"),
            ("contributors_url", "contributors"),
            ("subscribers_url", "subscribers"),
            ("subscription_url", "subscription"),
            ("commits_url", "commits{/sha}"),
            ("git_commits_url", "git/commits{/sha}"),
            ("comments_url", "comments{/number}"),
            ("issue_comment_url", "issues/comments{/number}"),
            ("contents_url", "contents/{+path}"),
            ("compare_url", "compare/{base}...{head}"),
            ("merges_url", "merges"),
            ("archive_url", "{archive_format}{/ref}"),
            ("downloads_url", "downloads"),
            ("issues_url", "issues{/number}"),
            ("pulls_url", "pulls{/number}"),
            ("milestones_url", "milestones{/number}"),
            ("notifications_url", "notifications{?since,all,participating}"),
            ("labels_url", "labels{/name}"),
            ("releases_url", "releases{/id}"),
            ("deployments_url", "deployments"),
        ] {
            shape[name] = json!(format!("{url}/{path}"));
        }
        if self.user.is_some() {
            let writes = self.writes(repo);
            shape["permissions"] = json!({ "admin": writes, "maintain": writes, "push": writes, "triage": writes, "pull": true });
        }
        shape
    }

    /// As when it is asked for by itself.
    pub(super) fn full_repository(&self, repo: &Repo) -> Value {
        let more = json!({
            "network_count": 0, "subscribers_count": 0, "temp_clone_token": null,
            "allow_squash_merge": true, "allow_merge_commit": true, "allow_rebase_merge": true,
            "allow_auto_merge": false, "delete_branch_on_merge": false, "allow_update_branch": false,
            "use_squash_pr_title_as_default": false, "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE", "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE",
        });
        let full = with(self.repository(repo), more);
        let owner = self.forge().user_or_ghost(&repo.owner);
        match owner.kind {
            UserKind::Organisation => with(full, json!({ "organization": self.user(&owner) })),
            UserKind::Person => full,
        }
    }

    /// Whose e-mail address or name this is.
    fn by_signature(&self, who: &Who) -> Value {
        let users = self.forge().users();
        let user = users.iter().find(|user| user.email == who.email || user.login == who.name);
        user.map_or(Value::Null, |user| self.user(user))
    }

    /// A commit as in lists.
    pub(super) fn commit(&self, repo: &Repo, commit: &Commit) -> Value {
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let parent = |id: &String| json!({ "sha": id, "url": format!("{url}/commits/{id}"), "html_url": format!("{page}/commit/{id}") });
        json!({
            "sha": commit.id, "node_id": node("C", &commit.id),
            "commit": {
                "author": signature(&commit.author), "committer": signature(&commit.committer),
                "message": commit.message,
                "tree": { "sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree) },
                "url": format!("{url}/git/commits/{}", commit.id), "comment_count": 0,
                "verification": unsigned(),
            },
            "url": format!("{url}/commits/{}", commit.id), "html_url": format!("{page}/commit/{}", commit.id),
            "comments_url": format!("{url}/commits/{}/comments", commit.id),
            "author": self.by_signature(&commit.author), "committer": self.by_signature(&commit.committer),
            "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
        })
    }

    /// A commit as git has it.
    pub(super) fn git_commit(&self, repo: &Repo, commit: &Commit) -> Value {
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let parent = |id: &String| json!({ "sha": id, "url": format!("{url}/git/commits/{id}"), "html_url": format!("{page}/commit/{id}") });
        json!({
            "sha": commit.id, "node_id": node("C", &commit.id),
            "url": format!("{url}/git/commits/{}", commit.id), "html_url": format!("{page}/commit/{}", commit.id),
            "author": signature(&commit.author), "committer": signature(&commit.committer),
            "tree": { "sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree) },
            "message": commit.message, "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
            "verification": unsigned(),
        })
    }

    pub(super) fn diff_entry(&self, repo: &Repo, at: &str, file: &FileDiff) -> Value {
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let (more, less) = file.lines.unwrap_or((0, 0));
        let path = encode_path(&file.path);
        let mut shape = json!({
            "sha": file.sha, "filename": file.path,
            "status": match file.status { 'A' => "added", 'D' => "removed", 'R' => "renamed", 'T' => "changed", _ => "modified" },
            "additions": more, "deletions": less, "changes": more + less,
            "blob_url": format!("{page}/blob/{at}/{}", encode(&file.path)),
            "raw_url": format!("{page}/raw/{at}/{}", encode(&file.path)),
            "contents_url": format!("{url}/contents/{path}?ref={at}"),
        });
        if let Some(patch) = &file.patch {
            shape["patch"] = json!(patch);
        }
        if let Some(previous) = &file.previous {
            shape["previous_filename"] = json!(previous);
        }
        shape
    }

    pub(super) fn reference(&self, repo: &Repo, reference: &Ref) -> Value {
        let url = self.repo_url(repo);
        let kind = reference.kind.as_str();
        json!({
            "ref": reference.name, "node_id": node("REF", format!("{}_{}", repo.id, reference.name)),
            "url": format!("{url}/git/{}", encode_path(&reference.name)),
            "object": { "sha": reference.sha, "type": kind, "url": format!("{url}/git/{kind}s/{}", reference.sha) },
        })
    }

    pub(super) fn label(&self, repo: &Repo, label: &Label) -> Value {
        json!({
            "id": label.id, "node_id": node("LA", label.id),
            "url": format!("{}/labels/{}", self.repo_url(repo), encode(&label.name)), "name": label.name,
            "color": label.color, "default": LABELS.iter().any(|(name, ..)| *name == label.name), "description": label.description,
        })
    }

    pub(super) fn labels_of(&self, repo: &Repo, item: &Item) -> Vec<Value> {
        item.labels.iter().filter_map(|name| repo.label(name)).map(|label| self.label(repo, label)).collect()
    }

    pub(super) fn milestone(&self, repo: &Repo, milestone: &Milestone) -> Value {
        let url = format!("{}/milestones/{}", self.repo_url(repo), milestone.number);
        let of = |open: bool| {
            let items = repo.items.values();
            items.filter(|item| item.milestone == Some(milestone.number) && item.open == open).count()
        };
        json!({
            "url": url, "html_url": format!("{}/milestone/{}", self.repo_page(repo), milestone.number),
            "labels_url": format!("{url}/labels"), "id": milestone.id, "node_id": node("MI", milestone.id),
            "number": milestone.number, "state": if milestone.open { "open" } else { "closed" },
            "title": milestone.title, "description": milestone.description,
            "creator": self.login(&milestone.creator), "open_issues": of(true), "closed_issues": of(false),
            "created_at": time(milestone.created_at), "updated_at": time(milestone.updated_at),
            "closed_at": maybe_time(milestone.closed_at), "due_on": maybe_time(milestone.due_at),
        })
    }

    pub(super) fn milestone_of(&self, repo: &Repo, item: &Item) -> Value {
        let found = repo.milestones.iter().find(|milestone| Some(milestone.number) == item.milestone);
        found.map_or(Value::Null, |milestone| self.milestone(repo, milestone))
    }

    /// An issue, or a pull request as the issues have it.
    pub(super) fn issue(&self, repo: &Repo, item: &Item) -> Value {
        let (api, page) = (self.repo_url(repo), self.repo_page(repo));
        let url = format!("{api}/issues/{}", item.number);
        let assignees: Vec<_> = item.assignees.iter().map(|login| self.login(login)).collect();
        let kind = if item.pull.is_some() { "pull" } else { "issues" };
        let mut shape = json!({
            "url": url, "repository_url": api, "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"), "events_url": format!("{url}/events"),
            "html_url": format!("{page}/{kind}/{}", item.number), "id": item.id, "node_id": node("I", item.id),
            "number": item.number, "title": item.title, "user": self.login(&item.author),
            "labels": self.labels_of(repo, item), "state": if item.open { "open" } else { "closed" },
            "locked": item.locked, "assignee": assignees.first().cloned(), "assignees": assignees,
            "milestone": self.milestone_of(repo, item), "comments": item.comments.len(),
            "created_at": time(item.created_at), "updated_at": time(item.updated_at),
            "closed_at": maybe_time(item.closed_at), "author_association": self.association(repo, &item.author),
            "active_lock_reason": null, "body": item.body,
            "timeline_url": format!("{url}/timeline"), "performed_via_github_app": null,
            "state_reason": item.state_reason, "reactions": reactions(&url),
        });
        if let Some(pull) = &item.pull {
            let url = format!("{api}/pulls/{}", item.number);
            let page = format!("{page}/pull/{}", item.number);
            shape["draft"] = json!(pull.draft);
            shape["pull_request"] = json!({
                "url": url, "html_url": page, "diff_url": format!("{page}.diff"),
                "patch_url": format!("{page}.patch"),
                "merged_at": maybe_time(pull.merged.as_ref().map(|merged| merged.at)),
            });
        }
        shape
    }

    /// An issue as it is when it is asked for by itself.
    pub(super) fn full_issue(&self, repo: &Repo, item: &Item) -> Value {
        let by = item.closed_by.as_ref().map(|login| self.login(login));
        with(self.issue(repo, item), json!({ "closed_by": by }))
    }

    pub(super) fn comment(&self, repo: &Repo, item: &Item, comment: &Comment) -> Value {
        let (api, page) = (self.repo_url(repo), self.repo_page(repo));
        let kind = if item.pull.is_some() { "pull" } else { "issues" };
        json!({
            "url": format!("{api}/issues/comments/{}", comment.id),
            "html_url": format!("{page}/{kind}/{}#issuecomment-{}", item.number, comment.id),
            "issue_url": format!("{api}/issues/{}", item.number), "id": comment.id,
            "node_id": node("IC", comment.id), "user": self.login(&comment.author),
            "created_at": time(comment.created_at), "updated_at": time(comment.updated_at),
            "author_association": self.association(repo, &comment.author), "body": comment.body,
            "reactions": reactions(&format!("{api}/issues/comments/{}", comment.id)),
            "performed_via_github_app": null,
        })
    }

    pub(super) fn association(&self, repo: &Repo, login: &str) -> &'static str {
        if login.eq_ignore_ascii_case(&repo.owner) {
            "OWNER"
        } else if self.forge().may_write(login, &repo.owner) {
            "MEMBER"
        } else if repo.collaborators.contains(login) {
            "COLLABORATOR"
        } else {
            "NONE"
        }
    }
}

pub(super) fn signature(who: &Who) -> Value {
    json!({ "name": who.name, "email": who.email, "date": time(who.at) })
}

pub(super) fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}

/// Nobody reacts here.
fn reactions(url: &str) -> Value {
    json!({
        "url": format!("{url}/reactions"), "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0,
        "heart": 0, "rocket": 0, "eyes": 0,
    })
}

/// The labels that a new repository has: name, colour, description.
pub(super) const LABELS: &[(&str, &str, &str)] = &[
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
];
