//! A client for Marionette, by which Thunderbird lets itself be driven: JSON over TCP.
//!
//! A message is `LENGTH:JSON`; a call is `[0, id, name, parameters]`, its answer
//! `[1, id, error, result]`.
//!
//! firefox-source-docs, "Marionette Protocol"

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

pub struct Marionette {
    stream: BufReader<TcpStream>,
    calls: u32,
}

impl Marionette {
    /// Opens a session with the right to run scripts of the program itself.
    pub fn connect(port: u16, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(patience))?;
        let mut marionette = Self { stream: BufReader::new(stream), calls: 0 };
        marionette.receive()?; // its greeting
        marionette.call("WebDriver:NewSession", &json!({}))?;
        marionette.call("Marionette:SetContext", &json!({ "value": "chrome" }))?;
        Ok(marionette)
    }

    /// Runs a script, which gets `argument` and a function to call with its answer.
    pub fn run(&mut self, script: &str, argument: &Value) -> io::Result<Value> {
        let parameters = json!({ "script": script, "args": [argument], "sandbox": "system" });
        self.call("WebDriver:ExecuteAsyncScript", &parameters).map(|mut said| said["value"].take())
    }

    fn call(&mut self, name: &str, parameters: &Value) -> io::Result<Value> {
        self.calls += 1;
        let message = json!([0, self.calls, name, parameters]).to_string();
        write!(self.stream.get_mut(), "{}:{message}", message.len())?;
        let mut answer = self.receive()?;
        match &answer[2] {
            Value::Null => Ok(answer[3].take()),
            error => Err(io::Error::other(format!("{name}: {error}"))),
        }
    }

    fn receive(&mut self) -> io::Result<Value> {
        let mut length = Vec::new();
        self.stream.read_until(b':', &mut length)?;
        let length = String::from_utf8_lossy(&length);
        let length = length.trim_end_matches(':').parse().map_err(io::Error::other)?;
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message)?;
        serde_json::from_slice(&message).map_err(io::Error::other)
    }
}
