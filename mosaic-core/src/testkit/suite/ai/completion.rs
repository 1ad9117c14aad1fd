//! Behaviours of answers to conversations.

use super::super::{Failure, done, ensure, equal};
use super::{LIMIT, Models, cx, long, said};
use crate::op::ai::{AiService, Complete};
use crate::types::ai::{Completion, FinishReason, Message, Role};

/// An answer has a text, names the model that gave it, says why it ended, and where it counts tokens there are some.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn answers_have_text_and_an_end(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/answers_have_text_and_an_end";
    let answer = complete(service, B, Complete::new(models.writing.as_str(), said("Say hello."))).await?;
    ensure(B, !answer.text.trim().is_empty(), || format!("expected a text, got {:?}", answer.text))?;
    ensure(B, !answer.model.is_empty(), || "expected the name of the model, got none")?;
    equal(B, "finish", &answer.finish, &Some(FinishReason::Stop))?;
    for (what, tokens) in [("input", answer.input_tokens), ("output", answer.output_tokens)] {
        ensure(B, tokens != Some(0), || format!("{what} tokens: expected a number above 0, or none at all"))?;
    }
    Ok(())
}

/// An answer ends at the limit of tokens, and says that it was cut off there.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn answers_keep_to_max_tokens(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/answers_keep_to_max_tokens";
    let whole = complete(service, B, Complete::new(models.writing.as_str(), long())).await?;
    let op = Complete::new(models.writing.as_str(), long()).max_tokens(LIMIT);
    let answer = complete(service, B, op).await?;
    equal(B, &format!("finish at {LIMIT} tokens"), &answer.finish, &Some(FinishReason::Length))?;
    ensure(B, answer.output_tokens.is_none_or(|tokens| tokens <= LIMIT), || {
        format!("expected at most {LIMIT} output tokens, got {:?}", answer.output_tokens)
    })?;
    let (short, long) = (answer.text.chars().count(), whole.text.chars().count());
    ensure(B, short < long, || {
        format!("expected less text than the {long} characters without a limit, got {short}")
    })
}

/// A conversation of all roles is answered, and counts as more input than its last message alone.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn conversations_are_read_whole(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/conversations_are_read_whole";
    const LAST: &str = "And of Spain?";
    let mut messages = vec![
        Message::new(Role::System, "Answer in one word, without any explanation at all."),
        Message::new(Role::User, "What is the name of the capital of France?"),
        Message::new(Role::Assistant, "Paris."),
    ];
    messages.extend(said(LAST));
    let whole = complete(service, B, Complete::new(models.writing.as_str(), messages)).await?;
    let last = complete(service, B, Complete::new(models.writing.as_str(), said(LAST))).await?;
    ensure(B, !whole.text.trim().is_empty(), || "expected a text, got none")?;
    match (whole.input_tokens, last.input_tokens) {
        (Some(whole), Some(last)) => ensure(B, whole > last, || {
            format!("expected more than the {last} input tokens of the last message, got {whole}")
        }),
        _ => Ok(()),
    }
}

async fn complete(service: &impl AiService, b: &'static str, op: Complete) -> Result<Completion, Failure> {
    done(b, "complete", service.complete(&cx(), op).await)
}
