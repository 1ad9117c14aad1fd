//! The behaviour suite of the ai service: what can be asked of every provider of models without knowing their words.
//!
//! The caller names the models. Each behaviour is a function of its own; [`run`] runs those whose operations a provider
//! declares. Against a product that takes money the whole suite makes a few dozen small calls.

mod completion;
mod embedding;
mod models;
mod refusal;
mod streaming;
mod tokens;

pub use completion::{
    answers_have_text_and_an_end, answers_keep_to_max_tokens, conversations_are_read_whole,
};
pub use embedding::{
    every_text_has_a_vector, lengths_of_vectors_are_kept, no_texts_have_no_vectors,
    vectors_keep_the_order_of_texts, vectors_tell_texts_apart,
};
pub use models::models_are_listed;
pub use refusal::{empty_conversations_are_refused, unknown_models_are_refused};
pub use streaming::{dropped_streams_do_no_harm, streams_come_in_pieces, streams_keep_to_max_tokens};
pub use tokens::counts_grow_with_the_text;

use super::Failure;
use crate::context::CallContext;
use crate::op::ai::{AiService, Complete, CountTokens, Embed, ListModels, StreamCompletion};
use crate::op::{OpSet, Operation as _, StreamOperation as _};
use crate::types::ai::{Message, Role};

/// The models that a suite asks.
///
/// ```
/// use mosaic_core::testkit::suite::ai::Models;
///
/// let models = Models::new("small-1").embedding("points-1");
/// assert_eq!(models, Models::new("small-1").embedding("points-1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    writing: String,
    embedding: Option<String>,
}

impl Models {
    /// The name of a model that answers conversations.
    pub fn new(writing: impl Into<String>) -> Self {
        Self { writing: writing.into(), embedding: None }
    }

    /// The name of a model that turns texts into vectors; needed where the provider declares `ai.embed`.
    #[must_use]
    pub fn embedding(mut self, name: impl Into<String>) -> Self {
        self.embedding = Some(name.into());
        self
    }
}

/// Runs every behaviour whose operations are in the set, and stops at the first failure.
///
/// ```
/// use mosaic_core::op::{OpSet, ai::AiService};
/// use mosaic_core::testkit::suite::{Failure, ai};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(provider: &impl AiService) -> Result<(), Failure> {
///     let models = ai::Models::new("small-1").embedding("points-1");
///     ai::run(provider, OpSet::service(ServiceKind::Ai), &models).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show; `ai.embed` itself where it is declared and no model for it is named.
pub async fn run(service: &impl AiService, operations: OpSet, models: &Models) -> Result<(), Failure> {
    if operations.has(Complete::META) {
        answers_have_text_and_an_end(service, models).await?;
        answers_keep_to_max_tokens(service, models).await?;
        conversations_are_read_whole(service, models).await?;
    }
    if operations.has(StreamCompletion::META) {
        streams_come_in_pieces(service, models).await?;
        streams_keep_to_max_tokens(service, models).await?;
        dropped_streams_do_no_harm(service, models).await?;
    }
    if operations.has(Embed::META) {
        let Some(model) = &models.embedding else {
            return Err(Failure::new(Embed::META.name, "declared, but no model for it was named"));
        };
        every_text_has_a_vector(service, model).await?;
        vectors_tell_texts_apart(service, model).await?;
        vectors_keep_the_order_of_texts(service, model).await?;
        no_texts_have_no_vectors(service, model).await?;
        lengths_of_vectors_are_kept(service, model).await?;
    }
    if operations.has(CountTokens::META) {
        counts_grow_with_the_text(service, models).await?;
    }
    if operations.has(ListModels::META) {
        models_are_listed(service, operations, models).await?;
    }
    unknown_models_are_refused(service, operations).await?;
    empty_conversations_are_refused(service, operations, models).await
}

/// The context of every call of the suite: the application itself.
fn cx() -> CallContext {
    CallContext::new()
}

/// A conversation of one message.
fn said(text: impl Into<String>) -> Vec<Message> {
    vec![Message::new(Role::User, text)]
}

/// The tokens that a limited answer may have. Some products take no smaller limit.
const LIMIT: u64 = 16;

/// A conversation whose answer has far more tokens than [`LIMIT`], whether a model does as it is told or echoes.
fn long() -> Vec<Message> {
    let numbers: Vec<String> = (100..200).map(|number| number.to_string()).collect();
    said(format!("Repeat these numbers, and say nothing else: {}", numbers.join(" ")))
}
