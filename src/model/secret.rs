//! A password or token while the program uses it.

use zeroize::Zeroizing;

/// Never printed (no `Debug`, no `Display`) and wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the secret over.
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, for the code that writes or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};

    use super::*;

    /// If `Secret` had `Debug` or `Display`, two impls would apply and this would not compile.
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
