//! Memory for a thread in one piece, before it asks for many small ones.
//!
//! The C library of Linux enlarges a thread's heap page by page, each with a call of the system
//! while the other threads wait: 230 calls in a run. A heap keeps what was once given back to it.

/// Lets the heap of this thread grow once to what a run needs. Nothing is touched, so memory that
/// stays unused costs nothing.
pub(super) fn reserve() {
    // glibc 2.36 maps a first piece of this size apart from the heap, and takes its being given
    // back for the sign to have such pieces in the heap from now on, and to keep them.
    for size in [2 * HEAP, HEAP] {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(size)));
    }
}

const HEAP: usize = 3 << 20;
