//! The people of a repository: those whom an issue can be given to.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::ListUsers;
use mosaic_core::types::Page;
use mosaic_core::types::project::User;

use super::super::server::{Server, repo};
use super::super::wire::{self, Many, text};
use crate::forge::tracker;
use crate::http::List;

/// The server gives all of them at once.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
    let reference = tracker::repository(&op.project)?;
    let list = List(("users", &op.project));
    let after = list.after::<String>(&op.page)?;
    let found = server.client.get(repo(&reference)?.part("assignees")).send::<Many<wire::User>>(cx).await?.0;
    let user = |wire: wire::User| {
        let mut user = User::new(wire.login);
        (user.name, user.email) = (text(wire.full_name), text(wire.email));
        user
    };
    let mut all: Vec<_> = found.into_iter().map(user).collect();
    all.sort_by(|a, b| a.login.cmp(&b.login));
    all.retain(|user| after.as_ref().is_none_or(|after| user.login > *after));
    Ok(list.page(all, op.page.limit(), |user| user.login.clone()))
}
