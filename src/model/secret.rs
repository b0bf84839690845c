//! A password or token on its way through the program.

use zeroize::Zeroizing;

/// Never shown (no `Debug`, no `Display`) and wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, for the one place that has to write it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
