//! The second step: from what a file says to an orchestrator's builder, with the providers that are compiled in.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::Schema;
use serde_json::Value;

use super::Config;
use super::check::{self, Checker};
use super::code::Code;
use super::form::plugin::TREATMENT;
use super::path;
use super::read::PluginPart;
use super::report::{Found, Report, report};
use crate::engine::route::Rules;
use crate::error::{Error, Result};
use crate::orchestrator::{Builder, Change, Orchestrator, Source};
use crate::plugin::{Factory, FactoryInput, Plugin};
use crate::types::ServiceKind;
use crate::types::nearest::nearest;

/// The tiers of the cache that are compiled in.
const TIERS: [&str; 1] = ["memory"];

impl Config {
    /// A builder with everything that the file says. Each provider is made by the factory of its product and service; the
    /// application may add others, and everything else that a builder takes.
    ///
    /// # Errors
    /// A report that names everything that is not compiled in, and every fault of the plugins' own configurations that their
    /// schemas tell.
    pub fn builder(
        &self,
        factories: impl IntoIterator<Item = Box<dyn Factory>>,
    ) -> std::result::Result<Builder, Report> {
        let factories: Vec<Arc<dyn Factory>> = factories.into_iter().map(Arc::from).collect();
        let mut found = Vec::new();
        let builder = Orchestrator::builder().health(self.parts.health).cache(self.parts.cache.clone());
        let mut builder = match &self.parts.rules {
            Rules::Routing(routing) => builder.routing(routing.clone()),
            Rules::Phases(phases) => builder.phases(phases.clone()),
        };
        builder = builder.supervision(self.parts.supervision).drain(self.parts.drain);
        if let Some(limit) = self.parts.time_limit {
            builder = builder.time_limit(limit);
        }
        for (plugin, value) in self.made(&factories, &mut found) {
            let product = plugin.product.text.as_str();
            builder =
                builder.provider_from(plugin.id.as_str(), product, plugin.service, value, plugin.treated);
        }
        let scrubbed = factories.into_iter().map(|inner| Box::new(Scrubbed { inner }) as Box<dyn Factory>);
        builder = builder.factories(scrubbed);
        if found.is_empty() { Ok(builder) } else { Err(report(&self.source, found, false)) }
    }

    /// What changes at an orchestrator that was built from another configuration, to be given to [`Orchestrator::apply`]:
    /// providers that are new are added, those whose own configuration differs get a new instance, those that are treated
    /// otherwise are treated so, those that are gone are removed; rules, phases, the settings of the cache and of health checks
    /// are replaced where they differ. Providers that the application added itself stay. New instances are made by the
    /// factories that the orchestrator was built with; those given here only tell what is compiled in.
    ///
    /// ```no_run
    /// use mosaic_core::config::Config;
    /// # use mosaic_core::{orchestrator::Orchestrator, plugin::Factory};
    /// # async fn example(mosaic: Orchestrator, loaded: Config, factories: Vec<Box<dyn Factory>>) -> mosaic_core::Result<()> {
    ///
    /// let next = Config::load("mosaic.yaml")?;
    /// mosaic.apply(next.change_from(&loaded, factories)?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A report of what [`Config::builder`] would report, and of what cannot be changed while calls run: `timeLimit`.
    pub fn change_from(
        &self,
        before: &Self,
        factories: impl IntoIterator<Item = Box<dyn Factory>>,
    ) -> std::result::Result<Change, Report> {
        let factories: Vec<Arc<dyn Factory>> = factories.into_iter().map(Arc::from).collect();
        let mut found = Vec::new();
        let made = self.made(&factories, &mut found);
        if self.parts.time_limit != before.parts.time_limit {
            found.push(self.time_limit_stays());
        }
        // What was wrong with it then says nothing about what is to be.
        let old = before.made(&factories, &mut Vec::new());
        let mut change = Change::new();
        for (plugin, value) in &made {
            let id = plugin.id.as_str();
            let source = || Source::factory(plugin.product.text.as_str(), plugin.service, value.clone());
            let Some((then, old)) = old.iter().find(|(then, _)| then.id == plugin.id) else {
                change = change.add_with(id, source(), plugin.treated);
                continue;
            };
            if then.product.text != plugin.product.text || then.service != plugin.service || old != value {
                change = change.reload(id, source());
            }
            if then.treated != plugin.treated {
                change = change.treat(id, plugin.treated);
            }
        }
        for gone in before.provider_ids().filter(|id| !self.provider_ids().any(|known| known == *id)) {
            change = change.remove(gone.as_str());
        }
        if self.parts.rules != before.parts.rules {
            change = change.rules(self.parts.rules.clone());
        }
        if self.parts.cache != before.parts.cache {
            change = change.cache(self.parts.cache.clone());
        }
        if self.parts.supervision != before.parts.supervision {
            change = change.supervision(self.parts.supervision);
        }
        if self.parts.drain != before.parts.drain {
            change = change.drain(self.parts.drain);
        }
        if self.parts.health != before.parts.health {
            change = change.health(self.parts.health);
        }
        if found.is_empty() { Ok(change) } else { Err(report(&self.source, found, false)) }
    }

    fn time_limit_stays(&self) -> Found {
        let message = "the time limit of calls cannot be changed while they run; build anew for it";
        match &self.parts.time_limit_at {
            Some(spot) => Found::error(Code::NotLive, &*spot.path, spot.span.clone(), message),
            None => Found { span: None, ..Found::error(Code::NotLive, "timeLimit", 0..0, message) },
        }
    }

    /// The providers with their own configurations as JSON; what is missing or wrong is added to `found`.
    fn made(&self, factories: &[Arc<dyn Factory>], found: &mut Vec<Found>) -> Vec<(&PluginPart, Value)> {
        if let Some(tier) = self.parts.tier.as_ref().filter(|tier| !TIERS.contains(&tier.text.as_str())) {
            let shown = path::cut(&tier.shown);
            let message =
                format!("the cache {shown:?} is not compiled in; compiled in is {}", TIERS.join(", "));
            found.push(Found::error(Code::MissingTier, &*tier.path, tier.span.clone(), message));
        }
        let mut made = Vec::new();
        for plugin in &self.parts.plugins {
            match factories.iter().find(|factory| fits(&***factory, plugin)) {
                Some(factory) => made.push((plugin, own_value(plugin, &**factory, found))),
                None => found.push(missing(plugin, factories)),
            }
        }
        made
    }
}

fn fits(factory: &dyn Factory, plugin: &PluginPart) -> bool {
    factory.provider() == plugin.product.text && factory.service() == plugin.service
}

fn missing(plugin: &PluginPart, factories: &[Arc<dyn Factory>]) -> Found {
    let (shown, service) = (path::cut(&plugin.product.shown), plugin.service);
    let known: Vec<_> =
        factories.iter().map(|factory| format!("{} for {}", factory.provider(), factory.service())).collect();
    let known = if known.is_empty() { "none".into() } else { known.join(", ") };
    let message = format!("no plugin of {shown:?} for {service} is compiled in; compiled in: {known}");
    let of_service =
        factories.iter().filter(|factory| factory.service() == service).map(|factory| factory.provider());
    let meant = if plugin.product.replaced() { None } else { nearest(&plugin.product.text, of_service) };
    Found::error(Code::MissingPlugin, &*plugin.product.path, plugin.product.span.clone(), message)
        .suggest(meant)
}

/// The plugin's own configuration as JSON, checked against the schema of its factory.
fn own_value(plugin: &PluginPart, factory: &dyn Factory, found: &mut Vec<Found>) -> Value {
    let schema = check::with_limits(factory.config_schema().to_value());
    let mut checker = Checker::new(&schema).also_known(&TREATMENT);
    let value = checker.check(&plugin.own, &schema, &plugin.path).unwrap_or_default();
    let secrets = secrets(&check::json(&plugin.own), &schema);
    found.extend(
        checker.found.into_iter().map(|fault| Found { message: scrub(&fault.message, &secrets), ..fault }),
    );
    value
}

/// Every text of a plugin's own configuration that may be a secret, the longest first: what is no word of its schema.
fn secrets(config: &Value, schema: &Value) -> Vec<String> {
    let words = schema.to_string();
    let mut secrets = Vec::new();
    let mut open = vec![config];
    while let Some(value) = open.pop() {
        let text = match value {
            Value::Object(fields) => {
                open.extend(fields.values());
                // A value whose space behind the colon was forgotten is a part of its key.
                let hidden = fields.keys().filter_map(|key| path::open_part(key).map(|end| &key[end..]));
                secrets.extend(hidden.filter(|hidden| hidden.len() >= 3).map(Into::into));
                continue;
            }
            Value::Array(items) => {
                open.extend(items);
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Null => continue,
        };
        let json = Value::String(text.clone()).to_string();
        // Shorter ones are no secrets, and would make holes in every word.
        if text.len() >= 3 && !words.contains(&json) {
            secrets.push(json.trim_matches('"').to_owned());
            secrets.push(format!("{text:?}").trim_matches('"').to_owned());
            secrets.push(text);
        }
    }
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    secrets.dedup();
    secrets
}

fn scrub(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
}

/// A factory whose errors quote nothing of the configuration.
struct Scrubbed {
    inner: Arc<dyn Factory>,
}

#[async_trait]
impl Factory for Scrubbed {
    fn provider(&self) -> &str {
        self.inner.provider()
    }

    fn service(&self) -> ServiceKind {
        self.inner.service()
    }

    fn config_schema(&self) -> Schema {
        self.inner.config_schema()
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let secrets = secrets(&input.config, &self.inner.config_schema().to_value());
        let made = self.inner.create(input).await;
        // The error is made anew: its context and its source may quote values too.
        made.map_err(|error| Error::new(error.kind(), scrub(error.message(), &secrets)))
    }
}
