//! Bringing a message to its mailboxes: checks, names that were seen before, copies.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;
use serde::Serialize;
use serde_json::Value;

use super::opened::{self, Opened, missing};
use super::record::{Kept, Letter, Remembered, Request};
use super::{BroadcastMessage, PublishMessage, RequestReply, SendMessage, Sent, key, limit, route};
use crate::state::{Topic, Tx, ordered};

/// A message before it has a mailbox.
#[derive(Debug, Serialize)]
pub(super) struct Draft {
    #[serde(skip)]
    tenant: TenantId,
    from: String,
    target: Target,
    body: Value,
    conversation: Option<String>,
    #[serde(skip)]
    id: Option<String>,
    seconds: Option<u64>,
    unordered: bool,
    answer: Option<Answer>,
    #[serde(skip)]
    bytes: usize,
}

#[derive(Debug, Clone, Serialize)]
enum Target {
    Mailbox(String),
    Topic(Topic),
    Everyone(Option<String>),
}

/// Where the answer goes, and within how many seconds.
#[derive(Debug, Serialize)]
struct Answer {
    reply_to: Option<String>,
    seconds: u64,
}

/// A message that is on its way, and the request that it is.
pub(super) struct Posted {
    pub(super) sent: Sent,
    pub(super) request: Option<String>,
}

impl Draft {
    fn new(cx: &CallContext, target: Target, body: Value) -> Result<Self> {
        Ok(Self {
            tenant: cx.tenant_id().clone(),
            from: cx.caller().to_string(),
            bytes: limit::body(&body)?,
            target,
            body,
            conversation: None,
            id: None,
            seconds: None,
            unordered: false,
            answer: None,
        })
    }

    fn with(
        mut self,
        conversation: Option<String>,
        id: Option<String>,
        seconds: Option<u64>,
    ) -> Result<Self> {
        limit::label("conversation", conversation.as_deref())?;
        limit::label("id", id.as_deref())?;
        if seconds.is_some() {
            limit::number("seconds", seconds, 1, limit::MONTH, 1)?;
        }
        (self.conversation, self.id, self.seconds) = (conversation, id, seconds);
        Ok(self)
    }

    pub(super) fn direct(cx: &CallContext, op: SendMessage) -> Result<Self> {
        let mut draft =
            Self::new(cx, Target::Mailbox(op.to), op.body)?.with(op.conversation, op.id, op.seconds)?;
        draft.unordered = op.unordered;
        if op.reply_within.is_some() && op.reply_to.is_none() {
            return Err(limit::invalid(
                "reply_within: without reply_to there is nowhere to answer".to_owned(),
            ));
        }
        if op.reply_to.is_some() {
            let seconds = limit::number("reply_within", op.reply_within, 1, limit::MONTH, 3_600)?;
            draft.answer = Some(Answer { reply_to: op.reply_to, seconds });
        }
        Ok(draft)
    }

    pub(super) fn request(cx: &CallContext, op: RequestReply) -> Result<Self> {
        let seconds = limit::number("seconds", op.seconds, 1, limit::WAIT, 60)?;
        let mut draft =
            Self::new(cx, Target::Mailbox(op.to), op.body)?.with(op.conversation, None, Some(seconds))?;
        draft.unordered = op.unordered;
        draft.answer = Some(Answer { reply_to: None, seconds });
        Ok(draft)
    }

    pub(super) fn publish(cx: &CallContext, op: PublishMessage) -> Result<Self> {
        let mut draft =
            Self::new(cx, Target::Topic(op.topic), op.body)?.with(op.conversation, op.id, op.seconds)?;
        draft.unordered = op.unordered;
        Ok(draft)
    }

    pub(super) fn broadcast(cx: &CallContext, op: BroadcastMessage) -> Result<Self> {
        let mut draft =
            Self::new(cx, Target::Everyone(op.project), op.body)?.with(op.conversation, op.id, op.seconds)?;
        draft.unordered = op.unordered;
        Ok(draft)
    }

    /// The digest of what the sender said, to tell a repetition from another message of the same name.
    fn digest(&self) -> Result<String> {
        let json = serde_json::to_vec(self)
            .map_err(|error| Error::new(ErrorKind::Invalid, "body: it has no JSON form").source(error))?;
        Ok(blake3::hash(&json).to_hex().to_string())
    }

    /// Brings it to its mailboxes.
    pub(super) async fn post(self, tx: &mut Tx<'_>) -> Result<Posted> {
        let Some(id) = self.id.clone() else {
            let id = ordered(tx.revision());
            return self.deliver(tx, id).await;
        };
        let digest = self.digest()?;
        let place = key::sent(&self.tenant, &named(&self.from, &id))?;
        if let Some(Remembered { digest: known, mut sent }) = tx.read(&place).await? {
            if known != digest {
                let text = format!("id: {id:?} is another message that was sent within the hour");
                return Err(Error::new(ErrorKind::Conflict, text).refused());
            }
            sent.repeated = true;
            return Ok(Posted { sent, request: None });
        }
        let posted = self.deliver(tx, id).await?;
        let remembered = Remembered { digest, sent: posted.sent.clone() };
        let end = tx.now().saturating_add(limit::WINDOW).ok();
        let json = serde_json::to_vec(&remembered)
            .map_err(|error| Error::new(ErrorKind::Internal, "the answer has no JSON form").source(error))?;
        tx.put_untracked(place, json, end)?;
        Ok(posted)
    }

    async fn deliver(self, tx: &mut Tx<'_>, id: String) -> Result<Posted> {
        let names = self.names(tx).await?;
        if names.len().saturating_mul(self.bytes) > limit::COPIES {
            let text = format!(
                "body: {} bytes to {} mailboxes are too much at once; put it where they can read it, and send its name",
                self.bytes,
                names.len()
            );
            return Err(limit::invalid(text));
        }
        let request = self.answer.as_ref().map(|_| ordered(tx.revision()));
        let letter = self.letter(tx, &id, request.clone())?;
        let mailboxes = self.mailboxes(tx, names, &letter).await?;
        let (mut delivered, mut refused) = (0_u64, Vec::new());
        for mut mailbox in mailboxes {
            match mailbox.make_room(tx).await {
                Ok(()) => {
                    mailbox.put(tx, &letter).await?;
                    delivered += 1;
                }
                Err(error) if self.is_direct() || error.kind() != ErrorKind::QuotaExceeded => {
                    return Err(error);
                }
                Err(_) => refused.push(mailbox.name.clone()),
            }
            mailbox.save(tx)?;
        }
        self.note_request(tx, request.as_deref(), &letter)?;
        Ok(Posted { sent: Sent::new(id, delivered).refused(refused), request })
    }

    fn is_direct(&self) -> bool {
        matches!(self.target, Target::Mailbox(_))
    }

    /// The mailboxes that are there, with what is asked of each for a letter: two questions, however many they are.
    async fn mailboxes(&self, tx: &mut Tx<'_>, names: Vec<String>, letter: &Letter) -> Result<Vec<Opened>> {
        let places = names.iter().map(|name| key::mailbox(&self.tenant, name)).collect::<Result<Vec<_>>>()?;
        let found = tx.get_many(&places).await?;
        let mut mailboxes = Vec::with_capacity(found.len());
        for (name, kept) in names.iter().zip(found) {
            let kept = kept.ok_or_else(|| missing(name))?.read::<Kept>()?;
            mailboxes.push(opened::opened(&self.tenant, name, kept)?);
        }
        let lanes = mailboxes.iter().filter_map(|mailbox| mailbox.lane_behind(letter).transpose());
        let lanes = lanes.collect::<Result<Vec<_>>>()?;
        tx.get_many(&lanes).await?;
        Ok(mailboxes)
    }

    fn letter(&self, tx: &Tx<'_>, id: &str, request: Option<String>) -> Result<Letter> {
        let now = tx.now();
        let answer_by = self.answer.as_ref().map(|answer| limit::later(now, answer.seconds)).transpose()?;
        Ok(Letter {
            id: id.to_owned(),
            from: self.from.clone(),
            body: self.body.clone(),
            sent: now,
            conversation: self.conversation.clone(),
            topic: match &self.target {
                Target::Topic(topic) => Some(topic.clone()),
                Target::Mailbox(_) | Target::Everyone(_) => None,
            },
            expires: self.seconds.map(|seconds| limit::later(now, seconds)).transpose()?,
            answer_by,
            request,
            in_reply_to: None,
            unordered: self.unordered,
        })
    }

    fn note_request(&self, tx: &mut Tx<'_>, request: Option<&str>, letter: &Letter) -> Result<()> {
        let (Some(answer), Some(request), Some(answer_by)) = (&self.answer, request, letter.answer_by) else {
            return Ok(());
        };
        let reply_to = answer.reply_to.clone();
        if let Some(name) = &reply_to {
            limit::name("reply_to", name, limit::NAME)?;
        }
        let record = Request { answer_by, reply_to, answer: None, answered: false };
        super::request::keep(tx, &self.tenant, request, &record)
    }

    /// The mailboxes that it goes to.
    async fn names(&self, tx: &mut Tx<'_>) -> Result<Vec<String>> {
        let range = match &self.target {
            Target::Mailbox(name) => {
                limit::name("to", name, limit::NAME)?;
                return Ok(vec![name.clone()]);
            }
            Target::Topic(topic) => {
                let names: Vec<String> =
                    route::followers(tx, &self.tenant, topic).await?.into_iter().collect();
                return few(names);
            }
            Target::Everyone(Some(project)) => {
                limit::name("project", project, limit::NAME)?;
                key::members(&self.tenant, project)?
            }
            Target::Everyone(None) => key::mailboxes(&self.tenant)?,
        };
        few(tx.range(&range, limit::FANOUT + 1).await?.iter().map(|entry| entry.key.last_part()).collect())
    }
}

fn few(names: Vec<String>) -> Result<Vec<String>> {
    if names.len() > limit::FANOUT {
        let text = format!("more than {} mailboxes would get it: send it to fewer", limit::FANOUT);
        return Err(Error::new(ErrorKind::QuotaExceeded, text).refused());
    }
    Ok(names)
}

/// A sender's own name for a message, as a part of a key.
fn named(from: &str, id: &str) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&(from.len() as u64).to_be_bytes()).update(from.as_bytes()).update(id.as_bytes());
    hash.finalize().to_hex().to_string()
}
