//! Nouns of the ai service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params;

/// Who says a message.
///
/// ```
/// use mosaic_core::types::ai::Role;
///
/// assert_eq!(serde_json::to_string(&Role::Assistant)?, "\"assistant\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The rules of the conversation.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

/// Why a model stopped writing.
///
/// ```
/// use mosaic_core::types::ai::FinishReason;
///
/// assert_eq!(serde_json::to_string(&FinishReason::Length)?, "\"length\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It had said all.
    Stop,
    /// The limit of tokens was reached.
    Length,
    /// The provider holds the rest back.
    Filtered,
}

params! {
    /// One message of a conversation.
    ///
    /// ```
    /// use mosaic_core::types::ai::{Message, Role};
    ///
    /// assert_eq!(Message::new(Role::User, "Hello").content, "Hello");
    /// ```
    pub noun Message {
        required {
            /// Who says it.
            role: Role,
            /// What is said.
            content: String,
        }
    }

    /// What a model answered.
    ///
    /// ```
    /// use mosaic_core::types::ai::Completion;
    ///
    /// assert_eq!(Completion::new("small-1", "Hello").text, "Hello");
    /// ```
    pub noun Completion {
        required {
            /// The model that answered.
            model: String,
            /// The text.
            text: String,
        }
        optional {
            /// Tokens read.
            input_tokens: u64,
            /// Tokens written.
            output_tokens: u64,
            /// Why it stopped.
            finish: FinishReason,
        }
    }

    /// A piece of a streamed answer.
    ///
    /// ```
    /// use mosaic_core::types::ai::Token;
    ///
    /// assert_eq!(Token::new("Hel").text, "Hel");
    /// ```
    pub noun Token {
        required {
            /// The text that was added; empty where the piece only says why the model stopped.
            text: String,
        }
        optional {
            /// Why it stopped: on the last piece.
            finish: FinishReason,
        }
    }

    /// Texts as points in a space where nearness is likeness.
    ///
    /// ```
    /// use mosaic_core::types::ai::Embeddings;
    ///
    /// assert_eq!(Embeddings::new("points-1", vec![vec![0.5, 0.5]]).vectors.len(), 1);
    /// ```
    pub noun Embeddings {
        required {
            /// The model that made them.
            model: String,
            /// One vector for each text, in the order of the texts; all of one length.
            vectors: Vec<Vec<f32>>,
        }
        optional {
            /// Tokens read.
            input_tokens: u64,
        }
    }

    /// How many tokens a conversation has for a model.
    ///
    /// ```
    /// use mosaic_core::types::ai::TokenCount;
    ///
    /// assert_eq!(TokenCount::new("small-1", 12u64).tokens, 12);
    /// ```
    pub noun TokenCount {
        required {
            /// The model that reads them.
            model: String,
            /// How many there are.
            tokens: u64,
        }
    }

    /// A model that a provider offers.
    ///
    /// ```
    /// use mosaic_core::types::ai::Model;
    ///
    /// assert_eq!(Model::new("small-1").context_tokens, None);
    /// ```
    pub noun Model {
        required {
            /// Its name.
            name: String,
        }
        optional {
            /// How many tokens it reads at once.
            context_tokens: u64,
        }
    }
}
