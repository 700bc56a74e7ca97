//! Where the id of a session alone decides who calls, and where something else may.

use super::{Grade, Weakness, analyse};

fn grades(path: &str, text: &str) -> Vec<Grade> {
    let seen = analyse(path, text).seen;
    seen.into_iter().filter(|seen| seen.weakness == Weakness::SessionDecides).map(|seen| seen.grade).collect()
}

#[test]
fn what_lets_in_or_names_a_user_by_the_id_alone_is_sure() {
    for text in [
        "app.use('/mcp', (req, res, next) => { const s = sessions.get(req.headers['mcp-session-id']); if (!s) return res.status(401).end(); next(); });",
        "app.use('/mcp', (req, res, next) => { const s = sessions.get(req.headers['mcp-session-id']); if (!s) return res.status(401).end(); req.user = s.user; next(); });",
        "function auth(req, res, next) { if (sessions.has(req.headers['mcp-session-id'])) return next(); res.status(403).end(); }\napp.use('/mcp', auth);",
        "app.use('/mcp', (req, res, next) => { const s = sessions.get(req.headers['mcp-session-id']); if (!s) return res.status(401).end(); req.user = s.user; log(req.user.id); next(); });",
        "app.use((req, res, next) => { const u = users[req.query.mcp_session_id]; req.user = u; next(); }); // 401",
        "app.use('/mcp', (req, res, next) => { if (sessions.has(req.headers['x-sessid'])) return next(); res.status(401).end(); });",
    ] {
        assert_eq!(grades("a.js", text), [Grade::Sure], "{text}");
    }
    let python = "@app.middleware('http')\nasync def check(request, call_next):\n    sid = request.headers.get('mcp-session-id')\n    if sid not in SESSIONS:\n        return Response(status_code=401)\n    request.state.user = SESSIONS[sid].user\n    return await call_next(request)\n";
    assert_eq!(grades("a.py", python), [Grade::Sure]);
}

#[test]
fn where_something_else_may_tell_who_calls_nothing_is_sure() {
    let check = "const sid = req.headers['mcp-session-id']; const s = sessions.get(sid);";
    let lets_in = "if (!s) return res.status(401).end(); next();";
    for text in [
        format!("app.use(requireAuth);\napp.use('/mcp', (req, res, next) => {{ {check} {lets_in} }});"),
        format!("router.use(requireAuth, (req, res, next) => {{ {check} {lets_in} }});"),
        format!("app.use('/mcp', [limit, authenticate()], (req, res, next) => {{ {check} {lets_in} }});"),
        format!("app.use('/mcp', passport.authenticate('x'), (req, res, next) => {{ {check} {lets_in} }});"),
        format!("app.use('/mcp', (req, res, next) => {{ {check} if (s.userId !== req.user.id) return res.status(403).end(); {lets_in} }});"),
        format!("app.use('/mcp', (req, res, next) => {{ {check} if (s.owner !== who) return res.status(403).end(); {lets_in} }});"),
        format!("app.use('/mcp', (req, res, next) => {{ const u = c.get('user'); {check} {lets_in} }});"),
        format!("app.use('/mcp', (req, res, next) => {{ {check} if (!csrf.check(sid, req.body.csrf)) return res.status(403).end(); {lets_in} }});"),
        format!("app.use((req, res, next) => {{ {} {lets_in} }});", check.replace("mcp-", "x-")),
        "app.use('/mcp', (req, res, next) => { if (!csrf.check(req.headers['mcp-session-id'], req.body.csrf)) return res.status(403).end(); next(); });".to_owned(),
        "app.post('/mcp', requireAuth, async (req, res) => { const session = sessions.get(req.headers['mcp-session-id']); if (!session) return res.status(404).end(); if (session.userId !== req.user.id) return res.status(403).end(); await session.transport.handleRequest(req, res, req.body); });".to_owned(),
    ] {
        assert!(!grades("a.js", &text).contains(&Grade::Sure), "{text}");
    }
    let body = "    sid = request.headers.get('mcp-session-id')\n    session = sessions.get(sid)\n    if session is None:\n        raise HTTPException(401)\n    request.state.user = session.user\n    return await call_next(request)\n";
    for head in [
        "async def mcp(request, call_next, user: User = Depends(get_current_user)):\n",
        "async def mcp(request, call_next, who: Annotated[User, Depends(current)]):\n",
        "@login_required\nasync def mcp(request, call_next):\n",
        "async def mcp(request, call_next):\n    if not request.user.is_authenticated:\n        return Response(status_code=401)\n",
        "app.add_middleware(AuthenticationMiddleware)\nasync def mcp(request, call_next):\n",
    ] {
        assert!(!grades("a.py", &format!("{head}{body}")).contains(&Grade::Sure), "{head}");
    }
    assert_eq!(grades("a.py", &format!("async def mcp(request, call_next):\n{body}")), [Grade::Sure]);
}
