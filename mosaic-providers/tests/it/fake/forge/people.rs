//! Users, organisations and their tokens.

use super::Forge;

/// A person or an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) kind: UserKind,
    /// The members of an organisation.
    pub(crate) members: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserKind {
    Person,
    Organisation,
}

impl Forge {
    /// A person who is known by this token.
    pub(crate) fn add_user(&self, login: &str, token: &str) -> User {
        let user = self.add(login, UserKind::Person, &[]);
        self.grant(token, login);
        user
    }

    /// An organisation; every member may write to its repositories.
    pub(crate) fn add_org(&self, login: &str, members: &[&str]) -> User {
        self.add(login, UserKind::Organisation, members)
    }

    fn add(&self, login: &str, kind: UserKind, members: &[&str]) -> User {
        let mut state = self.state();
        let user = User {
            id: state.fresh_id(),
            login: login.to_owned(),
            name: format!("{login} of the tests"),
            email: format!("{login}@example.org"),
            kind,
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        state.users.insert(login.to_lowercase(), user.clone());
        user
    }

    /// One more token of a person.
    pub(crate) fn grant(&self, token: &str, login: &str) {
        self.state().tokens.insert(token.to_owned(), login.to_owned());
    }

    /// The token is good no more.
    pub(crate) fn revoke(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// Who a token belongs to.
    pub(crate) fn whose(&self, token: &str) -> Option<User> {
        let login = self.state().tokens.get(token).cloned()?;
        self.user(&login)
    }

    pub(crate) fn user(&self, login: &str) -> Option<User> {
        self.state().users.get(&login.to_lowercase()).cloned()
    }

    /// The same, or somebody who is gone.
    pub(crate) fn user_or_ghost(&self, login: &str) -> User {
        self.user(login).unwrap_or_else(|| User {
            id: 10_137,
            login: login.to_owned(),
            name: login.to_owned(),
            email: format!("{login}@example.org"),
            kind: UserKind::Person,
            members: Vec::new(),
        })
    }

    /// Everybody, by login.
    pub(crate) fn users(&self) -> Vec<User> {
        self.state().users.values().cloned().collect()
    }

    /// Whether a person may write to what this owner has.
    pub(crate) fn may_write(&self, login: &str, owner: &str) -> bool {
        login.eq_ignore_ascii_case(owner)
            || self.user(owner).is_some_and(|owner| owner.members.iter().any(|member| member == login))
    }
}
