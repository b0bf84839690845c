//! The login names of a list of users, to look up one at a time.

use std::hash::{BuildHasher as _, RandomState};

use super::duplicates::mailbox;
use super::{Error, ListRow, Users};
use crate::model::{EmailAddress, UsernamePattern};

/// Login names by address. An address takes sixteen bytes and its login name.
#[derive(Default)]
pub struct LoginNames {
    key: RandomState,
    /// Checksums of mailboxes, sorted, each with the beginning and end of its login name.
    ///
    /// The chance that an address finds another one's login name is one in 10^13 with a million
    /// addresses, and nobody can choose such an address without the key.
    people: Vec<(u64, u32, u32)>,
    names: String,
}

/// What was found in a list.
#[derive(Default)]
pub struct LoginList {
    pub names: LoginNames,
    /// Rows that are of no use, and why; at most [`MOST_REPORTED`] of them.
    pub wrong: Vec<String>,
    pub wrong_count: usize,
}

const MOST_REPORTED: usize = 5;
/// Bytes of all login names.
const MOST_BYTES: usize = 256 << 20;

impl LoginNames {
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// What it takes in memory.
    pub fn bytes(&self) -> usize {
        self.people.capacity() * size_of::<(u64, u32, u32)>() + self.names.capacity()
    }

    /// The login name of an address.
    pub fn get(&self, address: &EmailAddress) -> Option<&str> {
        let wanted = self.key.hash_one(mailbox(address));
        let at = self.people.binary_search_by_key(&wanted, |(mailbox, ..)| *mailbox).ok()?;
        let (_, from, to) = self.people[at];
        Some(&self.names[from as usize..to as usize])
    }
}

impl LoginList {
    /// Reads a whole list. `name` is for messages.
    ///
    /// # Errors
    ///
    /// The list cannot be read, or it has no login name.
    pub fn read(name: &str, users: Users) -> Result<Self, String> {
        let mut list = Self::default();
        let mut rows = 0;
        for row in users {
            let ListRow { line, name: entry, user, .. } =
                row.map_err(|why: Error| why.to_string())?;
            let at = || match &entry {
                Some(entry) => format!("{name}: {entry}"),
                None => format!("{name}:{line}"),
            };
            rows += 1;
            match user {
                Ok(user) => {
                    let Some(username) = user.username else { continue };
                    let username = username.resolve(&user.address);
                    match UsernamePattern::new(&username) {
                        Ok(_) => list.add(&user.address, &username)?,
                        Err(why) => list.reject(format!("{}: {why}", at())),
                    }
                }
                Err(why) => list.reject(format!("{}: {why}", at())),
            }
        }
        list.sort();
        match list.names.people.is_empty() {
            true => Err(format!(
                "{name} has {rows} rows and no login name; call the column username, or name it with \
                 --column username=NAME"
            )),
            false => Ok(list),
        }
    }

    fn add(&mut self, address: &EmailAddress, username: &str) -> Result<(), String> {
        let LoginNames { key, people, names } = &mut self.names;
        let from = names.len();
        if from + username.len() > MOST_BYTES {
            return Err(format!("the login names have more than {MOST_BYTES} bytes"));
        }
        names.push_str(username);
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        people.push((key.hash_one(mailbox(address)), place(from), place(names.len())));
        Ok(())
    }

    /// Of two rows for one mailbox, the first one counts.
    fn sort(&mut self) {
        let LoginNames { people, names, .. } = &mut self.names;
        people.sort_unstable();
        let name = |place: &(u64, u32, u32)| &names[place.1 as usize..place.2 as usize];
        let mut doubles = Vec::new();
        for same in people.chunk_by(|one, other| one.0 == other.0) {
            let first = name(&same[0]);
            if let Some(second) = same[1..].iter().map(name).find(|second| *second != first) {
                doubles.push(format!(
                    "one address has two login names, {first} and {second}; the first is used"
                ));
            }
        }
        doubles.into_iter().for_each(|words| self.reject(words));
        self.names.people.dedup_by_key(|(mailbox, ..)| *mailbox);
        self.names.people.shrink_to_fit();
    }

    fn reject(&mut self, words: String) {
        self.wrong_count += 1;
        if self.wrong.len() < MOST_REPORTED {
            self.wrong.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<LoginList, String> {
        let users = Users::open("users.csv", Box::new(text.as_bytes()), &[]).unwrap();
        LoginList::read("users.csv", users)
    }

    #[test]
    fn a_login_name_is_found_however_the_address_is_spelled() {
        let text =
            "address,login\nann@a.example,u17\nBob@a.example,%EMAILLOCALPART%\nc@a.example,\n";
        let list = read(text).unwrap();
        assert_eq!((list.names.len(), list.wrong_count), (2, 0));
        let get = |address: &str| {
            let address = EmailAddress::new(address).unwrap();
            list.names.get(&address).map(str::to_owned)
        };
        assert_eq!(get("Ann@A.example").as_deref(), Some("u17"));
        assert_eq!(get("bob@a.example").as_deref(), Some("Bob"));
        assert_eq!(get("c@a.example"), None);
        assert_eq!(get("d@a.example"), None);
    }

    #[test]
    fn rows_of_no_use_are_named_and_a_list_without_login_names_is_refused() {
        let text =
            "address,login\nnobody,x\nann@a.example,u1\nANN@a.example,u2\nann@a.example,u1\n";
        let list = read(text).unwrap();
        assert_eq!((list.names.len(), list.wrong_count), (1, 2));
        assert!(list.wrong[0].starts_with("users.csv:2: "), "{:?}", list.wrong);
        assert!(list.wrong[1].contains("u1 and u2"), "{:?}", list.wrong);
        let why = read("address,name\nann@a.example,Ann\n").err().unwrap();
        assert!(why.contains("1 rows and no login name"), "{why}");
    }
}
