//! State and events that survive crashes: versioned values, an append-only log, and transactions across both.
//!
//! | what | where |
//! | --- | --- |
//! | [`State`] | what everything else uses: transactions in groups, reads, the head as it moves |
//! | [`Tx`] | what a transaction sees and writes |
//! | [`Watch`] [`Snapshot`] | following keys as they change; what the events of a topic come to |
//! | [`StateStore`] | the contract of a store, and [`MemoryStore`], the one in memory |
//! | `SqliteStore` | the store in a file, behind the feature `sqlite` |
//! | `PostgresStore` | the store that several nodes share, behind the feature `postgres` |
//! | `RedisHints` | hints between nodes through Redis, behind the feature `redis` |
//! | [`Subscription`] [`Consumers`] | events as they happen, and subscriptions that go on where they were |
//! | [`backup`] | everything in one file, for any store |
//! | [`Key`] [`KeyRange`] [`Topic`] [`TopicFilter`] | names of values and of events |
//!
//! All transactions of a store run one after the other, on every node that shares it: what a transaction has read holds when
//! it is written, and nothing is ever tried twice. What waits together is written together, so that many small transactions
//! cost what one costs. An event is in the log exactly if the transaction that appended it was written, together with its values.
pub mod backup;
mod clock;
mod handle;
mod key;
pub mod limits;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod migration;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
mod retention;
mod snapshot;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod subscribe;
#[cfg(feature = "testkit")]
pub mod suite;
mod topic;
mod tx;
mod upkeep;
mod watch;
mod writer;

pub use clock::Clock;
pub use handle::State;
pub use key::{Key, KeyRange, ordered};
pub use memory::MemoryStore;
pub use options::StateOptions;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore, Tls};
pub use record::{Change, Entry, Event, Head};
#[cfg(feature = "redis")]
pub use redis::{HintedStore, RedisHints};
pub use snapshot::Snapshot;
#[cfg(feature = "sqlite")]
pub use sqlite::{Durability, SqliteOptions, SqliteStore};
pub use store::{StateStore, StoreTx, StoreView, Trim, Trimmed, Writes};
pub use subscribe::{Consumer, ConsumerInfo, Consumers, Delivery, Parked, Since, Subscription};
pub use topic::{Topic, TopicFilter};
pub use tx::{Expect, Tx};
pub use watch::Watch;
