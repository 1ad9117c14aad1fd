//! Messages between agents: mailboxes that keep what is sent until it is done.
//!
//! A message goes to one mailbox, to those that follow a topic, or to all. It stays there until a reader acknowledges it, and is
//! given out again where the reader does not within the lease of the mailbox; after so many times it is dead. Messages of one sender in
//! one conversation are given out in turn: each after the one before it is acknowledged or dead. Every change is in the log, under
//! `message.MAILBOX`; bodies are not.
mod dead;
mod key;
mod limit;
mod mailbox;
mod noun;
mod opened;
mod params;
mod post;
mod receipt;
mod receive;
mod record;
mod request;
mod route;
mod settle;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::types::Page;

pub use noun::{DeadMessage, Mailbox, Message, Received, Replied, Reply, Sent, Settled};
pub use params::{
    AcknowledgeMessages, BroadcastMessage, CloseMailbox, FollowTopic, GetMailbox, ListDeadMessages,
    ListMailboxes, OpenMailbox, Overflow, PublishMessage, ReceiveMessages, ReplayDeadMessage, ReplyMessage,
    RequestReply, ReturnMessages, SendMessage, UnfollowTopic,
};

use crate::function::functions;
use crate::state::State;
use post::Draft;
use settle::Settle;

functions! {
    /// The functions on messages.
    pub table TABLE of Messages = "message";
    /// Open a mailbox, or change the settings of one that is there.
    fn open_mailbox(OpenMailbox) -> Mailbox { Idempotent on mailbox; join_project project }
    /// Look at a mailbox: its settings, what it holds, what was dropped.
    fn get_mailbox(GetMailbox) -> Mailbox { Read on mailbox }
    /// List mailboxes.
    fn list_mailboxes(ListMailboxes) -> Page<Mailbox> { Read of project }
    /// Close a mailbox and drop what it holds.
    fn close_mailbox(CloseMailbox) -> () { Irreversible on mailbox }
    /// Have what is published on some topics come to a mailbox.
    fn follow_topic(FollowTopic) -> () { Idempotent matching topic; open_mailbox mailbox }
    /// Have what is published on some topics no longer come to a mailbox.
    fn unfollow_topic(UnfollowTopic) -> () { Idempotent on mailbox }
    /// Send a message to one mailbox.
    fn send_message(SendMessage) -> Sent { Create on to; send_message reply_to }
    /// Send a message to every mailbox that follows a topic.
    fn publish_message(PublishMessage) -> Sent { Create on topic }
    /// Send a message to every mailbox, or to those of a project.
    fn broadcast_message(BroadcastMessage) -> Sent { Create of project }
    /// Take messages out of a mailbox, and wait for one where there is none.
    fn receive_messages(ReceiveMessages) -> Received { Create on mailbox }
    /// Say that messages are done, so that they are not given out again.
    fn acknowledge_messages(AcknowledgeMessages) -> Settled { Idempotent on mailbox }
    /// Give messages back that were not dealt with.
    fn return_messages(ReturnMessages) -> Settled { Create on mailbox }
    /// Ask whoever reads a mailbox, and wait for the answer.
    fn request_reply(RequestReply) -> Reply { Create on to }
    /// Answer a message that asks for it; it is done then.
    fn reply_message(ReplyMessage) -> Replied { Create on mailbox }
    /// List the messages of a mailbox that were given out too often.
    fn list_dead_messages(ListDeadMessages) -> Page<DeadMessage> { Read on mailbox }
    /// Put a dead message back into its mailbox.
    fn replay_dead_message(ReplayDeadMessage) -> () { Create on mailbox }
}

/// The messages of a tenant's agents. No tenant sees another's. Clones share the state.
///
/// ```
/// use mosaic_core::context::{CallContext, Principal};
/// use mosaic_mcp::coordination::messages::{
///     AcknowledgeMessages, Messages, OpenMailbox, ReceiveMessages, SendMessage,
/// };
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let messages = Messages::new(state.clone());
/// let planner = CallContext::new().principal(Principal::agent("planner"));
/// let builder = CallContext::new().principal(Principal::agent("builder"));
///
/// messages.open_mailbox(&builder, OpenMailbox::new("builder").lease(30u64)).await?;
/// messages.send_message(&planner, SendMessage::new("builder", "build 7")).await?;
///
/// let received = messages.receive_messages(&builder, ReceiveMessages::new("builder").wait(10u64)).await?;
/// let first = &received.messages[0];
/// assert_eq!((first.from.as_str(), &first.body), ("agent planner", &"build 7".into()));
/// // Without this it is given out again when the 30 seconds are over.
/// messages.acknowledge_messages(&builder, AcknowledgeMessages::new("builder", vec![first.receipt.clone()])).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Messages {
    state: State,
}

impl Messages {
    /// Over a state.
    pub fn new(state: State) -> Self {
        Self { state }
    }

    /// Opens a mailbox. One that is there gets the settings that are given, and keeps the others and what it holds.
    ///
    /// # Errors
    /// `Invalid` for a name or a setting that is none; `Conflict` where it is there with another project or overflow policy; those of
    /// the state.
    pub async fn open_mailbox(&self, cx: &CallContext, op: OpenMailbox) -> Result<Mailbox> {
        let tenant = cx.tenant_id().clone();
        self.state.run(move |tx| Box::pin(async move { mailbox::open(tx, &tenant, op).await })).await
    }

    /// Looks at a mailbox.
    ///
    /// # Errors
    /// `NotFound` where there is none; those of the state.
    pub async fn get_mailbox(&self, cx: &CallContext, op: GetMailbox) -> Result<Mailbox> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let kept = self.state.read(&key::mailbox(cx.tenant_id(), &op.mailbox)?).await?;
        Ok(mailbox::shown(&op.mailbox, kept.ok_or_else(|| opened::missing(&op.mailbox))?))
    }

    /// Lists mailboxes, in the order of their names.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn list_mailboxes(&self, cx: &CallContext, op: ListMailboxes) -> Result<Page<Mailbox>> {
        mailbox::list(&self.state, cx.tenant_id(), op).await
    }

    /// Closes a mailbox and drops what it holds, in steps: at once it is there for nobody. Where it is interrupted, the next
    /// mailbox that is closed removes what is left; [`Messages::purge`] does, too.
    ///
    /// # Errors
    /// `NotFound` where there is none; those of the state.
    pub async fn close_mailbox(&self, cx: &CallContext, op: CloseMailbox) -> Result<()> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let tenant = cx.tenant_id().clone();
        self.state
            .run(move |tx| Box::pin(async move { mailbox::close(tx, &tenant, &op.mailbox).await }))
            .await?;
        self.purge(cx).await
    }

    /// Removes what mailboxes of the tenant held that were closed, where that was interrupted.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn purge(&self, cx: &CallContext) -> Result<()> {
        loop {
            let tenant = cx.tenant_id().clone();
            if !self.state.run(move |tx| Box::pin(async move { mailbox::purge(tx, &tenant).await })).await? {
                return Ok(());
            }
        }
    }

    /// Has what is published on some topics from now on come to a mailbox.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox; `QuotaExceeded` where it follows 64 filters, where 1,000 mailboxes follow this one,
    /// or where filters of the tenant have wildcards at 256 different places already; those of the state.
    pub async fn follow_topic(&self, cx: &CallContext, op: FollowTopic) -> Result<()> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let tenant = cx.tenant_id().clone();
        self.state
            .run(move |tx| Box::pin(async move { mailbox::follow(tx, &tenant, &op.mailbox, op.topic).await }))
            .await
    }

    /// Has what is published on some topics no longer come to a mailbox. What is there stays.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox; those of the state.
    pub async fn unfollow_topic(&self, cx: &CallContext, op: UnfollowTopic) -> Result<()> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let tenant = cx.tenant_id().clone();
        self.state
            .run(move |tx| {
                Box::pin(async move { mailbox::unfollow(tx, &tenant, &op.mailbox, op.topic).await })
            })
            .await
    }

    /// Sends a message to one mailbox.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox; `QuotaExceeded`, with the time after which to come again, where it is full and refuses;
    /// `Conflict` where the id is that of another message; `Invalid` for what is too large or none; those of the state.
    pub async fn send_message(&self, cx: &CallContext, op: SendMessage) -> Result<Sent> {
        self.post(Draft::direct(cx, op)?).await
    }

    /// Sends a message to every mailbox that follows a topic, once each. Those that are full and refuse are named in the answer.
    ///
    /// # Errors
    /// `QuotaExceeded` for more than 1,000 mailboxes; `Conflict` where the id is that of another message; `Invalid` for what is too
    /// large or none; those of the state.
    pub async fn publish_message(&self, cx: &CallContext, op: PublishMessage) -> Result<Sent> {
        self.post(Draft::publish(cx, op)?).await
    }

    /// Sends a message to every mailbox, or to those of a project. Those that are full and refuse are named in the answer.
    ///
    /// # Errors
    /// As for [`Messages::publish_message`].
    pub async fn broadcast_message(&self, cx: &CallContext, op: BroadcastMessage) -> Result<Sent> {
        self.post(Draft::broadcast(cx, op)?).await
    }

    async fn post(&self, draft: Draft) -> Result<Sent> {
        Ok(self.state.run(move |tx| Box::pin(draft.post(tx))).await?.sent)
    }

    /// Takes messages out of a mailbox; each is given to nobody else until its lease is over. Dropping the future while it waits takes
    /// none; dropping it while it takes some leaves them given out until their lease is over.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox; `Invalid` for a number that is not allowed; those of the state.
    pub async fn receive_messages(&self, cx: &CallContext, op: ReceiveMessages) -> Result<Received> {
        receive::receive(&self.state, cx.tenant_id(), op).await
    }

    /// Says that messages are done. Receipts that are no longer good are named in the answer.
    ///
    /// # Errors
    /// `Conflict` where none is good; `NotFound` where there is no such mailbox; `Invalid` for what is no receipt; those of the state.
    pub async fn acknowledge_messages(&self, cx: &CallContext, op: AcknowledgeMessages) -> Result<Settled> {
        self.settle(cx, op.mailbox, &op.receipts, Settle::Acknowledge).await
    }

    /// Gives messages back. One that was given out as often as the mailbox allows is dead then.
    ///
    /// # Errors
    /// As for [`Messages::acknowledge_messages`].
    pub async fn return_messages(&self, cx: &CallContext, op: ReturnMessages) -> Result<Settled> {
        let delay = limit::number("delay", op.delay, 0, limit::DAY, 0)?;
        self.settle(cx, op.mailbox, &op.receipts, Settle::Return(delay)).await
    }

    async fn settle(
        &self,
        cx: &CallContext,
        mailbox: String,
        receipts: &[String],
        how: Settle,
    ) -> Result<Settled> {
        limit::name("mailbox", &mailbox, limit::NAME)?;
        let (tenant, receipts) = (cx.tenant_id().clone(), settle::receipts(receipts)?);
        self.state
            .run(move |tx| {
                Box::pin(async move { settle::settle(tx, &tenant, &mailbox, receipts, how).await })
            })
            .await
    }

    /// Asks whoever reads a mailbox, and waits for the answer. Dropping the future leaves the request there until its time is over.
    ///
    /// # Errors
    /// `DeadlineExceeded` where nobody answers in time; as for [`Messages::send_message`].
    pub async fn request_reply(&self, cx: &CallContext, op: RequestReply) -> Result<Reply> {
        let seconds = limit::number("seconds", op.seconds, 1, limit::WAIT, 60)?;
        request::ask(&self.state, cx.tenant_id(), Draft::request(cx, op)?, seconds).await
    }

    /// Answers a message, which is done then. An answer that comes too late, or as the second one, is dropped, and the answer
    /// of this call says so.
    ///
    /// # Errors
    /// `Conflict` for a receipt that is no longer good; `Invalid` where the message asks for no answer; `QuotaExceeded` where
    /// the mailbox for the answer is full and refuses; those of the state.
    pub async fn reply_message(&self, cx: &CallContext, op: ReplyMessage) -> Result<Replied> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let (tenant, from) = (cx.tenant_id().clone(), cx.caller().to_string());
        self.state.run(move |tx| Box::pin(async move { request::reply(tx, &tenant, from, op).await })).await
    }

    /// Lists dead messages, the oldest first.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox; `Invalid` for a cursor that is none; those of the state.
    pub async fn list_dead_messages(
        &self,
        cx: &CallContext,
        op: ListDeadMessages,
    ) -> Result<Page<DeadMessage>> {
        dead::list(&self.state, cx.tenant_id(), op).await
    }

    /// Puts a dead message back into its mailbox, at the end, without a time to live.
    ///
    /// # Errors
    /// `NotFound` where there is no such mailbox or message; `QuotaExceeded` where the mailbox is full and refuses; those of the state.
    pub async fn replay_dead_message(&self, cx: &CallContext, op: ReplayDeadMessage) -> Result<()> {
        limit::name("mailbox", &op.mailbox, limit::NAME)?;
        let tenant = cx.tenant_id().clone();
        self.state
            .run(move |tx| Box::pin(async move { dead::replay(tx, &tenant, &op.mailbox, op.number).await }))
            .await
    }
}
