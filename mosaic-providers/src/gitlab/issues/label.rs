//! Labels, which GitLab knows by their names and makes where an issue names one that is not there.

use std::collections::BTreeSet;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::ListLabels;
use mosaic_core::types::Page;
use mosaic_core::types::project::Label;

use super::super::client::{GitLab, PAGE, project};
use super::issue::repository;
use super::wire::WireLabel;
use crate::forge::names;
use crate::http::{List, Numbered};

/// The longest name of a label.
const NAME_MAX: usize = 255;

/// Labels as GitLab takes them: in one text, with commas between.
///
/// # Errors
/// `Invalid` where one is no label, or would be another one to GitLab.
pub(super) fn joined(labels: &[String]) -> Result<String> {
    let invalid = |text: String| Err(Error::new(ErrorKind::Invalid, text));
    for label in labels {
        names::line("labels", label)?;
        if label.trim().is_empty() || label.chars().count() > NAME_MAX {
            return invalid(format!("labels: a label has 1 to {NAME_MAX} characters"));
        }
        if label.contains(',') || label.trim() != label {
            return invalid("labels: a label of GitLab has no comma, and no blank at its ends".to_owned());
        }
    }
    let once: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    Ok(once.into_iter().collect::<Vec<_>>().join(","))
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
    let repo = repository(&op.project)?;
    let list = List(("labels", &op.project));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&repo)?.part("labels"));
    let answer =
        request.query("page", page.number()).query("per_page", page.size).full::<Vec<WireLabel>>(cx).await?;
    let items = answer.value.into_iter().map(Label::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_once_and_in_one_text() {
        let joined = |labels: &[&str]| joined(&labels.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(joined(&["ux", "bug", "ux"]).unwrap(), "bug,ux");
        assert_eq!(joined(&[]).unwrap(), "");
        for bad in ["", " ", "a,b", " a", "a\nb", &"l".repeat(256)] {
            assert_eq!(joined(&[bad]).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
    }
}
