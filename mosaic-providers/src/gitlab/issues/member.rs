//! The people of a project: its members, and those of the groups above.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::ListUsers;
use mosaic_core::types::Page;
use mosaic_core::types::project::User;
use serde::Deserialize;

use super::super::client::{GitLab, PAGE, project};
use super::super::wire::filled;
use super::issue::repository;
use crate::http::{List, Numbered};

#[derive(Debug, Deserialize)]
struct Member {
    username: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl From<Member> for User {
    fn from(wire: Member) -> Self {
        let mut user = Self::new(wire.username);
        (user.name, user.email) = (filled(wire.name), filled(wire.email));
        user
    }
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
    let repo = repository(&op.project)?;
    let list = List(("users", &op.project));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&repo)?.part("members").part("all"));
    let answer =
        request.query("page", page.number()).query("per_page", page.size).full::<Vec<Member>>(cx).await?;
    let items = answer.value.into_iter().map(User::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
