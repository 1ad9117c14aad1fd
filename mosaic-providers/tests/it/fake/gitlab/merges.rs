//! Merges by the project's own way: with a merge commit, or by moving the target forward only.

use mosaic_core::types::git::MergeMethod;
use serde_json::json;

use super::merge_requests::{show, view};
use super::{Answer, Cx, message};
use crate::fake::forge::{Merge, MergedBy, PullView, Reason, Repo, now};
use crate::fake::http::Reply;

fn not_allowed() -> Reply {
    message(405, "405 Method Not Allowed")
}

fn cannot() -> Reply {
    message(422, "Branch cannot be merged")
}

pub(super) async fn merge(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    let now = view(cx, repo, number).await?;
    if !now.item.open || cx.lab.extra().checking > 0 {
        return Err(not_allowed());
    }
    if cx.text("sha").is_some_and(|sha| sha != now.head) {
        return Err(message(409, "SHA does not match HEAD of source branch"));
    }
    if now.mergeable == Some(false) {
        return Err(cannot());
    }
    let squash = cx.flag("squash") == Some(true);
    let ff = cx.lab.extra().merge_methods.get(&repo.id).is_some_and(|method| method == "ff");
    if ff {
        return forward(cx, repo, &now, squash).await;
    }
    if squash {
        // A squashed commit with a merge commit above: no test asks for it, and none may by mistake.
        return Err(message(501, "this fake does not squash below merge commits"));
    }
    let title = format!("Merge branch '{}' into '{}'", now.pull.source, now.pull.target);
    let text = cx.text("merge_commit_message").unwrap_or(&title);
    let merged = cx.forge().merge_pull(repo.id, number, MergeMethod::Merge, text, None, me).await;
    merged.map_err(|refusal| match refusal.reason {
        Reason::Conflict => cannot(),
        _ => not_allowed(),
    })?;
    show(cx, repo, number, 200).await
}

/// The target gets what the source has on top of it, as one commit or as it is.
async fn forward(cx: &Cx<'_>, repo: &Repo, view: &PullView, squash: bool) -> Answer {
    let me = cx.me()?;
    let git = cx.forge().git(repo.id);
    if !git.contains(&view.head, &view.base).await {
        return Err(not_allowed());
    }
    let commit = if squash {
        let title = view.item.title.clone();
        let message = cx.text("squash_commit_message").unwrap_or(&title);
        let (source, target) = (view.pull.source.as_str(), view.pull.target.as_str());
        let merge = Merge { source, target, method: MergeMethod::Squash, message, by: me };
        git.merge(&merge).await.map_err(|_| cannot())?.commit
    } else {
        let name = format!("refs/heads/{}", view.pull.target);
        git.move_ref(&name, &view.head, false).await.map_err(|_| cannot())?;
        view.head.clone()
    };
    let method = if squash { MergeMethod::Squash } else { MergeMethod::Rebase };
    cx.forge().change_item(repo.id, view.item.number, |item| {
        (item.open, item.closed_at) = (false, Some(now()));
        if let Some(pull) = &mut item.pull {
            (pull.head, pull.base) = (view.head.clone(), view.base.clone());
            pull.merged = Some(MergedBy { commit, method, by: me.login.clone(), at: now() });
        }
    });
    show(cx, repo, view.item.number, 200).await
}

/// Makes the commits of the source anew on top of the target: the source is another one afterwards.
pub(super) async fn rebase(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    let now = view(cx, repo, number).await?;
    if !now.item.open {
        return Err(message(403, "403 Forbidden - Cannot push to source branch"));
    }
    let git = cx.forge().git(repo.id);
    let place = format!("fake-rebase-{number}");
    git.create_ref(&format!("refs/heads/{place}"), &now.base).await.map_err(|_| cannot())?;
    let merge =
        Merge { source: &now.pull.source, target: &place, method: MergeMethod::Rebase, message: "", by: me };
    let made = git.merge(&merge).await;
    cx.forge().delete_ref(repo.id, &format!("refs/heads/{place}")).await.map_err(|_| cannot())?;
    let made = made.map_err(|_| cannot())?;
    git.move_ref(&format!("refs/heads/{}", now.pull.source), &made.commit, true)
        .await
        .map_err(|_| cannot())?;
    Ok(Reply::json(202, &json!({ "rebase_in_progress": true })))
}
