//! Behaviours of the count of tokens.

use super::super::{Failure, done, ensure};
use super::{Models, cx, said};
use crate::op::ai::{AiService, CountTokens};
use crate::types::ai::{Message, Role};

/// A conversation has tokens; a longer text has more, and so has a conversation of more messages. A count is the same each
/// time.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn counts_grow_with_the_text(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/counts_grow_with_the_text";
    const TEXT: &str = "The lid of the kettle leaks since Monday. ";
    let mut more = said(TEXT);
    more.push(Message::new(Role::Assistant, "Which kettle is it?"));
    more.push(Message::new(Role::User, "The small one."));
    let mut counts = Vec::new();
    for messages in [said(TEXT), said(TEXT), said(TEXT.repeat(10)), said(TEXT.repeat(100)), more] {
        let op = CountTokens::new(models.writing.as_str(), messages);
        counts.push(done(B, "count_tokens", service.count_tokens(&cx(), op).await)?.tokens);
    }
    let [first, again, ten, hundred, more] = counts[..] else {
        return Err(Failure::new(B, "expected five counts"));
    };
    ensure(B, first > 0, || "expected a text to have tokens, got 0")?;
    ensure(B, first == again, || format!("expected one count for one text, got {first} and {again}"))?;
    ensure(B, first < ten && ten < hundred, || {
        format!("a text once, 10 and 100 times: expected growing counts, got {first}, {ten} and {hundred}")
    })?;
    ensure(B, first < more, || format!("expected more than {first} tokens after more messages, got {more}"))
}
