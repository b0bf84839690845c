//! In signing in.

super::codes! {
    CREDENTIALS_MISSING = "credentials-missing", Note,
        "nobody signed in, for want of a password or a token of the declared kind",
        "The settings declare a way to sign in for which nothing was given, so the test ends before it.",
        "Give --password-from for passwords, --oauth2 or --token-command for OAuth2.";
    SECRET_NEEDS_ENCRYPTION = "secret-needs-encryption", Failed,
        "the connection is not encrypted, so no password was sent",
        "A password over a plain connection can be read by everybody on the way; this program never sends one there.",
        "Set socketType to SSL or STARTTLS.";
    SECRET_NEEDS_TRUST = "secret-needs-trust", Failed,
        "the certificate is not to be trusted, so no password was sent",
        "Whoever answers cannot prove to be the server. The steps above say what is wrong with the certificate.",
        "Repair the certificate first; for a private authority give --ca FILE.";
    MECHANISM_NOT_OFFERED = "mechanism-not-offered", Failed,
        "the server does not offer the mechanism",
        "The mechanism that was asked for, or those that the settings' word means, are not among the server's.",
        "Leave --mechanism out, or name one that the server offers.";
    WRONG_PASSWORD = "wrong-password", Failed,
        "the server does not accept user name and password",
        "Servers do not say which of both is wrong. The user name may have to be the full address, or the part before the @.",
        "Try the same at the provider's web mail; see whether the provider wants a password made for mail clients.";
    ACCOUNT_NEEDS_OAUTH2 = "account-needs-oauth2", Failed,
        "the account does not take passwords from mail clients",
        "The password can be right: this provider takes OAuth2, or a password made for mail clients, and answers everything else as if the password were wrong.",
        "Sign in with --oauth2; clients need OAuth2 for this account, or an app password where the provider has them.";
    POP_MAY_BE_OFF = "pop-may-be-off", Failed,
        "the token is refused in the words for a wrong password: POP access may be switched off",
        "Outlook.com answers \"unknown user name or bad password\" also when the user has not switched POP on, which is off at first.",
        "Switch on \"Let devices and apps use POP\" at the provider, wait some minutes, and try again.";
    PASSWORD_EXPIRED = "password-expired", Failed,
        "the password has expired",
        "The server knows the password and does not take it any more until it is changed.",
        "Sign in at the provider's page and set a new password.";
    TOKEN_EXPIRED = "token-expired", Failed,
        "the token has expired or is not valid",
        "The server read the token and refuses it: it is too old, was revoked, or is for something else.",
        "Get a new one (--oauth2); with --token-command, see whether it refreshes the token.";
    TOKEN_REFUSED = "token-refused", Failed,
        "the server does not accept the token",
        "The token may be good but lack the scope for this protocol, or be another user's than --login names.",
        "Compare its scope with the provider's file, and its user with --login.";
    MAILBOX_LOCKED = "mailbox-locked", Failed,
        "the mailbox is in use by another session",
        "A POP3 mailbox is open for one client at a time (RFC 2449, [IN-USE]).",
        "Close the other client or wait some minutes, until its session ends.";
    LOGIN_DELAY = "login-delay", Failed,
        "the server wants more time between two sign-ins",
        "The account was signed in to just before (RFC 2449, [LOGIN-DELAY]).",
        "Wait some minutes; let clients fetch less often.";
    TEMPORARY_FAILURE = "temporary-failure", Failed,
        "the server cannot check the password now",
        "Something behind the server is out of order for the moment ([SYS/TEMP], [UNAVAILABLE], 454); the password was not judged.",
        "Try again later; on your own server see whether the user database answers.";
    PERMANENT_FAILURE = "permanent-failure", Failed,
        "the server has a fault that does not go away by itself",
        "The server says that the mailbox or its own set-up is broken ([SYS/PERM]).",
        "Somebody has to repair it at the server.";
    SMTP_LOGIN_DISABLED = "smtp-login-disabled", Failed,
        "signing in over SMTP is switched off for this account",
        "Microsoft says \"SmtpClientAuthentication is disabled\": for the tenant, or for the mailbox, which happens to accounts made since 2025.",
        "In a Microsoft 365 tenant, switch authenticated SMTP on for the mailbox (https://aka.ms/smtp_auth_disabled); for a private account receive here and send through a client that uses Microsoft's own protocol.";
    TOO_MANY_CONNECTIONS = "too-many-connections", Failed,
        "too many connections are open already",
        "The server limits connections per user or address.",
        "Close other clients, or try again in some minutes.";
    LOGIN_REFUSED = "login-refused", Failed,
        "the server refuses the sign-in",
        "The refusal is none of the usual ones; the account may be locked or not allowed to use this protocol.",
        "The server's own words say why; ask the provider.";
    SERVER_PROOF_WRONG = "server-proof-wrong", Failed,
        "the server could not prove that it knows the password",
        "With SCRAM the server has to prove itself too (RFC 5802). This one did not: it is not the server, or a broken one.",
        "Do not go on; see where the connection really ends.";
    SASL_MALFORMED = "sasl-malformed", Failed,
        "the server's challenge cannot be read",
        "The mechanism's dialogue does not follow its own rules.",
        "Force another one with --mechanism; --transcript shows the dialogue.";
}
