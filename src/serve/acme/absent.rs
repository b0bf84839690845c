//! Replaces the module `acme` if the feature is off. The types have no values.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

use crate::model::Hostname;

use super::ServerState;
use super::client_network::ClientNetwork;
use super::tls::Certificates;

/// Has no value.
#[derive(Debug)]
pub enum AcmeSettings {}

/// Has no value.
#[derive(Debug)]
pub enum Acme {}

/// No counters.
#[derive(Debug, Default)]
pub struct AcmeFigures;

impl Acme {
    pub fn new(
        settings: AcmeSettings,
        _: Option<Arc<Certificates>>,
        _: Option<Hostname>,
    ) -> Result<Arc<Self>, rustls::Error> {
        match settings {}
    }

    pub fn prepare(&self, _: Option<&str>) -> io::Result<()> {
        match *self {}
    }

    pub fn load(&self) -> io::Result<Vec<String>> {
        match *self {}
    }

    pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        match **self {}
    }

    pub fn at_path(&self, _: &str) -> Option<String> {
        match *self {}
    }

    pub async fn accept<S>(
        &self,
        _: &ServerState,
        _: Arc<ServerConfig>,
        _: S,
        _: Option<ClientNetwork>,
    ) -> Option<TlsStream<S>> {
        match *self {}
    }

    pub fn run(&self, _: &Arc<ServerState>, _: &[SocketAddr], _: watch::Receiver<bool>) {
        match *self {}
    }
}

impl AcmeFigures {
    pub fn ends(&self) -> Vec<(String, i64)> {
        Vec::new()
    }

    pub fn counters(&self) -> [(&'static str, &'static str, u64); 0] {
        []
    }
}
