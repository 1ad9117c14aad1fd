//! The shapes of what the forge has, as both products send them.

use serde_json::{Value, json};

use super::Cx;
use crate::fake::forge::{Commit, Repo, User, Who};
use crate::fake::http::time;

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
        self.person(&self.forge().user_or_ghost(login))
    }

    pub(super) fn person(&self, user: &User) -> Value {
        json!({
            "id": user.id, "login": user.login, "login_name": "", "source_id": 0, "full_name": user.name,
            "email": user.email, "avatar_url": format!("{}/avatars/{}", self.web(), user.id),
            "html_url": format!("{}/{}", self.web(), user.login), "language": "", "is_admin": false,
            "last_login": "0001-01-01T00:00:00Z", "created": "2024-01-01T00:00:00Z", "restricted": false,
            "active": false, "prohibit_login": false, "location": "", "website": "", "description": "",
            "visibility": "public", "followers_count": 0, "following_count": 0, "starred_repos_count": 0,
        })
    }

    pub(super) async fn repository(&self, repo: &Repo) -> Value {
        let empty = self.forge().git(repo.id).is_empty().await;
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let open =
            |pull: bool| repo.items.values().filter(|item| item.open && item.pull.is_some() == pull).count();
        let writes = self.writes(repo);
        let first = json!({
            "id": repo.id, "owner": self.login(&repo.owner), "name": repo.name, "full_name": repo.full_name(),
            "description": repo.description.as_deref().unwrap_or_default(), "empty": empty,
            "private": repo.private, "fork": false, "template": false, "mirror": false, "size": 22, "language": "",
            "languages_url": format!("{url}/languages"), "html_url": page, "url": url, "link": "",
            "ssh_url": format!("git@127.0.0.1:{}.git", repo.full_name()), "clone_url": format!("{page}.git"),
            "original_url": "", "website": "", "stars_count": 0, "forks_count": 0, "watchers_count": 1,
            "open_issues_count": open(false), "open_pr_counter": open(true),
            "release_counter": repo.releases.len(), "default_branch": repo.default_branch,
        });
        let second = json!({
            "archived": repo.archived, "archived_at": "1970-01-01T00:00:00Z",
            "created_at": time(repo.created_at), "updated_at": time(repo.updated_at),
            "permissions": { "admin": writes, "push": writes, "pull": true }, "has_issues": true,
            "has_wiki": true, "has_pull_requests": true, "has_projects": true, "has_releases": true,
            "has_packages": true, "has_actions": true, "ignore_whitespace_conflicts": false,
            "allow_merge_commits": true, "allow_rebase": true, "allow_rebase_explicit": true,
            "allow_squash_merge": true, "allow_fast_forward_only_merge": true, "allow_rebase_update": true,
            "default_delete_branch_after_merge": false, "default_merge_style": "merge",
            "default_allow_maintainer_edit": false, "avatar_url": "", "internal": false,
            "mirror_interval": "", "object_format_name": "sha1", "mirror_updated": "0001-01-01T00:00:00Z",
            "repo_transfer": null, "topics": repo.topics,
        });
        with(first, second)
    }

    /// A commit as lists and branches of the API have it.
    pub(super) fn commit(&self, repo: &Repo, commit: &Commit) -> Value {
        let url = self.repo_url(repo);
        let parents: Vec<_> = commit.parents.iter().map(|sha| self.meta(repo, sha)).collect();
        let inner = json!({
            "url": format!("{url}/git/commits/{}", commit.id), "author": signature(&commit.author),
            // Git ends a message with a line feed.
            "committer": signature(&commit.committer), "message": format!("{}\n", commit.message),
            "tree": { "url": format!("{url}/git/trees/{}", commit.tree), "sha": commit.tree,
                "created": time(commit.committer.at) },
            "verification": null,
        });
        json!({
            "url": format!("{url}/git/commits/{}", commit.id), "sha": commit.id,
            "created": time(commit.committer.at), "html_url": format!("{}/commit/{}", self.repo_page(repo), commit.id),
            "commit": inner, "author": self.account(&commit.author), "committer": self.account(&commit.committer),
            "parents": parents, "files": null, "stats": null,
        })
    }

    pub(super) fn meta(&self, repo: &Repo, sha: &str) -> Value {
        let url = format!("{}/git/commits/{sha}", self.repo_url(repo));
        json!({ "url": url, "sha": sha, "created": "0001-01-01T00:00:00Z" })
    }

    /// The account with this e-mail address; null where there is none.
    fn account(&self, who: &Who) -> Value {
        self.forge()
            .users()
            .iter()
            .find(|user| user.email == who.email)
            .map_or(Value::Null, |user| self.person(user))
    }
}

pub(super) fn signature(who: &Who) -> Value {
    json!({ "name": who.name, "email": who.email, "date": time(who.at) })
}
