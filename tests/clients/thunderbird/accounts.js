// The accounts and outgoing servers that this profile has.
const [, done] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const socketTypes = { 0: "plain", 2: "STARTTLS", 3: "SSL" };

const outgoing = MailServices.outgoingServer.servers.map(server => {
  const smtp = server.QueryInterface(Ci.nsISmtpServer);
  return {
    key: server.key, hostname: smtp.hostname, port: smtp.port,
    socketType: socketTypes[server.socketType], authMethod: server.authMethod,
    username: server.username,
  };
});
const accounts = MailServices.accounts.accounts.map(({ incomingServer: server, identities }) => ({
  type: server.type, hostname: server.hostname ?? server.hostName, port: server.port,
  socketType: socketTypes[server.socketType], authMethod: server.authMethod,
  username: server.username,
  leaveMessagesOnServer: server.getBoolValue("leave_on_server"),
  identities: identities.map(({ fullName, email, smtpServerKey }) => ({
    fullName, email, outgoing: outgoing.find(({ key }) => key == smtpServerKey)?.hostname,
  })),
}));
done({
  accounts, outgoing: outgoing.map(({ key, ...rest }) => rest),
  policies: Services.policies.status == Services.policies.ACTIVE,
});
