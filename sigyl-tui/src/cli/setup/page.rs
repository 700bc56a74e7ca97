//! The pages that a browser is shown: one that sends the manifest to GitHub, and a line at the end.

use sigyl_core::domain::SecretValue;

/// A page that sends a manifest to GitHub: by itself where scripts run, by its button else.
pub(super) fn start(action: &str, manifest: &str, nonce: &str) -> String {
    let (action, manifest) = (escaped(action), escaped(manifest));
    let nonce = if nonce.is_empty() { String::new() } else { format!(" nonce=\"{}\"", escaped(nonce)) };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sigyl: a GitHub App</title></head><body>\n\
         <h1>A GitHub App for Sigyl</h1>\n<p>GitHub shows what it may do, and asks before it makes it.</p>\n\
         <form id=\"make\" method=\"post\" action=\"{action}\">\n<input type=\"hidden\" name=\"manifest\" value=\"{manifest}\">\n\
         <button type=\"submit\">Go on at GitHub</button>\n</form>\n\
         <script{nonce}>document.getElementById(\"make\").submit()</script>\n</body></html>\n"
    )
}

/// A page of one line.
pub(super) fn line(text: &str) -> String {
    let text = escaped(text);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sigyl</title></head><body><p>{text}</p></body></html>\n"
    )
}

/// What a page may do.
pub(super) struct Allowed<'a> {
    /// Where its form goes; nowhere without one.
    pub(super) form: Option<&'a str>,
    /// Which script runs.
    pub(super) nonce: Option<&'a SecretValue>,
    /// The cookie that it sets.
    pub(super) cookie: Option<(&'a str, &'a SecretValue)>,
}

/// Writes an answer with a page.
pub(super) fn answer(status: &str, page: &str, allowed: &Allowed<'_>) -> String {
    let form = allowed.form.unwrap_or("'none'");
    let script =
        allowed.nonce.map_or_else(|| "'none'".to_owned(), |nonce| format!("'nonce-{}'", nonce.reveal()));
    let cookie = allowed.cookie.map(|(name, value)| {
        format!("set-cookie: {name}={}; Path=/; HttpOnly; SameSite=Lax\r\n", value.reveal())
    });
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; script-src {script}; form-action {form}; base-uri 'none'; \
         frame-ancestors 'none'\r\n{}\r\n{page}",
        page.len(),
        cookie.unwrap_or_default(),
    )
}

/// Writes a text so that it is one, wherever it stands.
fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\'' => all.push_str("&#39;"),
            c => all.push(c),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        let page =
            start("https://github.example/x?state=\"><script>", "{\"name\":\"</form><script>'\"}", "n");
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(
            page.contains("value=\"{&quot;name&quot;:&quot;&lt;/form&gt;&lt;script&gt;&#39;&quot;}\""),
            "{page}"
        );
        assert!(!line("<b>").contains("<b>"));
    }

    #[test]
    fn only_the_script_of_the_page_runs_and_its_form_goes_to_github_alone() {
        let (nonce, cookie) = (SecretValue::new("n0nce"), SecretValue::new("c00kie"));
        let allowed = Allowed {
            form: Some("https://github.example"),
            nonce: Some(&nonce),
            cookie: Some(("sigyl_setup", &cookie)),
        };
        let whole = answer("200 OK", "x", &allowed);
        let csp = "default-src 'none'; script-src 'nonce-n0nce'; form-action https://github.example; base-uri 'none'; frame-ancestors 'none'\r\n";
        assert!(whole.contains(csp) && whole.ends_with("\r\n\r\nx"), "{whole}");
        assert!(whole.contains("set-cookie: sigyl_setup=c00kie; Path=/; HttpOnly; SameSite=Lax\r\n"));
        let none = answer("403 Forbidden", "x", &Allowed { form: None, nonce: None, cookie: None });
        assert!(none.contains("script-src 'none'; form-action 'none'") && !none.contains("set-cookie"));
    }
}
