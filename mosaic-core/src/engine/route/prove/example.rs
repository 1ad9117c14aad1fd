//! Examples: concrete calls, made up to show what a finding says.

use std::fmt;

use serde::Serialize;

use crate::context::{AttributeValue, CallContext, Principal};
use crate::engine::route::Facts;
use crate::op::OpMeta;
use crate::types::{Subject, TenantId};

/// A call that shows what a finding says. What is absent in it is absent in the call.
///
/// ```
/// use mosaic_core::engine::route::{Member, Routing, Rule, Table};
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::{ProviderId, ServiceKind};
///
/// let git = OpSet::service(ServiceKind::Git);
/// let members = vec![Member::new(ProviderId::new("forge-a")?, git), Member::new(ProviderId::new("forge-b")?, git)];
/// let routing = Routing::new()
///     .rule(Rule::new("org:internal-*").to("forge-a"))
///     .rule(Rule::new("org:internal-tools").when("region", "eu").to("forge-b"))
///     .default_rule(Rule::any().to("forge-a"));
/// let table = Table::compile(&routing, members, 7)?;
/// let findings = table.prove();
/// let example = findings[0].example.as_ref().map(|example| example.to_string());
/// assert_eq!(example.as_deref(), Some("git.list_repositories org=internal-tools region=eu"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Example {
    /// The operation.
    #[serde(serialize_with = "name")]
    pub operation: &'static OpMeta,
    /// The organisation.
    pub org: Option<String>,
    /// The name of the thing.
    pub repo: Option<String>,
    /// The path inside it.
    pub path: Option<String>,
    /// Whether it is said to be private.
    pub private: Option<bool>,
    /// Who calls; none for the application itself.
    pub user: Option<String>,
    /// For whom; none for the default tenant.
    pub tenant: Option<TenantId>,
    /// The attributes.
    pub attributes: Vec<(String, AttributeValue)>,
}

fn name<S: serde::Serializer>(meta: &&'static OpMeta, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(meta.name)
}

impl Example {
    pub(super) fn new(operation: &'static OpMeta) -> Self {
        Self {
            operation,
            org: None,
            repo: None,
            path: None,
            private: None,
            user: None,
            tenant: None,
            attributes: Vec::new(),
        }
    }

    /// What travels with the call.
    pub fn context(&self) -> CallContext {
        let mut cx = CallContext::new();
        if let Some(user) = &self.user {
            cx = cx.principal(Principal::user(user.as_str()));
        }
        if let Some(tenant) = &self.tenant {
            cx = cx.tenant(tenant.clone());
        }
        self.attributes.iter().fold(cx, |cx, (name, value)| cx.attribute(name.as_str(), value.clone()))
    }

    /// What the call is about.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            org: self.org.as_deref(),
            name: self.repo.as_deref(),
            path: self.path.as_deref(),
            private: self.private,
        }
    }

    /// The call as rules see it, with its [`Example::context`].
    pub fn facts<'a>(&'a self, cx: &'a CallContext) -> Facts<'a> {
        Facts { meta: self.operation, subject: self.subject(), cx }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.name)?;
        let texts = [("org", &self.org), ("repo", &self.repo), ("path", &self.path), ("user", &self.user)];
        for (name, text) in texts {
            if let Some(text) = text {
                write!(f, " {name}={text}")?;
            }
        }
        if let Some(private) = self.private {
            write!(f, " private={private}")?;
        }
        if let Some(tenant) = &self.tenant {
            write!(f, " tenant={tenant}")?;
        }
        self.attributes.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}
