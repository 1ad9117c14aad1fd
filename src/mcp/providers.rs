//! The providers of an orchestrator and their health, as resources.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use mosaic_core::context::CallContext;
use mosaic_core::engine::breaker::BreakerState;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::orchestrator::ProviderStatus;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_mcp::surface::{Resource, ResourceContent, ResourceSource, ResourceTemplate, Sight};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::Mosaic;

const ALL: &str = "mosaic://providers";
const ONE: &str = "mosaic://providers/";
const TEMPLATE: &str = "mosaic://providers/{id}";
const HEALTH: &str = "mosaic://health";

/// `mosaic://providers`, each of them under its name, and `mosaic://health`. Who watches one hears of every step in the life of
/// a provider, of breakers that open and close, and of health checks that say something else; not of what is only counted. Whoever may use the server may read them, except what a gate keeps back: the list and the health name only providers whose own
/// page the caller may read. Messages of failures are not in them, as providers write those.
///
/// ```
/// use mosaic::mcp::Providers;
/// use mosaic::mcp::surface::McpServer;
/// use mosaic::prelude::*;
///
/// fn only_the_providers(mosaic: &Mosaic) -> mosaic::Result<McpServer> {
///     McpServer::builder().resources(Providers::new(mosaic)).build()
/// }
/// ```
#[derive(Clone)]
pub struct Providers(Mosaic);

impl Providers {
    /// Those of this orchestrator.
    pub fn new(mosaic: &Mosaic) -> Self {
        Self(mosaic.clone())
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers").finish_non_exhaustive()
    }
}

#[async_trait]
impl ResourceSource for Providers {
    async fn list(&self, _: &CallContext) -> Result<Vec<Resource>> {
        let all = Resource::new(ALL, "providers")
            .described("Every provider: what it serves, how it is, what was counted.");
        let health = Resource::new(HEALTH, "health").described(
            "Whether each provider can be used now, and for which services its breaker rejects calls.",
        );
        Ok([all, health].map(|resource| resource.media_type("application/json")).into())
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        let one = ResourceTemplate::new(TEMPLATE, "provider").described("One provider.");
        vec![one.media_type("application/json")]
    }

    async fn read(&self, _: &CallContext, uri: &str) -> Result<Option<Vec<ResourceContent>>> {
        page(uri, &self.0.status().providers)
    }

    async fn read_for(
        &self,
        _: &CallContext,
        uri: &str,
        sight: &Sight<'_>,
    ) -> Result<Option<Vec<ResourceContent>>> {
        if !is_own(uri) {
            return Ok(None);
        }
        let mut seen = Vec::new();
        for provider in self.0.status().providers {
            if sight.reads(&format!("{ONE}{}", provider.id)).await {
                seen.push(provider);
            }
        }
        page(uri, &seen)
    }

    async fn complete(
        &self,
        _: &CallContext,
        template: &str,
        argument: &str,
        typed: &str,
        _: &BTreeMap<String, String>,
    ) -> Result<Vec<String>> {
        if (template, argument) != (TEMPLATE, "id") {
            return Ok(Vec::new());
        }
        let names = self.0.status().providers.into_iter().map(|provider| provider.id.to_string());
        Ok(names.filter(|name| name.starts_with(typed)).collect())
    }

    fn watch(&self, _: &CallContext, uri: &str) -> Option<BoxStream<'static, ()>> {
        if !is_own(uri) {
            return None;
        }
        let only = uri.strip_prefix(ONE).map(ToOwned::to_owned);
        let steps = told(self.0.lifecycle(), only.clone(), |change| change.provider.as_str());
        let shifts = told(self.0.shifts(), only, ProviderId::as_str);
        Some(stream::select(steps, shifts).boxed())
    }
}

fn is_own(uri: &str) -> bool {
    uri == ALL || uri == HEALTH || uri.starts_with(ONE)
}

/// What changes, which provider is meant, and of which one a change is.
type Told<T> = (Receiver<T>, Option<String>, fn(&T) -> &str);

/// An item for each change of the provider that is meant, or of any.
fn told<T: Clone + Send + 'static>(
    changes: Receiver<T>,
    only: Option<String>,
    of: fn(&T) -> &str,
) -> BoxStream<'static, ()> {
    let next = async |(mut changes, only, of): Told<T>| {
        loop {
            match changes.recv().await {
                Ok(change) if only.as_ref().is_some_and(|only| of(&change) != only) => {}
                // Who was too slow to hear each change hears of one.
                Ok(_) | Err(RecvError::Lagged(_)) => return Some(((), (changes, only, of))),
                Err(RecvError::Closed) => return None,
            }
        }
    };
    stream::unfold((changes, only, of), next).boxed()
}

fn page(uri: &str, providers: &[ProviderStatus]) -> Result<Option<Vec<ResourceContent>>> {
    let found = match uri {
        ALL => providers.iter().map(about).collect(),
        HEALTH => providers.iter().map(|provider| (provider.id.to_string(), health(provider))).collect(),
        _ => {
            let Some(id) = uri.strip_prefix(ONE) else { return Ok(None) };
            let found = providers.iter().find(|provider| provider.id.as_str() == id).map(about);
            found.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("there is no provider {id:?}; see {ALL}"))
            })?
        }
    };
    Ok(Some(vec![ResourceContent::text(uri, "application/json", format!("{found:#}"))]))
}

fn health(provider: &ProviderStatus) -> Value {
    let (status, why) = &provider.health;
    let open = provider.breakers.iter().filter(|(_, state, _)| *state == BreakerState::Open);
    let rejects: Vec<ServiceKind> = open.map(|(service, ..)| *service).collect();
    let usable = status.usable() && provider.slot.answers();
    json!({
        "status": status, "why": why, "usable": usable, "state": provider.slot.to_string(), "rejects": rejects,
    })
}

fn about(provider: &ProviderStatus) -> Value {
    let breakers = provider.breakers.iter().map(|(service, state, opened)| {
        (service.to_string(), json!({ "breaker": state.to_string(), "opened": opened }))
    });
    json!({
        "id": provider.id,
        "plugin": provider.plugin,
        "services": breakers.collect::<BTreeMap<_, _>>(),
        "health": health(provider),
        "instance": { "generation": provider.generation, "lifecycle": provider.lifecycle.to_string() },
        "restarts": provider.restarts,
        "last_failure": provider.last_failure.as_ref().map(|error| error.kind()),
        "in_flight": provider.in_flight,
        "latency_ms": provider.latency.as_secs_f64() * 1_000.0,
        "attempts": provider.figures.attempts,
        "failures": provider.figures.failures,
        "retries": provider.figures.retries,
    })
}
