//! Behaviours of answers that come piece by piece.

use futures_util::StreamExt as _;

use super::super::{Failure, done, ensure, equal};
use super::{LIMIT, Models, cx, long, said};
use crate::op::ItemStream;
use crate::op::ai::{AiService, StreamCompletion};
use crate::types::ai::{FinishReason, Token};

/// The pieces after which a stream is taken to be one that never ends.
const MOST: usize = 100_000;
/// Streams that are dropped: more than connections or turns are usually kept.
const MANY: usize = 40;

/// The pieces of a stream make a text; the last piece, and no other, says why the answer ended.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn streams_come_in_pieces(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/streams_come_in_pieces";
    let op = StreamCompletion::new(models.writing.as_str(), said("Say hello."));
    let (text, finish) = read(open(service, B, op).await?, B).await?;
    ensure(B, !text.trim().is_empty(), || format!("expected a text, got {text:?}"))?;
    equal(B, "finish", &finish, &FinishReason::Stop)
}

/// A stream ends at the limit of tokens, and says that it was cut off there.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn streams_keep_to_max_tokens(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/streams_keep_to_max_tokens";
    let op = StreamCompletion::new(models.writing.as_str(), long());
    let (whole, _) = read(open(service, B, op.clone()).await?, B).await?;
    let (text, finish) = read(open(service, B, op.max_tokens(LIMIT)).await?, B).await?;
    equal(B, &format!("finish at {LIMIT} tokens"), &finish, &FinishReason::Length)?;
    let (short, long) = (text.chars().count(), whole.chars().count());
    ensure(B, short < long, || {
        format!("expected less text than the {long} characters without a limit, got {short}")
    })
}

/// A stream can be dropped unread, or in the middle, as often as one likes: the next one works.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn dropped_streams_do_no_harm(service: &impl AiService, models: &Models) -> Result<(), Failure> {
    const B: &str = "ai/dropped_streams_do_no_harm";
    for at in 0..MANY {
        let op = StreamCompletion::new(models.writing.as_str(), long()).max_tokens(LIMIT);
        let mut stream = open(service, B, op).await?;
        if at % 2 == 0 {
            let piece = stream.next().await.unwrap_or_else(|| Ok(Token::new("")));
            done(B, "the first piece", piece)?;
        }
        drop(stream);
    }
    let op = StreamCompletion::new(models.writing.as_str(), said("Say hello."));
    let (text, _) = read(open(service, B, op).await?, B).await?;
    ensure(B, !text.trim().is_empty(), || "expected a text after streams that were dropped, got none")
}

async fn open(
    service: &impl AiService,
    b: &'static str,
    op: StreamCompletion,
) -> Result<ItemStream<Token>, Failure> {
    done(b, "stream", service.stream(&cx(), op).await)
}

/// The whole text of a stream, and why it ended.
async fn read(mut stream: ItemStream<Token>, b: &'static str) -> Result<(String, FinishReason), Failure> {
    let (mut text, mut finish) = (String::new(), None);
    for _ in 0..MOST {
        let Some(piece) = stream.next().await else {
            return finish.map(|finish| (text, finish)).ok_or_else(|| {
                Failure::new(b, "expected the last piece to say why the answer ended, got none that does")
            });
        };
        let piece = done(b, "a piece", piece)?;
        ensure(b, finish.is_none(), || {
            format!("expected nothing after the piece that ended the answer, got {:?}", piece.text)
        })?;
        text.push_str(&piece.text);
        finish = piece.finish;
    }
    Err(Failure::new(b, format!("expected the stream to end, got more than {MOST} pieces")))
}
