//! Behaviours of calls that no provider can answer.

use std::fmt;

use futures_util::StreamExt as _;

use super::super::{Failure, ensure};
use super::{Models, cx, said};
use crate::error::{ErrorKind, Result};
use crate::op::ai::{AiService, Complete, CountTokens, Embed, StreamCompletion};
use crate::op::{ItemStream, OpSet, Operation as _, StreamOperation as _};
use crate::types::ai::{Message, Token};

/// A model that the provider does not have is `NotFound` or `Invalid`, whatever it is asked for.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn unknown_models_are_refused(
    service: &impl AiService,
    operations: OpSet,
) -> std::result::Result<(), Failure> {
    const B: &str = "ai/unknown_models_are_refused";
    const MODEL: &str = "no-such-model-of-anybody";
    let kinds = [ErrorKind::NotFound, ErrorKind::Invalid];
    written(service, operations, B, MODEL, said("Say hello."), &kinds).await?;
    if operations.has(Embed::META) {
        let got = service.embed(&cx(), Embed::new(MODEL, vec!["A text".to_string()])).await;
        refused(B, "embed", got, &kinds)?;
    }
    Ok(())
}

/// A conversation without a message is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn empty_conversations_are_refused(
    service: &impl AiService,
    operations: OpSet,
    models: &Models,
) -> std::result::Result<(), Failure> {
    const B: &str = "ai/empty_conversations_are_refused";
    written(service, operations, B, &models.writing, Vec::new(), &[ErrorKind::Invalid]).await
}

/// Asks a model for everything that is made from a conversation, which must be refused.
async fn written(
    service: &impl AiService,
    operations: OpSet,
    b: &'static str,
    model: &str,
    messages: Vec<Message>,
    kinds: &[ErrorKind],
) -> std::result::Result<(), Failure> {
    if operations.has(Complete::META) {
        let got = service.complete(&cx(), Complete::new(model, messages.clone())).await;
        refused(b, "complete", got, kinds)?;
    }
    if operations.has(StreamCompletion::META) {
        let got = service.stream(&cx(), StreamCompletion::new(model, messages.clone())).await;
        refused(b, "stream", first(got).await, kinds)?;
    }
    if operations.has(CountTokens::META) {
        let got = service.count_tokens(&cx(), CountTokens::new(model, messages)).await;
        refused(b, "count_tokens", got, kinds)?;
    }
    Ok(())
}

/// The first piece of a stream: an error may come as it is opened, or in the place of the first piece.
async fn first(stream: Result<ItemStream<Token>>) -> Result<Option<Token>> {
    stream?.next().await.transpose()
}

fn refused(
    b: &'static str,
    what: &str,
    result: Result<impl fmt::Debug>,
    kinds: &[ErrorKind],
) -> std::result::Result<(), Failure> {
    let named = || kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    ensure(b, matches!(&result, Err(error) if kinds.contains(&error.kind())), || match &result {
        Ok(value) => {
            let value: String = format!("{value:?}").chars().take(200).collect();
            format!("{what}: expected {}, got {value}", named())
        }
        Err(error) => format!("{what}: expected {}, got {error}", named()),
    })
}
