//! Servers in Go through the whole analysis.

use super::super::flow::Weakness;
use super::{analyse, sure};

/// Returns what is surely seen in a server with these lines in its tool, and these beside it.
fn beside(body: &str, rest: &str) -> Vec<Weakness> {
    let text = format!(
        "package main\nimport (\n\t\"context\"\n\t\"os/exec\"\n\t\"github.com/mark3labs/mcp-go/mcp\"\n)\n{rest}\nfunc handle(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n\ta, err := request.RequireString(\"a\")\n\tif err != nil {{\n\t\treturn mcp.NewToolResultError(err.Error()), nil\n\t}}\n{body}\n\treturn mcp.NewToolResultText(\"done\"), nil\n}}\n"
    );
    seen(&text)
}

fn tool(body: &str) -> Vec<Weakness> {
    beside(body, "")
}

fn seen(text: &str) -> Vec<Weakness> {
    sure("main.go", text)
}

#[test]
fn what_goes_to_another_file_of_the_package_is_told() {
    let told = |body: &str| {
        let text = format!(
            "package main\nfunc own(x string) string {{ return x }}\nfunc handle(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n\ta := request.GetString(\"a\", \"\")\n{body}\n\treturn mcp.NewToolResultText(a), nil\n}}\n"
        );
        analyse("main.go", &text).gap.is_some_and(|gap| gap.why.contains("other files of the package"))
    };
    assert!(told("runIt(a)"));
    assert!(told("b := RunAll(ctx, a)\nfmt.Sprint(b)"));
    assert!(!told("own(a)\nlen(a)\nfmt.Sprint(a)\nstring(a)\nrunIt(\"x\")"));
}

#[test]
fn commands() {
    for body in [
        "exec.Command(\"sh\", \"-c\", a).Run()",
        "exec.CommandContext(ctx, \"bash\", \"-c\", \"ls \"+a).Output()",
        "c := fmt.Sprintf(\"git log %s\", a)\nexec.Command(\"sh\", \"-c\", c).Run()",
        "args := []string{\"-c\", a}\nexec.Command(\"sh\", args...).Run()",
        "args := []string{\"-c\"}\nargs = append(args, a)\nexec.Command(\"sh\", args...).Run()",
        "for _, c := range strings.Split(a, \",\") {\n\texec.Command(\"sh\", \"-c\", c).Run()\n}",
        "if strings.Contains(a, \"rm\") {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "var text strings.Builder\ntext.WriteString(\"ls \")\ntext.WriteString(a)\nexec.Command(\"sh\", \"-c\", text.String()).Run()",
        "var text strings.Builder\nfmt.Fprintf(&text, \"ls %s\", a)\nexec.Command(\"sh\", \"-c\", text.String()).Run()",
        "c := &exec.Cmd{Path: \"/bin/sh\", Args: []string{\"sh\", \"-c\", a}}\nc.Run()",
        "go func() { exec.Command(\"sh\", \"-c\", a).Run() }()",
    ] {
        assert_eq!(tool(body), [Weakness::Command], "{body}");
    }
    for body in [
        "exec.Command(\"git\", \"log\", \"--\", a).Run()",
        "n, err := strconv.Atoi(a)\nif err != nil {\n\treturn nil, err\n}\nexec.Command(\"sh\", \"-c\", fmt.Sprintf(\"head -n %d\", n)).Run()",
        "allowed := map[string]bool{\"up\": true}\nif !allowed[a] {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "allowed := map[string]struct{}{\"up\": {}}\nif _, ok := allowed[a]; !ok {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "if !regexp.MustCompile(`^[a-z]+$`).MatchString(a) {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", \"ls \"+a).Run()",
        "switch a {\ncase \"up\", \"down\":\ndefault:\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "if !slices.Contains([]string{\"a\", \"b\"}, a) {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "scripts := map[string]string{\"x\": \"ls\"}\nc, ok := scripts[a]\nif !ok {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", c).Run()",
    ] {
        assert_eq!(tool(body), [], "{body}");
    }
    let words = "parts := strings.Fields(a)\nexec.Command(parts[0], parts[1:]...).Run()";
    assert_eq!(tool(words), [Weakness::Command, Weakness::Option]);
    assert_eq!(tool("exec.Command(\"git\", \"log\", a).Run()"), [Weakness::Option]);
    assert_eq!(
        tool(
            "if strings.HasPrefix(a, \"-\") {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"git\", \"log\", a).Run()"
        ),
        []
    );
}

#[test]
fn paths() {
    for body in [
        "os.ReadFile(a)",
        "os.ReadFile(filepath.Join(root, a))",
        "p := filepath.Clean(filepath.Join(root, a))\nif !strings.HasPrefix(p, root) {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "os.Remove(root + \"/\" + a)",
        "p, _ := filepath.Abs(a)\nos.WriteFile(p, []byte(\"x\"), 0o600)",
        "p := filepath.Clean(a)\nok := true\nfor _, dir := range dirs {\n\tif strings.HasPrefix(p, dir+\"/\") {\n\t\tok = true\n\t}\n}\nif !ok {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "p := filepath.Clean(a)\nok := false\nfor _, dir := range dirs {\n\tif strings.HasPrefix(p, dir+\"/\") {\n\t\tok = false\n\t} else {\n\t\tok = true\n\t}\n}\nif !ok {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "http.ServeFile(w, r, a)",
    ] {
        assert_eq!(beside(body, "const root = \"/srv/data\""), [Weakness::Path], "{body}");
    }
    for body in [
        "os.ReadFile(filepath.Join(root, filepath.Base(a)))",
        "if !filepath.IsLocal(a) {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(filepath.Join(root, a))",
        "p := filepath.Clean(filepath.Join(root, a))\nif !strings.HasPrefix(p, root+string(filepath.Separator)) {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "p := filepath.Join(root, a)\nrel, err := filepath.Rel(root, p)\nif err != nil || strings.HasPrefix(rel, \"..\") {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "p := filepath.Join(root, a)\nrel, err := filepath.Rel(root, p)\nif err != nil || rel == \"..\" || strings.HasPrefix(rel, \"..\"+string(os.PathSeparator)) {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "if strings.Contains(a, \"..\") {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(filepath.Join(root, a))",
        "os.ReadFile(filepath.Join(root, filepath.Clean(\"/\"+a)))",
        "p := filepath.Clean(a)\nok := false\nfor _, dir := range dirs {\n\tif p == dir || strings.HasPrefix(p, dir+string(os.PathSeparator)) {\n\t\tok = true\n\t\tbreak\n\t}\n}\nif !ok {\n\treturn nil, errors.New(\"no\")\n}\nos.ReadFile(p)",
        "f, err := os.OpenInRoot(root, a)\n_ = f",
        "dir, err := os.OpenRoot(root)\nf, err := dir.Open(a)\n_ = f",
    ] {
        assert_eq!(beside(body, "const root = \"/srv/data\""), [], "{body}");
    }
}

#[test]
fn checks_in_functions_count_as_what_they_do() {
    let path = |check: &str, body: &str| {
        beside(
            body,
            &format!("const root = \"/srv/data\"\nfunc within(name string) (string, error) {{\n{check}\n}}"),
        )
    };
    let body = "p, err := within(a)\nif err != nil {\n\treturn nil, err\n}\nos.ReadFile(p)";
    let real = "p := filepath.Join(root, name)\nif !strings.HasPrefix(p, root+\"/\") {\n\treturn \"\", fmt.Errorf(\"no: %s\", name)\n}\nreturn p, nil";
    assert_eq!(path(real, body), []);
    let none =
        "p := filepath.Join(root, name)\nif p == \"\" {\n\treturn \"\", errors.New(\"no\")\n}\nreturn p, nil";
    assert_eq!(path(none, body), [Weakness::Path]);
    let upside = "p := filepath.Join(root, name)\nif strings.HasPrefix(p, root+\"/\") {\n\treturn \"\", errors.New(\"no\")\n}\nreturn p, nil";
    // A name that says that it checks would be believed, so this one says nothing.
    let place =
        format!("const root = \"/srv/data\"\nfunc place(name string) (string, error) {{\n{upside}\n}}");
    assert_eq!(beside(&body.replace("within", "place"), &place), [Weakness::Path]);
    let only = |check: &str| {
        beside(
            "if err := check(a); err != nil {\n\treturn nil, err\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
            &format!(
                "var names = map[string]bool{{\"a\": true}}\nfunc check(s string) error {{\n{check}\n}}"
            ),
        )
    };
    assert_eq!(only("if !names[s] {\n\treturn errors.New(\"no\")\n}\nreturn nil"), []);
    assert_eq!(only("if names[s] {\n\treturn errors.New(\"no\")\n}\nreturn nil"), [Weakness::Command]);
    assert_eq!(only("return nil"), [Weakness::Command]);
    let passed_on = "n, err := lookup(s)\nif err != nil {\n\treturn err\n}\n_ = n\nif !names[s] {\n\treturn errors.New(\"no\")\n}\nreturn nil";
    assert_eq!(only(passed_on), []);
    assert_eq!(
        only("n, err := lookup(s)\n_ = n\nif !names[s] {\n\treturn err\n}\nreturn nil"),
        [Weakness::Command]
    );
    let truth = beside(
        "if !good(a) {\n\treturn nil, errors.New(\"no\")\n}\nexec.Command(\"sh\", \"-c\", a).Run()",
        "var word = regexp.MustCompile(`^[a-z0-9]+$`)\nfunc good(s string) bool {\n\treturn word.MatchString(s)\n}",
    );
    assert_eq!(truth, []);
}

#[test]
fn addresses_queries_templates() {
    for (weakness, body) in [
        (Weakness::Address, "http.Get(a)"),
        (
            Weakness::Address,
            "req, _ := http.NewRequestWithContext(ctx, \"GET\", a, nil)\nhttp.DefaultClient.Do(req)",
        ),
        (Weakness::Address, "client := &http.Client{Timeout: 5}\nclient.Get(\"http://\" + a + \"/status\")"),
        (Weakness::Sql, "db.Query(\"SELECT * FROM t WHERE name = '\" + a + \"'\")"),
        (Weakness::Sql, "db.QueryContext(ctx, fmt.Sprintf(\"SELECT * FROM t WHERE name = '%s'\", a))"),
        (Weakness::Sql, "q := \"DELETE FROM t WHERE id = \" + a\ndb.Exec(q)"),
        (Weakness::Template, "template.New(\"x\").Parse(a)"),
    ] {
        assert_eq!(tool(body), [weakness], "{body}");
    }
    for body in [
        "http.Get(\"https://api.example.com/v1/\" + url.PathEscape(a))",
        "u, err := url.Parse(a)\nif err != nil || u.Hostname() != \"api.example.com\" {\n\treturn nil, errors.New(\"no\")\n}\nhttp.Get(u.String())",
        "u, err := url.Parse(a)\nif err != nil {\n\treturn nil, err\n}\nif !hosts[u.Host] {\n\treturn nil, errors.New(\"no\")\n}\nhttp.Get(a)",
        "u, err := url.Parse(a)\nif err != nil {\n\treturn nil, err\n}\nips, err := net.LookupIP(u.Hostname())\nif err != nil {\n\treturn nil, err\n}\nfor _, ip := range ips {\n\tif ip.IsLoopback() || ip.IsPrivate() {\n\t\treturn nil, errors.New(\"no\")\n\t}\n}\nhttp.Get(a)",
        "db.Query(\"SELECT * FROM t WHERE name = ?\", a)",
        "db.QueryContext(ctx, \"SELECT * FROM t WHERE name = $1\", a)",
        "db.Query(fmt.Sprintf(\"SELECT * FROM t LIMIT %d\", request.GetInt(\"n\", 5)))",
        "t, _ := template.New(\"x\").Parse(\"hello {{.}}\")\nt.Execute(w, a)",
        "re := regexp.MustCompile(a)\n_ = re",
    ] {
        assert_eq!(beside(body, "var hosts = map[string]bool{\"a.example.com\": true}"), [], "{body}");
    }
}

#[test]
fn secrets_and_claims() {
    let answer = |body: &str| {
        seen(&format!(
            "package main\nfunc handle(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n{body}\n}}\n"
        ))
    };
    assert_eq!(
        answer("return mcp.NewToolResultText(strings.Join(os.Environ(), \"\\n\")), nil"),
        [Weakness::Disclosure]
    );
    assert_eq!(answer("return mcp.NewToolResultText(os.Getenv(\"API_TOKEN\")), nil"), [Weakness::Disclosure]);
    assert_eq!(answer("return mcp.NewToolResultText(os.Getenv(\"HOME\")), nil"), []);
    let claims = |hint: &str, act: &str| {
        seen(&format!(
            "package main\nfunc main() {{\n\ts.AddTool(mcp.NewTool(\"list\", {hint}), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n\t\t{act}\n\t\treturn nil, nil\n\t}})\n}}\n"
        ))
    };
    let hint = "mcp.WithReadOnlyHintAnnotation(true)";
    assert_eq!(claims(hint, "os.RemoveAll(\"/srv/data\")"), [Weakness::Mismatch]);
    assert_eq!(
        claims("mcp.WithDescription(\"Read-only list\")", "os.WriteFile(\"/srv/a\", nil, 0)"),
        [Weakness::Mismatch]
    );
    assert_eq!(claims("mcp.WithReadOnlyHintAnnotation(false)", "os.RemoveAll(\"/srv/data\")"), []);
    assert_eq!(claims(hint, "os.ReadFile(\"/srv/data/a\")"), []);
    let token = "req, _ := http.NewRequest(\"GET\", \"https://api.example.com\", nil)\nreq.Header.Set(\"Authorization\", request.Header.Get(\"Authorization\"))\nreturn nil, nil";
    assert_eq!(answer(token), [Weakness::Passthrough]);
}

#[test]
fn every_way_to_register_a_tool_is_known() {
    let run = "exec.Command(\"sh\", \"-c\", in.Cmd).Run()";
    let input = "type Input struct {\n\tCmd string `json:\"cmd\"`\n\tN int\n}\n";
    for (rest, way) in [
        ("", format!("func run(ctx context.Context, req *mcp.CallToolRequest, in Input) (*mcp.CallToolResult, any, error) {{\n\t{run}\n\treturn nil, nil, nil\n}}\n")),
        ("func main() { mcp.AddTool(server, &mcp.Tool{Name: \"run\"}, run) }\n", format!("func run(ctx context.Context, req *mcp.ServerRequest, in Input) (*mcp.CallToolResult, any, error) {{\n\t{run}\n\treturn nil, nil, nil\n}}\n")),
        ("func main() { s.AddTool(tool, mcp.NewTypedToolHandler(run)) }\n", format!("func run(ctx context.Context, in Input) (any, error) {{\n\t{run}\n\treturn nil, nil\n}}\n")),
        ("var Run = kit.MustTool(\"run\", \"Runs\", run)\n", format!("func run(ctx context.Context, in Input) (string, error) {{\n\t{run}\n\treturn \"\", nil\n}}\n")),
        ("", format!("func main() {{\n\tserver.RegisterTool(\"run\", \"Runs\", func(in Input) (*mcp.ToolResponse, error) {{\n\t\t{run}\n\t\treturn nil, nil\n\t}})\n}}\n")),
        ("", format!("type Server struct {{ root string }}\nfunc (s *Server) register() {{ s.mcp.AddTool(t, s.handle) }}\nfunc (s *Server) handle(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n\tvar in Input\n\tif err := request.BindArguments(&in); err != nil {{\n\t\treturn nil, err\n\t}}\n\treturn s.run(in)\n}}\nfunc (s *Server) run(in Input) (*mcp.CallToolResult, error) {{\n\t{run}\n\treturn nil, nil\n}}\n")),
        ("", "func Tool() (mcp.Tool, server.ToolHandlerFunc) {\n\treturn mcp.NewTool(\"run\"), func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {\n\t\targs, ok := request.Params.Arguments.(map[string]any)\n\t\tif !ok {\n\t\t\treturn nil, errors.New(\"no\")\n\t\t}\n\t\tcmd, _ := args[\"cmd\"].(string)\n\t\texec.Command(\"sh\", \"-c\", cmd).Run()\n\t\treturn nil, nil\n\t}\n}\n".to_owned()),
    ] {
        let text = format!("package main\n// AddTool\n{input}{rest}{way}");
        assert_eq!(seen(&text), [Weakness::Command], "{text}");
        let fixed = text.replace("in.Cmd", "strconv.Itoa(in.N)").replace("cmd).Run", "\"ls\").Run");
        assert_eq!(seen(&fixed), [], "{fixed}");
    }
    let served = "package main\nfunc Tool() any {\n\treturn kit.NewTool(spec, func(ctx context.Context, deps Deps, req *mcp.CallToolRequest, args map[string]any) (*mcp.CallToolResult, any, error) {\n\t\texec.Command(\"sh\", \"-c\", deps.Script).Run()\n\t\treturn nil, nil, nil\n\t})\n}\n";
    assert_eq!(seen(served), []);
    assert_eq!(seen(&served.replace("deps.Script", "args[\"script\"].(string)")), [Weakness::Command]);
    let helper = "package main\nfunc get(request mcp.CallToolRequest, name string) (string, error) {\n\texec.Command(\"sh\", \"-c\", name).Run()\n\treturn \"\", nil\n}\n";
    assert_eq!(seen(helper), []);
    let hook = "package main\nfunc log(ctx context.Context, id any, request *mcp.CallToolRequest) {\n\texec.Command(\"sh\", \"-c\", request.Params.Name).Run()\n}\n";
    assert_eq!(seen(hook), []);
}

#[test]
fn deep_code_is_read_within_bounds() {
    let deep = 20_000;
    for body in [
        format!("x := {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("x := {}1", "1 + ".repeat(deep)),
        format!("{}{}", "if a == \"\" {\n".repeat(deep), "}\n".repeat(deep)),
        format!("if a == \"\" {{}} {}", "else if a == \"b\" {} ".repeat(deep)),
        format!("x := a{}", ".b()".repeat(deep)),
    ] {
        let text = format!(
            "package main\nfunc h(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {{\n{body}\n}}\n"
        );
        assert_eq!(analyse("main.go", &text).seen, []);
    }
}
