// Reads each file as Thunderbird's account set-up does, and beside it what stands in the file.
const [paths, done] = arguments;
const module = path => ChromeUtils.importESModule(`resource:///modules/${path}.sys.mjs`);
const { JXON } = module("JXON");
const { readFromXML } = module("accountcreation/readFromXML");
const { OAuth2Providers } = module("OAuth2Providers");

const socketTypes = { 0: "plain", 2: "STARTTLS", 3: "SSL" };
const authentications = {
  1: "none", 3: "password-cleartext", 4: "password-encrypted", 5: "GSSAPI", 6: "NTLM", 10: "OAuth2",
};

const server = (side, { type, hostname, port, socketType, auth, username, ...rest }) => ({
  side, type, hostname, port, socketType: socketTypes[socketType],
  authentication: authentications[auth], username,
  ...(type == "pop3" && {
    leaveMessagesOnServer: rest.leaveMessagesOnServer,
    days: rest.leaveMessagesOnServer && rest.daysToLeaveMessagesOnServer,
  }),
});

const inFile = element => {
  const text = name => element.querySelector(name)?.textContent;
  const [type, hostname] = [element.getAttribute("type"), text("hostname")];
  const picked = [...element.querySelectorAll("authentication")]
    .map(authentication => authentication.textContent)
    .find(word => word != "OAuth2" || (hostname && OAuth2Providers.getHostnameDetails(hostname, type)));
  return {
    side: element.localName, type, hostname, port: Number(text("port")),
    socketType: text("socketType"), authentication: picked, username: text("username"),
    ...(type == "pop3" && {
      leaveMessagesOnServer: text("leaveMessagesOnServer") == "true",
      // A file that leaves the days out gets 14 of them, and then the mail is gone.
      days: text("leaveMessagesOnServer") == "true" && Number(text("daysToLeaveMessagesOnServer")),
    }),
  };
};

const read = async path => {
  const document = new DOMParser().parseFromString(await IOUtils.readUTF8(path), "text/xml");
  const servers = [...document.querySelectorAll("incomingServer, outgoingServer")].map(inFile);
  const domains = [...document.querySelectorAll("domain")].map(domain => domain.textContent);
  const displayName = document.querySelector("displayName")?.textContent;
  const inTheFile = { displayName, domains, servers };
  try {
    const config = readFromXML(JXON.build(document), "test");
    const servers = [
      ...[config.incoming, ...config.incomingAlternatives].map(s => server("incomingServer", s)),
      ...[config.outgoing, ...config.outgoingAlternatives].map(s => server("outgoingServer", s)),
    ];
    return { inTheFile, read: { displayName: config.displayName, domains: config.domains, servers } };
  } catch (error) {
    return { inTheFile, error: String(error) };
  }
};

Promise.all(paths.map(read)).then(done, error => done({ error: String(error) }));
