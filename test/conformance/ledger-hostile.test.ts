import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sdkOf } from "./sdk-client.ts";
import { type ServedLedger, serveLedger, temporaryFolder } from "./served-ledger.ts";

const folder = temporaryFolder();
let ledger: ServedLedger;
beforeAll(async () => {
  ledger = await serveLedger(folder.path);
});
afterAll(async () => {
  await ledger.stop();
  folder[Symbol.dispose]();
});

/** Bytes on a socket, and all that comes back until the server closes it. */
function exchange(...parts: string[]): Promise<string> {
  const { port } = new URL(ledger.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    // A server that refuses before it has read all of a request may reset the connection.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(answer));
  });
}

/** Sends the start of a request and goes away once the server has taken it. */
function abandon(start: string): Promise<void> {
  const { port } = new URL(ledger.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.end(start));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve());
    socket.resume();
  });
}

const hostileTexts = [
  "\u0000 nul, \u001b[2J escape, \u009b31m C1, \r\n lines",
  "'; DROP TABLE event; --",
  '" OR 1=1 \\" \\\\',
  "%_*?[a-z]",
  "\u202e bidi \u2028 separators \u2029 \ufeff bom \ufffe",
  "𝕌𝕋𝔽-16 👩‍👩‍👧‍👦 e\u0301 \u00e9",
  "<script>alert(1)</script>",
  "__proto__",
  "-actor:ada AND OR NOT",
];

describe("hostile input", () => {
  it.each(hostileTexts)("%j is stored, found and verified as it is", async (text) => {
    // A message that is no JSON by itself: the SDK would parse it on the way back.
    const message = `text ${text}`;
    const event = { message, actor: text, source: text };
    const { writer, reader } = sdkOf(ledger);
    const { result } = await writer.log(event, { verify: true });
    expect(result.membership_verification).toBe("pass");
    const quoted = `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    for (const query of [quoted, `actor:${quoted}`, `message:${quoted} source:${quoted}`]) {
      const found = await reader.search(query, { limit: 1 }, {});
      expect(found.result.events[0]).toMatchObject({ hash: result.hash, envelope: { event } });
    }
  });

  it(
    "any well-formed text survives from the log to a verified search",
    { timeout: 30_000 },
    async () => {
      const { writer, reader } = sdkOf(ledger);
      const text = fc.string({ unit: "binary", maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(text, text, async (actor, details) => {
          const event = { message: `any ${details}`, actor, new: JSON.stringify({ details }) };
          const { result } = await writer.log(event, { verbose: true });
          const found = await reader.search("any", { limit: 1 }, {});
          expect(found.result.events[0]?.hash).toBe(result.hash);
          expect(found.result.events[0]?.envelope.event).toMatchObject({ actor, new: { details } });
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(["123", "true", "null", '"q"', "1e5", '{"b":1,"a":2}', "[1, 2]"])(
    "a message of %j, which trips the SDK's parser, is stored letter for letter",
    async (message) => {
      const logged = await ledger.post("v1/log", { event: { message }, verbose: true });
      const { text } = await ledger.post("v1/search", { limit: 1, verbose: false });
      expect(text).toContain(JSON.stringify(message));
      expect(logged.text).toContain(`"message":${JSON.stringify(message)}`);
    },
  );

  it("a name that resolves to loopback is refused, and so is another port", async () => {
    for (const host of ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"]) {
      const answer = await exchange(
        `POST /v1/search HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ledger.readToken}\r\n`,
        "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
      );
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  it("a body that ends early, and bytes that are no HTTP, harm nobody else", async () => {
    const head = `POST /v1/log HTTP/1.1\r\nHost: ${new URL(ledger.url).host}\r\n`;
    const answers = await Promise.all([
      exchange("\u0016\u0003\u0001 not http\r\n\r\n"),
      exchange(`${head}X-Long: ${"x".repeat(20_000)}\r\n\r\n`),
      exchange(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    ]);
    expect(answers.map((answer) => answer.split(" ")[1])).toEqual(["400", "431", "400"]);
    const authorization = `Authorization: Bearer ${ledger.token}\r\n`;
    for (const headers of ["", `${authorization}Content-Type: application/json\r\n`]) {
      await abandon(`${head}${headers}Content-Length: 99\r\n\r\n{`);
    }

    expect(await ledger.post("v1/log", { event: { message: "m" } })).toMatchObject({
      httpStatus: 200,
    });
  });

  it("a token stands in its own file alone: no answer, no row, no descriptor has it", async () => {
    const answers = await Promise.all([
      ledger.post("v1/log", { event: { message: "m" }, verbose: true }),
      ledger.post("v1/log", {}, { headers: { authorization: `Bearer ${ledger.readToken}` } }),
      ledger.post("nowhere", {}),
      ledger.post("v1/root", {}),
    ]);
    for (const token of [ledger.token, ledger.readToken]) {
      for (const { text, headers } of answers) {
        expect(text + JSON.stringify([...headers])).not.toContain(token);
      }
      // Read by another process: closing the file in the ledger's own would drop SQLite's locks.
      const holders = readdirSync(folder.path).filter((file) =>
        readFileSync(join(folder.path, file), "latin1").includes(token),
      );
      expect(holders).toEqual([
        token === ledger.token ? "ledger.append-token" : "ledger.read-token",
      ]);
    }
  });
});
