//! Behaviours of the labels of a project.

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, done, ensure, equal};
use super::{Trait, World};
use crate::op::project::{CreateIssue, ListLabels, ProjectService};

/// The labels of the issues of a project are listed, each once and ordered by name, in pages of every size; those of other
/// projects are not.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn labels_are_listed_by_name(service: &impl ProjectService, world: &World) -> Result<(), Failure> {
    const B: &str = "project/labels_are_listed_by_name";
    let (key, other) = (world.project(service, B).await?, world.project(service, B).await?);
    for (at, labels) in [(&key, ["ux", "bug"]), (&key, ["bug", "docs"]), (&other, ["alien", "bug"])] {
        let op = CreateIssue::of(at, "Labelled").labels(labels.map(String::from).to_vec());
        done(B, "create_issue", service.create_issue(world.cx(), op).await)?;
    }
    let (cx, op) = (world.cx(), ListLabels::of(&key));
    for limit in [1, 2, 3, 100] {
        let labels = walk(B, &op, limit, |op| service.list_labels(cx, op)).await?;
        let names = labels.into_iter().map(|label| label.name).collect();
        let names: Vec<String> = world.ordered(Trait::LabelsByName, names, Ord::cmp);
        // A tracker may give every project some labels of its own.
        let ours: Vec<_> =
            names.iter().filter(|name| ["bug", "docs", "ux"].contains(&name.as_str())).collect();
        equal(B, &format!("labels in pages of {limit}"), &ours, &["bug", "docs", "ux"])?;
        ensure(B, !names.iter().any(|name| name == "alien"), || {
            format!("expected no label of another project, got {names:?}")
        })?;
    }
    refuse_cursors(B, &op, |op| service.list_labels(cx, op)).await
}
