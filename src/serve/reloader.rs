//! Passes changes of files on to the threads that reload them, and waits for the end of the server.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::{io, thread};

use super::credentials::CredentialReloader;
use super::error::Error;
use super::provider_loader::{LoadRequest, ProviderLoader};
use super::watch::Event;

/// The threads that reload files. They are left alone when the server ends: they may wait for a
/// disk.
pub struct Reloader {
    providers: Sender<LoadRequest>,
    credentials: Sender<()>,
}

impl Reloader {
    /// Starts the threads. The first event that the loader of providers sends is
    /// [`Event::Loaded`].
    pub fn start(
        loader: ProviderLoader,
        credentials: CredentialReloader,
        events: Sender<Event>,
    ) -> io::Result<Self> {
        credentials.note_certificates();
        let (providers, requests) = channel();
        let own = providers.clone();
        let thread = thread::Builder::new().name("providers".to_owned());
        thread.spawn(move || loader.run(&own, &requests, &events))?;
        let (sender, requests) = channel();
        let thread = thread::Builder::new().name("credentials".to_owned());
        thread.spawn(move || credentials.run(&requests))?;
        Ok(Self { providers, credentials: sender })
    }

    /// Waits until the providers are read. Returns whether the server goes on.
    ///
    /// # Errors
    ///
    /// The providers cannot be read, or there is none to serve.
    pub fn wait_until_loaded(&self, events: &Receiver<Event>) -> Result<bool, Error> {
        while let Ok(event) = events.recv() {
            match event {
                Event::Loaded(first) => return first.map(|()| true),
                Event::End => return Ok(false),
                event => self.pass_on(&event),
            }
        }
        Ok(false)
    }

    /// Passes changes on until the server is told to end.
    pub fn run(&self, events: &Receiver<Event>) {
        while let Ok(event) = events.recv() {
            match event {
                Event::End => return,
                event => self.pass_on(&event),
            }
        }
    }

    /// The threads end only with the process, unless they panic; then the others go on.
    fn pass_on(&self, event: &Event) {
        let request = match event {
            Event::Changed => LoadRequest::Changed,
            Event::Reload => LoadRequest::Asked,
            Event::Loaded(_) | Event::End => return,
        };
        let _ = self.providers.send(request);
        let _ = self.credentials.send(());
    }
}
