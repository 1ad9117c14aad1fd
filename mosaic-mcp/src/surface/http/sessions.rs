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
    each: usize,
    owners: Mutex<HashMap<SessionId, CallContext>>,
}

tokio::task_local! {
    /// For whom the protocol handles a request: it makes sessions without saying for whom.
    static ASKING: CallContext;
}

/// Handles a request for a caller, whose the sessions are that it begins: from the first moment, as the client may be gone before it
/// is answered.
pub(super) async fn asking<T>(cx: &CallContext, handling: impl Future<Output = T>) -> T {
    ASKING.scope(cx.clone(), handling).await
}

/// Why a session does what it was not asked to.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no room for one more.
    Full,
    /// Nobody asked for it.
    Nobodys,
    /// The manager of sessions says so.
    Local(LocalSessionManagerError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("there are as many sessions as there may be"),
            Self::Nobodys => f.write_str("nobody asks for this session"),
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
    pub(super) fn new(most: usize, each: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        let mut config = SessionConfig::default();
        config.keep_alive = Some(idle);
        local.session_config = config;
        Self { local, most, each, owners: Mutex::default() }
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
        owners.get(session).is_none_or(|owner| is_of(owner, cx))
    }

    /// Whether this principal may have one more.
    pub(super) fn has_room_for(&self, cx: &CallContext) -> bool {
        has_room_for(&self.owners.lock(), cx, self.each)
    }
}

fn has_room_for(owners: &HashMap<SessionId, CallContext>, cx: &CallContext, each: usize) -> bool {
    owners.values().filter(|owner| is_of(owner, cx)).count() < each
}

/// Whether both are the same principal of the same tenant.
fn is_of(owner: &CallContext, cx: &CallContext) -> bool {
    (owner.tenant_id(), owner.caller()) == (cx.tenant_id(), cx.caller())
}

impl SessionManager for Sessions {
    type Error = Refused;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Refused> {
        let owner = ASKING.try_with(CallContext::clone).map_err(|_| Refused::Nobodys)?;
        let (id, transport) = self.local.create_session().await?;
        {
            let mut owners = self.owners.lock();
            if owners.len() < self.most && has_room_for(&owners, &owner, self.each) {
                owners.insert(id.clone(), owner);
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

#[cfg(test)]
mod tests {
    use mosaic_core::context::Principal;

    use super::*;

    #[tokio::test]
    async fn a_session_is_its_principals_before_anybody_is_told_of_it() {
        let sessions = Sessions::new(10, 1, Duration::from_secs(300));
        let [bob, carol] = ["bob", "carol"].map(|name| CallContext::new().principal(Principal::user(name)));
        // Its client goes away before the answer.
        let (id, _transport) = asking(&bob, sessions.create_session()).await.unwrap();
        assert!(sessions.is_open_to(&id, &bob) && !sessions.is_open_to(&id, &carol));
        assert!(!sessions.has_room_for(&bob) && sessions.has_room_for(&carol));
        assert!(matches!(asking(&bob, sessions.create_session()).await, Err(Refused::Full)));
        assert!(matches!(sessions.create_session().await, Err(Refused::Nobodys)));
        assert_eq!(sessions.count(), 1);
    }
}
