//! The client's side of SASL mechanisms (RFC 4422).
//!
//! All begin without an initial response: every server accepts that, and Microsoft's POP3 accepts
//! nothing else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::codes;
use crate::model::{Authentication, Secret};

use super::step::Problem;
use super::wire::shown;

/// Limit for SCRAM's iterations, so that a server cannot keep this machine busy. Servers use 4096
/// to 600,000.
const MOST_ROUNDS: u32 = 2_000_000;

/// A SASL mechanism, or a protocol's own login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616
    Plain,
    /// draft-murchison-sasl-login
    Login,
    /// The protocol's own login: POP3's USER and PASS, IMAP's LOGIN.
    User,
    /// RFC 7677
    ScramSha256,
    /// RFC 2195
    CramMd5,
    /// RFC 1939 section 7
    Apop,
    /// Google's and Microsoft's own, before OAUTHBEARER.
    Xoauth2,
    /// RFC 7628
    Oauthbearer,
}

impl Mechanism {
    /// The best of each authentication method first.
    pub const ALL: [Mechanism; 8] = [
        Mechanism::Plain,
        Mechanism::Login,
        Mechanism::User,
        Mechanism::ScramSha256,
        Mechanism::CramMd5,
        Mechanism::Apop,
        Mechanism::Oauthbearer,
        Mechanism::Xoauth2,
    ];

    /// The name that servers announce.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
            Mechanism::User => "USER",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::CramMd5 => "CRAM-MD5",
            Mechanism::Apop => "APOP",
            Mechanism::Xoauth2 => "XOAUTH2",
            Mechanism::Oauthbearer => "OAUTHBEARER",
        }
    }

    /// The authentication method of the settings that this mechanism belongs to.
    pub fn authentication(self) -> Authentication {
        match self {
            Mechanism::Plain | Mechanism::Login | Mechanism::User => {
                Authentication::PasswordCleartext
            }
            Mechanism::ScramSha256 | Mechanism::CramMd5 | Mechanism::Apop => {
                Authentication::PasswordEncrypted
            }
            Mechanism::Xoauth2 | Mechanism::Oauthbearer => Authentication::OAuth2,
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A server's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRefusal {
    /// The server's line; for IMAP, the part after the tag.
    pub line: String,
    /// The JSON that an OAuth2 mechanism received before the refusal (RFC 7628 §3.2.2).
    pub challenge: Option<String>,
}

impl SignInRefusal {
    pub fn new(line: String) -> Self {
        Self { line, challenge: None }
    }
}

/// One run of a mechanism.
pub struct Exchange<'a> {
    mechanism: Mechanism,
    user: &'a str,
    secret: &'a Secret,
    /// For OAUTHBEARER, like the port.
    host: &'a str,
    port: u16,
    step: u32,
    scram: Option<Scram>,
    challenge: Option<String>,
}

struct Scram {
    first_bare: String,
    nonce: String,
    proof_of_server: Option<Vec<u8>>,
    proven: bool,
}

impl<'a> Exchange<'a> {
    pub fn new(
        mechanism: Mechanism,
        user: &'a str,
        secret: &'a Secret,
        host: &'a str,
        port: u16,
    ) -> Self {
        Self { mechanism, user, secret, host, port, step: 0, scram: None, challenge: None }
    }

    pub fn name(&self) -> &'static str {
        self.mechanism.name()
    }

    /// The next message for the server's challenge; both are in base64.
    pub fn answer(&mut self, challenge: &str) -> Result<String, Problem> {
        let challenge = match challenge {
            "" | "=" => Vec::new(),
            coded => STANDARD.decode(coded).map_err(|_| malformed("not base64", coded))?,
        };
        self.step += 1;
        let message = zeroize::Zeroizing::new(self.message(&challenge)?);
        Ok(STANDARD.encode(&*message))
    }

    fn message(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Problem> {
        let (user, secret) = (self.user, self.secret.expose());
        match (self.mechanism, self.step) {
            (Mechanism::Plain, 1) => Ok(format!("\0{user}\0{secret}").into_bytes()),
            // User name and password are sent in this order, whatever the prompts say.
            (Mechanism::Login, 1) => Ok(user.as_bytes().to_vec()),
            (Mechanism::Login, 2) => Ok(secret.as_bytes().to_vec()),
            (Mechanism::CramMd5, 1) => {
                let mut mac = Hmac::<Md5>::new_from_slice(secret.as_bytes()).expect("any length");
                mac.update(challenge);
                Ok(format!("{user} {}", hex(&mac.finalize().into_bytes())).into_bytes())
            }
            (Mechanism::ScramSha256, 1) => Ok(self.scram_first()),
            (Mechanism::ScramSha256, 2) => self.scram_final(challenge),
            (Mechanism::ScramSha256, 3) => self.scram_proof(challenge),
            (Mechanism::Xoauth2, 1) => {
                Ok(format!("user={user}\u{1}auth=Bearer {secret}\u{1}\u{1}").into_bytes())
            }
            (Mechanism::Oauthbearer, 1) => {
                let name = user.replace('=', "=3D").replace(',', "=2C");
                let (host, port) = (self.host, self.port);
                Ok(format!(
                    "n,a={name},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {secret}\u{1}\u{1}"
                )
                .into_bytes())
            }
            // The reason comes as a challenge, and the refusal only after an answer to it.
            (Mechanism::Xoauth2, 2) => {
                self.challenge = Some(String::from_utf8_lossy(challenge).into_owned());
                Ok(Vec::new())
            }
            (Mechanism::Oauthbearer, 2) => {
                self.challenge = Some(String::from_utf8_lossy(challenge).into_owned());
                Ok(vec![1])
            }
            _ => Err(malformed("one challenge too many", &String::from_utf8_lossy(challenge))),
        }
    }

    /// Called after the server has accepted.
    ///
    /// # Errors
    ///
    /// Fails if the mechanism requires the server to prove itself (SCRAM) and it has not.
    pub fn finish(&self) -> Result<(), Problem> {
        match &self.scram {
            Some(scram) if !scram.proven => Err(Problem::new(codes::SERVER_PROOF_WRONG)),
            _ => Ok(()),
        }
    }

    /// The refusal of this exchange, with the JSON that an OAuth2 mechanism received before.
    pub fn refused(&mut self, line: String) -> SignInRefusal {
        SignInRefusal { line, challenge: self.challenge.take() }
    }

    /// The first message of RFC 5802 §5, without channel binding.
    fn scram_first(&mut self) -> Vec<u8> {
        let mut random = [0; 18];
        getrandom::fill(&mut random).expect("the system has random numbers");
        let nonce = STANDARD.encode(random);
        let user = prepared(self.user).replace('=', "=3D").replace(',', "=2C");
        let first_bare = format!("n={user},r={nonce}");
        let message = format!("n,,{first_bare}").into_bytes();
        self.scram = Some(Scram { first_bare, nonce, proof_of_server: None, proven: false });
        message
    }

    fn scram_final(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Problem> {
        let scram = self.scram.as_mut().expect("made by the first message");
        let server_first = std::str::from_utf8(challenge)
            .map_err(|_| malformed("not UTF-8", &String::from_utf8_lossy(challenge)))?;
        let field = |key: &str| {
            let mut parts = server_first.split(',');
            parts.find_map(|part| part.strip_prefix(key)).ok_or_else(|| {
                malformed(&format!("no {key} in the server's first message"), server_first)
            })
        };
        let nonce = field("r=")?;
        let salt = STANDARD
            .decode(field("s=")?)
            .map_err(|_| malformed("the salt is not base64", server_first))?;
        let rounds = field("i=")?
            .parse::<u32>()
            .ok()
            .filter(|rounds| (1..=MOST_ROUNDS).contains(rounds))
            .ok_or_else(|| malformed("no sensible number of rounds", server_first))?;
        if !nonce.starts_with(&scram.nonce) || nonce.len() == scram.nonce.len() {
            return Err(malformed("the nonce is not a continuation of ours", server_first));
        }
        let password = zeroize::Zeroizing::new(prepared(self.secret.expose()));
        let mut salted = zeroize::Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, rounds, &mut *salted);
        let without_proof = format!("c=biws,r={nonce}");
        let signed = format!("{},{server_first},{without_proof}", scram.first_bare);
        let client_key = mac(&*salted, b"Client Key");
        let signature = mac(&Sha256::digest(&client_key), signed.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        let server_key = mac(&*salted, b"Server Key");
        scram.proof_of_server = Some(mac(&server_key, signed.as_bytes()));
        Ok(format!("{without_proof},p={}", STANDARD.encode(proof)).into_bytes())
    }

    fn scram_proof(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Problem> {
        let scram = self.scram.as_mut().expect("made by the first message");
        let text = String::from_utf8_lossy(challenge);
        let shown = text.strip_prefix("v=").and_then(|proof| STANDARD.decode(proof).ok());
        scram.proven = shown.is_some() && shown == scram.proof_of_server;
        if scram.proven { Ok(Vec::new()) } else { Err(Problem::new(codes::SERVER_PROOF_WRONG)) }
    }
}

/// The digest that APOP sends (RFC 1939 §7).
pub fn apop_digest(stamp: &str, password: &Secret) -> String {
    let mut digest = Md5::new();
    digest.update(stamp.as_bytes());
    digest.update(password.expose().as_bytes());
    hex(&digest.finalize())
}

/// SASLprep (RFC 4013). Text that it forbids is sent unchanged, and the server decides.
fn prepared(text: &str) -> String {
    stringprep::saslprep(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn malformed(what: &str, seen: &str) -> Problem {
    let detail = format!("the server's challenge cannot be read: {what}");
    Problem::with(codes::SASL_MALFORMED, detail).seen(shown(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cram_md5_answers_as_in_rfc_2195() {
        let secret = Secret::new("tanstaaftanstaaf".to_owned());
        let mut exchange = Exchange::new(Mechanism::CramMd5, "tim", &secret, "h", 143);
        let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
        let answer = STANDARD.decode(exchange.answer(challenge).unwrap()).unwrap();
        assert_eq!(answer, b"tim b913a602c7eda7a495b4e6e7334d3890");
    }

    #[test]
    fn apop_digests_as_in_rfc_1939() {
        let secret = Secret::new("tanstaaf".to_owned());
        let digest = apop_digest("<1896.697170952@dbc.mtview.ca.us>", &secret);
        assert_eq!(digest, "c4c9334bac560ecc979e58001b3e22fb");
    }

    #[test]
    fn scram_sha_256_answers_as_in_rfc_7677() {
        let secret = Secret::new("pencil".to_owned());
        let mut exchange = Exchange::new(Mechanism::ScramSha256, "user", &secret, "h", 143);
        exchange.step = 1;
        exchange.scram = Some(Scram {
            first_bare: "n=user,r=rOprNGfwEbeRWgbNEkqO".to_owned(),
            nonce: "rOprNGfwEbeRWgbNEkqO".to_owned(),
            proof_of_server: None,
            proven: false,
        });
        let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let answer = STANDARD.decode(exchange.answer(&STANDARD.encode(first)).unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(exchange.finish().unwrap_err().code, codes::SERVER_PROOF_WRONG);
        let last = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(exchange.answer(&STANDARD.encode(last)).unwrap(), "");
        exchange.finish().unwrap();
    }
}
