//! A provider of models that live in memory and always answer the same: one echoes, one turns texts into points. A fault
//! makes it do one thing wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::ai::{AiService, Complete, CountTokens, Embed, ListModels, StreamCompletion};
use mosaic_core::types::ai::{Completion, Embeddings, FinishReason, Message, Model, Token, TokenCount};
use mosaic_core::types::{Cursor, Page};
use tokio::sync::Semaphore;

/// The model that gives back what was said last.
pub(super) const ECHO: &str = "echo-1";
/// The model that makes vectors.
pub(super) const POINTS: &str = "points-1";
/// The streams that may be open at a time.
const TURNS: usize = 32;

/// What the provider does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    SaysNothing,
    NamesNoModel,
    NeverSaysWhy,
    CountsNothing,
    IgnoresLimit,
    HidesLimit,
    OverstatesOutput,
    ReadsLastOnly,
    TakesEveryModel,
    CountsForEveryModel,
    EmbedsWithEveryModel,
    BreaksOnUnknownModels,
    TakesSilence,
    StreamsSilence,
    StreamsNothing,
    StreamsWithoutEnd,
    StreamsOn,
    StreamsForever,
    StreamsBeyondLimit,
    KeepsDroppedStreams,
    MakesEachVectorOnce,
    MakesUnevenVectors,
    MakesNoNumbers,
    MakesZeros,
    MakesOneVector,
    MakesOtherVectors,
    SortsTexts,
    BreaksOnNoTexts,
    InventsVectors,
    IgnoresLength,
    CountsCalls,
    CountsMessages,
    CountsFirstOnly,
    ForgetsModels,
    RepeatsModels,
    TakesEveryCursor,
}

/// The provider.
pub(super) struct Echo {
    fault: Option<Fault>,
    turns: Arc<Semaphore>,
    calls: AtomicU64,
}

impl Echo {
    /// One that does one thing wrong, or nothing.
    pub(super) fn new(fault: Option<Fault>) -> Self {
        Self { fault, turns: Arc::new(Semaphore::new(TURNS)), calls: AtomicU64::new(0) }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn know(&self, model: &str, known: &str, lenient: Fault) -> Result<()> {
        if model == known || self.has(lenient) {
            return Ok(());
        }
        let kind =
            if self.has(Fault::BreaksOnUnknownModels) { ErrorKind::Provider } else { ErrorKind::NotFound };
        Err(Error::new(kind, format!("there is no model {model}")))
    }

    /// What is to be said: words, and why there are no more.
    fn answer(&self, messages: &[Message], limit: Option<u64>) -> Result<(Vec<String>, FinishReason)> {
        let last = match messages.last() {
            Some(last) => last.content.as_str(),
            None if self.has(Fault::TakesSilence) => "Silence.",
            None => return Err(Error::new(ErrorKind::Invalid, "messages: must not be empty")),
        };
        let mut words: Vec<String> = last.split_inclusive(' ').map(String::from).collect();
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
        if words.len() <= limit || self.has(Fault::IgnoresLimit) {
            return Ok((words, FinishReason::Stop));
        }
        words.truncate(limit);
        let why = if self.has(Fault::HidesLimit) { FinishReason::Stop } else { FinishReason::Length };
        Ok((words, why))
    }

    /// Words, and one more token for each message.
    fn count(&self, messages: &[Message]) -> u64 {
        let words: usize = messages.iter().map(|message| 1 + message.content.split(' ').count()).sum();
        words as u64
    }

    fn vector(&self, text: &str, length: usize) -> Vec<f32> {
        let seed = match self.fault {
            Some(Fault::MakesOneVector) => 7,
            Some(Fault::MakesOtherVectors) => self.calls.fetch_add(1, Ordering::Relaxed),
            _ => text.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into())),
        };
        let mut random = fastrand::Rng::with_seed(seed);
        (0..length).map(|_| random.f32() - 0.5).collect()
    }
}

impl AiService for Echo {
    async fn complete(&self, _: &CallContext, op: Complete) -> Result<Completion> {
        self.know(&op.model, ECHO, Fault::TakesEveryModel)?;
        let (words, why) = self.answer(&op.messages, op.max_tokens)?;
        let (mut text, mut model) = (words.concat(), ECHO);
        let mut input = self.count(&op.messages);
        let mut output = words.len() as u64;
        match self.fault {
            Some(Fault::SaysNothing) => text = " ".into(),
            Some(Fault::NamesNoModel) => model = "",
            Some(Fault::CountsNothing) => output = 0,
            Some(Fault::OverstatesOutput) => output += 1,
            Some(Fault::ReadsLastOnly) => input = self.count(&op.messages[op.messages.len() - 1..]),
            _ => {}
        }
        let answer = Completion::new(model, text).input_tokens(input).output_tokens(output);
        Ok(if self.has(Fault::NeverSaysWhy) { answer } else { answer.finish(why) })
    }

    async fn stream(&self, _: &CallContext, op: StreamCompletion) -> Result<ItemStream<Token>> {
        self.know(&op.model, ECHO, Fault::TakesEveryModel)?;
        let limit = op.max_tokens.filter(|_| !self.has(Fault::StreamsBeyondLimit));
        let (words, why) = self.answer(&op.messages, limit)?;
        let turn = Arc::clone(&self.turns).try_acquire_owned();
        let turn = turn.map_err(|_| Error::new(ErrorKind::Throttled, "too many streams are open"))?;
        if self.has(Fault::KeepsDroppedStreams) {
            turn.forget();
            return Ok(Box::pin(futures_util::stream::iter(pieces(words, why).into_iter().map(Ok))));
        }
        let mut pieces = pieces(words, why);
        match self.fault {
            Some(Fault::StreamsSilence) => pieces.iter_mut().for_each(|piece| piece.text.clear()),
            Some(Fault::StreamsNothing) => pieces.clear(),
            Some(Fault::StreamsWithoutEnd) => pieces.iter_mut().for_each(|piece| piece.finish = None),
            Some(Fault::StreamsOn) => pieces.push(Token::new("more")),
            _ => {}
        }
        let forever = self.has(Fault::StreamsForever);
        let rest = futures_util::stream::repeat_with(|| Token::new("more")).take(if forever {
            usize::MAX
        } else {
            0
        });
        if forever {
            pieces.pop();
        }
        // The turn is given back with the stream.
        let stream = futures_util::stream::iter(pieces).chain(rest).map(move |piece| {
            let _ = &turn;
            Ok(piece)
        });
        Ok(Box::pin(stream))
    }

    async fn embed(&self, _: &CallContext, op: Embed) -> Result<Embeddings> {
        self.know(&op.model, POINTS, Fault::EmbedsWithEveryModel)?;
        let mut texts = op.texts;
        if texts.is_empty() && self.has(Fault::BreaksOnNoTexts) {
            return Err(Error::new(ErrorKind::Internal, "nothing to do"));
        }
        match self.fault {
            Some(Fault::MakesEachVectorOnce) => {
                texts.sort();
                texts.dedup();
            }
            Some(Fault::SortsTexts) => texts.sort(),
            _ => {}
        }
        let asked = op.dimensions.filter(|_| !self.has(Fault::IgnoresLength));
        let length = asked.map_or(24, |length| usize::try_from(length).unwrap());
        let mut vectors: Vec<_> = texts.iter().map(|text| self.vector(text, length)).collect();
        let last = vectors.last_mut();
        match (self.fault, last) {
            (Some(Fault::MakesUnevenVectors), Some(last)) => last.truncate(length - 1),
            (Some(Fault::MakesNoNumbers), Some(last)) => last[0] = f32::NAN,
            (Some(Fault::MakesZeros), Some(last)) => last.fill(0.0),
            (Some(Fault::InventsVectors), None) => vectors.push(vec![1.0; length]),
            _ => {}
        }
        Ok(Embeddings::new(POINTS, vectors))
    }

    async fn count_tokens(&self, _: &CallContext, op: CountTokens) -> Result<TokenCount> {
        self.know(&op.model, ECHO, Fault::CountsForEveryModel)?;
        self.answer(&op.messages, None)?;
        let tokens = match self.fault {
            Some(Fault::CountsCalls) => self.calls.fetch_add(1, Ordering::Relaxed) + 1,
            Some(Fault::CountsMessages) => op.messages.len() as u64,
            Some(Fault::CountsFirstOnly) => self.count(&op.messages[..1]),
            _ => self.count(&op.messages),
        };
        Ok(TokenCount::new(ECHO, tokens))
    }

    async fn list_models(&self, _: &CallContext, op: ListModels) -> Result<Page<Model>> {
        let mut names = vec!["alpha-1", ECHO, "middle-1", POINTS, "zeta-1"];
        match self.fault {
            Some(Fault::ForgetsModels) => names.retain(|name| *name != POINTS),
            Some(Fault::RepeatsModels) => names.push(ECHO),
            _ => {}
        }
        let begin = match &op.page.cursor {
            None => 0,
            Some(cursor) => match cursor.as_str().strip_prefix("after ").map(str::parse::<usize>) {
                Some(Ok(begin)) => begin,
                _ if self.has(Fault::TakesEveryCursor) => 0,
                _ => return Err(Error::new(ErrorKind::Invalid, "page: the cursor is not one of this list")),
            },
        };
        let end = names.len().min(begin + op.page.limit());
        let next = (end < names.len()).then(|| Cursor::new(format!("after {end}")));
        Ok(Page::new(names[begin..end].iter().map(|name| Model::new(*name)).collect(), next))
    }
}

/// A piece for each word, and one that says why there are no more.
fn pieces(words: Vec<String>, why: FinishReason) -> Vec<Token> {
    let end = Token::new("").finish(why);
    words.into_iter().map(Token::new).chain([end]).collect()
}
