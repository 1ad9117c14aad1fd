//! Labels of a repository, which the server knows by numbers.

use std::collections::BTreeSet;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::project::ListLabels;
use mosaic_core::types::project::Label;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, invalid, page, repo};
use super::super::wire::{self, Many, text};
use crate::forge::{names, tracker};
use crate::http::List;

/// The colour of labels that nobody chose one for.
const GREY: &str = "#ededed";
/// The longest name of a label.
const NAME_MAX: usize = 255;

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    color: String,
    #[serde(default)]
    description: Option<String>,
}

impl From<Wire> for Label {
    fn from(wire: Wire) -> Self {
        let mut label = Label::new(wire.name);
        label.color = text(wire.color.trim_start_matches('#').to_owned());
        label.description = text(wire.description);
        label
    }
}

/// The numbers of labels, and whether any was made for that.
pub(super) struct Wanted {
    pub(super) ids: Vec<u64>,
    pub(super) made: bool,
}

/// Checks the names of labels.
///
/// # Errors
/// `Invalid`.
pub(super) fn check(labels: &[String]) -> Result<()> {
    for label in labels {
        names::line("labels", label)?;
        if label.trim().is_empty() || label.chars().count() > NAME_MAX {
            return Err(invalid(format!("labels: a label has 1 to {NAME_MAX} characters")));
        }
    }
    Ok(())
}

/// All labels of a repository.
async fn all(server: &Server, cx: &CallContext, of: &RepoRef) -> Result<Vec<Wire>> {
    let mut all = Vec::new();
    for number in 1.. {
        let request = server.client.get(repo(of)?.part("labels"));
        let request = request.query("page", number).query("limit", server.most);
        let found = request.send::<Many<Wire>>(cx).await?.0;
        let received = found.len();
        all.extend(found);
        if received < server.most {
            break;
        }
    }
    Ok(all)
}

/// The numbers of these labels; those that the repository does not have are made.
pub(super) async fn wanted(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    labels: &[String],
) -> Result<Wanted> {
    check(labels)?;
    let names: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    let mut wanted = Wanted { ids: Vec::new(), made: false };
    if names.is_empty() {
        return Ok(wanted);
    }
    let there = all(server, cx, of).await?;
    for name in names {
        let found = there.iter().find(|label| label.name == name);
        let id = match found {
            Some(label) => label.id,
            None => {
                let body = json!({ "name": name, "color": GREY });
                let request = server.client.post(repo(of)?.part("labels")).json(&body);
                let made = request.send::<Wire>(cx).await;
                let made = if wanted.made { made.map_err(Error::after_a_step) } else { made };
                wanted.made = true;
                made?.id
            }
        };
        wanted.ids.push(wire::number(id));
    }
    Ok(wanted)
}

/// Whether a repository has a label of this name.
pub(super) async fn exists(server: &Server, cx: &CallContext, of: &RepoRef, name: &str) -> Result<bool> {
    Ok(all(server, cx, of).await?.iter().any(|label| label.name == name))
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
    let reference = tracker::repository(&op.project)?;
    let list = List(("labels", &op.project));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(repo(&reference)?.part("labels"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(Label::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
