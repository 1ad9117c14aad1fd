//! The behaviour suite of stores: what every store does alike, below [`State`](super::State).
//!
//! Each behaviour is a function of its own that asks for stores by a name of its own, so that they can run alone, in any order and
//! side by side. [`run`] runs them all; [`state_suite!`](crate::state_suite) makes a test of each.

mod backups;
mod changes;
mod events;
mod expiry;
mod failure;
mod ground;
mod nodes;
mod ranges;
mod transactions;
mod trims;
mod values;
mod views;

pub use backups::backups_come_back;
pub use changes::{
    changes_are_coalesced_in_order, changes_of_a_revision_come_together, changes_stay_in_their_range,
    forgotten_deletions_are_told, untracked_values_leave_no_trace,
};
pub use events::{
    events_are_appended_at_expected_places, events_are_chosen_by_filters, events_come_back_as_they_are,
    offsets_have_no_gaps, sparse_events_fill_their_pages,
};
pub use expiry::{expired_values_are_not_there, values_that_will_expire_are_known};
pub use failure::{Failure, Outcome};
pub use ground::{MemoryStores, Stores};
pub use nodes::{
    dropped_transactions_let_others_in, nodes_hear_of_each_other, nodes_write_one_after_the_other,
    stores_keep_what_was_written,
};
pub use ranges::{ranges_are_ordered_by_bytes, ranges_are_paged, ranges_see_what_was_written_before};
pub use transactions::{
    failing_transactions_take_nothing_with_them, heads_move_with_what_is_written,
    large_transactions_are_written_and_larger_refused, transactions_are_one_after_the_other,
    transactions_see_what_was_written_before, values_and_events_stand_or_fall_together,
};
pub use trims::{
    trims_are_told, trims_keep_the_places_of_topics, trims_of_all_are_told, trims_of_all_leave_the_audit,
};
pub use values::{
    expectations_are_kept, many_values_are_read_at_once, values_come_back_as_they_are,
    versions_are_never_shared,
};
pub use views::{parts_stand_or_fall_together, views_are_of_one_moment};

/// Runs every behaviour, and stops at the first failure.
///
/// ```
/// use mosaic_mcp::state::suite::{self, MemoryStores};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), suite::Failure> {
/// suite::run(&MemoryStores::default()).await
/// # }
/// ```
///
/// # Errors
/// The first behaviour that the stores do not show.
pub async fn run(stores: &dyn Stores) -> Outcome {
    crate::state_suite!(@names run (stores))
}

/// Makes a test of each behaviour: the expression is awaited in each of them and gives the [`Stores`].
///
/// ```
/// # mod here {
/// use mosaic_mcp::state::suite::MemoryStores;
///
/// mosaic_mcp::state_suite!(async { MemoryStores::default() });
/// # }
/// ```
#[macro_export]
macro_rules! state_suite {
    ($stores:expr) => {
        $crate::state_suite!(@names tests ($stores));
    };
    (@names $how:ident $with:tt) => {
        $crate::state_suite! {
            @$how $with
            values_come_back_as_they_are
            versions_are_never_shared
            expectations_are_kept
            many_values_are_read_at_once
            ranges_are_ordered_by_bytes
            ranges_are_paged
            ranges_see_what_was_written_before
            transactions_are_one_after_the_other
            failing_transactions_take_nothing_with_them
            transactions_see_what_was_written_before
            values_and_events_stand_or_fall_together
            large_transactions_are_written_and_larger_refused
            heads_move_with_what_is_written
            offsets_have_no_gaps
            events_come_back_as_they_are
            events_are_chosen_by_filters
            sparse_events_fill_their_pages
            events_are_appended_at_expected_places
            changes_are_coalesced_in_order
            changes_of_a_revision_come_together
            changes_stay_in_their_range
            untracked_values_leave_no_trace
            forgotten_deletions_are_told
            trims_are_told
            trims_of_all_are_told
            trims_of_all_leave_the_audit
            trims_keep_the_places_of_topics
            expired_values_are_not_there
            values_that_will_expire_are_known
            nodes_write_one_after_the_other
            nodes_hear_of_each_other
            dropped_transactions_let_others_in
            stores_keep_what_was_written
            views_are_of_one_moment
            parts_stand_or_fall_together
            backups_come_back
        }
    };
    (@run ($stores:expr) $($behaviour:ident)*) => {{
        $($behaviour($stores).await.map_err(|failure| failure.of(stringify!($behaviour)))?;)*
        Ok(())
    }};
    (@tests ($stores:expr) $($behaviour:ident)*) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                let stores = $stores.await;
                if let Err(failure) = $crate::state::suite::$behaviour(&stores).await {
                    panic!("{}", failure.of(stringify!($behaviour)));
                }
            }
        )*
    };
}
