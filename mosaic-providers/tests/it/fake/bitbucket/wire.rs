//! The shapes of what Bitbucket sends.

use mosaic_core::types::Timestamp;
use serde_json::{Value, json};

use super::Cx;
use crate::fake::forge::{Commit, Repo, User};

/// An id of Bitbucket's, in braces.
pub(super) fn uuid(id: u64) -> String {
    format!("{{00000000-0000-4000-8000-{id:012x}}}")
}

/// The number behind an id; none where it is no such id.
pub(super) fn number(uuid: &str) -> Option<u64> {
    let plain = uuid.strip_prefix('{')?.strip_suffix('}')?;
    u64::from_str_radix(plain.strip_prefix("00000000-0000-4000-8000-")?, 16).ok()
}

pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00").to_string()
}

/// The id of a commit as pull requests have it.
pub(super) fn short(hash: &str) -> &str {
    &hash[..hash.len().min(12)]
}

impl Cx<'_> {
    pub(super) fn login(&self, login: &str) -> Value {
        self.account(&self.forge().user_or_ghost(login))
    }

    pub(super) fn account(&self, user: &User) -> Value {
        json!({
            "type": "user", "uuid": uuid(user.id), "display_name": user.name, "nickname": user.login,
            "account_id": format!("557058:{}", user.id),
            "links": { "avatar": { "href": format!("{}/account/{}/avatar", self.ask.origin(), user.login) } },
        })
    }

    pub(super) fn repo_url(&self, repo: &Repo) -> String {
        format!("{}/repositories/{}", self.api(), repo.full_name())
    }

    pub(super) fn repo_page(&self, repo: &Repo) -> String {
        format!("{}/{}", self.ask.origin(), repo.full_name())
    }

    /// A repository within something else.
    pub(super) fn repo_in_short(&self, repo: &Repo) -> Value {
        json!({
            "type": "repository", "full_name": repo.full_name(), "name": repo.name, "uuid": uuid(repo.id),
            "links": { "self": { "href": self.repo_url(repo) }, "html": { "href": self.repo_page(repo) } },
        })
    }

    pub(super) async fn repository(&self, repo: &Repo) -> Value {
        let (url, page) = (self.repo_url(repo), self.repo_page(repo));
        let empty = self.forge().git(repo.id).is_empty().await;
        let main = if empty { Value::Null } else { json!({ "type": "branch", "name": repo.default_branch }) };
        let link = |href: String| json!({ "href": href });
        json!({
            "type": "repository", "uuid": uuid(repo.id), "full_name": repo.full_name(), "name": repo.name,
            "slug": repo.name, "is_private": repo.private, "scm": "git", "website": null,
            "description": repo.description.as_deref().unwrap_or_default(), "owner": self.login(&repo.owner),
            "workspace": { "type": "workspace", "slug": repo.owner, "name": repo.owner }, "language": "",
            "created_on": moment(repo.created_at), "updated_on": moment(repo.updated_at), "size": 22,
            "has_issues": false, "has_wiki": false, "fork_policy": if repo.private { "no_public_forks" } else { "allow_forks" },
            "mainbranch": main, "project": { "type": "project", "key": "PROJ", "name": "Project" },
            "links": {
                "self": link(url.clone()), "html": link(page.clone()), "commits": link(format!("{url}/commits")),
                "pullrequests": link(format!("{url}/pullrequests")), "hooks": link(format!("{url}/hooks")),
                "clone": [
                    { "name": "https", "href": format!("{page}.git") },
                    { "name": "ssh", "href": format!("git@127.0.0.1:{}.git", repo.full_name()) },
                ],
            },
        })
    }

    /// A commit with everything but its files.
    pub(super) fn commit(&self, repo: &Repo, commit: &Commit) -> Value {
        let parents: Vec<_> = commit.parents.iter().map(|hash| self.commit_in_short(repo, hash)).collect();
        let raw = format!("{} <{}>", commit.author.name, commit.author.email);
        let users = self.forge().users();
        let mut author = json!({ "type": "author", "raw": raw });
        if let Some(user) = users.iter().find(|user| user.email == commit.author.email) {
            author["user"] = self.account(user);
        }
        json!({
            // Git ends a message with a line feed.
            "type": "commit", "hash": commit.id, "message": format!("{}\n", commit.message), "author": author,
            "date": commit.author.at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(), "parents": parents,
            "summary": { "raw": format!("{}\n", commit.message), "markup": "markdown", "html": "" },
            "repository": self.repo_in_short(repo),
        })
    }

    pub(super) fn commit_in_short(&self, repo: &Repo, hash: &str) -> Value {
        json!({ "type": "commit", "hash": hash, "links": { "self": { "href": format!("{}/commit/{hash}", self.repo_url(repo)) } } })
    }
}
