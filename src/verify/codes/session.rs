//! In the dialogue, before anybody signs in.

super::codes! {
    GREETING_TIMEOUT = "greeting-timeout", Failed,
        "the server accepts the connection but never greets",
        "POP3, IMAP and SMTP servers speak first. One that stays silent is overloaded, waits for a slow DNS or identity check, or is not a mail server.",
        "Try again later; on your own server look for a stuck process or a filter in front of it.";
    POP3_GREETING_ERROR = "pop3-greeting-error", Failed,
        "the POP3 server greets with -ERR",
        "The server is there and refuses everybody, or this address, at once (RFC 1939 section 4 lets it only greet with +OK).",
        "Its own words say why; on your own server look into its log.";
    IMAP_GREETING_BYE = "imap-greeting-bye", Failed,
        "the IMAP server greets with BYE",
        "The server refuses the connection (RFC 9051 section 7.1.5), mostly for too many connections or maintenance.",
        "Its own words say why; close other clients or try again later.";
    SMTP_GREETING_554 = "smtp-greeting-554", Failed,
        "the SMTP server greets with 554: no service here",
        "The server does not talk to this address (RFC 5321 section 3.1), often because the address is on a block list or belongs to a dial-up range.",
        "Try from another network; make sure that this is the submission server (587 or 465) and not the domain's MX.";
    SMTP_GREETING_421 = "smtp-greeting-421", Failed,
        "the SMTP server greets with 421: not now",
        "The server is overloaded, under maintenance, or has too many connections from this address (RFC 5321 section 4.2.1).",
        "Try again in some minutes.";
    WRONG_PROTOCOL = "wrong-protocol", Failed,
        "another protocol answers on that port",
        "What came is no greeting of the protocol that the settings name.",
        "Compare type and port: POP3 is 995 or 110, IMAP 993 or 143, SMTP 465 or 587.";
    REPLY_TIMEOUT = "reply-timeout", Failed,
        "the server did not answer a command in time",
        "The connection stands, but no byte of the answer came.",
        "Try again; on your own server look for a slow backend (user database, storage).";
    REPLY_TOO_SLOW = "reply-too-slow", Failed,
        "the server's answer came too slowly",
        "Some of the answer came, but it was not complete when the time was over: a tarpit, or a very bad line.",
        "Try again from another network; raise --timeout to see whether it ends at all.";
    LINE_TOO_LONG = "line-too-long", Failed,
        "the server sends a line without an end",
        "A line of an answer is longer than 64 KiB; POP3 allows 512 octets, SMTP 512, IMAP servers stay far below.",
        "This is no mail server, or a broken one; look at what listens on the port.";
    REPLY_MALFORMED = "reply-malformed", Failed,
        "the server's answer does not follow the protocol",
        "The answer to a command is none that the protocol knows.",
        "--transcript shows the dialogue; report it to whoever makes the server.";
    HUNG_UP = "hung-up", Failed,
        "the server hung up half-way",
        "The connection was closed while an answer was still due.",
        "Try again; a server that always does so at the same step fails there, and its log says why.";
    HTTP_FAILED = "http-failed", Failed,
        "the answer over HTTP cannot be read",
        "The web server's answer does not follow the protocol, is larger than any configuration, or broke off.",
        "The words of the report say more; look at the web server's log.";
    COMMAND_REFUSED = "command-refused", Failed,
        "the server refused a command that it has to know",
        "A command of the protocol's base was answered with an error.",
        "The server's own words say why.";
    AUTHENTICATION_NOT_OFFERED = "authentication-not-offered", Failed,
        "the server offers no way to sign in that the settings declare",
        "Clients that follow the settings have nothing to sign in with, and say that the password is wrong.",
        "Declare one of the ways that the server offers, or switch a declared one on at the server.";
    AUTHENTICATION_MISSING = "authentication-missing", Warning,
        "one of the declared ways to sign in is not offered",
        "Clients that take the first declared way fail, others go on to the next.",
        "Take it out of the settings, or switch it on at the server.";
    AUTHENTICATION_UNDECLARED = "authentication-undeclared", Note,
        "the server offers ways to sign in that the settings do not declare",
        "Clients will not use them; that may be meant so.",
        "Add the authentication to the settings if clients should use it.";
    UIDL_MISSING = "uidl-missing", Warning,
        "the POP3 server does not offer UIDL",
        "Without UIDL (RFC 1939 section 7) a client that leaves messages on the server cannot tell which it has fetched, and fetches all of them again.",
        "Switch leaving messages on the server off for this provider, or use IMAP.";
    ALTERNATIVE_FAILS = "alternative-fails", Warning,
        "an alternative host name does not work",
        "The provider's file lists another name for this server, and that name fails. Clients that use it fail too.",
        "Use the name that works, and take the other out of alternativeHostnames.";
}
