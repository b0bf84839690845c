//! Parses the tokens of a file into servers and their users.
//!
//! fetchmail stops at the first word that is out of place and does nothing. This parser reports the
//! word and skips it, so that users see all such words.
//!
//! fetchmail 6.4.37, each case checked with `--configdump`; `rcfile_y.y` of 6.3 and 7.0

mod value;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::super::defects::{DefectList, MOST_WORDS};
use super::token::{FetchmailToken, FetchmailTokenKind, Oddity, tokens};
use super::words::{self, FetchmailValueType, OptionOwner};
use crate::codes;

/// The value of an option, and its place.
#[derive(Debug, Clone)]
pub struct FetchmailSetting {
    pub value: FetchmailValue,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchmailValue {
    On,
    Off,
    /// Shared, because every server gets a copy of the one in `defaults`.
    Text(Rc<str>),
    Number(i64),
}

pub type Options = BTreeMap<&'static str, FetchmailSetting>;

/// A section that `poll`, `skip` or `defaults` begins.
#[derive(Debug, Clone)]
pub struct ServerSection {
    /// `poll`, `skip` or `defaults`.
    pub begun: &'static str,
    pub name: Option<String>,
    pub options: Options,
    pub users: Vec<UserSection>,
    /// From the first to the last word.
    pub span: Range<usize>,
}

#[derive(Debug, Clone)]
pub struct UserSection {
    pub name: Option<String>,
    /// Created by options of a user without the keyword `user`.
    implied: bool,
    pub options: Options,
    pub span: Range<usize>,
}

/// All sections of a file, in its order; reports the defects.
pub fn servers(text: &str, errors: &mut DefectList) -> Vec<ServerSection> {
    let (tokens, oddities, end) = tokens(text);
    if let Some(at) = end {
        errors.too_much(MOST_WORDS, "words", at);
    }
    for oddity in oddities {
        match oddity {
            Oddity::Mark(span) => {
                let message = "this quotation mark is a part of the word, and no string begins";
                errors.add(codes::FETCHMAIL_QUOTE, &span, message);
            }
            Oddity::Newline(span) => {
                let message = "the string goes over the end of the line, and has it inside";
                errors.add(codes::FETCHMAIL_QUOTE, &span, message);
            }
            Oddity::Comment(span) => {
                let message = "a comment on the last line needs a newline behind it";
                errors.add(codes::FETCHMAIL_LAST_LINE, &span, message);
            }
        }
    }
    let mut parser = FetchmailParser { text, tokens, at: 0, lost: false, errors };
    let mut servers = Vec::new();
    while let Some(token) = parser.next() {
        match token.kind {
            FetchmailTokenKind::Key("set") => parser.set(),
            FetchmailTokenKind::Key(begun @ ("poll" | "skip" | "defaults")) => {
                servers.push(parser.server(begun, token.span));
            }
            _ => parser.unexpected(&token, "outside of every poll"),
        }
    }
    servers
}

struct FetchmailParser<'a> {
    text: &'a str,
    tokens: Vec<FetchmailToken>,
    at: usize,
    /// True from a misplaced word to the next correct one, so that only the first is reported.
    lost: bool,
    errors: &'a mut DefectList,
}

impl FetchmailParser<'_> {
    fn peek(&self) -> Option<&FetchmailToken> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<FetchmailToken> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_key(&self, key: &str) -> bool {
        matches!(self.peek(), Some(FetchmailToken { kind: FetchmailTokenKind::Key(found), .. }) if *found == key)
    }

    /// The end of the last token that was read.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |t| t.span.end)
    }

    fn source(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn unexpected(&mut self, token: &FetchmailToken, place: &str) {
        if std::mem::replace(&mut self.lost, true) {
            return;
        }
        let word = self.source(&token.span);
        if matches!(token.kind, FetchmailTokenKind::Text(_)) {
            let mut message = format!("fetchmail knows no word {}", word.escape_debug());
            if word.strip_prefix("no").is_some_and(words::can_be_off) {
                message.push_str("; it wants \"no\" as a word of its own here");
            } else if let Some(near) = words::near(word) {
                message.push_str(&format!("; did you mean {near}?"));
            }
            self.errors.add(codes::FETCHMAIL_UNKNOWN_WORD, &token.span, message);
        } else {
            let message = format!("{} does not belong {place}", word.escape_debug());
            self.errors.add(codes::FETCHMAIL_SYNTAX, &token.span, message);
        }
    }

    fn set(&mut self) {
        self.lost = false;
        let off = self.is_key("no");
        self.at += usize::from(off);
        let Some(token) = self.peek().cloned() else {
            return self.lacks("set", "something to set");
        };
        let (FetchmailTokenKind::Key(name), span) = (&token.kind, &token.span) else {
            self.at += 1;
            return self.unexpected(&token, "behind set");
        };
        let takes = match words::global(name) {
            Some((_, takes)) => takes,
            None if *name == "showdots" => FetchmailValueType::Nothing,
            None => return self.lacks("set", "something to set"),
        };
        self.at += 1;
        if matches!(self.peek(), Some(FetchmailToken { kind: FetchmailTokenKind::Equals, .. }))
            && takes == FetchmailValueType::Text
        {
            self.at += 1;
        }
        if takes == FetchmailValueType::Nothing || !off {
            self.value(name, takes, span.clone());
        } else {
            self.lacks("no", "something that can be off");
        }
    }

    fn server(&mut self, begun: &'static str, start: Range<usize>) -> ServerSection {
        self.lost = false;
        let name = if begun == "defaults" { None } else { self.name(begun, &start) };
        let mut server =
            ServerSection { begun, name, options: Options::new(), users: Vec::new(), span: start };
        while let Some(token) = self.peek().cloned() {
            match token.kind {
                FetchmailTokenKind::Key("set" | "poll" | "skip" | "defaults") => break,
                FetchmailTokenKind::Key("user") => self.user(&mut server),
                FetchmailTokenKind::Key("no") => {
                    self.at += 1;
                    self.negated(&mut server, &token);
                }
                FetchmailTokenKind::Key(key) if words::option(key).is_some() => {
                    self.at += 1;
                    self.option(&mut server, key, &token);
                }
                _ => {
                    self.at += 1;
                    self.unexpected(&token, "here");
                }
            }
            server.span.end = self.end();
            if let Some(user) = server.users.last_mut() {
                user.span.end = self.end();
            }
        }
        server
    }

    /// Reads the name of a server. A keyword would have to be quoted.
    fn name(&mut self, key: &str, at: &Range<usize>) -> Option<String> {
        match self.peek().cloned() {
            Some(FetchmailToken { kind: FetchmailTokenKind::Text(text), .. }) => {
                self.at += 1;
                Some(text)
            }
            // A number or an authentication method in this place can only be the name.
            Some(
                token @ FetchmailToken {
                    kind: FetchmailTokenKind::Number(_) | FetchmailTokenKind::Way(_),
                    ..
                },
            ) => {
                self.at += 1;
                self.reserved(&token);
                Some(self.source(&token.span).to_owned())
            }
            _ => {
                self.lost = true;
                let message = format!("{key} names no server");
                self.errors.add(codes::FETCHMAIL_NO_SERVER, at, message);
                None
            }
        }
    }

    fn reserved(&mut self, token: &FetchmailToken) {
        let word = self.source(&token.span).to_owned();
        let message = format!("{word} means something to fetchmail; as a text it has to be quoted");
        self.errors.add(codes::FETCHMAIL_UNQUOTED_WORD, &token.span, message);
    }

    fn user(&mut self, server: &mut ServerSection) {
        let Some(FetchmailToken { span: start, .. }) = self.next() else { return };
        let implied = server.users.last().is_some_and(|user| user.implied);
        if implied {
            let message = "options of a user come behind the user, and some were before";
            self.errors.add(codes::FETCHMAIL_OPTIONS_BEFORE_USER, &start, message);
        }
        let before = if implied { server.users.pop() } else { None };
        let before = before.map(|user| user.options).unwrap_or_default();
        let name = match self.peek().cloned() {
            Some(FetchmailToken { kind: FetchmailTokenKind::Text(text), .. }) => {
                self.at += 1;
                self.lost = false;
                Some(text)
            }
            Some(FetchmailToken { kind: FetchmailTokenKind::Equals, span }) => {
                self.equals(&span);
                self.text_after_equals()
            }
            _ => {
                self.lacks("user", "a name");
                None
            }
        };
        let mut user = UserSection { name, implied: false, options: before, span: start };
        self.at += usize::from(self.is_key("there"));
        if self.local_names_here() {
            // `user bob here is ann there`: bob is a local user.
            user.name = None;
        }
        server.users.push(user);
    }

    /// Whether further names and "here" follow, so that the first name is a local one too.
    fn local_names_here(&mut self) -> bool {
        let names = self.tokens[self.at.min(self.tokens.len())..].iter().take_while(|token| {
            matches!(token.kind, FetchmailTokenKind::Text(_) | FetchmailTokenKind::Equals)
        });
        let end = self.at + names.count();
        let here = matches!(
            self.tokens.get(end),
            Some(FetchmailToken { kind: FetchmailTokenKind::Key("here"), .. })
        );
        if here {
            self.at = end + 1;
        }
        here
    }

    fn negated(&mut self, server: &mut ServerSection, no: &FetchmailToken) {
        let Some(FetchmailToken { kind: FetchmailTokenKind::Key(key), span }) =
            self.peek().cloned()
        else {
            return self.unexpected(no, "here: nothing that can be off follows");
        };
        if !words::can_be_off(key) || words::option(key).is_none() {
            return self.unexpected(no, &format!("before {key}"));
        }
        self.at += 1;
        let setting =
            FetchmailSetting { value: FetchmailValue::Off, span: no.span.start..span.end };
        self.put(server, key, setting);
    }

    fn option(&mut self, server: &mut ServerSection, key: &'static str, token: &FetchmailToken) {
        let Some((_, _, takes)) = words::option(key) else { return };
        if takes == FetchmailValueType::Names
            && let Some(
                [
                    FetchmailToken { kind: FetchmailTokenKind::Text(name), .. },
                    FetchmailToken { kind: FetchmailTokenKind::Key("there"), .. },
                ],
            ) = self.tokens.get(self.at..self.at + 2)
        {
            // `is ann there` names the remote user.
            let name = name.clone();
            self.at += 2;
            self.put(
                server,
                key,
                FetchmailSetting { value: FetchmailValue::On, span: token.span.clone() },
            );
            if let Some(user) = server.users.last_mut() {
                user.name = Some(name);
            }
            return;
        }
        if let Some(setting) = self.value(key, takes, token.span.clone()) {
            self.put(server, key, setting);
        }
    }

    fn put(&mut self, server: &mut ServerSection, key: &'static str, setting: FetchmailSetting) {
        self.lost = false;
        let part = words::option(key).map(|(_, part, _)| part);
        let options = if part == Some(OptionOwner::User) {
            if server.users.is_empty() {
                let span = setting.span.clone();
                server.users.push(UserSection {
                    name: None,
                    implied: true,
                    options: Options::new(),
                    span,
                });
            }
            server.users.last_mut().map(|user| &mut user.options)
        } else {
            if !server.users.is_empty() {
                let message = format!("{key} is about the server and stands behind a user");
                self.errors.add(codes::FETCHMAIL_SERVER_OPTION_LATE, &setting.span, message);
            }
            Some(&mut server.options)
        };
        let Some(options) = options else { return };
        let lists = matches!(
            words::option(key).map(|(_, _, takes)| takes),
            Some(
                FetchmailValueType::Texts | FetchmailValueType::Numbers | FetchmailValueType::Names
            )
        );
        if options.contains_key(key) && !lists {
            let message = format!("{key} is set again; the first one counts no more");
            self.errors.add(codes::FETCHMAIL_OPTION_TWICE, &setting.span, message);
        }
        options.insert(key, setting);
    }

    fn lacks(&mut self, key: &str, what: &str) {
        if !std::mem::replace(&mut self.lost, true) {
            let end = self.end();
            let start = self.at.checked_sub(1).and_then(|last| self.tokens.get(last));
            let span = start.map_or(end..end, |token| token.span.clone());
            let message = format!("{key} lacks {what}");
            self.errors.add(codes::FETCHMAIL_SYNTAX, &span, message);
        }
    }
}
