//! Makes a batch of users: their files and messages, put in place together.

use std::sync::{Mutex, PoisonError};

use crate::finding::{Finding, any_error};
use crate::users::User;

use super::super::Failure;
use super::super::message::Composer;
use super::group::{self, UserFileBuilder};
use super::sink::SinkWriter;

pub struct Batch {
    pub number: u64,
    pub users: Vec<User>,
}

/// Makes a batch and puts it in place. Returns the number of files, or `None` if the settings are
/// wrong.
pub fn one_batch(
    maker: &mut UserFileBuilder<'_>,
    composer: &mut Composer<'_>,
    hand: &mut SinkWriter<'_, '_>,
    batch: &Batch,
    sharded: bool,
    found: &Mutex<Vec<Finding>>,
) -> Result<Option<u64>, Failure> {
    let mut bundles = Vec::with_capacity(batch.users.len());
    for user in &batch.users {
        let made = maker.files(user).map(|files| {
            let mut bundle = group::bundle(user, files, sharded);
            (composer.compose(&mut bundle, user.display_name.as_ref()), bundle)
        });
        let own = match made {
            Ok((own, bundle)) => {
                bundles.push(bundle);
                own
            }
            Err(own) => own,
        };
        if !own.is_empty() {
            let stops = any_error(&own);
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
            if stops {
                return Ok(None);
            }
        }
    }
    let files = bundles.iter().map(|bundle| bundle.files.len() as u64).sum();
    hand.put(batch.number, &bundles)?;
    Ok(Some(files))
}
