//! What can be typed about messages to the users.

use clap::Args;

use crate::format::mailbox::Mailbox;
use crate::format::message::LATEST_DATE;

#[derive(Debug, Clone, Default, Args)]
pub struct MessageArgs {
    /// Also a message to each person with her files attached, from this address
    #[arg(long, value_name = "[NAME] ADDRESS", conflicts_with_all = ["mdm", "zip_each"])]
    pub eml_from: Option<Mailbox>,
    /// The date of the messages, in seconds since 1970 [default: none; what sends them adds it]
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "eml_from",
        value_parser = clap::value_parser!(u64).range(..=LATEST_DATE)
    )]
    pub eml_date: Option<u64>,
}
