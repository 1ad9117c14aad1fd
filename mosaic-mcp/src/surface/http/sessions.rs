//! Sessions of clients that speak a protocol before that of 2026-07-28: bounded, and each its owner's alone.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use futures_util::Stream;
use parking_lot::Mutex;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::{ServerSseMessage, SessionId};
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, SessionConfig,
};

use mosaic_core::context::CallContext;

/// The sessions of a server.
pub(super) struct Sessions {
    local: LocalSessionManager,
    most: usize,
    owners: Mutex<HashMap<SessionId, Option<CallContext>>>,
}

/// Why a session does what it was not asked to.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no room for one more.
    Full,
    /// The manager of sessions says so.
    Local(LocalSessionManagerError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("there are as many sessions as there may be"),
            Self::Local(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl From<LocalSessionManagerError> for Refused {
    fn from(error: LocalSessionManagerError) -> Self {
        Self::Local(error)
    }
}

impl Sessions {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        let mut config = SessionConfig::default();
        config.keep_alive = Some(idle);
        local.session_config = config;
        Self { local, most, owners: Mutex::default() }
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.count() < self.most
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.owners.lock().len()
    }

    /// Whether a request of this caller may use the session of this name. One that nobody knows is left to the protocol.
    pub(super) fn is_open_to(&self, session: &str, cx: &CallContext) -> bool {
        let owners = self.owners.lock();
        let Some(owner) = owners.get(session) else { return true };
        // A session that has begun and not yet answered has no owner, and nobody knows its name.
        owner
            .as_ref()
            .is_some_and(|owner| (owner.tenant_id(), owner.caller()) == (cx.tenant_id(), cx.caller()))
    }

    /// Says whose the session is that has just begun. Says no where that principal has as many as one may have; the session is to
    /// be closed then.
    pub(super) fn own(&self, session: &str, cx: &CallContext, most: usize) -> bool {
        let mut owners = self.owners.lock();
        let whose = (cx.tenant_id(), cx.caller());
        let others = owners.iter().filter(|(id, owner)| {
            &***id != session && owner.as_ref().is_some_and(|cx| (cx.tenant_id(), cx.caller()) == whose)
        });
        let has_room = others.count() < most;
        if let Some(owner) = owners.get_mut(session)
            && has_room
        {
            *owner = Some(cx.clone());
        }
        has_room
    }
}

impl SessionManager for Sessions {
    type Error = Refused;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Refused> {
        let (id, transport) = self.local.create_session().await?;
        {
            let mut owners = self.owners.lock();
            if owners.len() < self.most {
                owners.insert(id.clone(), None);
                return Ok((id, transport));
            }
        }
        self.local.close_session(&id).await?;
        Err(Refused::Full)
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Refused> {
        Ok(self.local.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Refused> {
        Ok(self.local.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Refused> {
        self.owners.lock().remove(id);
        Ok(self.local.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Refused> {
        Ok(self.local.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Refused> {
        Ok(self.local.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Refused> {
        Ok(self.local.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Refused> {
        Ok(self.local.resume(id, last_event_id).await?)
    }
}
