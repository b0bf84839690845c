//! On the way to the server.

super::codes! {
    NAME_NOT_FOUND = "name-not-found", Failed,
        "the host name does not exist",
        "DNS was asked and says that there is no such name (NXDOMAIN). Mail clients show this as \"server not found\" or as a time-out.",
        "Look for a typing error in the host name; if it is right, its DNS zone lacks the A or AAAA record.";
    NAME_HAS_NO_ADDRESS = "name-has-no-address", Failed,
        "the host name exists but has no address",
        "DNS knows the name, but has neither an A nor an AAAA record for it.",
        "Add an A or AAAA record, or use the name that has one.";
    DNS_FAILED = "dns-failed", Failed,
        "DNS could not answer",
        "The name server answered with an error (SERVFAIL, REFUSED), so nobody can tell whether the name exists. Broken DNSSEC signatures look like this too.",
        "Try again; if it stays, ask whoever runs the zone's name servers, or ask another one with --dns.";
    DNS_TIMEOUT = "dns-timeout", Failed,
        "DNS did not answer in time",
        "No name server answered before the step's time was over. This machine's own resolver may be out of reach.",
        "See whether other names resolve here; ask another name server with --dns ADDR.";
    CONNECTION_REFUSED = "connection-refused", Failed,
        "nothing listens on that port",
        "The machine is there and says that no program listens on the port. A firewall that rejects looks the same.",
        "Compare the port with the provider's page; on your own server, see whether the service runs and listens on this address.";
    CONNECT_TIMEOUT = "connect-timeout", Failed,
        "the server did not answer the connection in time",
        "Packets are dropped on the way: the server is down, or a firewall swallows them. Many access networks block port 25, some also 465 and 587.",
        "Try from another network; if it works there, the network blocks the port. Else the server or its firewall is at fault.";
    NO_ROUTE = "no-route", Failed,
        "there is no route to the server from here",
        "The network says that the address cannot be reached. When the name has only AAAA records, this machine has no IPv6.",
        "Check this machine's network; give the server an A record too if its users have IPv4 only.";
    CONNECTION_FAILED = "connection-failed", Failed,
        "the connection failed",
        "The system reported an error of the connection that has no name of its own here.",
        "The system's words say more; try again, and from another network.";
    ADDRESS_UNREACHABLE = "address-unreachable", Warning,
        "one of the server's addresses cannot be reached",
        "The name has several addresses and some do not answer. Clients that try them one after another are slow or fail now and then.",
        "Take the dead address out of DNS, or repair the server behind it.";
    SERVER_DEADLINE = "server-deadline", Failed,
        "the server took too long altogether",
        "No single step was over its time, but all of them together were.",
        "Raise --timeout to see how slow it really is; clients give up at 30 to 60 seconds.";
}
