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

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};

    use super::*;

    /// With a `Debug` or `Display` both would fit, and this would not compile.
    trait Unprintable<A> {
        fn is_so() {}
    }
    impl<T: ?Sized> Unprintable<()> for T {}
    impl<T: ?Sized + Debug> Unprintable<u8> for T {}
    impl<T: ?Sized + Display> Unprintable<u16> for T {}

    #[test]
    fn a_secret_cannot_get_into_a_panic_message() {
        <Secret as Unprintable<_>>::is_so();
    }
}
