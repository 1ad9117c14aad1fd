//! The ai service: language models and what they make of texts.

mod completion;

pub use completion::{Complete, CountTokens, Embed, ListModels, StreamCompletion};

use super::service::service;
use super::vendor::{OfAi, VendorRead, VendorWrite};
use crate::types::Page;
use crate::types::ai::{Completion, Embeddings, Model, Token, TokenCount};
use crate::types::vendor::VendorAnswer;

service! {
    /// Language models and what they make of texts.
    pub trait AiService, client Ai, table AI = "ai";

    /// Answer a conversation.
    fn complete(Complete) -> Completion { Create, cost = 5 }
    /// List the models that the provider offers.
    fn list_models(ListModels) -> Page<Model> { Read, ttl = 300, tags = [model] }

    /// Turn texts into vectors, so that their likeness can be measured.
    fn embed(Embed) -> Embeddings { Read, ttl = 3600, cost = 2, tags = [model] }
    /// Count the tokens of a conversation, as the model reads it.
    fn count_tokens(CountTokens) -> TokenCount { Read, ttl = 3600, tags = [model] }
    /// Fetch something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_read(VendorRead<OfAi>) -> VendorAnswer { Read on about at path, vendor = true }
    /// Change something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_write(VendorWrite<OfAi>) -> VendorAnswer {
        Irreversible on about at path, vendor = true, invalidates = [model]
    }
    streams {
        /// Answer a conversation, piece by piece.
        fn stream(StreamCompletion) -> Token { Create, cost = 5 }
    }
}
