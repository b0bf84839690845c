//! In what a domain publishes for its clients.

super::codes! {
    NOT_PUBLISHED = "not-published", Note,
        "nothing is published at this place",
        "The name does not exist, nobody listens, or the web server has no such file. Nobody has to publish everywhere; the list of clients says who misses it.",
        "Publish there if the clients that ask only there matter; `mailwright generate --target hosting` writes the files.";
    NOTHING_PUBLISHED = "nothing-published", Failed,
        "the domain publishes nothing that a mail client asks for",
        "Neither autoconfig nor Autodiscover nor any other place has an answer, so every user sets everything up by hand.",
        "`mailwright generate --target hosting` writes the files, the web server's configuration and the DNS records.";
    PUBLISHED_STATUS = "published-status", Failed,
        "the web server answers with an error",
        "A client asks here and gets neither a file nor a plain 404; most show nothing, some stop looking.",
        "Look into the web server's log; where nothing is to be published answer 404.";
    AUTOCONFIG_NEEDS_ADDRESS = "autoconfig-needs-address", Failed,
        "without ?emailaddress= there is no answer",
        "Thunderbird for Android, K-9 Mail and KMail never send the address, so they find nothing (draft-ietf-mailmaint-autoconfig: the parameter is optional).",
        "Answer without the parameter too, with placeholders such as %EMAILADDRESS% in the file.";
    AUTOCONFIG_REFUSES_ADDRESS = "autoconfig-refuses-address", Failed,
        "with ?emailaddress= there is no answer",
        "Thunderbird for desktop, Evolution and FairEmail send the address along, so they find nothing.",
        "Let the web server ignore the query.";
    AUTODISCOVER_REFUSES_POST = "autodiscover-refuses-post", Failed,
        "POST gets no answer",
        "Outlook and Thunderbird ask Autodiscover by POST; a static file answers 405 to that.",
        "In nginx: error_page 405 =200 $uri; the other servers' way is in `mailwright generate --target hosting`.";
    AUTODISCOVER_SPELLING = "autodiscover-spelling", Failed,
        "another spelling of the path gets no answer",
        "Clients write /autodiscover/autodiscover.xml, /Autodiscover/Autodiscover.xml and /AutoDiscover/AutoDiscover.xml.",
        "Match the path without regard to case, as `location ~*` in nginx does.";
    PUBLISHED_MEDIA_TYPE = "published-media-type", Failed,
        "the media type is not the one that clients want",
        "Thunderbird takes autoconfig only as text/xml or application/xml, an iPhone a profile only as application/x-apple-aspen-config; anything else they ignore or show as text.",
        "Set the type for this path in the web server.";
    PUBLISHED_OTHER_PAGE = "published-other-page", Warning,
        "a web page answers where a configuration is looked for",
        "The web server answers every path with a page (status 200). Most clients throw it away; some stop looking there.",
        "Answer 404 where nothing is published.";
    PUBLISHED_UNREADABLE = "published-unreadable", Failed,
        "clients cannot read what is published",
        "The file breaks a rule of its format; a client drops a part of it or all.",
        "Repair it at the place that is named, or write it anew with `mailwright generate`.";
    PUBLISHED_DIFFERS = "published-differs", Failed,
        "what is published is not what the settings say",
        "A client that finds this file is set up with other servers, ports, encryption or ways to sign in than the settings have.",
        "Write the files anew and copy them to the web server; or correct the settings.";
    PUBLISHED_LACKS = "published-lacks", Warning,
        "a server of the settings is not published",
        "The settings have a server of this kind, and the file names none.",
        "Write the files anew; --protocol chooses what goes in.";
    PUBLISHED_WITHOUT_LOGIN_NAME = "published-without-login-name", Warning,
        "the Autodiscover answer has no LoginName",
        "Outlook then signs in with the part before the @, which is wrong where user names are whole addresses.",
        "Answer with the LoginName of the address that asks; a static file cannot.";
    SETTINGS_UNKNOWN = "settings-unknown", Note,
        "there are no settings to hold the published files against",
        "Neither a built-in provider nor --provider nor --providers knows this domain.",
        "Name the provider with --provider to compare.";
    REDIRECT_TO_HTTP = "redirect-to-http", Failed,
        "a redirect leads from https to http",
        "Whoever sits between can then put settings of their own there. Thunderbird for Android takes such a file as untrusted, others refuse it.",
        "Redirect to an https address.";
    TOO_MANY_REDIRECTS = "too-many-redirects", Failed,
        "there are too many redirects",
        "More than ten, or in a circle; clients give up.",
        "Answer at the first address, or redirect once.";
    REDIRECT_BROKEN = "redirect-broken", Failed,
        "a redirect leads nowhere",
        "The Location is no address that can be asked.",
        "Correct the redirect in the web server.";
    PUBLISHED_ONLY_HTTP = "published-only-http", Warning,
        "autoconfig is published over http alone",
        "Thunderbird takes it, others do not or warn: anybody on the way can change it.",
        "Get a certificate for the autoconfig name and publish over https.";
    ACCOUNT_ORACLE = "account-oracle", Failed,
        "an unknown address gets another answer than a known one",
        "Anybody can find out which addresses exist by asking for them.",
        "Give every address of the domain the same answer (draft-ietf-mailmaint-autoconfig, security considerations).";
    ACCOUNT_ORACLE_UNTESTED = "account-oracle-untested", Note,
        "whether known and unknown addresses get the same answer was not tested",
        "That needs an address that exists.",
        "Name an address that exists with --address.";
    AUTODISCOVER_REDIRECTS = "autodiscover-redirects", Note,
        "Autodiscover sends clients elsewhere",
        "The answer has a RedirectUrl or RedirectAddr instead of settings; Outlook follows up to ten, Thunderbird two.",
        "Nothing is wrong if that leads to your settings.";
    AUTODISCOVER_ERROR = "autodiscover-error", Failed,
        "Autodiscover answers with an error document",
        "The server understood the request and has no settings for this address, or does not know the schema that mail clients ask for.",
        "Its ErrorCode says more: 500 is an unknown address, 600 a request that it could not read, 601 a schema it does not know.";
    SIGNED_NOT_READ = "signed-profile-not-read", Note,
        "the profile is signed, and what is in the envelope could not be read",
        "A signed profile is a CMS envelope; only the media type of this one was looked at.",
        "Compare the unsigned file.";
    PACC_DIGEST_WRONG = "pacc-digest-wrong", Failed,
        "the digest in DNS is not that of the published file",
        "Clients hold the SHA-256 of the file's exact bytes against the TXT record and throw the file away when they differ (draft-ietf-mailmaint-pacc).",
        "Publish the record anew after every change of the file.";
    PACC_DIGEST_MISSING = "pacc-digest-missing", Failed,
        "there is no digest in DNS for the published file",
        "Without the TXT record _ua-auto-config clients do not trust the file (draft-ietf-mailmaint-pacc).",
        "Add the TXT record; its value is in the report.";
    SRV_MISSING = "srv-missing", Note,
        "there are no SRV records for mail",
        "Evolution, FairEmail and eM Client look for them (RFC 6186, RFC 8314).",
        "`mailwright generate --target hosting` writes them.";
    SRV_DIFFERS = "srv-differs", Failed,
        "an SRV record leads to a server that the settings do not have",
        "Clients that go by DNS are set up with another server or port than the others.",
        "Correct the record; _submissions is 465 with TLS, _submission 587 with STARTTLS.";
    SRV_DENIES = "srv-denies", Failed,
        "an SRV record says that there is no such service",
        "The target is \".\", which means that the domain does not offer it (RFC 6186 section 3.4), and the settings do.",
        "Remove the record, or point it at the server.";
    SRV_TARGET_ALIAS = "srv-target-alias", Warning,
        "an SRV record leads to an alias",
        "The target of an SRV record must not be a CNAME (RFC 2782); some clients do not follow it.",
        "Name the host that has the address.";
    PUBLISHED_SLOW = "published-slow", Warning,
        "the answer takes longer than clients wait",
        "Thunderbird gives each place five seconds.",
        "See why the web server is slow; a file on disk is not.";
}
