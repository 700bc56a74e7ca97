//! The table of forms. Facts are those that vendors and public rule lists state: fixed beginning, length, characters.

use super::form::Class::{Alnum, AnyHex, Base32, Base64, Digit, Hex, Lower, Upper, Url, Wide};
use super::form::Part::{Run, Text};
use super::form::Worth::{Key, Likely, Live, Minor};
use super::form::{Class, Form, Part, Place, Worth};
use super::judge::{self, Judge};

/// One kind of credential.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// What it is, as in "a GitHub token".
    pub(super) name: &'static str,
    /// How it is read.
    pub(super) form: Form,
    /// How it is weighed.
    pub(super) judge: Judge,
}

type Parts = &'static [Part];

const fn of(name: &'static str, worth: Worth, parts: Parts) -> Shape {
    Shape { name, form: Form::Parts(None, parts), judge: Judge::Always(worth) }
}

const fn by(name: &'static str, judge: judge::Weigh, parts: Parts) -> Shape {
    Shape { name, form: Form::Parts(None, parts), judge: Judge::By(judge) }
}

const fn after(name: &'static str, worth: Worth, before: (Class, usize, usize), parts: Parts) -> Shape {
    Shape { name, form: Form::Parts(Some(before), parts), judge: Judge::Always(worth) }
}

const fn own(
    name: &'static str,
    at: &'static str,
    read: fn(&str, usize) -> Option<Place>,
    judge: judge::Weigh,
) -> Shape {
    Shape { name, form: Form::Own(at, read), judge: Judge::By(judge) }
}

/// Every form, by the kind of vendor.
pub(super) const SHAPES: &[Shape] = &[
    // Code hosts and package registries.
    by("a GitHub personal access token", judge::base62_crc, &[Text("ghp_"), Run(Alnum, 36, 36)]),
    by("a GitHub OAuth token", judge::base62_crc, &[Text("gho_"), Run(Alnum, 36, 36)]),
    by("a GitHub user-to-server token", judge::base62_crc, &[Text("ghu_"), Run(Alnum, 36, 36)]),
    by("a GitHub app token", judge::base62_crc, &[Text("ghs_"), Run(Alnum, 36, 36)]),
    by("a GitHub refresh token", judge::base62_crc, &[Text("ghr_"), Run(Alnum, 36, 76)]),
    of(
        "a GitHub fine-grained token",
        Key,
        &[Text("github_pat_"), Run(Alnum, 22, 22), Text("_"), Run(Alnum, 59, 59)],
    ),
    of("a GitLab personal access token", Key, &[Text("glpat-"), Run(Wide, 20, 300)]),
    of("a GitLab trigger token", Key, &[Text("glptt-"), Run(Hex, 40, 40)]),
    of("a GitLab deploy token", Key, &[Text("gldt-"), Run(Url, 20, 64)]),
    of("a GitLab runner token", Key, &[Text("glrt-"), Run(Wide, 20, 300)]),
    of("a GitLab agent token", Key, &[Text("glagent-"), Run(Url, 50, 64)]),
    of("a Bitbucket app password", Likely, &[Text("ATBB"), Run(Alnum, 32, 32)]),
    of("an Atlassian API token", Key, &[Text("ATATT3xFfGF0"), Run(Wide, 100, 400)]),
    of("an Atlassian access token", Key, &[Text("ATCTT3xFfGN0"), Run(Wide, 100, 400)]),
    by("an npm access token", judge::base62_crc, &[Text("npm_"), Run(Alnum, 36, 36)]),
    by("a PyPI token", judge::macaroon, &[Text("pypi-AgE"), Run(Url, 60, 2000)]),
    of("a RubyGems key", Key, &[Text("rubygems_"), Run(Hex, 48, 48)]),
    of("a NuGet key", Likely, &[Text("oy2"), Run(Lower, 43, 43)]),
    of("a crates.io token", Key, &[Text("cio"), Run(Alnum, 32, 32)]),
    of("a Docker Hub token", Key, &[Text("dckr_pat_"), Run(Url, 27, 27)]),
    of("a Docker Hub organisation token", Key, &[Text("dckr_oat_"), Run(Url, 32, 32)]),
    of("a Clojars token", Key, &[Text("CLOJARS_"), Run(Lower, 60, 60)]),
    of("an Artifactory key", Key, &[Text("AKCp"), Run(Alnum, 69, 69)]),
    // Clouds.
    by("an AWS access key id", judge::aws_key_id, &[Text("AKIA"), Run(Base32, 16, 16)]),
    by("a temporary AWS access key id", judge::aws_key_id, &[Text("ASIA"), Run(Base32, 16, 16)]),
    of("an Amazon Bedrock key", Key, &[Text("ABSKQmVkcm9ja0FQSUtleS"), Run(Base64, 100, 300)]),
    by("a Google API key", judge::google_api_key, &[Text("AIza"), Run(Url, 35, 35)]),
    of("a Google OAuth client secret", Minor, &[Text("GOCSPX-"), Run(Url, 28, 28)]),
    of("a Google access token", Likely, &[Text("ya29."), Run(Url, 60, 1000)]),
    of("a Google refresh token", Key, &[Text("1//0"), Run(Url, 60, 200)]),
    of("an Azure storage key", Key, &[Text("AccountKey="), Run(Base64, 88, 88)]),
    of("an Azure shared access key", Key, &[Text("SharedAccessKey="), Run(Base64, 44, 44)]),
    after("an Azure AD client secret", Key, (Url, 3, 3), &[Text("8Q~"), Run(Wide, 34, 34)]),
    after("an Azure AI key", Key, (Alnum, 52, 52), &[Text("JQQJ99"), Run(Alnum, 26, 26)]),
    of("a DigitalOcean token", Key, &[Text("dop_v1_"), Run(Hex, 64, 64)]),
    of("a DigitalOcean OAuth token", Key, &[Text("doo_v1_"), Run(Hex, 64, 64)]),
    of("a DigitalOcean refresh token", Key, &[Text("dor_v1_"), Run(Hex, 64, 64)]),
    of("a Heroku key", Key, &[Text("HRKU-AA"), Run(Url, 58, 58)]),
    of("a Cloudflare origin CA key", Key, &[Text("v1.0-"), Run(Hex, 24, 24), Text("-"), Run(Hex, 146, 146)]),
    of("a Fly.io token", Key, &[Text("fo1_"), Run(Url, 43, 43)]),
    of("a Fly.io macaroon", Key, &[Text("fm2_"), Run(Base64, 100, 2000)]),
    of("an Alibaba Cloud key id", Likely, &[Text("LTAI"), Run(Alnum, 20, 20)]),
    of("a Netlify token", Key, &[Text("nfp_"), Run(Alnum, 36, 36)]),
    of("a Render key", Key, &[Text("rnd_"), Run(Alnum, 28, 40)]),
    of("a Pulumi token", Key, &[Text("pul-"), Run(Hex, 40, 40)]),
    after("a Terraform Cloud token", Key, (Alnum, 14, 14), &[Text(".atlasv1."), Run(Url, 60, 80)]),
    of("a Vault token", Key, &[Text("hvs."), Run(Url, 90, 140)]),
    of("a Vault batch token", Key, &[Text("hvb."), Run(Url, 130, 400)]),
    of("a Doppler token", Key, &[Text("dp.pt."), Run(Alnum, 40, 44)]),
    of(
        "a Tailscale key",
        Key,
        &[Text("tskey-"), Run(Lower, 3, 10), Text("-"), Run(Alnum, 10, 24), Text("-"), Run(Alnum, 20, 48)],
    ),
    of("a 1Password service account token", Key, &[Text("ops_eyJ"), Run(Base64, 250, 4000)]),
    of("an age secret key", Key, &[Text("AGE-SECRET-KEY-1"), Run(Upper, 58, 58)]),
    of("an Infracost key", Key, &[Text("ico-"), Run(Alnum, 32, 32)]),
    // Data.
    of("a Supabase access token", Key, &[Text("sbp_"), Run(Hex, 40, 40)]),
    of("a Supabase secret key", Key, &[Text("sb_secret_"), Run(Url, 31, 31)]),
    of("a PlanetScale token", Key, &[Text("pscale_tkn_"), Run(Wide, 32, 64)]),
    of("a PlanetScale password", Key, &[Text("pscale_pw_"), Run(Wide, 32, 64)]),
    of("a Databricks token", Key, &[Text("dapi"), Run(Hex, 32, 32)]),
    of("a Neon key", Key, &[Text("napi_"), Run(Lower, 64, 64)]),
    of("an Airtable token", Key, &[Text("pat"), Run(Alnum, 14, 14), Text("."), Run(Hex, 64, 64)]),
    of("a Notion token", Key, &[Text("ntn_"), Run(Digit, 11, 11), Run(Alnum, 35, 35)]),
    of("a Notion integration secret", Key, &[Text("secret_"), Run(Alnum, 43, 43)]),
    of("a Contentful token", Key, &[Text("CFPAT-"), Run(Url, 43, 43)]),
    of("a Mapbox secret token", Key, &[Text("sk.eyJ"), Run(Url, 60, 200), Text("."), Run(Url, 20, 30)]),
    of("a Pinecone key", Key, &[Text("pcsk_"), Run(Alnum, 5, 7), Text("_"), Run(Alnum, 50, 70)]),
    // Observation.
    of("a New Relic user key", Key, &[Text("NRAK-"), Run(Upper, 27, 27)]),
    of(
        "a Grafana service account token",
        Key,
        &[Text("glsa_"), Run(Alnum, 32, 32), Text("_"), Run(AnyHex, 8, 8)],
    ),
    of("a Grafana Cloud token", Key, &[Text("glc_eyJ"), Run(Base64, 60, 400)]),
    of("a Sentry user token", Key, &[Text("sntryu_"), Run(Hex, 64, 64)]),
    of(
        "a Sentry organisation token",
        Key,
        &[Text("sntrys_eyJ"), Run(Base64, 60, 400), Text("_"), Run(Base64, 43, 43)],
    ),
    of("a PostHog personal key", Key, &[Text("phx_"), Run(Alnum, 40, 50)]),
    of("a Dynatrace token", Key, &[Text("dt0c01."), Run(Upper, 24, 24), Text("."), Run(Upper, 64, 64)]),
    of("a Postman key", Key, &[Text("PMAK-"), Run(Hex, 24, 24), Text("-"), Run(Hex, 34, 34)]),
    of("a Sourcegraph token", Key, &[Text("sgp_"), Run(Hex, 40, 40)]),
    of("a CircleCI token", Key, &[Text("CCIPAT_"), Run(Alnum, 22, 22), Text("_"), Run(Hex, 40, 40)]),
    of("a Buildkite token", Key, &[Text("bkua_"), Run(Hex, 40, 40)]),
    // Messages and mail.
    by(
        "a Slack bot token",
        judge::slack,
        &[Text("xoxb-"), Run(Digit, 9, 14), Text("-"), Run(Digit, 9, 14), Text("-"), Run(Alnum, 18, 34)],
    ),
    of(
        "a Slack user token",
        Key,
        &[Text("xoxp-"), Run(Digit, 9, 14), Text("-"), Run(Digit, 9, 14), Text("-"), Run(Url, 28, 80)],
    ),
    of(
        "a Slack app token",
        Key,
        &[
            Text("xapp-"),
            Run(Digit, 1, 2),
            Text("-"),
            Run(Upper, 9, 14),
            Text("-"),
            Run(Digit, 9, 16),
            Text("-"),
            Run(Alnum, 40, 80),
        ],
    ),
    of(
        "a Slack configuration token",
        Key,
        &[Text("xoxe.xoxp-"), Run(Digit, 1, 2), Text("-"), Run(Alnum, 100, 200)],
    ),
    of(
        "a Slack webhook",
        Key,
        &[
            Text("hooks.slack.com/services/"),
            Run(Upper, 9, 14),
            Text("/"),
            Run(Upper, 9, 14),
            Text("/"),
            Run(Alnum, 20, 26),
        ],
    ),
    of(
        "a Discord webhook",
        Key,
        &[Text("discord.com/api/webhooks/"), Run(Digit, 17, 20), Text("/"), Run(Url, 60, 80)],
    ),
    of(
        "a Discord webhook",
        Key,
        &[Text("discordapp.com/api/webhooks/"), Run(Digit, 17, 20), Text("/"), Run(Url, 60, 80)],
    ),
    after("a Telegram bot token", Key, (Digit, 8, 10), &[Text(":AA"), Run(Url, 33, 33)]),
    of("a SendGrid key", Key, &[Text("SG."), Run(Url, 22, 22), Text("."), Run(Url, 43, 43)]),
    of("a Mailgun key", Likely, &[Text("key-"), Run(Hex, 32, 32)]),
    after("a Mailchimp key", Key, (Hex, 32, 32), &[Text("-us"), Run(Digit, 1, 2)]),
    of("a Brevo key", Key, &[Text("xkeysib-"), Run(Hex, 64, 64), Text("-"), Run(Alnum, 16, 16)]),
    of("a Resend key", Key, &[Text("re_"), Run(Alnum, 8, 8), Text("_"), Run(Alnum, 24, 24)]),
    of("a Twilio API key", Likely, &[Text("SK"), Run(Hex, 32, 32)]),
    // Payment and trade.
    of("a Stripe live key", Live, &[Text("sk_live_"), Run(Alnum, 24, 120)]),
    of("a restricted Stripe live key", Live, &[Text("rk_live_"), Run(Alnum, 24, 120)]),
    of("a Stripe test key", Minor, &[Text("sk_test_"), Run(Alnum, 24, 120)]),
    of("a Stripe webhook secret", Key, &[Text("whsec_"), Run(Base64, 32, 64)]),
    of("a Shopify access token", Key, &[Text("shpat_"), Run(AnyHex, 32, 32)]),
    of("a Shopify custom app token", Key, &[Text("shpca_"), Run(AnyHex, 32, 32)]),
    of("a Shopify private app token", Key, &[Text("shppa_"), Run(AnyHex, 32, 32)]),
    of("a Shopify shared secret", Key, &[Text("shpss_"), Run(AnyHex, 32, 32)]),
    of("a Square access token", Key, &[Text("EAAA"), Run(Url, 60, 60)]),
    of("a Square token", Key, &[Text("sq0atp-"), Run(Url, 22, 22)]),
    of("a Square secret", Key, &[Text("sq0csp-"), Run(Url, 43, 43)]),
    of("a Shippo live token", Key, &[Text("shippo_live_"), Run(Hex, 40, 40)]),
    of("an EasyPost key", Key, &[Text("EZAK"), Run(Alnum, 54, 54)]),
    of("a Flutterwave secret key", Key, &[Text("FLWSECK-"), Run(AnyHex, 32, 32), Text("-X")]),
    of(
        "a Braintree access token",
        Key,
        &[Text("access_token$production$"), Run(Lower, 16, 16), Text("$"), Run(Hex, 32, 32)],
    ),
    // Models and what agents use.
    by("an OpenAI key", judge::openai, &[Text("sk-"), Run(Alnum, 48, 51)]),
    by("an OpenAI project key", judge::openai, &[Text("sk-proj-"), Run(Url, 40, 200)]),
    by("an OpenAI service account key", judge::openai, &[Text("sk-svcacct-"), Run(Url, 40, 200)]),
    of("an OpenAI admin key", Key, &[Text("sk-admin-"), Run(Url, 40, 200)]),
    by("an Anthropic key", judge::anthropic, &[Text("sk-ant-api03-"), Run(Url, 80, 110)]),
    of("an Anthropic admin key", Key, &[Text("sk-ant-admin01-"), Run(Url, 80, 110)]),
    of("an Anthropic OAuth token", Key, &[Text("sk-ant-oat01-"), Run(Url, 80, 110)]),
    of("a Hugging Face token", Key, &[Text("hf_"), Run(Alnum, 34, 40)]),
    of("a Groq key", Key, &[Text("gsk_"), Run(Alnum, 52, 52)]),
    of("an xAI key", Key, &[Text("xai-"), Run(Alnum, 80, 80)]),
    of("a Perplexity key", Key, &[Text("pplx-"), Run(Alnum, 48, 56)]),
    of("a Replicate token", Key, &[Text("r8_"), Run(Alnum, 37, 37)]),
    of("an OpenRouter key", Key, &[Text("sk-or-v1-"), Run(Hex, 64, 64)]),
    of("a DeepSeek or compatible key", Likely, &[Text("sk-"), Run(Hex, 32, 32)]),
    of("a Tavily key", Key, &[Text("tvly-"), Run(Url, 32, 45)]),
    of("a Firecrawl key", Likely, &[Text("fc-"), Run(Hex, 32, 32)]),
    of("a Brave Search key", Likely, &[Text("BSA"), Run(Url, 27, 28)]),
    of(
        "a LangSmith key",
        Key,
        &[Text("lsv2_"), Run(Lower, 2, 2), Text("_"), Run(Hex, 32, 32), Text("_"), Run(Hex, 10, 10)],
    ),
    of(
        "a Langfuse secret key",
        Key,
        &[
            Text("sk-lf-"),
            Run(Hex, 8, 8),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 12, 12),
        ],
    ),
    of("an ElevenLabs key", Key, &[Text("sk_"), Run(Hex, 48, 48)]),
    of("a Jina key", Key, &[Text("jina_"), Run(Hex, 32, 32), Run(Url, 28, 28)]),
    of("an E2B key", Key, &[Text("e2b_"), Run(Hex, 40, 40)]),
    of("an Apify token", Key, &[Text("apify_api_"), Run(Alnum, 36, 36)]),
    // Work.
    of("a Linear key", Key, &[Text("lin_api_"), Run(Alnum, 40, 40)]),
    of("a Linear OAuth token", Key, &[Text("lin_oauth_"), Run(Hex, 64, 64)]),
    of("a Figma token", Key, &[Text("figd_"), Run(Url, 38, 46)]),
    of("a Typeform token", Key, &[Text("tfp_"), Run(Wide, 59, 59)]),
    of("a Dropbox token", Likely, &[Text("sl.u."), Run(Url, 100, 1400)]),
    of(
        "a HubSpot token",
        Key,
        &[
            Text("pat-na1-"),
            Run(Hex, 8, 8),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 4, 4),
            Text("-"),
            Run(Hex, 12, 12),
        ],
    ),
    of("a Prefect key", Key, &[Text("pnu_"), Run(Alnum, 36, 36)]),
    of("a ReadMe key", Key, &[Text("rdme_"), Run(Lower, 70, 70)]),
    // Forms that many share.
    own("a private key", "-----BEGIN ", judge::pem, judge::private_key),
    own("a JSON Web Token", "eyJ", judge::token, judge::jwt),
    own("a password in an address", "://", judge::user_info, judge::password_in_url),
];

/// Tells whether a text begins as one of the forms does, whatever comes after.
pub(in crate::scan) fn begins_like_a_shape(text: &str) -> bool {
    let fixed = |shape: &&Shape| matches!(shape.form, Form::Parts(None, _)) && shape.form.anchor().len() > 3;
    SHAPES.iter().filter(fixed).any(|shape| text.starts_with(shape.form.anchor())) || text.starts_with("eyJ")
}
