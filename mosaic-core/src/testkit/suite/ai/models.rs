//! Behaviours of the list of models.

use std::collections::BTreeSet;

use super::super::pages::{refuse_cursors, walk};
use super::super::{Failure, ensure, equal};
use super::{Models, cx};
use crate::op::ai::{AiService, Embed, ListModels};
use crate::op::{OpSet, Operation as _};

/// The longest list that is read in small pages too: products offer hundreds of models and count requests.
const FEW: usize = 40;

/// The list has the models that were named, each model once, and is the same in pages of every size. A cursor that the
/// provider did not make is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn models_are_listed(
    service: &impl AiService,
    operations: OpSet,
    models: &Models,
) -> Result<(), Failure> {
    const B: &str = "ai/models_are_listed";
    let (cx, op) = (cx(), ListModels::new());
    let list = async |limit| -> Result<Vec<String>, Failure> {
        let listed = walk(B, &op, limit, |op| service.list_models(&cx, op)).await?;
        Ok(listed.into_iter().map(|model| model.name).collect())
    };
    let names = list(100).await?;
    let embedding = models.embedding.as_ref().filter(|_| operations.has(Embed::META));
    for name in [Some(&models.writing), embedding].into_iter().flatten() {
        ensure(B, names.contains(name), || format!("expected {name} in the list, got {names:?}"))?;
    }
    let once: BTreeSet<_> = names.iter().collect();
    equal(B, "models (each once)", &names.len(), &once.len())?;
    if names.len() <= FEW {
        for limit in [1, 2, 3] {
            equal(B, &format!("models in pages of {limit}"), &list(limit).await?, &names)?;
        }
    }
    refuse_cursors(B, &op, |op| service.list_models(&cx, op)).await
}
