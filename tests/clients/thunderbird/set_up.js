// What account set-up does with an address and a password: find, show, sign in, create.
const [{ address, password, name, type }, done] = arguments;
const module = path => ChromeUtils.importESModule(`resource:///modules/accountcreation/${path}.sys.mjs`);
const { AccountConfig } = module("AccountConfig");
const { ConfigVerifier } = module("ConfigVerifier");
const { CreateInBackend } = module("CreateInBackend");
const { FindConfig } = module("FindConfig");

const setUp = async () => {
  const { signal } = new AbortController();
  const [, domain] = address.split("@");
  const finding = FindConfig.parallelAutoDiscovery(domain, address, signal);
  const { value: config, done: found } = await finding.next();
  if (!found || !config) {
    return { config: config && JSON.stringify(config) };
  }
  const { subSource: source } = config;
  const { incoming, incomingAlternatives, outgoing, outgoingAlternatives } = config;
  const types = [incoming, ...incomingAlternatives].map(server => server.type);
  // The kind of server that was picked in the window.
  config.incoming = [incoming, ...incomingAlternatives].find(server => server.type == type);
  config.incomingAlternatives = [];
  AccountConfig.replaceVariables(config, name, address, password);
  const shown = config.toString();
  config.rememberPassword = true;
  // Without its window: a password that is wrong is an error, and no question.
  const verifier = new ConfigVerifier(null, signal);
  const verified = await verifier.verifyConfig(config, false);
  const account = await CreateInBackend.createAccountInBackend(verified);
  return { source, types, shown, account: account.key };
};
setUp().then(done, error => done({ error: `${error}\n${error?.stack}` }));
