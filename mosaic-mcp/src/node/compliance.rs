//! What an enterprise requires, turned into refusals.

use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Region;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requirements that a node has to meet. What is required and not there keeps the node from starting: all that is missing is told at
/// once. Nothing is required at first; [`Compliance::strict`] requires everything that needs no choice.
///
/// ```
/// use mosaic_mcp::node::{Compliance, Facts};
///
/// let refused = Compliance::strict().check(&Facts::default()).unwrap_err();
/// assert!(refused.message().contains("encryption at rest"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Compliance {
    /// Values and events are sealed at rest.
    pub encryption: bool,
    /// Writes, denials and changes are kept in the audit, and answered when their record is written.
    pub audit: bool,
    /// Connections to the store, and of clients from elsewhere, are encrypted and their other side is verified.
    pub tls: bool,
    /// Callers prove who they are, also those of this machine, and roles say what they may do.
    pub identity: bool,
    /// The audit is kept for at least that many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Data stays in these regions: the node and its store have to be in one of them, and so does every provider of an orchestra that
    /// it serves. Anywhere where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub residency: Vec<Region>,
}

/// What a node is made of, as far as requirements ask.
///
/// ```
/// use mosaic_mcp::node::Facts;
///
/// assert!(!Facts::default().audit);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Whether the store is sealed.
    pub encryption: bool,
    /// Whether there is an audit.
    pub audit: bool,
    /// How long the audit is kept; for ever where there is none.
    pub retention: Option<Duration>,
    /// What is not encrypted on its way, such as `the connection to PostgreSQL`.
    pub plain: Vec<&'static str>,
    /// Whether callers prove who they are.
    pub identity: bool,
    /// Whether roles are configured.
    pub roles: bool,
    /// Where the node is.
    pub region: Option<Region>,
    /// Where its store is.
    pub store_region: Option<Region>,
}

impl Facts {
    /// As one line, for the audit.
    pub(super) fn told(&self) -> String {
        let on = |on: bool| if on { "on" } else { "off" };
        let region = self.region.map_or("unknown".to_owned(), |region| region.to_string());
        let kept = self.retention.map_or("for ever".to_owned(), |kept| format!("{} s", kept.as_secs()));
        format!(
            "opened: encryption {}, identity {}, roles {}, region {region}, audit kept {kept}, in the clear: {}",
            on(self.encryption),
            on(self.identity),
            on(self.roles),
            if self.plain.is_empty() { "nothing".to_owned() } else { self.plain.join(", ") }
        )
    }
}

impl Compliance {
    /// Everything that needs no choice: encryption, audit, TLS and identity.
    pub fn strict() -> Self {
        Self { encryption: true, audit: true, tls: true, identity: true, ..Self::default() }
    }

    /// The audit is kept for at least that many days.
    #[must_use]
    pub fn retention_days(mut self, days: u32) -> Self {
        self.retention_days = Some(days);
        self
    }

    /// Data may be in this region.
    #[must_use]
    pub fn resides_in(mut self, region: Region) -> Self {
        self.residency.push(region);
        self
    }

    /// Holds a node against the requirements.
    ///
    /// # Errors
    /// `Config`, with everything that is missing.
    pub fn check(&self, facts: &Facts) -> Result<()> {
        let mut missing = Vec::new();
        if self.encryption && !facts.encryption {
            missing.push("encryption at rest: give the node keys to seal with".to_owned());
        }
        if self.audit && !facts.audit {
            missing.push("an audit: switch it on".to_owned());
        }
        if self.tls {
            missing
                .extend(facts.plain.iter().map(|what| format!("TLS: {what} is not encrypted and verified")));
        }
        if self.identity && !facts.identity {
            missing.push("identity: give the node authenticators".to_owned());
        }
        if self.identity && !facts.roles {
            missing.push("identity: give the node roles, or nobody can be told apart".to_owned());
        }
        if let (Some(days), Some(kept)) = (self.retention_days, facts.retention)
            && kept < Duration::from_secs(u64::from(days) * 86_400)
        {
            missing.push(format!("retention: the audit is kept for less than {days} days"));
        }
        if self.retention_days.is_some() && !facts.audit && !self.audit {
            missing.push("retention: there is no audit to be kept".to_owned());
        }
        for (what, region) in [("the node", facts.region), ("the store", facts.store_region)] {
            if let Err(error) = self.region(what, region) {
                missing.push(error.message().to_owned());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, format!("what is required is not there: {}", missing.join("; "))))
    }

    /// Whether something that stands in a region may hold or see data.
    ///
    /// # Errors
    /// `Config` where it may not, and where its region is not known although one is required.
    pub fn region(&self, what: &str, region: Option<Region>) -> Result<()> {
        if self.residency.is_empty() || region.is_some_and(|region| self.residency.contains(&region)) {
            return Ok(());
        }
        let is = region.map_or("has no region".to_owned(), |region| format!("is in {region}"));
        let allowed = self.residency.iter().map(Region::as_str).collect::<Vec<_>>().join(", ");
        Err(Error::new(ErrorKind::Config, format!("residency: {what} {is}, and data stays in {allowed}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eu() -> Region {
        Region::new("eu").unwrap()
    }

    fn good() -> Facts {
        Facts {
            encryption: true,
            audit: true,
            retention: None,
            plain: Vec::new(),
            identity: true,
            roles: true,
            region: Some(eu()),
            store_region: Some(eu()),
        }
    }

    #[test]
    fn every_requirement_refuses_what_does_not_meet_it_and_nothing_else() {
        let all = Compliance::strict().retention_days(365).resides_in(eu());
        all.check(&good()).unwrap();
        type Spoil = fn(&mut Facts);
        let spoilt: [(&str, Spoil); 8] = [
            ("encryption", |facts| facts.encryption = false),
            ("an audit", |facts| facts.audit = false),
            ("TLS: the connection", |facts| facts.plain = vec!["the connection to Redis"]),
            ("authenticators", |facts| facts.identity = false),
            ("roles", |facts| facts.roles = false),
            ("less than 365 days", |facts| facts.retention = Some(Duration::from_secs(86_400 * 364))),
            ("the node has no region", |facts| facts.region = None),
            ("the store is in us", |facts| facts.store_region = Some(Region::new("us").unwrap())),
        ];
        for (word, spoil) in spoilt {
            let mut facts = good();
            spoil(&mut facts);
            let error = all.check(&facts).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(word) && !error.message().contains("; "), "{error}");
            Compliance::default().check(&facts).unwrap();
        }
        let everything = all.check(&Facts::default()).unwrap_err();
        assert_eq!(everything.message().matches("; ").count(), 5, "{everything}");
    }

    #[test]
    fn data_stays_in_its_regions() {
        let eu_only = Compliance::default().resides_in(eu());
        eu_only.region("forge-a", Some(eu())).unwrap();
        let error = eu_only.region("forge-us", Some(Region::new("us").unwrap())).unwrap_err();
        assert_eq!(error.message(), "residency: forge-us is in us, and data stays in eu");
        assert!(eu_only.region("forge-x", None).is_err());
        Compliance::default().region("forge-x", None).unwrap();
    }

    #[test]
    fn requirements_are_read_from_configuration() {
        let read: Compliance =
            serde_json::from_str(r#"{ "encryption": true, "retentionDays": 30, "residency": ["EU"] }"#)
                .unwrap();
        assert_eq!(
            read,
            Compliance { encryption: true, ..Compliance::default() }.retention_days(30).resides_in(eu())
        );
        assert!(serde_json::from_str::<Compliance>(r#"{ "encrypted": true }"#).is_err());
    }
}
