//! Parameters of the operations on models.

use crate::params;
use crate::types::ai::Message;

params! {
    /// Answer a conversation.
    ///
    /// ```
    /// use mosaic_core::op::ai::Complete;
    /// use mosaic_core::types::ai::{Message, Role};
    ///
    /// let op = Complete::new("small-1", vec![Message::new(Role::User, "Hello")]);
    /// assert_eq!(op.messages.len(), 1);
    /// ```
    pub struct Complete {
        required {
            /// The model.
            model: String,
            /// The conversation so far.
            messages: Vec<Message>,
        }
        optional {
            /// How many tokens to write at most; the model's own limit where absent.
            max_tokens: u64,
            /// How freely to choose, from 0 to 2; the model's own default where absent.
            temperature: f64,
        }
    }

    /// Answer a conversation, piece by piece.
    ///
    /// ```
    /// use mosaic_core::op::ai::StreamCompletion;
    /// use mosaic_core::types::ai::{Message, Role};
    ///
    /// let op = StreamCompletion::new("small-1", vec![Message::new(Role::User, "Hello")]).max_tokens(64u64);
    /// assert_eq!(op.max_tokens, Some(64));
    /// ```
    pub struct StreamCompletion {
        required {
            /// The model.
            model: String,
            /// The conversation so far.
            messages: Vec<Message>,
        }
        optional {
            /// How many tokens to write at most; the model's own limit where absent.
            max_tokens: u64,
            /// How freely to choose, from 0 to 2; the model's own default where absent.
            temperature: f64,
        }
    }

    /// List the models that the provider offers.
    ///
    /// ```
    /// use mosaic_core::op::ai::ListModels;
    ///
    /// assert_eq!(ListModels::new().page.limit(), 30);
    /// ```
    pub struct ListModels {
        paged { page }
    }

    /// Turn texts into vectors.
    ///
    /// ```
    /// use mosaic_core::op::ai::Embed;
    ///
    /// let op = Embed::new("points-1", vec!["a lid".to_owned(), "a cap".to_owned()]).dimensions(256u64);
    /// assert_eq!(op.texts.len(), 2);
    /// ```
    pub struct Embed {
        required {
            /// The model.
            model: String,
            /// The texts.
            texts: Vec<String>,
        }
        optional {
            /// How long each vector is to be; the model's own length where absent.
            dimensions: u64,
        }
    }

    /// Count the tokens of a conversation.
    ///
    /// ```
    /// use mosaic_core::op::ai::CountTokens;
    /// use mosaic_core::types::ai::{Message, Role};
    ///
    /// let op = CountTokens::new("small-1", vec![Message::new(Role::User, "Hello")]);
    /// assert_eq!(op.messages.len(), 1);
    /// ```
    pub struct CountTokens {
        required {
            /// The model that is to read them.
            model: String,
            /// The conversation.
            messages: Vec<Message>,
        }
    }
}
