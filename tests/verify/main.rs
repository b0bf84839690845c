//! The connection test, against servers that do right and wrong on purpose, and against real ones.

#[path = "../clients/support.rs"]
#[macro_use]
#[allow(dead_code, reason = "each test crate uses its part")]
mod support;
#[path = "../support/mod.rs"]
mod runs;

mod ca;
mod discovery;
mod dns;
#[cfg(target_os = "linux")]
mod dovecot;
#[cfg(target_os = "linux")]
mod exim;
mod faults_login;
mod faults_network;
mod faults_oauth2;
mod faults_rare;
mod faults_session;
mod faults_tls;
mod harness;
#[cfg(all(feature = "serve", target_os = "linux"))]
#[path = "../serve/host.rs"]
#[allow(dead_code, reason = "each test crate uses its part")]
mod host;
mod hosted;
mod hosted_dns;
#[cfg(target_os = "linux")]
mod hosted_real;
#[cfg(all(feature = "serve", target_os = "linux"))]
mod hosted_serve;
mod hosted_site;
#[cfg(target_os = "linux")]
mod oauth;
#[cfg(target_os = "linux")]
mod oidc;
mod output;
mod peer;
#[cfg(target_os = "linux")]
mod postfix;
#[cfg(target_os = "linux")]
mod real;
mod round_trip;
mod speed;
#[cfg(unix)]
mod watch;
mod web;
