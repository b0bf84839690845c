//! The connection test, against servers that do right and wrong on purpose, and against real ones.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod discovery;
mod dns;
#[cfg(target_os = "linux")]
mod exim;
mod faults_login;
mod faults_network;
mod faults_oauth2;
mod faults_rare;
mod faults_session;
mod faults_tls;
mod harness;
mod hosted;
mod hosted_dns;
#[cfg(target_os = "linux")]
mod hosted_private;
mod hosted_real;
#[cfg(all(feature = "serve", target_os = "linux"))]
mod hosted_serve;
mod hosted_site;
mod many;
#[cfg(target_os = "linux")]
mod oauth;
mod output;
#[cfg(target_os = "linux")]
mod real;
mod round_trip;
#[cfg(unix)]
mod watch;
mod web;
