import { bulk, event, long, nested } from "./request-parts.ts";

/** What the API's OpenAPI document allows, up to its limits. */
export const acceptedRequests: [what: string, path: string, body: unknown][] = [
  ["an event with its one required field", "v1/log", { event }],
  [
    "every field of the standard schema",
    "v1/log",
    {
      event: {
        message: "m",
        actor: "a",
        action: "b",
        new: "c",
        old: "d",
        source: "e",
        status: "f",
        target: "g",
        tenant_id: "h",
        timestamp: "2026-11-20T10:00:00Z",
      },
    },
  ],
  ["a config id", "v1/log", { config_id: "pci_abcdefghijklmnopqrstuvwxyz234567", event }],
  ["a previous root that is of no tree", "v1/log", { event, verbose: true, prev_root: long(64) }],
  ["an empty message", "v1/log", { event: { message: "" } }],
  ["a message of 32,766 bytes", "v1/log", { event: { message: long(32_766) } }],
  ["an actor of 128 bytes", "v1/log", { event: { ...event, actor: long(128) } }],
  ["an action of 32 bytes", "v1/log", { event: { ...event, action: long(32) } }],
  [
    "a timestamp with an offset",
    "v1/log",
    { event: { ...event, timestamp: "2026-11-20T10:00:00.123456+01:00" } },
  ],
  ["JSON nested 100 levels deep", "v1/log", { event: { ...event, new: nested(100) } }],
  ["16,000 brackets that are no JSON", "v1/log", { event: { ...event, new: "[".repeat(16_000) } }],
  [
    "a quote without an end",
    "v1/log",
    { event: { ...event, new: `${"[".repeat(200)}"${String.raw`\"`.repeat(16_000)}` } },
  ],
  ["bulk: one event", "v2/log", bulk(1)],
  ["bulk: a thousand events", "v2/log", bulk(1_000)],
  ["a search for everything", "v1/search", { query: "" }],
  [
    "a search with every option",
    "v1/search",
    {
      query: "actor:ada",
      start: "7d",
      end: "2099-01-01T00:00:00Z",
      limit: 5,
      max_results: 10,
      order: "asc",
      order_by: "timestamp",
      verbose: false,
      search_restriction: { actor: ["ada"] },
    },
  ],
  ["durations of the document's examples", "v1/search", { start: "2months", end: "120min" }],
  ["a time without a zone", "v1/search", { start: "2026-1-2T1:2:3" }],
];
