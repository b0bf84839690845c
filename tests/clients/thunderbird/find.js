// Looks for an address's settings everywhere at once, as account set-up does.
const [address, done] = arguments;
const { FindConfig } = ChromeUtils.importESModule(
  "resource:///modules/accountcreation/FindConfig.sys.mjs"
);
const [, domain] = address.split("@");
FindConfig.parallelAutoDiscovery(domain, address, new AbortController().signal)
  .next()
  .then(({ value }) => done(value?.toString() ?? "nothing"), error => done(String(error)));
