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
            /// The text that was added.
            text: String,
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
