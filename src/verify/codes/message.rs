//! In sending a message and fetching it back.

super::codes! {
    ROUND_TRIP_IMPOSSIBLE = "round-trip-impossible", Failed,
        "a round trip needs a server to send and one to receive, both working",
        "The message has to go out through SMTP and come back through POP3 or IMAP, and one of these did not get as far as signing in.",
        "Repair the server that fails above; a round trip also needs --login.";
    SENDER_REFUSED = "sender-refused", Failed,
        "the outgoing server refuses the sender",
        "The account may sign in, but not send as this address (MAIL FROM was answered with an error).",
        "Compare the sender with the account's own addresses; --address names another.";
    RECIPIENT_REFUSED = "recipient-refused", Failed,
        "the outgoing server refuses the recipient",
        "The server does not take mail to the mailbox that the message is to come back to (RCPT TO was answered with an error).",
        "Compare the address with the mailbox; on your own server look at its relay rules.";
    MESSAGE_TOO_BIG = "message-too-big", Failed,
        "the outgoing server finds the message too big",
        "Its limit (SIZE) is below the few kilobytes of the test message, or the mailbox is full.",
        "Raise the server's message size limit; see whether the mailbox is full.";
    GREYLISTED = "greylisted", Failed,
        "the outgoing server puts the message off (greylisting)",
        "The server wants the same message again some minutes later (450 or 451). That is a rule for strangers and has no place where users submit.",
        "On your own server exempt signed-in users from greylisting; else try again in five minutes.";
    MESSAGE_REFUSED = "message-refused", Failed,
        "the outgoing server refuses the message",
        "The message's content, or sending as such, met a rule of the server.",
        "The server's own words say which; a limit of messages per day is common.";
    MESSAGE_NOT_ARRIVED = "message-not-arrived", Failed,
        "the message was taken and did not arrive in time",
        "The outgoing server said yes, and the mailbox does not have it. It may be in a queue, in the spam folder, or at another mailbox.",
        "Look into the spam folder and the server's queue; --arrival gives it more time.";
    MESSAGE_CHANGED = "message-changed", Failed,
        "the message arrived changed",
        "Something on the way altered its subject or text: a gateway that rewrites, a wrong dot-stuffing, a broken character set, cut lines.",
        "The report says what differs; look for a content filter or an old gateway on the way.";
    MESSAGE_NOT_DELETED = "message-not-deleted", Warning,
        "the test message was left in the mailbox",
        "The server cannot delete one message alone (IMAP without UIDPLUS), or refused to; nothing else was touched.",
        "Delete the message by hand; its subject is in the report.";
    FETCH_FAILED = "fetch-failed", Failed,
        "the message could not be fetched",
        "The mailbox lists the message and refuses to hand it out.",
        "The server's own words say why.";
}
