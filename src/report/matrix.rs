//! The compatibility matrix as an HTML page: self-contained, without scripts, accessible to screen
//! readers.

use std::fmt::Write as _;

use crate::check::matrix::MatrixRow;

use super::checked::escape;

const STYLE: &str = "\
    :root { color-scheme: light dark; }\
    body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }\
    table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }\
    caption { text-align: left; font-weight: bold; padding: .5rem 0; }\
    th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border: 1px solid GrayText; }";

/// The page, with one table per file.
pub fn matrix_page(files: &[(String, Vec<MatrixRow>)]) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>What each mail client makes of it</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1>What each mail client makes of it</h1>\n"
    );
    for (name, rows) in files {
        let _ = write!(
            out,
            "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Client</th>\
             <th scope=\"col\">Reads from</th><th scope=\"col\">Sends through</th>\
             <th scope=\"col\">What to know</th></tr></thead>\n<tbody>\n",
            escape(name)
        );
        for row in rows {
            let cell = |server: &Option<String>| match server {
                Some(server) => escape(server),
                None => "nothing".to_owned(),
            };
            let why: Vec<String> = row.why.iter().map(|why| escape(why)).collect();
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&row.client),
                cell(&row.incoming),
                cell(&row.outgoing),
                why.join("<br/>")
            );
        }
        out.push_str("</tbody>\n</table>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}
