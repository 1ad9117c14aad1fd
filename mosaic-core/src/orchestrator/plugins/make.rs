//! What a change asks for, checked and made: every fault at once, before anything starts.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::time::Instant;

use super::change::{Change, Entry, What};
use super::source::Source;
use super::track::Track;
use super::{Book, PluginManager};
use crate::engine::ProviderConfig;
use crate::engine::instance::Instance;
use crate::engine::view::Provider;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::SlotState;
use crate::types::ProviderId;

/// What is asked for of one provider.
#[derive(Default)]
struct Wish {
    add: bool,
    remove: bool,
    source: Option<Source>,
    config: Option<ProviderConfig>,
}

/// One provider as it is to be.
pub(super) struct Planned {
    pub(super) provider: Arc<Provider>,
    pub(super) track: Arc<Track>,
    /// Whether it is not there yet.
    pub(super) fresh: bool,
    /// Whether no instance answered and none was to be restarted.
    pub(super) empty: bool,
    /// The instance that is to come, unless the present one stays.
    pub(super) coming: Option<Coming>,
}

pub(super) struct Coming {
    pub(super) source: Source,
    /// Without a number until it is begun.
    pub(super) instance: Instance,
}

#[derive(Default)]
pub(super) struct Plan {
    /// In the order in which they were named.
    pub(super) planned: Vec<Planned>,
    pub(super) removed: BTreeSet<ProviderId>,
}

impl Change {
    /// What is asked for of each provider.
    fn entries(&self, book: &Book) -> Vec<Entry> {
        let Some(exactly) = &self.exactly else { return self.entries.clone() };
        let mut entries = Vec::new();
        for (name, source, config) in exactly {
            let mut entry = |what| entries.push(Entry { id: name.clone(), what });
            let Some(slot) = book.slots.iter().find(|slot| slot.provider.id.as_str() == name) else {
                entry(What::Add(source.clone(), *config));
                continue;
            };
            // Who does not answer is given a new chance; an object that was given has no second life in a new instance.
            if !slot.source.equals(source) || (slot.tenure.is_none() && source.is_made()) {
                entry(What::Reload(Some(source.clone())));
            }
            if slot.provider.config != *config {
                entry(What::Treat(*config));
            }
        }
        let named = |id: &ProviderId| exactly.iter().any(|(name, ..)| name == id.as_str());
        let missing = book.slots.iter().map(|slot| &slot.provider.id).filter(|id| !named(id));
        entries.extend(missing.map(|id| Entry { id: id.to_string(), what: What::Remove }));
        entries
    }

    /// The slots that it concerns at the moment.
    pub(super) fn concerns(&self, book: &Book) -> BTreeSet<ProviderId> {
        self.entries(book).into_iter().filter_map(|entry| ProviderId::new(entry.id).ok()).collect()
    }
}

/// Collects what is asked for by provider, and the faults in it.
fn wishes(entries: Vec<Entry>, book: &Book, faults: &mut Vec<String>) -> Vec<(ProviderId, Wish)> {
    let mut order = Vec::new();
    let mut wishes: BTreeMap<ProviderId, Wish> = BTreeMap::new();
    let known = || {
        let known: Vec<_> = book.slots.iter().map(|slot| slot.provider.id.as_str()).collect();
        known.join(", ")
    };
    for Entry { id: name, what } in entries {
        let id = match ProviderId::new(&name) {
            Ok(id) => id,
            Err(error) => {
                faults.push(error.to_string());
                continue;
            }
        };
        let slot = book.slot(&id);
        match (&what, slot) {
            (What::Add(..), Some(_)) => {
                faults.push(format!(
                    "provider {name:?}: there is one of this name already; reload it, or choose another name"
                ));
                continue;
            }
            (What::Reload(_) | What::Treat(_) | What::Remove, None) => {
                faults.push(format!("provider {name:?}: there is none of this name; there are: {}", known()));
                continue;
            }
            _ => {}
        }
        let wish = wishes.entry(id.clone()).or_insert_with(|| {
            order.push(id);
            Wish::default()
        });
        match what {
            What::Add(..) if wish.add => {
                faults.push(format!("provider {name:?}: there are two of this name"))
            }
            What::Add(source, config) => {
                (wish.add, wish.source, wish.config) = (true, Some(source), Some(config));
            }
            What::Reload(Some(source)) if slot.is_some_and(|slot| slot.source.is_same_plugin(&source)) => {
                faults.push(format!(
                    "provider {name:?}: it has this very plugin already, which ends with the reload; give a new object"
                ));
            }
            What::Reload(source) => {
                let source = source.or_else(|| slot.map(|slot| slot.source.clone()).filter(Source::is_made));
                if source.is_none() {
                    faults.push(format!(
                        "provider {name:?}: its plugin was given and not made by a factory; reload it with a new one"
                    ));
                }
                if source.is_some() && std::mem::replace(&mut wish.source, source).is_some() {
                    faults.push(format!("provider {name:?}: it is reloaded twice"));
                }
            }
            What::Treat(config) => wish.config = Some(config),
            What::Remove => wish.remove = true,
        }
    }
    let mut wish = |id| wishes.remove(&id).map(|wish| (id, wish));
    order.into_iter().filter_map(&mut wish).collect()
}

impl PluginManager {
    /// Checks names, and makes every plugin that is to come. Nothing of it has been started.
    ///
    /// # Errors
    /// `Config`, with every fault of names, configurations and factories.
    pub(super) async fn make(&self, change: &Change) -> Result<Plan> {
        let mut faults = Vec::new();
        let wishes = self.look(|book| wishes(change.entries(book), book, &mut faults));
        let mut plan = Plan::default();
        for (id, wish) in wishes {
            if wish.remove {
                if wish.source.is_some() || wish.config.is_some() {
                    faults.push(format!("provider {:?}: it is changed and removed at once", id.as_str()));
                }
                plan.removed.insert(id);
                continue;
            }
            let coming = match wish.source {
                None => None,
                Some(source) => match self.instance(&id, &source).await {
                    Ok(instance) => Some(Coming { source, instance }),
                    Err(error) => {
                        faults.push(format!("provider {:?}: {}", id.as_str(), error.message()));
                        continue;
                    }
                },
            };
            plan.planned.push(self.planned(id, wish.config, coming));
        }
        if faults.is_empty() {
            return Ok(plan);
        }
        Err(Error::new(ErrorKind::Config, format!("{} fault(s): {}", faults.len(), faults.join("; "))))
    }

    /// Who holds the turn of a slot calls it: the slot stays as it is seen here.
    fn planned(&self, id: ProviderId, config: Option<ProviderConfig>, coming: Option<Coming>) -> Planned {
        let now = Instant::now();
        self.look(|book| match book.slot(&id) {
            Some(slot) => {
                let treated = config.filter(|config| *config != slot.provider.config);
                Planned {
                    provider: match treated {
                        Some(config) => Arc::new(slot.provider.treated(config, now)),
                        None => Arc::clone(&slot.provider),
                    },
                    track: Arc::clone(&slot.track),
                    fresh: false,
                    empty: slot.track.slot() == SlotState::Empty,
                    coming,
                }
            }
            None => Planned {
                track: Track::new(id.clone(), self.changes.clone()),
                provider: {
                    let (config, shifts) = (config.unwrap_or_default(), self.shifts.clone());
                    Arc::new(Provider::new(id, config, now, self.seed, shifts))
                },
                fresh: true,
                empty: true,
                coming,
            },
        })
    }

    async fn instance(&self, id: &ProviderId, source: &Source) -> Result<Instance> {
        let plugin = source.make(id, &self.factories).await?;
        catch_unwind(AssertUnwindSafe(|| Instance::new(0, plugin)))
            .map_err(|_| Error::new(ErrorKind::Lifecycle, "asked what it is, the plugin panicked"))
    }
}
