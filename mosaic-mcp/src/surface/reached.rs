//! Which tools callers may call at all, found once for all callers alike.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::guard::to_show;
use super::server::Listed;
use crate::function::Reach;

/// The most kinds of callers that are remembered.
const KINDS: usize = 256;

/// The list that was looked through, and the places in it that callers are shown.
type Found = (Arc<Listed>, Arc<[usize]>);

/// What was found for each kind of callers.
#[derive(Default)]
pub(super) struct Reached(Mutex<HashMap<[u64; 5], Found>>);

impl Reached {
    /// The places in a list of the tools that somebody may call.
    pub(super) fn of(&self, listed: &Arc<Listed>, reach: &Reach) -> Arc<[usize]> {
        if reach.is_everything() {
            return Arc::clone(&listed.all);
        }
        let known = reach.key().and_then(|key| self.0.lock().get(&key).cloned());
        if let Some((list, places)) = known
            && Arc::ptr_eq(&list, listed)
        {
            return places;
        }
        let tools = listed.tools.iter().enumerate();
        let places: Arc<[usize]> =
            tools.filter(|(_, (tool, _))| reach.has(to_show(tool))).map(|(at, _)| at).collect();
        if let Some(key) = reach.key() {
            let mut kinds = self.0.lock();
            if kinds.len() >= KINDS && !kinds.contains_key(&key) {
                // They are found again when they are asked for.
                kinds.clear();
            }
            kinds.insert(key, (Arc::clone(listed), Arc::clone(&places)));
        }
        places
    }
}
