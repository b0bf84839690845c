//! Checks `[General]`: the profile that receives the accounts.

use super::{PrfReader, child, value};
use crate::codes;

impl PrfReader<'_> {
    pub(super) fn general(&mut self) {
        let Some(general) = self.section("General") else { return };
        match child(general, "OverwriteProfile") {
            Some(entry) if value(entry).eq_ignore_ascii_case("Append") => {}
            Some(entry) if value(entry).eq_ignore_ascii_case("No") => {
                let message = "OverwriteProfile=No does nothing where the profile is there already";
                self.errors.add(codes::PRF_OVERWRITE_NO, &entry.span, message);
            }
            found => {
                let span = found.map_or(self.start(general), |entry| entry.span.clone());
                let message =
                    "OverwriteProfile has to be Append; other values lose accounts that are there";
                self.errors.add(codes::PRF_OVERWRITE_PROFILE, &span, message);
            }
        }
        for entry in &general.children {
            let value = value(entry);
            let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
            let good = match entry.name.to_ascii_lowercase().as_str() {
                "overwriteprofile" => true,
                "custom" => value == "1",
                "profilename" => !value.is_empty(),
                "defaultprofile" | "backupprofile" => is(&["Yes", "No", "True", "False"]),
                "modifydefaultprofileifpresent" => is(&["True", "False"]),
                "defaultstore" => {
                    // Measured with Outlook 16.0.17932.
                    let message =
                        "DefaultStore leaves the account without a mailbox file; leave it out";
                    self.errors.add(codes::PRF_DATA_FILE, &entry.span, message);
                    true
                }
                _ => {
                    let message = format!("{} in [General] is unknown", entry.name);
                    self.errors.add(codes::PRF_GENERAL_KEY, &entry.span, message);
                    true
                }
            };
            if !good {
                let message = format!("{} cannot be \"{}\"", entry.name, value.escape_debug());
                self.errors.add(codes::PRF_GENERAL_VALUE, &entry.span, message);
            }
        }
    }
}
