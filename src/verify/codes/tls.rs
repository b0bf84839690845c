//! In securing the connection.

super::codes! {
    TLS_PORT_SPEAKS_PLAIN = "tls-port-speaks-plain", Failed,
        "the port speaks plain text where the settings say SSL",
        "SSL means TLS from the first byte, and the server began in plain text: this is a STARTTLS port, or one without encryption.",
        "Set socketType to STARTTLS for this port, or use the port for TLS: 995 (POP3), 993 (IMAP), 465 (SMTP).";
    PLAIN_PORT_SPEAKS_TLS = "plain-port-speaks-tls", Failed,
        "the port speaks TLS from the first byte where the settings say STARTTLS or plain",
        "Client and server wait for each other: the client for a greeting, the server for TLS. Clients show a time-out.",
        "Set socketType to SSL for this port, or use the port for STARTTLS: 110 (POP3), 143 (IMAP), 587 (SMTP).";
    STARTTLS_NOT_OFFERED = "starttls-not-offered", Failed,
        "the server does not offer STARTTLS",
        "Either the server has no encryption on this port, or somebody between takes the offer out to read along. Clients that insist on encryption stop here, as they should.",
        "Switch STARTTLS on at the server, or use the port for TLS. Never fall back to plain.";
    STARTTLS_REFUSED = "starttls-refused", Failed,
        "the server offers STARTTLS and then refuses it",
        "Mostly its certificate or key cannot be read, so that it cannot begin.",
        "On your own server look into its log for the certificate's file; else ask the provider.";
    STARTTLS_INJECTION = "starttls-injection", Failed,
        "bytes came in plain text behind the answer to STARTTLS",
        "Whoever sits between can put answers there that a careless client takes for the server's own, spoken under TLS (CVE-2011-0411 and its like).",
        "Do not use this connection. On your own server bring its software up to date; else somebody in the network is tampering.";
    TLS_TOO_OLD = "tls-too-old", Failed,
        "the server speaks only TLS versions before 1.2",
        "TLS 1.0 and 1.1 are deprecated (RFC 8996); current clients refuse them.",
        "Bring the server's TLS library or its list of protocols up to date.";
    TLS_TIMEOUT = "tls-timeout", Failed,
        "the TLS handshake was not finished in time",
        "The server accepted the connection and did not complete the handshake.",
        "Try again; a middlebox that inspects TLS can be the cause.";
    TLS_HANDSHAKE_FAILED = "tls-handshake-failed", Failed,
        "the TLS handshake failed",
        "Client and server found no common ground, or the server broke off.",
        "The words of the TLS library say more; on your own server look into its log.";
    CERTIFICATE_EXPIRED = "certificate-expired", Failed,
        "the certificate has expired",
        "Every client warns or refuses. Often the certificate was renewed, but the mail server was not told to load it.",
        "Renew it, and reload the mail server after each renewal.";
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid", Failed,
        "the certificate is not valid yet",
        "Its first day is still to come; or the clock of this machine is behind.",
        "Check this machine's clock; if it is right, the server needs the certificate that is valid now.";
    CERTIFICATE_EXPIRES_SOON = "certificate-expires-soon", Warning,
        "the certificate expires soon",
        "Automatic renewal should have replaced it by now.",
        "See why the renewal does not run, or whether the mail server still has the old file loaded.";
    CERTIFICATE_SELF_SIGNED = "certificate-self-signed", Failed,
        "the certificate is self-signed",
        "No authority vouches for it; clients ask their users to accept it, or refuse.",
        "Get a certificate from an authority that clients trust (ACME is free of charge), or test with --ca FILE if clients have this one installed.";
    CERTIFICATE_UNKNOWN_CA = "certificate-unknown-ca", Failed,
        "the certificate is from an authority that this machine does not trust",
        "The chain ends at a private authority, or at one that trust stores have dropped.",
        "Test with --ca FILE if your clients have that authority installed; else get a certificate from a public one.";
    CERTIFICATE_MISSING_INTERMEDIATE = "certificate-missing-intermediate", Failed,
        "the server does not send the intermediate certificate",
        "Only the server's own certificate came. It names where its issuer can be fetched, and some clients do that; Thunderbird, fetchmail and many phones do not, and fail.",
        "Let the server send the full chain (fullchain.pem instead of cert.pem).";
    CERTIFICATE_WRONG_NAME = "certificate-wrong-name", Failed,
        "the certificate is for another host name",
        "The connection reaches a server whose certificate does not carry the name in the settings.",
        "Use one of the names that the certificate carries, or add the host name to it.";
    CERTIFICATE_WEAK_KEY = "certificate-weak-key", Failed,
        "the certificate's key or signature is too weak",
        "RSA below 2048 bits, elliptic curves below 256 bits and SHA-1 signatures are refused by current clients.",
        "Make a new key of at least 2048 bits RSA or P-256, and have a certificate made for it.";
    CERTIFICATE_INVALID = "certificate-invalid", Failed,
        "the certificate is not valid for a server",
        "The chain breaks a rule that clients check: usage, constraints, revocation or form.",
        "The words of the TLS library say which; have the certificate made again.";
}
