//! Sends one request, and follows the redirects that a client follows.

use std::time::{Duration, Instant};

use url::Url;

use crate::codes;
use crate::model::Hostname;
use crate::net::{Answer, HttpRequest, Net, is_local_name};

use super::super::step::Problem;
use super::super::web;
use super::places::{ConfigLocation, ConfigRequest};

/// Outlook follows as many; browsers follow twenty.
const MOST_REDIRECTS: usize = 10;

/// The result of a request.
#[derive(Debug)]
pub struct FetchResult {
    /// Every URL that was requested, the original one first.
    pub hops: Vec<Url>,
    /// The verdict on each https host's certificate.
    pub certificates: Vec<(String, Result<String, Problem>)>,
    pub result: Result<Answer, Problem>,
    pub took: Duration,
}

impl FetchResult {
    /// The answer with status 200.
    pub fn good(&self) -> Option<&Answer> {
        self.result.as_ref().ok().filter(|answer| answer.status == 200)
    }

    /// Why nothing is published here, if that is all there is to report.
    pub fn absent(&self) -> Option<String> {
        match &self.result {
            Ok(answer) if matches!(answer.status, 404 | 410) => {
                Some(format!("the web server says {}", answer.status))
            }
            Err(problem)
                if [
                    codes::NAME_NOT_FOUND,
                    codes::NAME_HAS_NO_ADDRESS,
                    codes::CONNECTION_REFUSED,
                ]
                .contains(&problem.code)
                    && self.hops.len() == 1 =>
            {
                Some(problem.code.title.to_owned())
            }
            _ => None,
        }
    }

    /// The first certificate fault at which a client would stop.
    pub fn distrust(&self) -> Option<&Problem> {
        self.certificates.iter().find_map(|(_, result)| result.as_ref().err())
    }
}

/// Sends the request and follows redirects. `patience` limits all of it together.
///
/// `origin` is the domain that the user asked about. A public domain must not lead to private
/// addresses, whatever its names and redirects say.
pub fn fetch(net: &Net, origin: &Hostname, ask: &ConfigRequest, patience: Duration) -> FetchResult {
    let begun = Instant::now();
    let deadline = begun + patience;
    let public_only = !is_local_name(match ask.at.is_in_database() {
        // The user named the database.
        true => ask.url.host_str().unwrap_or_default(),
        false => origin.as_str(),
    });
    let mut hops = vec![ask.url.clone()];
    let mut certificates: Vec<(String, Result<String, Problem>)> = Vec::new();
    let headers: &[(&str, &str)] = match ask.post {
        // Outlook.com accepts only this spelling.
        true => &[("content-type", "text/xml; charset=utf-8")],
        false => &[],
    };
    let result = loop {
        let url = hops.last().expect("there is a first").clone();
        let request = HttpRequest {
            method: if ask.post { "POST" } else { "GET" },
            url: &url,
            headers,
            body: ask.body.as_bytes(),
            trusted_only: false,
            public_only,
        };
        let answer = match net.http(&request, deadline) {
            Ok(answer) => answer,
            Err(error) => {
                let mut problem = web::problem(&error);
                if let (codes::LEADS_TO_PRIVATE_ADDRESS, [.., before, _]) = (problem.code, &*hops) {
                    problem.detail = format!("{before} redirects to {url}: {}", problem.detail);
                }
                break Err(problem);
            }
        };
        if let Some(seen) = &answer.handshake {
            let host = url.host_str().unwrap_or_default().to_owned();
            if !certificates.iter().any(|(known, _)| *known == host) {
                certificates.push((host.clone(), web::certificate(seen, &host)));
            }
        }
        // Outlook only wants to know where this leads, so do not follow.
        let next = match answer.location(&url) {
            None => break Ok(answer),
            Some(_) if ask.at == ConfigLocation::AutodiscoverHttp => break Ok(answer),
            Some(Ok(next)) => next,
            Some(Err(why)) => break Err(Problem::with(codes::REDIRECT_BROKEN, why)),
        };
        if url.scheme() == "https" && next.scheme() != "https" {
            break Err(Problem::with(codes::REDIRECT_TO_HTTP, format!("{url} leads to {next}")));
        }
        if hops.len() > MOST_REDIRECTS || hops.contains(&next) {
            break Err(Problem::with(
                codes::TOO_MANY_REDIRECTS,
                format!("{url} leads to {next} again"),
            ));
        }
        hops.push(next);
    };
    FetchResult { hops, certificates, result, took: begun.elapsed() }
}
