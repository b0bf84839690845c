//! Placeholders that were never replaced.

/// Whether this is a placeholder that the user forgot to replace, in files for programs without
/// placeholders.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 10] = [
        "your_",
        "your-",
        "your.name",
        "yourname",
        "youruser",
        "yourpass",
        "yourdomain",
        "changeme",
        "change-me",
        "change_me",
    ];
    let lower = value.to_lowercase();
    let within = |mark: char| {
        let mut parts = value.split(mark).skip(1).peekable();
        std::iter::from_fn(|| parts.next().filter(|_| parts.peek().is_some())).any(|part| {
            part.len() > 2 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let bracketed = value.starts_with('<') && value.ends_with('>');
    let templated = value.contains("{{") || value.contains("${");
    within('%') || bracketed || templated || WORDS.iter().any(|w| lower.contains(w))
}
