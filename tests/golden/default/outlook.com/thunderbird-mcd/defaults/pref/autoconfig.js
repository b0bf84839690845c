// Thunderbird reads thunderbird.cfg from its program folder at every start.
pref("general.config.filename", "thunderbird.cfg");
pref("general.config.obscure_value", 0);
