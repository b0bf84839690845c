//! In getting a token.

super::codes! {
    OAUTH2_CLIENT_REFUSED = "oauth2-client-refused", Failed,
        "the provider does not know this client",
        "The client id is not registered there, needs a secret, or may not use this way to sign in (invalid_client, unauthorized_client of RFC 6749 section 5.2).",
        "Compare --client-id with the registration; it has to be a public client (desktop, native) for personal accounts, with the device flow switched on or the redirect http://127.0.0.1 allowed. Where the provider gives desktop clients a secret, hand it over by --client-secret-from.";
    OAUTH2_SCOPE_REFUSED = "oauth2-scope-refused", Failed,
        "the provider does not grant these scopes to this client",
        "The registration lacks a permission that the provider's file asks for (invalid_scope).",
        "Add the scopes of the provider's file to the client's registration.";
    OAUTH2_DENIED = "oauth2-denied", Failed,
        "the sign-in was turned down",
        "Whoever was asked said no, or the organisation does not let users agree to this client (access_denied).",
        "Try again and agree; in an organisation its administrator may have to agree first.";
    OAUTH2_CODE_EXPIRED = "oauth2-code-expired", Failed,
        "nobody entered the code in time",
        "The code of the device flow is good for some minutes (expired_token of RFC 8628 section 3.5).",
        "Start again and enter the code at once.";
    OAUTH2_NOT_FINISHED = "oauth2-not-finished", Failed,
        "nobody finished the sign-in in the browser in time",
        "The browser did not come back to this machine. The address that was shown has to be opened on the machine where this program runs.",
        "Start again; where there is no browser on this machine, take --oauth2 device.";
    OAUTH2_STATE_WRONG = "oauth2-state-wrong", Failed,
        "the browser came back with an answer to another question",
        "The state is not the one that was sent out (RFC 6749 section 10.12): an old window, or somebody who tries to slip in a sign-in of their own.",
        "Close old windows and start again.";
    OAUTH2_GRANT_REFUSED = "oauth2-grant-refused", Failed,
        "the provider does not accept the code or the refresh token",
        "It is used up, too old, revoked, or was made for another client (invalid_grant).",
        "Sign in anew; with --token-command, see what the command keeps.";
    OAUTH2_FAILED = "oauth2-failed", Failed,
        "the provider's sign-in did not work",
        "The provider's OAuth2 server answered with an error that is none of the usual ones, or with something else than a token.",
        "Its own words say more; compare authURL, tokenURL and deviceAuthURL of the provider's file with its documentation.";
}
