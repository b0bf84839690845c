// Sends a mail to its own address with the account that there is, and gets mail until it is there.
const [{ address, subject, body }, done] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

const account = MailServices.accounts.accounts.find(({ incomingServer }) => incomingServer.type != "none");
const { defaultIdentity: identity, incomingServer } = account;
const pause = () => new Promise(resolve => {
  const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
  timer.initWithCallback(resolve, 300, Ci.nsITimer.TYPE_ONE_SHOT);
  pause.timer = timer;
});

const send = () => new Promise((resolve, reject) => {
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  Object.assign(fields, { from: address, to: address, subject, body });
  // Only what the other side has got is a proof.
  identity.doFcc = false;
  const listener = {
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]),
    onStopSending: (id, status) => (Components.isSuccessCode(status) ? resolve() : reject(new Error(`sending: ${status}`))),
    onStartSending() {}, onProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed() {},
    onTransportSecurityError(id, status) { reject(new Error(`TLS: ${status}`)); },
  };
  const sending = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
  Promise.resolve(sending.createAndSendMessage(
    null, identity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now, null,
    "text/plain", body, null, null, listener, null, null, Ci.nsIMsgCompType.New
  )).catch(reject);
});

const get = async () => {
  for (let turn = 0; turn < 60; turn += 1) {
    const inbox = incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
    if (inbox) {
      for (const { mime2DecodedSubject, mime2DecodedAuthor, messageSize } of inbox.messages) {
        if (mime2DecodedSubject == subject) {
          return { subject, author: mime2DecodedAuthor, size: messageSize };
        }
      }
      incomingServer.getNewMessages(inbox, null, null);
    } else {
      incomingServer.performExpand(null);
    }
    await pause();
  }
  throw new Error("the mail does not come");
};

const both = async () => {
  await send();
  return get();
};
both().then(done, error => done({ error: `${error}\n${error?.stack}` }));
