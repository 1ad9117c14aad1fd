//! The shapes of what many answers hold.

use mosaic_core::types::Timestamp;
use serde_json::{Value, json};

use super::Cx;
use crate::fake::forge::{Commit, Repo, UserKind};

/// A time as GitLab writes it, with milliseconds.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

pub(super) fn maybe_time(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// A value of an object with more fields.
pub(super) fn with(mut value: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (value.as_object_mut(), more) {
        object.extend(more);
    }
    value
}

impl Cx<'_> {
    pub(super) fn page_of(&self, repo: &Repo) -> String {
        format!("{}/{}", self.web(), repo.full_name())
    }

    pub(super) fn person(&self, login: &str) -> Value {
        let user = self.forge().user_or_ghost(login);
        json!({
            "id": user.id, "username": user.login, "name": user.name, "state": "active", "locked": false,
            "avatar_url": null, "web_url": format!("{}/{}", self.web(), user.login),
        })
    }

    pub(super) fn namespace(&self, login: &str) -> Value {
        let user = self.forge().user_or_ghost(login);
        let kind = if user.kind == UserKind::Person { "user" } else { "group" };
        let path = login.rsplit('/').next().unwrap_or(login);
        json!({
            "id": user.id, "name": user.name, "path": path, "kind": kind, "full_path": user.login, "parent_id": null,
            "avatar_url": null, "web_url": format!("{}/{}", self.web(), user.login),
        })
    }

    pub(super) async fn project(&self, repo: &Repo) -> Value {
        let page = self.page_of(repo);
        let empty = self.forge().git(repo.id).is_empty().await;
        let extra = self.lab.extra();
        let method = extra.merge_methods.get(&repo.id).map_or("merge", String::as_str).to_owned();
        let marked = extra.deleting.contains(&repo.id).then_some("2030-01-01");
        json!({
            "id": repo.id, "description": repo.description, "name": repo.name,
            "name_with_namespace": format!("{} / {}", repo.owner, repo.name), "path": repo.name,
            "path_with_namespace": repo.full_name(), "created_at": time(repo.created_at),
            "default_branch": repo.default_branch, "tag_list": repo.topics, "topics": repo.topics,
            "ssh_url_to_repo": format!("git@localhost:{}.git", repo.full_name()),
            "http_url_to_repo": format!("{page}.git"), "web_url": page, "readme_url": null, "forks_count": 0,
            "avatar_url": null, "star_count": 0, "last_activity_at": time(repo.updated_at),
            "namespace": self.namespace(&repo.owner), "empty_repo": empty, "archived": repo.archived,
            "visibility": if repo.private { "private" } else { "public" }, "owner": self.person(&repo.owner),
            "issues_enabled": true, "merge_requests_enabled": true, "wiki_enabled": true, "jobs_enabled": true,
            "updated_at": time(repo.updated_at), "merge_method": method, "squash_option": "default_off",
            "marked_for_deletion_at": marked, "marked_for_deletion_on": marked,
            "remove_source_branch_after_merge": true, "ci_config_path": "",
        })
    }

    pub(super) fn commit(&self, repo: &Repo, commit: &Commit) -> Value {
        let title = commit.message.lines().next().unwrap_or_default();
        json!({
            "id": commit.id, "short_id": &commit.id[..8], "created_at": time(commit.committer.at),
            "parent_ids": commit.parents, "title": title, "message": commit.message,
            "author_name": commit.author.name, "author_email": commit.author.email,
            "authored_date": time(commit.author.at), "committer_name": commit.committer.name,
            "committer_email": commit.committer.email, "committed_date": time(commit.committer.at),
            "trailers": {}, "extended_trailers": {},
            "web_url": format!("{}/-/commit/{}", self.page_of(repo), commit.id),
        })
    }

    /// The commit of an id that is there.
    pub(super) async fn commit_at(&self, repo: &Repo, id: &str) -> Value {
        match self.forge().git(repo.id).commit(id).await {
            Some(commit) => self.commit(repo, &commit),
            None => Value::Null,
        }
    }
}
