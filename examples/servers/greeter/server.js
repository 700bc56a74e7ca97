// A small MCP server over stdio: greets in several languages.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const GREETINGS = {
  de: "Guten Tag",
  en: "Hello",
  es: "Hola",
  fr: "Bonjour",
  ja: "こんにちは",
};

const server = new McpServer({ name: "greeter", version: "0.1.0" });

server.registerTool(
  "greet",
  {
    description: "Greets somebody in one of the languages that `languages` lists.",
    inputSchema: {
      name: z.string().min(1).max(100).describe("Who is greeted."),
      language: z.enum(Object.keys(GREETINGS)).default("en").describe("Two-letter code of the language."),
    },
  },
  ({ name, language }) => ({ content: [{ type: "text", text: `${GREETINGS[language]}, ${name}!` }] }),
);

server.registerTool(
  "languages",
  { description: "Returns the codes of the languages that `greet` knows." },
  () => ({ content: [{ type: "text", text: Object.keys(GREETINGS).join(" ") }] }),
);

await server.connect(new StdioServerTransport());
