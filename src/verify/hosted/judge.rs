//! Judges what is published at one place.

use std::time::Duration;

use url::Url;

use crate::codes;
use crate::model::EmailAddress;

use super::super::redact::Redactor;
use super::super::step::{Problem, Recorder, StepSequence};
use super::super::wire::shown;
use super::content::{self, Content, ExpectedSettings, content, differences};
use super::fetch::FetchResult;
use super::places::{Addresses, ConfigKind, ConfigLocation, ConfigPlace, ConfigRequest, Variant};

/// How long Thunderbird waits for each place.
const PATIENCE: Duration = Duration::from_secs(5);

/// A place with the answers to all requests there.
pub struct PlaceAnswers<'a> {
    pub place: &'a ConfigPlace,
    pub answers: Vec<(Variant, &'a FetchResult)>,
}

impl<'a> PlaceAnswers<'a> {
    /// Takes the place's own answers from all of them.
    pub fn among(place: &'a ConfigPlace, answers: &'a [(ConfigRequest, FetchResult)]) -> Self {
        let own = answers.iter().filter(|(ask, _)| ask.at == place.at);
        Self { place, answers: own.map(|(ask, fetched)| (ask.variant, fetched)).collect() }
    }

    pub fn of(&self, variant: Variant) -> Option<&'a FetchResult> {
        self.answers.iter().find(|(v, _)| *v == variant).map(|(_, fetched)| *fetched)
    }

    /// The answer that the file is judged by, and the variant that got it.
    fn main(&self) -> Option<(Variant, &'a FetchResult)> {
        let order = [Variant::Known, Variant::Unknown, Variant::Bare, Variant::Get];
        // A file for everyone comes first, if the place has one.
        let bare = self.of(Variant::Bare).filter(|fetched| fetched.good().is_some());
        let found = |variant: Variant| Some((variant, self.of(variant)?));
        bare.map(|fetched| (Variant::Bare, fetched)).or_else(|| {
            order.into_iter().filter_map(found).find(|(_, fetched)| fetched.good().is_some())
        })
    }

    /// Whether nothing is published here, and nothing is wrong with that.
    pub fn is_absent(&self) -> bool {
        self.answers.iter().all(|(_, fetched)| fetched.absent().is_some())
    }
}

/// Judges one place. The content is None if no file is published there.
pub fn judge(
    asked: &PlaceAnswers<'_>,
    addresses: &Addresses,
    settings: Option<&ExpectedSettings<'_>>,
) -> (StepSequence, Option<Content>) {
    let mut recorder = Recorder::new(name(asked.place), Redactor::default());
    if asked.place.at == ConfigLocation::AutodiscoverHttp && asked.of(Variant::Unknown).is_none() {
        redirect_only(asked, &mut recorder);
        return (recorder.finish(), None);
    }
    if asked.is_absent() {
        let why = asked.answers.first().and_then(|(_, fetched)| fetched.absent());
        let problem = Problem::with(codes::NOT_PUBLISHED, why.unwrap_or_default());
        recorder.took("fetch", took(asked), Err(problem));
        // A DNS wildcard leads PACC's host name here as well, and no client minds the certificate.
        if asked.place.at != ConfigLocation::Pacc {
            certificates(asked, &mut recorder);
        }
        return (recorder.finish(), None);
    }
    let Some((variant, fetched)) = asked.main() else {
        recorder.took("fetch", took(asked), Err(refusal(asked)));
        certificates(asked, &mut recorder);
        return (recorder.finish(), None);
    };
    let answer = fetched.good().expect("that is what makes it the main one");
    let octets = answer.body.len();
    let detail = format!("status 200, {octets} octets");
    recorder.took(
        "fetch",
        fetched.took,
        match fetched.took > PATIENCE {
            true => Err(Problem::with(codes::PUBLISHED_SLOW, detail)),
            false => Ok(detail),
        },
    );
    certificates(asked, &mut recorder);
    if let [first, .., last] = fetched.hops.as_slice() {
        recorder.tell("redirect", Ok(format!("{first} leads to {last}")));
    }
    let person = match variant {
        Variant::Known => addresses.known.as_ref().unwrap_or(&addresses.unknown),
        _ => &addresses.unknown,
    };
    let address = fetched.hops.last().map(Url::to_string).unwrap_or_default();
    let content = content(asked.place.at.kind(), answer, &address);
    let other_page = matches!(&content, Content::Wrong(p) if p.code == codes::PUBLISHED_OTHER_PAGE);
    if !other_page {
        recorder
            .tell("media type", media_type(asked.place.at.kind(), answer.header("content-type")));
    }
    tell_content(&content, &mut recorder);
    if let Content::Config(read) = &content {
        hold(asked.place, read, person, settings, &mut recorder);
    }
    if !other_page {
        variants(asked, &mut recorder);
        accounts(asked, addresses, &mut recorder);
    }
    (recorder.finish(), Some(content))
}

/// `autoconfig https://autoconfig.example.com/mail/config-v1.1.xml`
pub fn name(place: &ConfigPlace) -> String {
    let kind = match place.at.kind() {
        ConfigKind::Autoconfig => "autoconfig",
        ConfigKind::Autodiscover => "autodiscover",
        ConfigKind::Json => "autodiscover v2",
        ConfigKind::Profile => "profile",
        ConfigKind::Pacc => "pacc",
    };
    format!("{kind} {}", place.url)
}

/// All requests run at once, so the slowest one is how long the place took.
fn took(asked: &PlaceAnswers<'_>) -> Duration {
    asked.answers.iter().map(|(_, fetched)| fetched.took).max().unwrap_or_default()
}

/// Every variant was refused. The first answer that is more than "nothing here" gives the reason.
fn refusal(asked: &PlaceAnswers<'_>) -> Problem {
    let worst = asked.answers.iter().find(|(_, fetched)| fetched.absent().is_none());
    match worst.map(|(_, fetched)| &fetched.result) {
        Some(Err(problem)) => problem.clone(),
        Some(Ok(answer)) => {
            let text = String::from_utf8_lossy(&answer.body);
            let detail = format!("the web server answers {}", answer.status);
            Problem::with(codes::PUBLISHED_STATUS, detail).seen(shown(&text))
        }
        None => Problem::new(codes::NOT_PUBLISHED),
    }
}

/// Reports each host's certificate once.
fn certificates(asked: &PlaceAnswers<'_>, recorder: &mut Recorder) {
    let mut seen: Vec<&str> = Vec::new();
    for (_, fetched) in &asked.answers {
        for (host, result) in &fetched.certificates {
            if seen.contains(&host.as_str()) {
                continue;
            }
            seen.push(host);
            recorder.tell("certificate", result.clone().map(|detail| format!("{host}: {detail}")));
        }
    }
}

/// Checks the media type that clients require (facts: Thunderbird reads XML only under these types;
/// an iPhone offers a profile only under its own).
pub fn media_type(kind: ConfigKind, header: Option<&str>) -> Result<String, Problem> {
    let wanted: &[&str] = match kind {
        ConfigKind::Autoconfig => &["text/xml", "application/xml", "text/rdf"],
        ConfigKind::Autodiscover => &["text/xml", "application/xml"],
        ConfigKind::Json | ConfigKind::Pacc => &["application/json"],
        ConfigKind::Profile => &["application/x-apple-aspen-config"],
    };
    let found = header.unwrap_or("none");
    let bare = found.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match wanted.contains(&bare.as_str()) {
        true => Ok(shown(found)),
        false => {
            let detail = format!("the media type is {}, wanted is {}", shown(found), wanted[0]);
            Err(Problem::with(codes::PUBLISHED_MEDIA_TYPE, detail))
        }
    }
}

fn tell_content(content: &Content, recorder: &mut Recorder) {
    recorder.tell(
        "content",
        match content {
            Content::Config(read) => {
                let mail =
                    read.servers.iter().filter(|server| content::is_mail(server.server_type));
                let servers: Vec<_> = mail.map(content::name).collect();
                Ok(servers.join(", "))
            }
            Content::Elsewhere(target) => Err(Problem::with(
                codes::AUTODISCOVER_REDIRECTS,
                format!("clients are sent to {target}"),
            )),
            Content::Signed => Err(Problem::new(codes::SIGNED_PROFILE_NOT_READ)),
            Content::Pacc(json) => {
                let protocols = json.get("protocols").and_then(|p| p.as_object());
                let names: Vec<_> =
                    protocols.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                Ok(names.join(", "))
            }
            Content::Wrong(problem) => Err(problem.clone()),
        },
    );
}

fn hold(
    place: &ConfigPlace,
    read: &crate::import::ReadConfig,
    person: &EmailAddress,
    settings: Option<&ExpectedSettings<'_>>,
    recorder: &mut Recorder,
) {
    if place.at.kind() == ConfigKind::Autodiscover
        && read.servers.iter().any(|s| s.username.is_none())
    {
        recorder.tell("settings", Err(Problem::new(codes::PUBLISHED_WITHOUT_LOGIN_NAME)));
    }
    let Some(settings) = settings else {
        recorder.tell("settings", Err(Problem::new(codes::SETTINGS_UNKNOWN)));
        return;
    };
    let (others, lacking) = differences(place.at.kind(), read, settings, person);
    if !others.is_empty() {
        recorder.tell("settings", Err(Problem::with(codes::PUBLISHED_DIFFERS, others.join("; "))));
    }
    if !lacking.is_empty() {
        let detail = format!("the settings have {}, the file has not", lacking.join(" and "));
        recorder.tell("settings", Err(Problem::with(codes::PUBLISHED_LACKS, detail)));
    }
    if others.is_empty() && lacking.is_empty() {
        recorder.tell("settings", Ok("as the settings say".to_owned()));
    }
}

/// Reports whether every variant of the request gets an answer.
fn variants(asked: &PlaceAnswers<'_>, recorder: &mut Recorder) {
    let status = |fetched: &FetchResult| match &fetched.result {
        Ok(answer) => format!("the web server answers {}", answer.status),
        Err(problem) => problem.detail.clone(),
    };
    let kind = asked.place.at.kind();
    let (bare, with) = (asked.of(Variant::Bare), asked.of(Variant::Unknown));
    if let (ConfigKind::Autoconfig, Some(bare), Some(with)) = (kind, bare, with) {
        recorder.tell(
            "address",
            match (bare.good(), with.good()) {
                (Some(_), Some(_)) => Ok("with and without ?emailaddress=".to_owned()),
                (None, _) => Err(Problem::with(codes::AUTOCONFIG_NEEDS_ADDRESS, status(bare))),
                (_, None) => Err(Problem::with(codes::AUTOCONFIG_REFUSES_ADDRESS, status(with))),
            },
        );
    }
    if kind == ConfigKind::Autodiscover
        && let Some(post) = asked.of(Variant::Unknown)
    {
        if post.good().is_none() {
            let detail = format!("POST: {}", status(post));
            recorder.tell("post", Err(Problem::with(codes::AUTODISCOVER_REFUSES_POST, detail)));
            return;
        }
        let spelled = asked.answers.iter().filter(|(v, _)| *v == Variant::Spelling);
        let refused: Vec<String> = spelled
            .clone()
            .filter(|(_, fetched)| fetched.good().is_none())
            .map(|(_, fetched)| format!("{}: {}", fetched.hops[0].path(), status(fetched)))
            .collect();
        if spelled.count() > 0 {
            recorder.tell(
                "spelling",
                match refused.is_empty() {
                    true => Ok("every spelling of the path".to_owned()),
                    false => Err(Problem::with(codes::AUTODISCOVER_SPELLING, refused.join("; "))),
                },
            );
        }
    }
}

/// Reports whether an unknown address gets the same answer as a known one.
fn accounts(asked: &PlaceAnswers<'_>, addresses: &Addresses, recorder: &mut Recorder) {
    let Some(unknown) = asked.of(Variant::Unknown) else { return };
    let (Some(known), Some(person)) = (asked.of(Variant::Known), &addresses.known) else {
        recorder.tell("accounts", Err(Problem::new(codes::ACCOUNT_ORACLE_UNTESTED)));
        return;
    };
    let plain = |fetched: &FetchResult, person: &EmailAddress| match &fetched.result {
        Ok(answer) => {
            let text = content::without_names(asked.place.at.kind(), &answer.body);
            let text = text.replace(person.as_str(), "ADDRESS");
            // Autodiscover may have the local part in an element of its own.
            let text = text.replace(&format!(">{}<", person.local_part()), ">LOCALPART<");
            (answer.status, text)
        }
        Err(problem) => (0, problem.code.name.to_owned()),
    };
    let (a, b) = (plain(known, person), plain(unknown, &addresses.unknown));
    recorder.tell(
        "accounts",
        match a == b {
            true => Ok("an unknown address gets the same answer as a known one".to_owned()),
            false => {
                let detail = match a.0 == b.0 {
                    true => "the answers differ in their text".to_owned(),
                    false => format!("{} for the known address, {} for an unknown one", a.0, b.0),
                };
                Err(Problem::with(codes::ACCOUNT_ORACLE, detail))
            }
        },
    );
}

/// `http://autodiscover.DOMAIN` must redirect to https or not exist at all.
fn redirect_only(asked: &PlaceAnswers<'_>, recorder: &mut Recorder) {
    let Some(fetched) = asked.of(Variant::Get) else { return };
    let problem = match (&fetched.result, fetched.absent()) {
        (_, Some(why)) => Problem::with(codes::NOT_PUBLISHED, why),
        (Err(problem), None) => problem.clone(),
        (Ok(answer), None) => {
            let detail = format!("{}, no redirect to https; clients ignore it", answer.status);
            Problem::with(codes::NOT_PUBLISHED, detail)
        }
    };
    recorder.took("fetch", fetched.took, Err(problem));
}
