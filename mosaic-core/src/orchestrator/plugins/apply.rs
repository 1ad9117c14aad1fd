//! Making a change: everything new is checked and started first, then one swap, then those who leave are seen off.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::change::Change;
use super::leave::Applied;
use super::make::{Coming, Planned};
use super::source::Source;
use super::start::{bring_up, take_down};
use super::track::Track;
use super::{Book, PluginManager, shut_down};
use crate::engine::instance::Instance;
use crate::engine::route::{Member, RuleBook};
use crate::engine::view::Provider;
use crate::error::{Error, ErrorKind, Result};
use crate::op::OpSet;
use crate::types::{ProviderId, ServiceKind};

/// A provider as it is to be, its new instance on its way or at work.
pub(super) struct Ready {
    pub(super) provider: Arc<Provider>,
    pub(super) track: Arc<Track>,
    pub(super) fresh: bool,
    empty: bool,
    pub(super) coming: Option<(Source, Arc<Instance>)>,
}

/// A provider as routing will see it.
pub(super) struct Outlook<'a> {
    pub(super) provider: &'a Provider,
    /// What its new instance offers, where one comes.
    pub(super) operations: Option<OpSet>,
    pub(super) fresh: bool,
}

impl PluginManager {
    /// Makes a change, as a task of its own: whoever waits for it may go away.
    ///
    /// # Errors
    /// `Config` where it does not fit, `Lifecycle` or the plugin's own error where one does not start; nothing has changed then,
    /// and what was new is disposed of.
    pub(in crate::orchestrator) async fn apply(self: &Arc<Self>, change: Change) -> Result<Applied> {
        let (tell, told) = oneshot::channel();
        let own = Arc::clone(self);
        self.tasks.spawn(async move {
            // Who went away does not want to know.
            let _ = tell.send(own.apply_in_turn(change).await);
        });
        told.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the change was broken off")))
    }

    /// The first change. Where it fails, or whoever waits for it goes away, nothing is left at work.
    ///
    /// # Errors
    /// Those of [`PluginManager::apply`].
    pub(in crate::orchestrator) async fn begin(self: &Arc<Self>, change: Change) -> Result<()> {
        let (tell, told) = oneshot::channel();
        let stop = self.stop.clone().drop_guard();
        let own = Arc::clone(self);
        self.tasks.spawn(async move {
            if tell.send(Arc::clone(&own).apply_in_turn(change).await).is_err() {
                own.stop_all().await;
            }
        });
        told.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "the start was broken off")))?;
        stop.disarm();
        Ok(())
    }

    async fn apply_in_turn(self: Arc<Self>, change: Change) -> Result<Applied> {
        let mut concerned = self.look(|book| change.concerns(book));
        loop {
            let turns = self.turns(concerned.clone()).await;
            let now = self.look(|book| change.concerns(book));
            if now.is_subset(&concerned) {
                let applied = self.apply_held(&change, false).await;
                drop(turns);
                return applied;
            }
            // While it waited for its turn there came to be more of them.
            concerned = now;
        }
    }

    /// The same for who holds the turns. With `give_up` a slot whose instance does not come is given up.
    pub(super) async fn apply_held(self: &Arc<Self>, change: &Change, give_up: bool) -> Result<Applied> {
        if self.stop.is_cancelled() {
            return Err(shut_down());
        }
        let plan = self.make(change).await?;
        let health = self.look(|book| {
            let after = plan.planned.iter().map(Planned::outlook);
            self.rules_after(book, change, &after.collect::<Vec<_>>(), &plan.removed)?;
            Ok::<_, Error>(book.settings.after(change).health)
        })?;
        let (mut ready, mut failed) = (Vec::with_capacity(plan.planned.len()), None);
        for planned in plan.planned {
            let one = match planned.begin() {
                Ok(one) => one,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let way_up = one.coming.as_ref().map(|(_, new)| (Arc::clone(&one.track), Arc::clone(new)));
            ready.push(one);
            let Some((track, new)) = way_up else { continue };
            let up = self.stop.run_until_cancelled(bring_up(&track, &new, health.timeout)).await;
            if let Err(error) = up.unwrap_or_else(|| Err(shut_down())) {
                failed = Some(error.provider(&track.provider));
                break;
            }
        }
        let swapped = match failed {
            Some(error) => Err(error),
            None => self.swap(change, &ready, &plan.removed),
        };
        match swapped {
            Ok((leaving, limit)) => {
                let leaving = leaving.into_iter().map(|leaving| self.see_off(leaving, limit)).collect();
                Ok(Applied { leaving })
            }
            Err(error) => {
                self.abandon(&ready, &error, give_up).await;
                Err(error)
            }
        }
    }

    /// The rules for the providers that there will be.
    ///
    /// # Errors
    /// `Config` with every fault of the rules, or where calls that have a way would have none.
    pub(super) fn rules_after(
        &self,
        book: &Book,
        change: &Change,
        after: &[Outlook<'_>],
        removed: &BTreeSet<ProviderId>,
    ) -> Result<RuleBook> {
        let mut members: Vec<Member> = Vec::with_capacity(book.slots.len() + after.len());
        for slot in book.slots.iter().filter(|slot| !removed.contains(&slot.provider.id)) {
            let new = after.iter().find(|new| new.provider.id == slot.provider.id);
            let provider = new.map_or(&*slot.provider, |new| new.provider);
            let operations = new.and_then(|new| new.operations).unwrap_or(slot.instance.info.operations);
            members.push(provider.member(operations));
        }
        for new in after.iter().filter(|new| new.fresh) {
            members.push(new.provider.member(new.operations.unwrap_or(OpSet::EMPTY)));
        }
        let served = |kind: &ServiceKind| members.iter().any(|member| member.operations.serves(*kind));
        let served: Vec<_> = ServiceKind::ALL.into_iter().filter(served).collect();
        let (present, rules) = (self.view.load_full(), change.rules.as_ref().unwrap_or(&book.changes.rules));
        let compiled = book.changes.compile(rules, &members, self.seed, &present.rules);
        let after = compiled.map_err(|error| match removed.first() {
            None => error,
            Some(id) => {
                let message = format!(
                    "{}; {id} is removed by this change: let it bring rules that do not name it",
                    error.message()
                );
                Error::new(ErrorKind::Config, message)
            }
        })?;
        let lost = |kind: &ServiceKind| present.rules.leads(*kind) && !after.leads(*kind);
        match served.into_iter().find(lost) {
            // Who gives rules knows what they leave out.
            Some(kind) if change.rules.is_none() => {
                let message = format!(
                    "calls of {kind} went to the only provider that serves it, and now there are more: let the change bring \
                     rules or a default for it"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            _ => Ok(after),
        }
    }

    /// Brings what was begun to its end, the last first. What answered before answers still.
    async fn abandon(&self, ready: &[Ready], error: &Error, give_up: bool) {
        for one in ready.iter().rev() {
            let Some((_, instance)) = &one.coming else { continue };
            let id = &one.provider.id;
            let own = error.provider_id() == Some(id);
            let why = own.then(|| error.clone());
            one.track.abandon(instance.generation, false, one.empty || give_up, why);
            take_down(&one.track, instance).await;
            if one.fresh {
                one.track.remove();
            } else if own && let Some(slot) = self.book.lock().slot_mut(id) {
                slot.last_failure = Some(error.clone());
            }
        }
    }
}

impl Planned {
    fn outlook(&self) -> Outlook<'_> {
        let operations = self.coming.as_ref().map(|coming| coming.instance.info.operations);
        Outlook { provider: &self.provider, operations, fresh: self.fresh }
    }

    /// Gives the new instance its number.
    fn begin(self) -> Result<Ready> {
        let Self { provider, track, fresh, empty, coming } = self;
        let coming = match coming {
            None => None,
            Some(Coming { source, mut instance }) => {
                instance.generation = track.begin().ok_or_else(|| {
                    let message = format!("no instance can come while the slot is {}", track.slot());
                    Error::new(ErrorKind::Internal, message).provider(&provider.id)
                })?;
                Some((source, Arc::new(instance)))
            }
        };
        Ok(Ready { provider, track, fresh, empty, coming })
    }
}

impl Ready {
    pub(super) fn outlook(&self) -> Outlook<'_> {
        let operations = self.coming.as_ref().map(|(_, instance)| instance.info.operations);
        Outlook { provider: &self.provider, operations, fresh: self.fresh }
    }
}
