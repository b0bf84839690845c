// With loopback alone it takes itself for offline, and then asks what to do about it.
user_pref("offline.startup_state", 2);
user_pref("network.manage-offline-status", false);
// Nothing may leave this machine, in its own network or not: names end nowhere.
user_pref("network.proxy.type", 1);
user_pref("network.proxy.socks", "127.0.0.1");
user_pref("network.proxy.socks_port", 9);
user_pref("network.proxy.socks_remote_dns", true);
user_pref("network.proxy.no_proxies_on", "localhost, 127.0.0.1");
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.server.default.login_at_startup", false);
user_pref("mail.server.default.check_new_mail", false);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mail.spotlight.firstRunDone", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("services.settings.server", "data:,");
// The system chooses a free port and Thunderbird writes it into the profile.
user_pref("marionette.port", 0);
