//! Codes of what several people or machines share: accounts, keys, the registry, what is outside.

use super::{CodeDoc, doc};

/// E10xx and later, in order.
pub(super) const SERVER: [CodeDoc; 36] = [
    doc(
        "E1001",
        "key refused",
        "The key is unknown or wrong, was revoked, has expired, is not for this address, or its account is disabled.",
        "make a new one with `sigyl keys create`, or ask an admin of your workspace",
    ),
    doc(
        "E1002",
        "no such account",
        "No account of that login or id is on record.",
        "`sigyl members list` shows who belongs to a workspace",
    ),
    doc(
        "E1003",
        "no such workspace",
        "No workspace of that name is on record, or it is not yours to see, or you have several and named none.",
        "`sigyl whoami` shows your workspaces",
    ),
    doc(
        "E1004",
        "no such key",
        "No key of that id is on record, or it is not yours to see.",
        "`sigyl keys list` shows your keys",
    ),
    doc(
        "E1005",
        "taken",
        "A login, a workspace or a key of that name is there already.",
        "take another name",
    ),
    doc(
        "E1006",
        "membership refused",
        "A workspace keeps an owner and a bounded number of members, and only its members have a role. The installation keeps \
         an administrator, and a key to come in by.",
        "make another member its owner, or another account an administrator with a key, first; or remove members who have left",
    ),
    doc(
        "E1007",
        "audit broken",
        "The chain of the audit has an entry that was changed, removed or put in, or does not end where it should.",
        "do not trust what follows the entry that is named; compare it with a backup",
    ),
    doc(
        "E1008",
        "not a key's bounds",
        "A key has 1 to 64 scopes, at most 64 networks, ends in the future, and outlives no key that made it.",
        "name fewer, or an earlier end; `sigyl keys create --help` shows how",
    ),
    doc(
        "E1009",
        "another's name",
        "The name of the server belongs to another workspace.",
        "take another name, or ask an admin of that workspace to move the server",
    ),
    doc(
        "E1014",
        "idempotency key used",
        "The idempotency key was used for another request, or the first request under it has no answer that is known: it is at work, it was cut off, it failed inside, or its answer held a secret that is shown once.",
        "look whether it was done; use another key for another request",
    ),
    doc(
        "E1020",
        "sign-in refused",
        "GitHub or another system signed nobody in, its token is not good, or no rule of the server makes an account for \
         them or trusts their job.",
        "begin again; ask an administrator to make the account, or to name you, your organisation or group under [login] or [[oidc]]",
    ),
    doc(
        "E1021",
        "sign-in not set up",
        "The server has no settings for this way to sign in, or the issuer does not offer it.",
        "use a key or another way, or set [github], [[oidc]] or [[trust]] in the configuration of the server",
    ),
    doc(
        "E1022",
        "namespace not proven",
        "The domain names no key that signed the time, or cannot be asked.",
        "publish a line `v=MCPv1; k=ed25519; p=KEY` at https://DOMAIN/.well-known/mcp-registry-auth, and sign the time with it",
    ),
    doc(
        "E1023",
        "account holds servers",
        "The account is the only owner of a workspace that has servers, or documents in the registry.",
        "`sigyl members add LOGIN --role owner` makes another member an owner, or `sigyl workspaces move SERVER WORKSPACE` \
         moves a server, and `sigyl deprecate NAME --hide` takes a document away; then delete the account",
    ),
    doc(
        "E1024",
        "no such event",
        "The feed of changes has no events of this kind.",
        "name kinds that the message lists, or none for every change",
    ),
    doc(
        "E1101",
        "document refused",
        "A server.json does not pass the checks of a publication; each issue is listed with its place.",
        "mend what is listed; `sigyl publish --check FILE` tells without publishing",
    ),
    doc(
        "E1102",
        "document taken",
        "The version, or the address of a remote, is published already; a version never changes.",
        "publish it under another version, or ask whoever has the address",
    ),
    doc(
        "E1103",
        "not in the registry",
        "No document of that name and version is in the registry, or it was deleted.",
        "`sigyl search WORDS` finds names",
    ),
    doc(
        "E1104",
        "status refused",
        "The document stands so already, the words of the status cannot be taken, or it follows its server.",
        "see how it stands with `sigyl search NAME`",
    ),
    doc(
        "E1105",
        "bad query",
        "A list is asked for with a limit outside of 1 to 100, or with a text of more than 200 characters.",
        "ask for less at a time",
    ),
    doc(
        "E1106",
        "bad cursor",
        "The cursor is not one that a page gave, or belongs to another list.",
        "begin again without a cursor",
    ),
    doc(
        "E1301",
        "no address of a server",
        "The address of a server cannot be used, or a key would go over http:// where everybody between can read it.",
        "write https://HOST, or http:// for a server on this machine",
    ),
    doc(
        "E1302",
        "server not reached",
        "Nobody answered at the address of the server, or not in time.",
        "check the address and the network; `curl ADDRESS/health` shows whether a server is there",
    ),
    doc(
        "E1303",
        "refused by the server",
        "The server did not take the request: the key is missing, not good or not for this, or too much was asked.",
        "`sigyl whoami` shows what the key is for; SIGYL_KEY or --key-file names another one",
    ),
    doc(
        "E1304",
        "unreadable answer",
        "What answered is no sigyl-server, or one of another version; a page of a proxy looks like this.",
        "check the address, and that the server and this program have the same version",
    ),
    doc(
        "E1305",
        "stream broken off",
        "What the server told ended before it was over, and could not be taken up again.",
        "`sigyl runs` shows how a run stands, and `sigyl watch RUN` goes on",
    ),
    doc(
        "E1306",
        "name in an address",
        "A name is empty or `.` or `..`, and would lead to something else of the server.",
        "write the name of a tool, version or server as lists show it",
    ),
    doc(
        "E1307",
        "upload refused",
        "An archive is no .tar.gz, larger than 64 MiB or altered on the way, or it is gone after an hour.",
        "send the source again: `sigyl deploy FOLDER --server URL` and `redeploy NAME --source FOLDER` do",
    ),
    doc(
        "E1401",
        "webhook refused",
        "A delivery is not signed with the webhook secret that is set, cannot be read, or no secret is set.",
        "set the same secret at GitHub and in the variable that `webhook_secret_env` of [github] names",
    ),
    doc(
        "E1402",
        "nothing to follow or to release",
        "The server follows no branch, was not deployed from a repository at GitHub, or no such commit waits.",
        "`sigyl follow list` shows what is followed and what waits; `sigyl follow set NAME --branch BRANCH` begins",
    ),
    doc(
        "E1403",
        "GitHub cannot be asked",
        "The API of GitHub does not answer, refuses the token or the App, or asks to wait.",
        "the message says what it answered; docs/github.md names the permissions that a token or an App needs",
    ),
    doc(
        "E1404",
        "GitHub App not kept",
        "An App could not be made or kept: its code is over, its key cannot sign, another App is kept, or none is.",
        "`sigyl setup github --status` shows what is kept; an App whose keys are lost is deleted at GitHub and made anew",
    ),
    doc(
        "E1405",
        "nothing to list at GitHub",
        "No token and no App is named that asks GitHub, or it sees no such list: an App has installations, a token has none.",
        "run `sigyl setup github`, or name `token_env`, or `app_id` and `private_key_env`, in [github]; `sigyl github OWNER` lists what everybody sees",
    ),
    doc(
        "E1501",
        "not signed by this key",
        "The statement is signed by another key than it was checked with, or was changed since it was signed.",
        "take the key of the instance that made it: `sigyl verify --print-key` prints it there",
    ),
    doc(
        "E1502",
        "no statement",
        "What was given is no statement in an envelope of DSSE, or no public key.",
        "`sigyl verify NAME --save DIR` writes the statement, its list of components and the key",
    ),
    doc(
        "E1503",
        "no statement of the server",
        "Nothing of the server serves, or what serves was let serve before Sigyl signed statements.",
        "`sigyl redeploy NAME` makes one",
    ),
];
