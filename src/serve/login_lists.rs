//! Login names of people: from the list of the operator (`--users`), and from those that provider
//! files name (`usersFrom`).
//!
//! Lists are read whole, so that an answer takes the same time for those who are on a list and for
//! those who are not, and no visitor makes the server start a program or ask a directory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::EmailAddress;
use crate::users::LoginNames;

/// The lists that have been read.
#[derive(Default)]
pub struct LoginLists(RwLock<HashMap<ListOwner, LoginListState>>);

/// Whose list it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListOwner {
    /// The operator's. It is for everybody whose provider has no list.
    Operator,
    /// The provider file with this name.
    Provider(String),
}

#[derive(Clone)]
pub enum LoginListState {
    /// It could not be read yet.
    Unread,
    Read(Arc<LoginNames>),
}

/// The login names are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

impl LoginLists {
    /// The login name of a provider's user. `None` if the provider's pattern tells it.
    ///
    /// # Errors
    ///
    /// The list could not be read yet.
    pub fn login_name(
        &self,
        provider: &str,
        address: &EmailAddress,
    ) -> Result<Option<String>, Unread> {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // Most servers have none.
        if lists.is_empty() {
            return Ok(None);
        }
        let own = lists.get(&ListOwner::Provider(provider.to_owned()));
        match own.or_else(|| lists.get(&ListOwner::Operator)) {
            None => Ok(None),
            Some(LoginListState::Read(names)) => Ok(names.get(address).map(str::to_owned)),
            Some(LoginListState::Unread) => Err(Unread),
        }
    }

    pub fn set(&self, owner: ListOwner, state: LoginListState) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(owner, state);
    }

    pub fn remove(&self, owner: &ListOwner) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(owner);
    }
}
