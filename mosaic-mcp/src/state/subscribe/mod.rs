//! Events as they happen: subscriptions to the log, which replay what was and go on with what comes, and named ones that go on
//! where they were.
//!
//! | what | where |
//! | --- | --- |
//! | [`State::subscribe`](super::State::subscribe), [`Subscription`], [`Delivery`] | one ordered stream of the events that a filter chooses |
//! | [`Consumers`] | subscriptions with a name, whose place is kept in the state |
//! | [`State::park`](super::State::park), [`Parked`] | a wait for the next event of one topic |
//!
//! What a node commits goes to its subscribers through memory. Who is behind what memory holds reads from the store until it has
//! caught up. What other nodes commit is read from the store once, for all subscribers of the node. A subscriber takes what it asks
//! for and holds up nobody.
mod consumers;
mod feed;
mod fill;
mod ring;
mod subscription;

pub use consumers::{Consumer, ConsumerInfo, Consumers};
pub(super) use feed::Feed;
pub use feed::Parked;
pub(super) use fill::fill;
pub use subscription::{Delivery, Since, Subscription};
