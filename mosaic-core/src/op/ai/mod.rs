//! The ai service: completions of language models.

mod completion;

pub use completion::{Complete, ListModels, StreamCompletion};

use super::service::service;
use crate::types::Page;
use crate::types::ai::{Completion, Model, Token};

service! {
    /// Completions of language models.
    pub trait AiService, client Ai, table AI = "ai";

    /// Answer a conversation.
    fn complete(Complete) -> Completion { Create, cost = 5 }
    /// List the models that the provider offers.
    fn list_models(ListModels) -> Page<Model> { Read, ttl = 300, tags = [model] }
    streams {
        /// Answer a conversation, piece by piece.
        fn stream(StreamCompletion) -> Token { Create, cost = 5 }
    }
}
